from dataclasses import replace

import moderngl
import numpy as np
import pytest

from core.camera import Camera
from core.rig import Rig, Skeleton
from core.skin import skin_dual_quaternion_reference
from render.bounds import bounds_of
from render.picture import overlay_image, render_image, transparent
from render.renderer import Renderer, fitted
from render.scene import DARK, DISPLAY_MODES, LIGHT, Body, BodyLook, Scene
from render.tiles import Tile, TileRenderer
from render.view import FixedCamera, OrbitCamera
from tests.render.twins import bent, in_front, rasterize, to_cam

PX = 48
K = np.array([[70.0, 0, 25.5], [0, 66.0, 23], [0, 0, 1]])
GRAY = np.full((PX, PX, 3), 100, np.uint8)


def one_face_rig(corners: np.ndarray) -> Rig:
    skeleton = Skeleton(("root",), (-1,), np.eye(4)[None], (0,))
    faces = np.array([[0, 1, 2], [2, 1, 3]], np.int32)
    weights = np.ones((4, 1), np.float32)
    colors = np.tile(np.float32([1, 0, 0]), (4, 1))
    return Rig("square", skeleton, corners.astype(np.float32), faces, weights, colors, 1.0)


@pytest.mark.parametrize(("column", "row"), [(0, 0), (47, 47), (30, 20), (11, 40)])
def test_a_square_around_one_pixel_centre_covers_that_pixel(
    renderer: Renderer, column: int, row: int
):
    inside = np.array([[0.1, 0.1], [0.9, 0.1], [0.1, 0.9], [0.9, 0.9]])
    around = inside + np.array([column, row])
    rays = np.concatenate([around, np.ones((4, 1))], 1) @ np.linalg.inv(K).T
    body = Body.at_rest(one_face_rig(rays * 2.5))
    scene = Scene((body,), FixedCamera(Camera(K, PX, PX)))
    picture = overlay_image(renderer, GRAY, scene, samples=0)
    changed = np.argwhere((picture != GRAY).any(-1))
    np.testing.assert_array_equal(changed, [[row, column]])


def test_the_overlay_has_the_silhouette_of_the_slow_rasteriser(renderer: Renderer, rig: Rig):
    body = Body(rig, bent(5), in_front())
    scene = Scene((body,), FixedCamera(Camera(K, PX, PX)))
    picture = overlay_image(renderer, GRAY, scene, samples=0)
    posed = skin_dual_quaternion_reference(rig.vertices, rig.weights, body.skin_transforms)
    depth, margin = rasterize(to_cam(posed, body.root_to_world), rig.faces, K, PX)
    # llvmpipe snaps corners to 1/256 px; beyond that no pixel centre may change sides.
    sure = (margin > 1 / 100) & ((picture != 100).any(-1) | (depth == 0))
    assert sure.mean() > 0.9
    np.testing.assert_array_equal((picture != 100).any(-1)[sure], (depth > 0)[sure])


def test_window_and_tiles_agree(ctx: moderngl.Context, renderer: Renderer, rig: Rig):
    """Two shaders, one camera: the same pixels are covered."""
    body = Body(rig, bent(5), in_front(), look=BodyLook(skinning="linear"))
    camera = FixedCamera(Camera(K, PX, PX))
    mine = render_image(renderer, transparent(Scene((body,), camera)), PX, PX, samples=0)
    tiles = TileRenderer(ctx, PX, 1, 1)
    dog = tiles.add_body(rig.vertices, rig.faces, rig.weights)
    theirs = tiles.draw([Tile(dog, body.skin_transforms, body.root_to_world, K, rig.colors)])
    tiles.release()
    assert (mine[..., 3] != theirs.rgba[0, ..., 3]).sum() <= 2  # centres on an edge
    assert (mine[..., 3] == 255).sum() > 100


def test_the_overlay_keeps_the_frame_elsewhere(renderer: Renderer):
    frame = np.random.default_rng(0).integers(0, 256, (30, 41, 3), dtype=np.uint8)
    scene = Scene((), FixedCamera(Camera(K, 41, 30)))
    np.testing.assert_array_equal(overlay_image(renderer, frame, scene, samples=0), frame)


