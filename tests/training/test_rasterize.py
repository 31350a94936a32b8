"""Pixels of meshes that can be drawn by hand, and agreement with a ray per pixel."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.camera import Camera
from training.rasterize import rasterize, rasterize_silhouette

CAMERA = Camera(np.array([[10.0, 0, 8], [0, 12, 6], [0, 0, 1]]), 16, 12)


def cast_rays(
    vertices: np.ndarray, faces: np.ndarray, camera: Camera
) -> tuple[np.ndarray, np.ndarray]:
    """Slow twin: one ray per pixel against every triangle. Depth (0: nothing) and triangle."""
    depth = np.zeros((camera.height_px, camera.width_px))
    face = np.full(depth.shape, -1)
    for row, column in np.ndindex(*depth.shape):
        ray = np.linalg.inv(camera.K) @ [column + 0.5, row + 0.5, 1.0]
        for index, (a, b, c) in enumerate(vertices[faces]):
            system = np.stack([ray, a - b, a - c], 1)
            if abs(np.linalg.det(system)) < 1e-12:
                continue
            z, v, w = np.linalg.solve(system, a)
            is_hit = v >= 0 and w >= 0 and v + w <= 1 and z > 0
            if is_hit and (depth[row, column] == 0 or z < depth[row, column]):
                depth[row, column], face[row, column] = z, index
    return depth, face


def square(depth: float, size: float = 0.4) -> tuple[np.ndarray, np.ndarray]:
    corners = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * size * depth
    return np.column_stack([corners, np.full(4, depth)]), np.array([[0, 1, 2], [0, 2, 3]])


def test_square_covers_the_pixels_whose_centres_it_covers() -> None:
    vertices, faces = square(2.0)
    drawn = rasterize(vertices, faces, CAMERA)
    # x: 8 +- 4 -> centres 4.5 .. 11.5; y: 6 +- 4.8 -> centres 1.5 .. 10.5
    expected = np.zeros((12, 16), bool)
    expected[1:11, 4:12] = True
    np.testing.assert_array_equal(drawn.silhouette, expected)
    np.testing.assert_array_equal(rasterize_silhouette(vertices, faces, CAMERA), expected)
    np.testing.assert_allclose(drawn.depth[expected], 2.0, rtol=1e-6)
    assert (drawn.depth[~expected] == 0).all()


def test_nearer_square_hides_the_farther_one() -> None:
    near, faces = square(1.0, 0.2)
    far, _ = square(3.0, 0.4)
    vertices = np.concatenate([far, near])
    drawn = rasterize(vertices, np.concatenate([faces, faces + 4]), CAMERA)
    assert drawn.depth[6, 8] == pytest.approx(1.0)
    assert drawn.face_index[6, 8] in (2, 3)
    assert drawn.depth[6, 4] == pytest.approx(3.0)


def test_barycentric_weights_give_the_point_on_the_ray_back() -> None:
    vertices = np.array([[-1.0, -1, 2], [2, -0.5, 5], [0, 1.5, 3]])
    drawn = rasterize(vertices, np.array([[0, 1, 2]]), CAMERA)
    rows, columns = np.nonzero(drawn.silhouette)
    assert len(rows) > 20
    points = drawn.barycentric[rows, columns] @ vertices
    np.testing.assert_allclose(
        CAMERA.project(points), np.stack([columns, rows], -1) + 0.5, atol=1e-5
    )
    np.testing.assert_allclose(points[:, 2], drawn.depth[rows, columns], rtol=1e-5)


def test_triangle_that_reaches_behind_the_camera_is_drawn_where_it_is_ahead() -> None:
    # A floor under the camera, from behind it to far ahead: all below the horizon.
    vertices = np.array([[-50.0, 1, -5], [50, 1, -5], [0, 1, 500]])
    drawn = rasterize(vertices, np.array([[0, 1, 2]]), CAMERA)
    assert not drawn.silhouette[:6].any()
    assert drawn.silhouette[7:].all()
    assert drawn.depth[11, 8] == pytest.approx(12 / 5.5)


def test_mesh_behind_the_camera_or_beside_the_image_is_not_drawn() -> None:
    vertices, faces = square(2.0)
    assert not rasterize(vertices * [1, 1, -1], faces, CAMERA).silhouette.any()
    assert not rasterize_silhouette(vertices + np.array([9, 0, 0]), faces, CAMERA).any()
    edge_on = np.array([[0.0, 0, 1], [0, 0, 2], [0, 0, 3]])
    assert not rasterize(edge_on, np.array([[0, 1, 2]]), CAMERA).silhouette.any()


@given(seed=st.integers(0, 100_000))
def test_agrees_with_a_ray_per_pixel(seed: int) -> None:
    rng = np.random.default_rng(seed)
    vertices = rng.uniform([-2, -2, -1], [2, 2, 4], (12, 3))
    faces = rng.permutation(12).reshape(4, 3)
    small = Camera(CAMERA.K, 9, 7)
    depth, face = cast_rays(vertices, faces, small)
    drawn = rasterize(vertices, faces, small)
    np.testing.assert_array_equal(drawn.silhouette, rasterize_silhouette(vertices, faces, small))
    np.testing.assert_array_equal(drawn.face_index, face)
    np.testing.assert_allclose(drawn.depth, depth, rtol=1e-4)
