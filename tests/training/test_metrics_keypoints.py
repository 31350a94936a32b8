"""PCK counted by hand; transfer along surfaces that move in known ways."""

import numpy as np
import pytest

from core.camera import Camera
from training.metrics.keypoints import keypoint_hits, transfer_keypoints
from training.rasterize import rasterize

CAMERA = Camera(np.array([[100.0, 0, 50], [0, 100, 40], [0, 0, 1]]), 100, 80)
FACES = np.array([[0, 1, 2], [0, 2, 3]])
SQUARE = np.array([[-0.5, -0.5, 2], [0.5, -0.5, 2], [0.5, 0.5, 2], [-0.5, 0.5, 2]])


def test_hits_are_within_a_fifth_of_the_root_of_the_area() -> None:
    # Area 2500: radius 0.2 * 50 = 10 px.
    predicted = np.array([[0.0, 0], [0, 0], [0, 0], [0, 0]])
    annotated = np.array([[10.0, 0], [6, 8], [10.1, 0], [30, 0]])
    hits = keypoint_hits(predicted, annotated, 2500.0)
    assert hits.tolist() == [True, True, False, False]
    assert hits.mean() == 0.5


def test_transfer_follows_a_surface_that_moves_and_turns() -> None:
    source = rasterize(SQUARE, FACES, CAMERA)
    # Turned by a quarter in the image and moved right by 0.2: (x, y) -> (-y + 0.2, x).
    target = np.column_stack([-SQUARE[:, 1] + 0.2, SQUARE[:, 0], SQUARE[:, 2]])
    points = np.array([[60.5, 40.5], [50.5, 25.5]])
    carried = transfer_keypoints(points, source, FACES, CAMERA.project(target))
    np.testing.assert_allclose(carried, [[59.5, 50.5], [74.5, 40.5]], atol=1e-4)


def test_transfer_from_beside_the_surface_starts_at_its_nearest_pixel() -> None:
    source = rasterize(SQUARE, FACES, CAMERA)
    carried = transfer_keypoints(np.array([[90.0, 40.5]]), source, FACES, CAMERA.project(SQUARE))
    np.testing.assert_allclose(carried, [[74.5, 40.5]], atol=1e-4)


def test_transfer_needs_a_surface() -> None:
    nothing = rasterize(SQUARE * [1, 1, -1], FACES, CAMERA)
    with pytest.raises(ValueError, match="shows no surface"):
        transfer_keypoints(np.zeros((1, 2)), nothing, FACES, np.zeros((4, 2)))