def test_overlay_opacity_mixes_frame_and_body(renderer: Renderer, rig: Rig):
    scene = Scene((Body(rig, bent(5), in_front()),), FixedCamera(Camera(K, PX, PX)))
    full, half, none = (
        overlay_image(renderer, GRAY, scene, opacity, samples=0).astype(int)
        for opacity in (1.0, 0.5, 0.0)
    )
    assert (none == 100).all()
    np.testing.assert_allclose(half, (full + 100) / 2, atol=1)


@pytest.mark.parametrize("mode", DISPLAY_MODES)
@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_every_mode_draws_the_body_where_it_is(renderer: Renderer, rig: Rig, mode, theme):
    look = BodyLook(mode, joint=2)
    camera = OrbitCamera().framed(*bounds_of([Body.at_rest(rig)]))
    scene = Scene((Body.at_rest(rig, look),), camera, theme)
    picture = render_image(renderer, scene, 64, 48, samples=0)
    empty = render_image(renderer, replace(scene, bodies=()), 64, 48, samples=0)
    assert (picture[..., 3] == 255).all()
    assert (picture[24, 32] != empty[24, 32]).any()
    assert (abs(picture[:, :4].astype(int) - empty[:, :4]) < 60).all(), "only grid at the border"


def test_faces_seen_from_behind_are_lit_too(renderer: Renderer, rig: Rig):
    inside_out = replace(rig, faces=np.ascontiguousarray(rig.faces[:, ::-1]))
    camera = OrbitCamera().framed(*bounds_of([Body.at_rest(rig)]))
    pictures = [
        render_image(renderer, transparent(Scene((Body.at_rest(each),), camera)), 64, 48, 0)
        for each in (rig, inside_out)
    ]
    np.testing.assert_allclose(pictures[0].astype(int), pictures[1].astype(int), atol=2)


def test_bones_are_in_front_of_the_body_and_the_picked_one_is_marked(renderer: Renderer, rig: Rig):
    camera = OrbitCamera(yaw_rad=0.0, pitch_rad=0.0).framed(*bounds_of([Body.at_rest(rig)]))
    seen = {}
    for name, look in (("none", BodyLook()), ("all", BodyLook(has_skeleton=True, joint=2))):
        scene = transparent(Scene((Body.at_rest(rig, look),), camera))
        seen[name] = render_image(renderer, scene, 200, 200, samples=0).astype(int)
    changed = (seen["none"] != seen["all"]).any(-1)
    assert changed.sum() > 30
    orange = (seen["all"] @ [1, 0, -1, 0] > 60) & changed
    blue = (seen["all"] @ [1, 0, -1, 0] < -20) & changed
    assert orange.sum() > 5
    assert blue.sum() > 20


def test_the_shadow_darkens_the_ground_below_the_body(renderer: Renderer, rig: Rig):
    camera = OrbitCamera(pitch_rad=0.6).framed(*bounds_of([Body.at_rest(rig)]))
    seen = []
    for opacity in (1.0, 0.0):
        body = Body.at_rest(rig, BodyLook(opacity=opacity))
        seen.append(render_image(renderer, Scene((body,), camera), 96, 72, samples=0).astype(int))
    is_ground_both = np.zeros((72, 96), bool)
    is_ground_both[50:70, 30:66] = True
    assert (seen[0] - seen[1])[is_ground_both].min() < -15


def test_a_transparent_picture_has_straight_alpha(renderer: Renderer, rig: Rig):
    white = np.ones_like(rig.colors)
    body = replace(Body.at_rest(rig, BodyLook(opacity=0.5)), colors=white)
    scene = transparent(Scene((body,), OrbitCamera()))
    rgba = render_image(renderer, scene, 64, 64, samples=4)
    is_body = rgba[..., 3] == 128
    assert is_body.any()
    assert (rgba[rgba[..., 3] == 0] == 0).all()
    assert rgba[is_body][:, :3].min() > 100, "colours are not darkened by the missing background"


def test_a_frame_is_fitted_without_distortion():
    assert fitted(640, 480, 640, 480) == (0, 0, 640, 480)
    assert fitted(640, 480, 1000, 480) == (180, 0, 640, 480)
    assert fitted(100, 200, 300, 100) == (125, 0, 50, 100)


def test_pose_and_colours_of_another_size_are_refused(rig: Rig):
    with pytest.raises(ValueError, match="pose has 3 joints, rig has 5"):
        Body(rig, bent(3))
    with pytest.raises(ValueError, match="2 colours and 322 vertices"):
        Body(rig, bent(5), colors=np.zeros((2, 3)))
