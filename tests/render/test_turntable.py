from dataclasses import replace

import numpy as np
import pytest

from core.camera import Camera
from core.rig import Rig
from render.renderer import Renderer
from render.scene import Body, Scene
from render.turntable import PictureSize, contact_sheet, tiled, turntable
from render.view import FixedCamera

SIZE = PictureSize(24, 18, samples=0)


def test_the_frame_after_the_last_would_be_the_first(renderer: Renderer, rig: Rig):
    scene = Scene((Body.at_rest(rig),))
    frames = list(turntable(renderer, scene, SIZE, frames=4))
    quarter = replace(scene, camera=replace(scene.camera, yaw_rad=scene.camera.yaw_rad + np.pi / 2))
    again = list(turntable(renderer, quarter, SIZE, frames=4))
    for frame, other in zip(frames[1:] + frames[:1], again, strict=True):
        # the angle differs by rounding; so may a centre on an edge
        assert (abs(frame.astype(int) - other) > 2).any(-1).sum() <= 2


def test_a_scene_without_an_orbit_is_framed(renderer: Renderer, rig: Rig):
    scene = Scene((Body.at_rest(rig),), FixedCamera(Camera.from_fov(24, 18)))
    first = next(turntable(renderer, scene, SIZE))
    assert first.shape == (18, 24, 3)
    assert first.std() > 3


def test_a_sheet_holds_the_frames_in_order(renderer: Renderer, rig: Rig):
    scene = Scene((Body.at_rest(rig),))
    frames = list(turntable(renderer, scene, SIZE, frames=3))
    sheet = contact_sheet(renderer, scene, SIZE, views=3, columns=2)
    assert sheet.shape == (36, 48, 3)
    np.testing.assert_array_equal(sheet[:18, 24:], frames[1])
    np.testing.assert_array_equal(sheet[18:, :24], frames[2])
    assert (sheet[18:, 24:] == 0).all()


def test_pictures_of_a_sheet_have_one_size():
    with pytest.raises(ValueError, match="one size"):
        tiled([np.zeros((2, 2, 3), np.uint8), np.zeros((2, 3, 3), np.uint8)], 2)
