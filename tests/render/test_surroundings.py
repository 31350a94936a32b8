from dataclasses import replace

import numpy as np
import pytest

from core.rig import Rig
from render.picture import render_image, transparent
from render.renderer import Renderer
from render.scene import DARK, Body, Scene


@pytest.mark.parametrize("is_transparent", [False, True])
def test_a_resting_camera_sees_the_same_picture_again(
    renderer: Renderer, rig: Rig, is_transparent: bool
):
    """The first is drawn, the second copied from a picture drawn then, the third from the same."""
    scene = Scene((Body.at_rest(rig),))
    scene = transparent(scene) if is_transparent else scene
    pictures = [render_image(renderer, scene, 64, 48, samples=0) for _ in range(3)]
    np.testing.assert_array_equal(pictures[0], pictures[1])
    np.testing.assert_array_equal(pictures[0], pictures[2])


def test_whatever_changes_is_seen_after_a_rest(renderer: Renderer, rig: Rig):
    scene = Scene((Body.at_rest(rig),))
    changes = [
        (replace(scene, theme=DARK), 64),
        (replace(scene, has_ground=False), 64),
        (replace(scene, camera=scene.camera.orbited(40.0, 0.0)), 64),
        (replace(scene, bodies=()), 64),
        (scene, 80),
    ]
    for changed, width_px in changes:
        for _ in range(3):
            rested = render_image(renderer, scene, 64, 48, samples=0)
        seen = render_image(renderer, changed, width_px, 48, samples=0)
        assert seen.shape != rested.shape or (seen != rested).any()
        fresh = Renderer(renderer.ctx)
        np.testing.assert_array_equal(seen, render_image(fresh, changed, width_px, 48, samples=0))
        fresh.release()
