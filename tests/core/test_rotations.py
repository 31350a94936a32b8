"""Rotations form a group, whatever they are written as; 0 and pi are the hard angles."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from core.rotations import (
    axis_angle_from_matrix,
    geodesic_angle,
    matrix_from_6d,
    matrix_from_axis_angle,
    matrix_from_quaternion,
    quaternion_from_matrix,
    quaternion_multiply,
    sixd_from_matrix,
    slerp,
)

HARD_ANGLES_RAD = [0.0, 1e-12, 1e-8, 1e-4, 1.0, np.pi - 1e-4, np.pi - 1e-8, np.pi]


def directions(count: int) -> np.ndarray:
    vectors = np.random.default_rng(3).normal(size=(count, 3))
    axes = np.concatenate([vectors, np.eye(3), -np.eye(3)])
    return axes / np.linalg.norm(axes, axis=1, keepdims=True)


@st.composite
def rotations(draw: st.DrawFn) -> np.ndarray:
    axis = np.array(draw(st.tuples(*[st.floats(-1, 1)] * 3)))
    length = np.linalg.norm(axis)
    axis = axis / length if length > 1e-3 else np.array([0.0, 0, 1])
    angle_rad = draw(st.sampled_from(HARD_ANGLES_RAD) | st.floats(0, np.pi))
    return Rotation.from_rotvec(axis * angle_rad).as_matrix()


@pytest.mark.parametrize("angle_rad", HARD_ANGLES_RAD)
def test_exponential_and_logarithm_cancel_at_hard_angles(angle_rad: float) -> None:
    vectors = directions(20) * angle_rad
    matrices = matrix_from_axis_angle(vectors)
    np.testing.assert_allclose(matrices, Rotation.from_rotvec(vectors).as_matrix(), atol=1e-14)
    back = axis_angle_from_matrix(matrices)
    # At pi an axis and its opposite mean the same turn.
    off = np.minimum(np.abs(back - vectors).max(1), np.abs(back + vectors).max(1))
    assert (off if angle_rad == np.pi else np.abs(back - vectors).max(1)).max() < 1e-7


@pytest.mark.parametrize("angle_rad", HARD_ANGLES_RAD)
def test_geodesic_angle_is_exact_at_hard_angles(angle_rad: float) -> None:
    start = matrix_from_axis_angle(directions(20)[::-1] * 0.7)
    end = start @ matrix_from_axis_angle(directions(20) * angle_rad)
    np.testing.assert_allclose(geodesic_angle(start, end), angle_rad, atol=1e-14)


@given(rotations(), rotations())
def test_quaternions_multiply_as_matrices_do(first: np.ndarray, second: np.ndarray) -> None:
    product = quaternion_multiply(quaternion_from_matrix(first), quaternion_from_matrix(second))
    np.testing.assert_allclose(matrix_from_quaternion(product), first @ second, atol=1e-12)


@given(rotations())
def test_every_form_gives_the_matrix_back(matrix: np.ndarray) -> None:
    for back in (
        matrix_from_6d(sixd_from_matrix(matrix)),
        matrix_from_quaternion(quaternion_from_matrix(matrix)),
        matrix_from_axis_angle(axis_angle_from_matrix(matrix)),
    ):
        np.testing.assert_allclose(back, matrix, atol=1e-12)


@given(rotations())
def test_inverse_is_the_transpose_and_the_conjugate(matrix: np.ndarray) -> None:
    conjugate = quaternion_from_matrix(matrix) * [1, -1, -1, -1]
    np.testing.assert_allclose(matrix_from_quaternion(conjugate), matrix.T, atol=1e-12)
    np.testing.assert_allclose(geodesic_angle(matrix, matrix), 0, atol=1e-12)


def test_quaternion_is_wxyz_with_w_not_negative() -> None:
    half_turn_about_z = np.diag([-1.0, -1.0, 1.0])
    np.testing.assert_allclose(np.abs(quaternion_from_matrix(half_turn_about_z)), [0, 0, 0, 1])
    quaternions = quaternion_from_matrix(matrix_from_axis_angle(directions(50) * 3))
    assert (quaternions[:, 0] >= 0).all()


def test_6d_is_the_first_two_columns() -> None:
    matrix = matrix_from_axis_angle(np.array([0.3, -0.5, 0.9]))
    np.testing.assert_array_equal(sixd_from_matrix(matrix), [*matrix[:, 0], *matrix[:, 1]])


@given(st.lists(st.floats(-5, 5), min_size=6, max_size=6))
def test_any_6d_gives_a_rotation(numbers: list[float]) -> None:
    columns = np.array(numbers)
    if np.linalg.norm(np.cross(columns[:3], columns[3:])) < 1e-3:
        return  # two parallel columns name no plane
    matrix = matrix_from_6d(columns)
    np.testing.assert_allclose(matrix.T @ matrix, np.eye(3), atol=1e-9)
    assert np.linalg.det(matrix) == pytest.approx(1)


def test_float32_stays_float32_and_batches_keep_their_shape() -> None:
    vectors = directions(6).astype(np.float32).reshape(3, 4, 3)
    matrices = matrix_from_axis_angle(vectors)
    assert matrices.dtype == np.float32
    assert matrices.shape == (3, 4, 3, 3)
    assert axis_angle_from_matrix(matrices).dtype == np.float32
    assert geodesic_angle(matrices, matrices).shape == (3, 4)
    assert slerp(
        *[quaternion_from_matrix(matrices)] * 2, np.float32(0.5) * np.ones((3, 4))
    ).shape == (
        3,
        4,
        4,
    )


@given(rotations(), rotations(), st.floats(0, 1))
def test_slerp_divides_the_arc(first: np.ndarray, second: np.ndarray, share: float) -> None:
    angle_rad = float(geodesic_angle(first, second))
    if angle_rad > 3.1:
        return  # half a turn has two shortest ways
    start, end = quaternion_from_matrix(first), quaternion_from_matrix(second)
    between = matrix_from_quaternion(slerp(start, -end, np.array(share)))
    assert geodesic_angle(first, between) == pytest.approx(share * angle_rad, abs=1e-6)
    assert geodesic_angle(between, second) == pytest.approx((1 - share) * angle_rad, abs=1e-6)
