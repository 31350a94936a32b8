import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.camera import Camera
from render.view import STANDARD_VIEWS, FixedCamera, OrbitCamera, cam_to_clip

angles = st.floats(-3.0, 3.0)
pitches = st.floats(-1.5, 1.5)
moves = st.floats(-300.0, 300.0)


def pixel_of(view, point: np.ndarray, width_px: int, height_px: int) -> np.ndarray:
    """Where OpenGL puts a world point, origin at the top left."""
    x, y, _, w = view.world_to_clip @ [*point, 1]
    return np.array([(x / w + 1) / 2 * width_px, (1 - y / w) / 2 * height_px])


@given(st.floats(-1, 1), st.floats(-1, 1), st.floats(0.5, 50))
def test_the_clip_matrix_puts_points_where_the_camera_does(x: float, y: float, z: float):
    camera = Camera(np.array([[500.0, 0, 300], [0, 520, 260], [0, 0, 1]]), 640, 480)
    point = np.array([x, y, z])
    view = FixedCamera(camera).view(640, 480)
    np.testing.assert_allclose(pixel_of(view, point, 640, 480), camera.project(point), atol=1e-6)


def test_near_and_far_are_the_ends_of_depth():
    clip = cam_to_clip(np.eye(3), 2, 2, 0.5, 8.0)
    for z, ndc in ((0.5, -1), (8.0, 1)):
        _, _, depth, w = clip @ [0, 0, z, 1]
        assert depth / w == pytest.approx(ndc)


@given(angles, pitches, moves, moves)
def test_orbiting_keeps_the_target_in_the_middle(yaw: float, pitch: float, dx: float, dy: float):
    camera = OrbitCamera(np.array([0.3, 1, -2]), 4.0, yaw, pitch).orbited(dx, dy)
    np.testing.assert_allclose(camera.world_to_cam @ [0.3, 1, -2, 1], [0, 0, 4, 1], atol=1e-9)
    rotation = camera.world_to_cam[:3, :3]
    np.testing.assert_allclose(rotation @ rotation.T, np.eye(3), atol=1e-12)
    assert np.linalg.det(rotation) == pytest.approx(1)
    assert rotation[1, 1] <= 1e-12, "up never points down"


@given(angles, pitches, moves, moves)
def test_a_pan_moves_the_target_with_the_mouse(yaw: float, pitch: float, dx: float, dy: float):
    camera = OrbitCamera(yaw_rad=yaw, pitch_rad=pitch)
    moved = camera.panned(dx, dy, 480).view(640, 480)
    np.testing.assert_allclose(
        pixel_of(moved, camera.target, 640, 480), [320 + dx, 240 + dy], atol=1e-6
    )


@given(angles, pitches, moves, moves)
def test_orbits_and_dollies_cancel(yaw: float, pitch: float, dx: float, dy: float):
    camera = OrbitCamera(yaw_rad=yaw, pitch_rad=0.0)
    dy = np.clip(dy, -200, 200)  # beyond, the pole stops it
    there_and_back = camera.orbited(dx, dy).dollied(2.0).dollied(-2.0).orbited(-dx, -dy)
    np.testing.assert_allclose(there_and_back.world_to_cam, camera.world_to_cam, atol=1e-9)
    assert camera.dollied(1.0).distance < camera.distance


@given(angles, pitches, st.sampled_from([(640, 480), (480, 640)]), st.booleans())
def test_a_framed_box_is_in_the_picture(yaw: float, pitch: float, size: tuple, is_flat: bool):
    low, high = np.array([-1.0, 0, -2]), np.array([1.0, 3, 2])
    camera = OrbitCamera(yaw_rad=yaw, pitch_rad=pitch, is_orthographic=is_flat)
    view = camera.framed(low, high, size[0] / size[1]).view(*size)
    for corner in np.stack(np.meshgrid(*np.stack([low, high], 1)), -1).reshape(-1, 3):
        assert (np.abs(pixel_of(view, corner, *size) / size - 0.5) < 0.48).all()


@pytest.mark.parametrize(
    ("side", "right", "up"),
    [
        ("front", [1, 0, 0], [0, 1, 0]),
        ("back", [-1, 0, 0], [0, 1, 0]),
        ("left", [0, 0, -1], [0, 1, 0]),
        ("right", [0, 0, 1], [0, 1, 0]),
        ("top", [1, 0, 0], [0, 0, -1]),
        ("bottom", [1, 0, 0], [0, 0, 1]),
    ],
)
def test_standard_views(side, right, up):
    assert side in STANDARD_VIEWS
    rotation = OrbitCamera().looking(side).world_to_cam[:3, :3]
    np.testing.assert_allclose(rotation[0], right, atol=1e-12)
    np.testing.assert_allclose(-rotation[1], up, atol=1e-12)


def test_the_eye_is_the_distance_away():
    camera = OrbitCamera(np.zeros(3), 2.0, 0.0, 0.0)
    np.testing.assert_allclose(camera.view(10, 10).eye, [0, 0, 2])


def test_parallel_rays_show_the_target_plane_as_the_pinhole_does():
    camera = OrbitCamera(np.zeros(3), 3.0, 0.7, 0.2)
    aside = camera.panned(-50.0, 20.0, 400).target
    for is_flat in (False, True):
        view = OrbitCamera(np.zeros(3), 3.0, 0.7, 0.2, is_orthographic=is_flat).view(400, 400)
        np.testing.assert_allclose(pixel_of(view, aside, 400, 400), [250, 180], atol=1e-6)
