"""Paths with known acceleration."""

import numpy as np
import pytest

from training.metrics.motion import acceleration, covered_share, jitter_ratio

TIME = np.arange(8.0)
ALL = np.ones(8, bool)


def path(position: np.ndarray) -> np.ndarray:
    """One point that moves along x."""
    return np.stack([position, np.zeros(8), np.ones(8)], -1)[:, None]


def test_constant_speed_does_not_accelerate() -> None:
    assert acceleration(path(3 * TIME + 1), ALL) == 0.0


def test_parabola_accelerates_by_twice_its_factor() -> None:
    assert acceleration(path(0.5 * TIME**2), ALL) == pytest.approx(1.0)
    assert jitter_ratio(path(0.75 * TIME**2), path(0.5 * TIME**2), ALL) == pytest.approx(1.5)


def test_frames_without_a_result_are_left_out() -> None:
    jump = 0.5 * TIME**2
    jump[4] = 99.0
    covered = ALL.copy()
    covered[4] = False
    assert acceleration(path(jump), covered) == pytest.approx(1.0)
    assert covered_share(covered) == pytest.approx(7 / 8)


def test_no_number_without_three_frames_in_a_row_or_without_motion() -> None:
    assert np.isnan(acceleration(path(TIME), np.arange(8) % 2 == 0))
    assert np.isnan(jitter_ratio(path(TIME**2), path(TIME), ALL))


def test_nothing_is_covered_in_nothing() -> None:
    assert covered_share(np.zeros(0, bool)) == 0.0
