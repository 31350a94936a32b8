"""Surfaces whose distances can be worked out by hand."""

import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.metrics.closest_surface import (
    SurfaceTree,
    distances_reference,
    triangle_distances,
)
from training.metrics.surface import point_distances, surface_distances, vertex_error
from training.metrics.triangle_mesh import TriangleMesh


def square(height: float = 0.0, side: float = 1.0) -> TriangleMesh:
    corners = np.array([[0, 0, height], [side, 0, height], [side, side, height], [0, side, height]])
    return TriangleMesh(corners, np.array([[0, 1, 2], [0, 2, 3]]))


def cube(offset: tuple[float, float, float] = (0, 0, 0)) -> TriangleMesh:
    corners = np.array([[x, y, z] for x in (0, 1) for y in (0, 1) for z in (0, 1)], float)
    quads = [(0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3)]
    faces = [[a, b, c] for a, b, c, _ in quads] + [[a, c, d] for a, _, c, d in quads]
    return TriangleMesh(corners + offset, np.array(faces))


def bumpy_sphere(rows: int = 40, seed: int = 0, bumps: float = 0.05) -> TriangleMesh:
    """About rows * 2 rows vertices, triangles of very different sizes."""
    rng = np.random.default_rng(seed)
    polar = np.linspace(0.01, np.pi - 0.01, rows) ** 1.5 / np.pi**0.5
    around = np.linspace(0, 2 * np.pi, 2 * rows, endpoint=False)
    polar, around = np.meshgrid(polar, around, indexing="ij")
    radius = 0.4 + bumps * rng.standard_normal(polar.shape)
    vertices = np.stack(
        [
            radius * np.sin(polar) * np.cos(around),
            radius * np.cos(polar),
            radius * np.sin(polar) * np.sin(around),
        ],
        -1,
    ).reshape(-1, 3)
    index = np.arange(len(vertices)).reshape(polar.shape)
    a, b = index[:-1].ravel(), index[1:].ravel()
    c, d = np.roll(index, -1, 1)[1:].ravel(), np.roll(index, -1, 1)[:-1].ravel()
    return TriangleMesh(vertices, np.concatenate([np.stack([a, b, c], 1), np.stack([a, c, d], 1)]))


def test_parallel_planes_are_their_gap_apart_in_both_directions() -> None:
    distances = surface_distances(square(0.0), square(0.3))
    assert distances.chamfer == pytest.approx(0.6, abs=1e-12)
    assert distances.f_score(0.31) == 1.0
    assert distances.f_score(0.29) == 0.0


def test_small_square_inside_a_large_one_has_full_precision_and_a_quarter_of_recall() -> None:
    distances = surface_distances(square(side=1.0), square(side=2.0), samples=8000)
    assert distances.to_truth.max() == pytest.approx(0.0, abs=1e-12)
    # F of precision 1 and recall r is 2 r / (1 + r); points within 0.01 of the small square.
    recall = (1 + 2 * 0.01) / 4
    assert distances.f_score(0.01) == pytest.approx(2 * recall / (1 + recall), abs=0.01)
    # Mean distance to the unit square over [0, 2] x [0, 2]: strips 1/2 * 2, corner 0.7652.
    assert distances.to_prediction.mean() == pytest.approx((1.0 + 0.7652) / 4, abs=0.003)


def test_cube_shifted_by_its_side_touches_itself() -> None:
    distances = surface_distances(cube(), cube((1, 0, 0)), samples=12_000)
    # Face by face: the shared one 0, the far one 1, the four beside them 1/2 on average.
    assert distances.chamfer == pytest.approx(2 * (0 + 1 + 4 * 0.5) / 6, abs=0.005)


def test_point_distances_compare_vertices() -> None:
    ours = np.array([[0.0, 0, 0], [1, 0, 0]])
    theirs = np.array([[0.0, 0, 3], [1, 0, 0], [1, 4, 0]])
    distances = point_distances(ours, theirs)
    assert distances.to_truth.tolist() == [1.0, 0.0]
    assert distances.to_prediction.tolist() == [3.0, 0.0, 4.0]


