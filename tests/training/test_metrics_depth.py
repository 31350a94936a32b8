"""Depth maps with errors put in by hand."""

import numpy as np
import pytest

from training.metrics.depth import keytr_depth, median_scaled_depth

TRUTH = np.full((2, 4, 5), 2.0)


def test_a_wrong_scale_of_each_frame_is_forgiven_by_the_median() -> None:
    predicted = TRUTH * np.array([3.0, 0.2])[:, None, None]
    scores = median_scaled_depth(predicted, TRUTH)
    assert scores.rmse == pytest.approx(0.0, abs=1e-12)
    assert scores.relative_accuracy == (1.0, 1.0, 1.0)
    assert scores.covered_share == 1.0


def test_median_scaled_depth_counts_relative_and_absolute_errors() -> None:
    predicted = TRUTH.copy()
    predicted[0, 0, :] = 2.03  # 5 of 40 pixels: 1.5 % relative, 0.03 absolute
    predicted[1, 0, :2] = 2.08  # 2 of 40 pixels: 4 % relative, 0.08 absolute
    scores = median_scaled_depth(predicted, TRUTH)
    assert scores.relative_accuracy == (33 / 40, 38 / 40, 1.0)
    assert scores.absolute_accuracy == (33 / 40, 33 / 40, 38 / 40)
    assert scores.rmse == pytest.approx(np.sqrt((5 * 0.03**2 + 2 * 0.08**2) / 40))


def test_only_pixels_with_both_depths_count() -> None:
    truth, predicted = TRUTH.copy(), TRUTH.copy()
    truth[0, 0, 0] = np.nan
    predicted[0, 0, 0] = 100.0
    predicted[1, :2] = 0.0
    scores = median_scaled_depth(predicted, truth)
    assert scores.rmse == 0.0
    assert scores.covered_share == pytest.approx(29 / 39)
    assert keytr_depth(predicted, truth).raw == 0.0


def test_keytr_errors_forgive_no_scale_one_per_frame_and_one_per_sequence() -> None:
    predicted = TRUTH * np.array([0.5, 1.0])[:, None, None]
    errors = keytr_depth(predicted, TRUTH)
    assert errors.raw == pytest.approx((1.0 + 0.0) / 2)
    assert errors.scaled_per_frame == pytest.approx(0.0, abs=1e-12)
    # Least squares: s = (1 * 2 + 2 * 2) / (1 + 4) = 1.2.
    assert errors.scaled_per_sequence == pytest.approx((0.8 + 0.4) / 2)


def test_depth_maps_without_a_common_pixel_give_no_number() -> None:
    nothing = np.zeros_like(TRUTH)
    assert np.isnan(median_scaled_depth(nothing, TRUTH).rmse)
    assert median_scaled_depth(nothing, TRUTH).covered_share == 0.0
    assert np.isnan(keytr_depth(nothing, TRUTH).raw)
