"""Colours gathered from made pictures, whose truth is known."""

import numpy as np
import pytest

from core.coverage import draw
from core.gather_colors import (
    BodyView,
    ColorGatherer,
    mirror_partners,
    sample_view,
    weighted_median,
)

K = np.array([[300.0, 0, 160], [0, 300, 120], [0, 0, 1]])


def ball() -> tuple[np.ndarray, np.ndarray]:
    """A sphere of rings, radius 0.5."""
    rings, sides = 24, 36
    up = np.linspace(0.02, np.pi - 0.02, rings)
    turn = np.arange(sides) * 2 * np.pi / sides
    points = np.stack([
        np.outer(np.sin(up), np.cos(turn)), np.outer(np.cos(up), np.ones(sides)),
        np.outer(np.sin(up), np.sin(turn)),
    ], -1).reshape(-1, 3)  # fmt: skip
    a = np.array([[r * sides + s, r * sides + (s + 1) % sides] for r in range(rings - 1)
                  for s in range(sides)])  # fmt: skip
    faces = np.concatenate([
        np.stack([a[:, 0], a[:, 1], a[:, 0] + sides], 1),
        np.stack([a[:, 1], a[:, 1] + sides, a[:, 0] + sides], 1),
    ])  # fmt: skip
    return 0.5 * points, faces


VERTICES, FACES = ball()
TRUTH = 0.5 + 0.4 * np.sin(3 * VERTICES + [0.0, 1.0, 2.0])


def seen_from(angle_rad: float, distance: float = 2.0) -> np.ndarray:
    c, s = np.cos(angle_rad), np.sin(angle_rad)
    turned = VERTICES @ np.array([[c, 0, -s], [0, 1, 0], [s, 0, c]])
    return turned * [1, -1, -1] + [0.0, 0.0, distance]


def picture(vertices: np.ndarray, background: float = 1.0) -> np.ndarray:
    pixels = vertices[:, :2] / vertices[:, 2:] * K[[0, 1], [0, 1]] + K[:2, 2]
    far_first = FACES[np.argsort(-vertices[FACES][..., 2].mean(1))]
    drawn = draw(pixels[None], far_first, 320)
    rgb = np.full((320, 320, 3), background)
    rows, columns = np.nonzero(drawn.is_covered[0])
    corners, shares = drawn.attach(np.zeros(len(rows), int), rows, columns)
    rgb[rows, columns] = (TRUTH[corners] * shares[..., None]).sum(1)
    return np.round(255 * rgb[:240]).astype(np.uint8)


def view(angle_rad: float, **changes) -> BodyView:
    vertices = seen_from(angle_rad)
    return BodyView(**{"rgb": picture(vertices), "vertices": vertices, "K": K, "confidence": 1.0,
                       **changes})  # fmt: skip


def gathered(views: list[BodyView]) -> ColorGatherer:
    gatherer = ColorGatherer(FACES)
    for one in views:
        gatherer.add(one)
    return gatherer


def test_only_what_faces_the_camera_is_believed() -> None:
    colors, weights = sample_view(view(0.4), FACES)
    toward = seen_from(0.4) - [0, 0, 2.0]
    assert (weights[toward[:, 2] > 0] == 0).all()
    assert (weights[toward[:, 2] < -0.35] > 0).all()
    assert weights.max() <= 1
    well = weights > 0.1
    np.testing.assert_allclose(colors[well] / 255, TRUTH[well], atol=0.03)


def test_all_around_gives_the_truth() -> None:
    gatherer = gathered([view(angle) for angle in np.linspace(0, 6.2, 36)])
    colors = gatherer.colors(VERTICES, np.full(VERTICES.shape, 0.5))
    is_sure = gatherer.evidence > 1
    assert is_sure.mean() > 0.45
    assert np.abs(colors - TRUTH)[is_sure].mean() < 0.03


def test_a_few_wrong_frames_do_not_count() -> None:
    good = [view(0.1 * step) for step in range(9)]
    flash = np.zeros((240, 320, 3), np.uint8)
    clean = gathered(good).colors(VERTICES, TRUTH)
    mixed = gathered([*good, *(view(0.1 * s, rgb=flash) for s in range(3))]).colors(VERTICES, TRUTH)
    sure = gathered(good).evidence > 1
    assert np.abs(mixed - clean)[sure].mean() < 0.02


def test_nothing_is_taken_from_outside_the_mask_or_without_confidence() -> None:
    left = np.zeros((240, 320), np.uint8)
    left[:, :160] = 255
    vertices = seen_from(0.0)
    _, weights = sample_view(view(0.0, mask=left), FACES)
    assert (weights[vertices[:, 0] > 0] == 0).all()
    assert (weights[vertices[:, 0] < -0.1] > 0).any()
    assert sample_view(view(0.0, confidence=0.0), FACES)[1].max() == 0
    behind = view(0.0, vertices=seen_from(0.0, distance=0.2))
    assert sample_view(behind, FACES)[1].max() == 0


def test_what_the_body_hides_is_not_seen() -> None:
    """A second ball behind the first one, in the same picture."""
    front, back = seen_from(0.0), seen_from(0.0, distance=3.5)
    both = np.concatenate([front, back])
    faces = np.concatenate([FACES, FACES + len(front)])
    one = BodyView(picture(front), both, K, 1.0)
    weights = sample_view(one, faces)[1]
    assert (weights[: len(front)] > 0).any()
    assert (weights[len(front) :] == 0).all()


def test_the_unseen_side_takes_the_mirror_image_and_then_the_model() -> None:
    right_only = gathered([view(-np.pi / 2 + step) for step in (-0.2, 0.0, 0.2)] * 4)
    model = np.full(VERTICES.shape, 0.5)
    colors = right_only.colors(VERTICES, model)
    evidence = right_only.evidence
    partner = mirror_partners(VERTICES)
    hidden = (evidence == 0) & (evidence[partner] > 2)
    assert hidden.sum() > 50
    np.testing.assert_allclose(colors[hidden], colors[partner[hidden]], atol=0.25)
    far = np.abs(colors[hidden] - 0.5).mean()
    assert np.abs(colors[hidden] - colors[partner[hidden]]).mean() < far
    nowhere = ColorGatherer(FACES)
    np.testing.assert_allclose(nowhere.colors(VERTICES, model), 0.5)


def test_weighted_median_is_the_middle_by_weight() -> None:
    samples = np.array([0.1, 0.9, 0.5])[:, None, None]
    assert weighted_median(samples, np.array([[1.0], [1.0], [1.0]])) == pytest.approx(0.5)
    assert weighted_median(samples, np.array([[5.0], [1.0], [1.0]])) == pytest.approx(0.1)
    assert weighted_median(samples, np.array([[0.0], [1.0], [0.0]])) == pytest.approx(0.9)