def test_vertex_error_is_the_mean_distance() -> None:
    assert vertex_error(np.zeros((2, 3)), np.array([[3.0, 4, 0], [0, 0, 1]])) == 3.0


@pytest.mark.parametrize(
    ("point", "distance"),
    [
        ((0.2, 0.2, 0.5), 0.5),  # over the inside
        ((0.5, -2.0, 0.0), 2.0),  # beside an edge
        ((-3.0, -4.0, 0.0), 5.0),  # beyond a corner
        ((1.0, 1.0, 0.0), np.sqrt(0.5)),  # beside the slanted edge
        ((0.25, 0.25, 0.0), 0.0),  # on it
    ],
)
def test_triangle_distance_in_each_region(
    point: tuple[float, float, float], distance: float
) -> None:
    corners = np.array([[0.0, 0, 0], [1, 0, 0], [0, 1, 0]])
    assert triangle_distances(np.array([point]), corners[None])[0] == pytest.approx(
        distance, abs=1e-12
    )


def test_degenerate_triangles_are_segments_and_points() -> None:
    segment = np.array([[0.0, 0, 0], [2, 0, 0], [1, 0, 0]])
    assert triangle_distances(np.array([[1.0, 3, 0]]), segment[None])[0] == pytest.approx(3.0)
    point = np.ones((1, 3, 3))
    assert triangle_distances(np.zeros((1, 3)), point)[0] == pytest.approx(np.sqrt(3))


@given(seed=st.integers(0, 10_000), reach=st.sampled_from([0.05, 0.5, 5.0]))
def test_tree_agrees_with_every_point_against_every_triangle(seed: int, reach: float) -> None:
    rng = np.random.default_rng(seed)
    vertices = rng.standard_normal((20, 3)) * rng.uniform(0.01, 1, (20, 1))
    mesh = TriangleMesh(vertices, rng.integers(0, 20, (24, 3)))
    points = rng.standard_normal((10, 3)) * reach
    np.testing.assert_allclose(
        SurfaceTree(mesh).distances(points), distances_reference(points, mesh), atol=1e-9
    )


def test_samples_are_even_by_area() -> None:
    mesh = TriangleMesh(
        np.array([[0.0, 0, 0], [3, 0, 0], [0, 3, 0], [-1, 0, 0]]), np.array([[0, 1, 2], [0, 2, 3]])
    )
    points = mesh.samples(4000)
    assert (points[:, 0] > 0).mean() == pytest.approx(0.75, abs=0.001)
    np.testing.assert_allclose(points.mean(0), mesh.centroid, atol=0.01)
    assert np.array_equal(points, mesh.samples(4000))


def test_spread_is_the_root_mean_square_radius() -> None:
    # Of a unit square about its middle: sqrt(1/12 + 1/12).
    assert square().spread == pytest.approx(np.sqrt(1 / 6))
    points = bumpy_sphere().samples(20_000)
    rms = np.sqrt(((points - points.mean(0)) ** 2).sum(1).mean())
    assert bumpy_sphere().spread == pytest.approx(rms, rel=0.005)


def test_mesh_without_triangles_or_with_a_missing_vertex_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 1 triangle, this one has 0"):
        TriangleMesh(np.zeros((3, 3)), np.zeros((0, 3), int))
    with pytest.raises(ValueError, match="uses vertex 7, mesh has 3"):
        TriangleMesh(np.zeros((3, 3)), np.array([[0, 1, 7]]))


def test_both_directions_of_meshes_of_4000_vertices_are_fast() -> None:
    ours, theirs = bumpy_sphere(45, 1, 0.005), bumpy_sphere(45, 2, 0.005)
    assert len(ours.vertices) == 4050
    times_s = []
    for _ in range(3):
        start_s = time.process_time()
        surface_distances(TriangleMesh(ours.vertices, ours.faces), theirs)
        times_s.append(time.process_time() - start_s)
    # 0.06 s to 0.13 s on a free core; the bound leaves room for a crowded machine. Every point
    # against every triangle would take over 10 s.
    assert min(times_s) < 0.6
