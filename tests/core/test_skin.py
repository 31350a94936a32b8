"""Skinning: fast against slow, dense against sparse, and what must hold for any body."""

import numpy as np
import pytest

from core.influences import Influences
from core.skin import (
    skin_dual_quaternion,
    skin_dual_quaternion_reference,
    skin_linear,
    skin_linear_reference,
    to_dual_quaternions,
)
from tests.core.made_rig import random_rigid, random_weights

WAYS = [
    pytest.param(skin_linear, skin_linear_reference, id="linear"),
    pytest.param(skin_dual_quaternion, skin_dual_quaternion_reference, id="dual-quaternion"),
]


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(7)


@pytest.mark.parametrize(("fast", "slow"), WAYS)
def test_twins_agree(fast, slow, rng: np.random.Generator) -> None:
    vertices, weights = rng.normal(size=(60, 3)), random_weights(rng, 60, 9)
    transforms = random_rigid(rng, 9)
    expected = slow(vertices, weights, transforms)
    np.testing.assert_allclose(fast(vertices, weights, transforms), expected, atol=1e-12)
    sparse = Influences.from_dense(weights, 3)
    np.testing.assert_allclose(fast(vertices, sparse, transforms), expected, atol=1e-12)


@pytest.mark.parametrize(("fast", "slow"), WAYS)
def test_float32_agrees_to_its_precision(fast, slow, rng: np.random.Generator) -> None:
    vertices, weights = rng.normal(size=(60, 3)), random_weights(rng, 60, 9)
    transforms = random_rigid(rng, 9)
    narrow = [array.astype(np.float32) for array in (vertices, weights, transforms)]
    posed = fast(*narrow)
    assert posed.dtype == np.float32
    # Blended quaternions may nearly cancel: a few hundred float32 roundings.
    np.testing.assert_allclose(posed, slow(vertices, weights, transforms), atol=1e-4)


@pytest.mark.parametrize(("fast", "slow"), WAYS)
def test_a_batch_is_its_frames(fast, slow, rng: np.random.Generator) -> None:
    vertices, weights = rng.normal(size=(20, 3)), random_weights(rng, 20, 5)
    transforms = random_rigid(rng, 2, 3, 5)
    posed = fast(vertices, weights, transforms)
    assert posed.shape == (2, 3, 20, 3)
    alone = slow(vertices, weights, transforms[1, 2])
    np.testing.assert_allclose(posed[1, 2], alone, atol=1e-12)


@pytest.mark.parametrize(("fast", "slow"), WAYS)
def test_identities_give_the_rest_mesh(fast, slow, rng: np.random.Generator) -> None:
    vertices, weights = rng.normal(size=(20, 3)), random_weights(rng, 20, 5)
    posed = fast(vertices, weights, np.tile(np.eye(4), (5, 1, 1)))
    np.testing.assert_allclose(posed, vertices, atol=1e-12)


@pytest.mark.parametrize(("fast", "slow"), WAYS)
def test_moving_every_joint_moves_the_body(fast, slow, rng: np.random.Generator) -> None:
    vertices, weights = rng.normal(size=(20, 3)), random_weights(rng, 20, 5)
    transforms, move = random_rigid(rng, 5), random_rigid(rng)
    before = fast(vertices, weights, transforms)
    after = fast(vertices, weights, move @ transforms)
    np.testing.assert_allclose(after, before @ move[:3, :3].T + move[:3, 3], atol=1e-10)


def twisted(angle_rad: float) -> np.ndarray:
    """Two joints; the second turns about x."""
    transforms = np.tile(np.eye(4), (2, 1, 1))
    cosine, sine = np.cos(angle_rad), np.sin(angle_rad)
    transforms[1, 1:3, 1:3] = [[cosine, -sine], [sine, cosine]]
    return transforms


def test_dual_quaternions_keep_the_volume_that_linear_blending_loses() -> None:
    vertex, halves = np.array([[0.0, 1, 0]]), np.array([[0.5, 0.5]])
    nearly_half_a_turn = twisted(np.pi - 1e-3)
    by_dual = skin_dual_quaternion(vertex, halves, nearly_half_a_turn)
    assert np.linalg.norm(by_dual) == pytest.approx(1)
    assert np.linalg.norm(skin_linear(vertex, halves, nearly_half_a_turn)) < 1e-3


def test_the_strongest_joint_leads_the_hemisphere() -> None:
    # A turn by 200 degrees has its quaternion in the other hemisphere: it is taken as -160.
    vertex, weights = np.array([[0.0, 1, 0]]), np.array([[0.75, 0.25]])
    posed = skin_dual_quaternion(vertex, weights, twisted(np.deg2rad(200)))
    assert posed[0, 2] < 0


def test_pure_shifts_blend_as_means() -> None:
    transforms = np.tile(np.eye(4), (2, 1, 1))
    transforms[1, :3, 3] = [4, 0, -8]
    posed = skin_dual_quaternion(np.zeros((1, 3)), np.array([[0.75, 0.25]]), transforms)
    np.testing.assert_allclose(posed, [[1, 0, -2]])


def test_dual_quaternion_of_a_shift_has_half_of_it() -> None:
    transform = np.eye(4)
    transform[:3, 3] = [2, 4, 6]
    rotation, dual = to_dual_quaternions(transform)
    np.testing.assert_allclose(rotation, [1, 0, 0, 0])
    np.testing.assert_allclose(dual, [0, 1, 2, 3])


def test_influences_drop_the_weakest_and_sum_to_one(rng: np.random.Generator) -> None:
    sparse = Influences.from_dense(np.array([[0.2, 0.5, 0.3], [0.0, 1.0, 0.0]]), 2)
    np.testing.assert_array_equal(sparse.indices, [[1, 2], [1, 0]])
    np.testing.assert_allclose(sparse.weights, [[0.625, 0.375], [1, 0]])


def test_influences_are_exact_when_nothing_is_dropped(rng: np.random.Generator) -> None:
    weights = random_weights(rng, 50, 9, used=4).astype(np.float32)
    np.testing.assert_array_equal(Influences.from_dense(weights, 4).to_dense(9), weights)


def test_equal_weights_are_led_by_the_lower_joint() -> None:
    sparse = Influences.from_dense(np.array([[0.5, 0.0, 0.5]]), 2)
    np.testing.assert_array_equal(sparse.indices, [[0, 2]])


def test_too_many_influences_are_refused() -> None:
    with pytest.raises(ValueError, match="cannot keep 4 influences of 3 joints"):
        Influences.from_dense(np.eye(3), 4)
