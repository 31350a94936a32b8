"""Each protocol undoes what it says it forgives, and nothing else."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from training.metrics.align import ALIGNMENTS, align
from training.metrics.similarity import Similarity, fit_similarity
from training.metrics.triangle_mesh import TriangleMesh


def wedge(place: tuple[float, float, float]) -> TriangleMesh:
    """A lopsided tetrahedron: no symmetry that ICP could fall for."""
    corners = np.array([[0, 0, 0], [1, 0, 0], [0, 0.5, 0], [0.1, 0.1, 0.3]])
    return TriangleMesh(corners + place, np.array([[0, 2, 1], [0, 1, 3], [1, 2, 3], [2, 0, 3]]))


TRUTH = [wedge((0.1 * frame, -0.2, 3 + 0.2 * frame)) for frame in range(5)]


def moved(mesh: TriangleMesh, by: Similarity) -> TriangleMesh:
    return mesh.moved(by.apply(mesh.vertices))


def errors(protocol: str, predicted: list[TriangleMesh]) -> list[float]:
    moves = align(protocol, predicted, TRUTH)
    return [
        float(np.abs(move.apply(ours.vertices) - theirs.vertices).max())
        for move, ours, theirs in zip(moves, predicted, TRUTH, strict=True)
    ]


def test_none_forgives_nothing() -> None:
    shifted = [moved(mesh, Similarity(1.0, np.eye(3), np.array([0, 0, 0.5]))) for mesh in TRUTH]
    np.testing.assert_allclose(errors("none", shifted), 0.5)


def test_scale_forgives_a_wrong_distance_that_looks_the_same() -> None:
    farther = [moved(mesh, Similarity.scaling(1.7)) for mesh in TRUTH]
    assert max(errors("scale", farther)) < 1e-12
    shifted = [moved(mesh, Similarity(1.0, np.eye(3), np.array([0.3, 0, 0]))) for mesh in TRUTH]
    assert max(errors("scale", shifted)) > 0.1


def test_scale_centroid_forgives_size_and_place_but_not_orientation() -> None:
    rng = np.random.default_rng(0)
    elsewhere = [moved(m, Similarity(0.4, np.eye(3), rng.standard_normal(3))) for m in TRUTH]
    assert max(errors("scale_centroid", elsewhere)) < 1e-12
    quarter = Rotation.from_rotvec([0, np.pi / 2, 0]).as_matrix()
    turned = [moved(mesh, Similarity(1.0, quarter, np.zeros(3))) for mesh in TRUTH]
    assert max(errors("scale_centroid", turned)) > 0.3


def test_scale_centroid_has_one_scale_for_all_frames() -> None:
    sizes = [moved(mesh, Similarity.scaling(1.0 + 0.1 * i)) for i, mesh in enumerate(TRUTH)]
    moves = align("scale_centroid", sizes, TRUTH)
    assert len({move.scale for move in moves}) == 1
    assert max(errors("scale_centroid", sizes)) > 0.05


def test_similarity_forgives_a_wrong_camera_but_not_a_wrong_path() -> None:
    camera = Similarity(1.3, Rotation.from_rotvec([0.05, 0.2, -0.1]).as_matrix(), np.ones(3) * 0.1)
    predicted = [moved(mesh, camera) for mesh in TRUTH]
    # ICP meets samples of the truth, not its continuous surface: about 1 % of the body remains.
    assert max(errors("similarity", predicted)) < 0.02
    still = [moved(TRUTH[0], Similarity.identity()) for _ in TRUTH]
    assert max(errors("similarity", still)) > 0.1


def test_every_protocol_leaves_the_truth_in_place() -> None:
    for protocol in ALIGNMENTS:
        assert max(errors(protocol, TRUTH)) < 2e-3, protocol


def test_wrong_names_and_lengths_are_refused() -> None:
    with pytest.raises(ValueError, match="4 predicted frames, truth has 5"):
        align("scale", TRUTH[:4], TRUTH)
    assert align("scale", [], []) == ()


@given(seed=st.integers(0, 10_000), scale=st.floats(0.1, 10), angle=st.floats(-3, 3))
def test_fit_similarity_recovers_any_similarity(seed: int, scale: float, angle: float) -> None:
    rng = np.random.default_rng(seed)
    axis = rng.standard_normal(3)
    rotation = Rotation.from_rotvec(angle * axis / np.linalg.norm(axis)).as_matrix()
    true = Similarity(scale, rotation, rng.standard_normal(3))
    points = rng.standard_normal((12, 3))
    found = fit_similarity(points, true.apply(points))
    assert found.scale == pytest.approx(scale)
    np.testing.assert_allclose(found.rotation, rotation, atol=1e-9)
    np.testing.assert_allclose(found.translation, true.translation, atol=1e-8 * scale)


def test_fit_similarity_never_mirrors() -> None:
    points = np.random.default_rng(3).standard_normal((20, 3))
    found = fit_similarity(points, points * [-1, 1, 1])
    assert np.linalg.det(found.rotation) == pytest.approx(1.0)


def test_after_composes() -> None:
    turn = Rotation.from_rotvec([0.3, -0.2, 0.5]).as_matrix()
    first, second = Similarity(2.0, turn, np.ones(3)), Similarity(0.3, turn.T @ turn.T, np.zeros(3))
    points = np.random.default_rng(0).standard_normal((5, 3))
    np.testing.assert_allclose(second.after(first).apply(points), second.apply(first.apply(points)))
