"""Rotations and joints with known errors."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from training.metrics.pose import mpjpe, pa_mpjpe, rotation_angles_rad


@given(
    seed=st.integers(0, 10_000),
    angle=st.one_of(st.floats(0, np.pi), st.sampled_from([0.0, 1e-9, np.pi - 1e-9, np.pi])),
)
def test_rotation_angle_is_the_angle_turned_by(seed: int, angle: float) -> None:
    rng = np.random.default_rng(seed)
    axis = rng.standard_normal(3)
    axis /= np.linalg.norm(axis)
    start = Rotation.random(rng=rng)
    turned = start * Rotation.from_rotvec(angle * axis)
    found = rotation_angles_rad(turned.as_matrix()[None], start.as_matrix()[None])[0]
    # 1e-7 near pi, where the sine's own rounding rules.
    assert float(found) == pytest.approx(angle, abs=1e-7 if angle > 3 else 1e-12)


def test_rotation_angles_of_whole_quarters() -> None:
    quarter = Rotation.from_rotvec([[0, 0, 0], [0, np.pi / 2, 0], [np.pi, 0, 0]]).as_matrix()
    angles = rotation_angles_rad(quarter, np.tile(np.eye(3), (3, 1, 1)))
    np.testing.assert_allclose(np.rad2deg(angles), [0, 90, np.rad2deg(np.pi)], atol=1e-6)


def test_mpjpe_averages_distances() -> None:
    truth = np.zeros((2, 2, 3))
    predicted = truth.copy()
    predicted[0, 0] = [3, 4, 0]
    predicted[1, 1] = [0, 0, 1]
    assert mpjpe(predicted, truth) == pytest.approx((5 + 1) / 4)


def test_pa_mpjpe_forgives_a_similarity_of_each_frame() -> None:
    rng = np.random.default_rng(0)
    truth = rng.standard_normal((3, 6, 3))
    turns = Rotation.random(3, rng=rng).as_matrix()
    sizes = rng.uniform(0.5, 2, (3, 1, 1))
    predicted = sizes * np.einsum("fij,fpj->fpi", turns, truth) + rng.standard_normal((3, 1, 3))
    assert mpjpe(predicted, truth) > 0.3
    assert pa_mpjpe(predicted, truth) == pytest.approx(0.0, abs=1e-9)


def test_pa_mpjpe_does_not_forgive_a_bent_limb() -> None:
    truth = np.array([[[0.0, 0, 0], [1, 0, 0], [2, 0, 0], [3, 0, 0]]])
    bent = np.array([[[0.0, 0, 0], [1, 0, 0], [2, 0, 0], [2, 1, 0]]])
    assert pa_mpjpe(bent, truth) > 0.1
