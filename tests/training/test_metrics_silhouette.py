"""Silhouettes whose overlap is counted by hand."""

import numpy as np
import pytest

from training.metrics.silhouette import _boundary, _distance_to, boundary_f, silhouette_iou


def block(top: int, left: int, height: int, width: int, size: int = 40) -> np.ndarray:
    image = np.zeros((size, size), bool)
    image[top : top + height, left : left + width] = True
    return image


EMPTY = np.zeros((40, 40), bool)


def test_iou_of_half_overlapping_blocks_is_a_third() -> None:
    assert silhouette_iou(block(0, 0, 10, 10), block(0, 5, 10, 10)) == pytest.approx(1 / 3)


def test_iou_of_empty_silhouettes() -> None:
    assert silhouette_iou(EMPTY, EMPTY) == 1.0
    assert silhouette_iou(EMPTY, block(0, 0, 2, 2)) == 0.0


def test_boundary_is_the_rim_and_not_the_image_border() -> None:
    assert _boundary(block(10, 10, 5, 5)).sum() == 16
    touching = _boundary(block(0, 0, 5, 5))
    assert touching.sum() == 9
    assert not touching[0, 0]


def test_boundary_f_is_full_within_the_tolerance_and_nothing_beyond() -> None:
    # Tolerance: ceil(0.05 * 56.6) = 3 px.
    truth = block(10, 5, 20, 30)
    assert boundary_f(block(13, 5, 14, 30), truth, 0.05) > 0.99
    far = block(16, 11, 8, 18)
    assert boundary_f(far, truth, 0.05) == 0.0


def test_boundary_f_of_one_long_edge() -> None:
    # Both silhouettes touch the border, so that each has one boundary: 10 columns apart on half
    # of the rows, on top of each other on the other half.
    truth = block(0, 0, 40, 20)
    predicted = block(0, 0, 40, 20)
    predicted[:20, :] = block(0, 0, 20, 10)[:20]
    near = (~_is_far(_boundary(predicted), _boundary(truth))).sum() / _boundary(predicted).sum()
    recall = (~_is_far(_boundary(truth), _boundary(predicted))).sum() / _boundary(truth).sum()
    expected = 2 * near * recall / (near + recall)
    assert boundary_f(predicted, truth, 0.02) == pytest.approx(expected)
    assert 0.4 < expected < 0.8


def _is_far(ours: np.ndarray, theirs: np.ndarray, reach_px: float = 2.0) -> np.ndarray:
    """Slow twin: every boundary pixel against every other."""
    mine, other = np.argwhere(ours), np.argwhere(theirs)
    return np.linalg.norm(mine[:, None] - other, axis=-1).min(1) > reach_px


def test_boundary_f_of_empty_silhouettes() -> None:
    assert boundary_f(EMPTY, EMPTY) == 1.0
    assert boundary_f(EMPTY, block(5, 5, 5, 5)) == 0.0


def test_distance_agrees_with_every_pixel_against_every_other() -> None:
    boundary = np.random.default_rng(0).random((20, 24)) < 0.03
    pixels = np.stack(np.indices(boundary.shape), -1).reshape(-1, 2)
    slow = np.linalg.norm(pixels[:, None] - np.argwhere(boundary), axis=-1).min(1)
    np.testing.assert_allclose(_distance_to(boundary).ravel(), slow, atol=1e-4)
