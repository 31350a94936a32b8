"""Small pictures that must not change by accident.

`pytest tests/render/test_golden.py --regenerate` writes them anew; look at them before the commit.
Compared on llvmpipe only, since every driver rounds its own way; elsewhere something must be drawn.
"""

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from core.camera import Camera
from core.rig import Rig
from render.bounds import bounds_of
from render.picture import overlay_image, render_image
from render.renderer import Renderer
from render.scene import DARK, DISPLAY_MODES, LIGHT, Body, BodyLook, Scene
from render.turntable import PictureSize, contact_sheet
from render.view import FixedCamera, OrbitCamera
from tests.render.twins import bent, in_front

GOLDEN = Path(__file__).parent / "golden"
SIZE = (96, 72)
CLOSE_LEVELS = 12
"""Grey levels a pixel may be off: other versions of llvmpipe round light and noise otherwise."""
STRAY_SHARE = 0.01
"""Share of pixels that may be further off: centres that lie on an edge."""


@pytest.fixture
def check(renderer: Renderer, regenerate: bool, tmp_path: Path):
    def compare(name: str, rgb: np.ndarray) -> None:
        path = GOLDEN / f"{name}.png"
        assert rgb.std() > 3, "nothing was drawn"
        if regenerate:
            GOLDEN.mkdir(exist_ok=True)
            cv2.imwrite(str(path), cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR))
        if "llvmpipe" not in renderer.ctx.info["GL_RENDERER"]:
            return
        expected = cv2.cvtColor(cv2.imread(str(path)), cv2.COLOR_BGR2RGB)
        off = abs(rgb.astype(int) - expected).max(-1)
        if (off > CLOSE_LEVELS).mean() > STRAY_SHARE:
            both = np.concatenate([expected, rgb, np.repeat(off[..., None], 3, 2) * 4], axis=1)
            seen = tmp_path / f"{name}.png"
            cv2.imwrite(str(seen), cv2.cvtColor(both.clip(0, 255).astype("u1"), cv2.COLOR_RGB2BGR))
            pytest.fail(f"{name} changed; expected, drawn and difference are in {seen}")

    return compare


def scene_of(rig: Rig, look: BodyLook, theme=LIGHT) -> Scene:
    body = Body(rig, bent(5, 0.7), look=look)
    return Scene((body,), OrbitCamera().framed(*bounds_of([body])), theme)


@pytest.mark.parametrize("mode", DISPLAY_MODES)
def test_modes(check, renderer: Renderer, rig: Rig, mode):
    scene = scene_of(rig, BodyLook(mode, joint=2))
    check(mode, np.ascontiguousarray(render_image(renderer, scene, *SIZE)[..., :3]))


def test_dark(check, renderer: Renderer, rig: Rig):
    scene = scene_of(rig, BodyLook(has_skeleton=True), DARK)
    check("dark", np.ascontiguousarray(render_image(renderer, scene, *SIZE)[..., :3]))


def test_ghost_from_above_in_parallel(check, renderer: Renderer, rig: Rig):
    scene = scene_of(rig, BodyLook(opacity=0.4))
    camera = replace(scene.camera, is_orthographic=True).looking("top")
    scene = replace(scene, camera=camera)
    check("top", np.ascontiguousarray(render_image(renderer, scene, *SIZE)[..., :3]))


def test_overlay(check, renderer: Renderer, rig: Rig):
    rows, columns = np.mgrid[:72, :96]
    frame = np.stack([rows * 3, columns * 2, 120 + 0 * rows], -1).astype(np.uint8)
    body = Body(rig, bent(5, 0.7), in_front())
    scene = Scene((body,), FixedCamera(Camera.from_fov(*SIZE)))
    check("overlay", np.ascontiguousarray(overlay_image(renderer, frame, scene, opacity=0.7)))


def test_contact_sheet(check, renderer: Renderer, rig: Rig):
    check("sheet", contact_sheet(renderer, scene_of(rig, BodyLook()), PictureSize(48, 36)))
