"""Everything taken is given back.

moderngl can note every object that dies without having been released; nothing may be noted.
"""

import gc
from collections.abc import Callable

import moderngl
import numpy as np
import pytest

from core.camera import Camera
from core.rig import Rig
from render.body_painter import MAX_TOPOLOGIES
from render.picture import overlay_image, render_image
from render.renderer import Renderer
from render.scene import DISPLAY_MODES, Body, BodyLook, Scene
from render.tiles import Tile, TileRenderer
from render.view import FixedCamera
from tests.render.twins import in_front, make_rig

CYCLES = 50


@pytest.fixture
def forgotten(ctx: moderngl.Context):
    """Counts the objects that died unreleased since the test began."""
    gc.collect()
    mode = ctx.gc_mode
    ctx.gc_mode = "context_gc"
    ctx.objects.clear()

    def count() -> int:
        gc.collect()
        return sum(not isinstance(each, moderngl.InvalidObject) for each in ctx.objects)

    yield count
    gc.collect()
    ctx.objects.clear()
    ctx.gc_mode = mode


def test_the_count_sees_what_is_forgotten(ctx: moderngl.Context, forgotten: Callable[[], int]):
    ctx.buffer(reserve=4)
    ctx.buffer(reserve=4).release()
    assert forgotten() == 1
    ctx.objects.popleft().release()


def test_renderers_leave_nothing_behind(
    ctx: moderngl.Context, rig: Rig, forgotten: Callable[[], int]
):
    overlaid = Scene((Body.at_rest(rig),), FixedCamera(Camera(np.eye(3), 16, 12)))
    for cycle in range(CYCLES):
        renderer = Renderer(ctx)
        mode = DISPLAY_MODES[cycle % len(DISPLAY_MODES)]
        body = Body.at_rest(rig, BodyLook(mode, has_skeleton=True))
        render_image(renderer, Scene((body,)), 16, 12, 4 * (cycle % 2))
        overlay_image(renderer, np.zeros((12, 16 + cycle, 3), np.uint8), overlaid, samples=0)
        renderer.release()
        del renderer
    assert forgotten() == 0


def test_bodies_no_longer_seen_are_released(ctx: moderngl.Context, forgotten: Callable[[], int]):
    renderer = Renderer(ctx)
    for _ in range(3 * MAX_TOPOLOGIES):
        scene = Scene((Body.at_rest(make_rig(2, around=3, rings=3)),))
        render_image(renderer, scene, 16, 12, 0)
        assert len(renderer._bodies._buffers) <= MAX_TOPOLOGIES
    assert forgotten() == 0
    renderer.release()


def test_tile_renderers_leave_nothing_behind(
    ctx: moderngl.Context, rig: Rig, forgotten: Callable[[], int]
):
    rest = np.tile(np.eye(4), (5, 1, 1))
    K = np.array([[20.0, 0, 8], [0, 20, 8], [0, 0, 1]])
    for cycle in range(CYCLES):
        tiles = TileRenderer(ctx, 16, 2, 2)
        body = tiles.add_body(rig.vertices, rig.faces, rig.weights, is_flat=bool(cycle % 2))
        tiles.draw([Tile(body, rest, in_front(), K, rig.colors)])
        tiles.release()
        del tiles
    assert forgotten() == 0
