import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize

from core.export.rotation_fit import RotationFit
from core.export.skin_fit import fitted_skin, truncated_influences
from core.export.take import posed_in_rig
from core.export.weight_fit import best_supports, fitted_influences
from core.influences import Influences
from core.kinematics import forward_kinematics, skin_transforms
from core.skin import skin_linear
from tests.core.made_take import dense_chain_take


@given(seed=st.integers(0, 2**31))
def test_best_supports_is_the_constrained_minimum(seed: int) -> None:
    """Against scipy's general solver, where the support may be everything."""
    rng = np.random.default_rng(seed)
    images, target = rng.normal(size=(9, 4)), rng.normal(size=9)
    gram, moment = images.T @ images + 0.01 * np.eye(4), images.T @ target

    def cost(w: np.ndarray) -> float:
        return float(w @ gram @ w - 2 * moment @ w)

    found = best_supports(gram[None], moment[None], 4)[0]
    reference = minimize(
        cost,
        np.full(4, 0.25),
        bounds=[(0, 1)] * 4,
        constraints={"type": "eq", "fun": lambda w: w.sum() - 1},
        options={"ftol": 1e-12, "maxiter": 300},
    )
    assert found.min() >= 0
    assert found.sum() == pytest.approx(1)
    assert cost(found) <= cost(reference.x) + 1e-6


@given(seed=st.integers(0, 2**31), count=st.integers(1, 3))
def test_best_supports_keeps_to_the_count(seed: int, count: int) -> None:
    images = np.random.default_rng(seed).normal(size=(5, 8, 6))
    weights = best_supports(images.swapaxes(1, 2) @ images, np.zeros((5, 6)), count)
    assert ((weights > 0).sum(1) <= count).all()
    np.testing.assert_allclose(weights.sum(1), 1)


def test_weights_that_made_a_motion_are_found_again() -> None:
    """Truth posed linearly with other sparse weights than the rig's; many poses, tiny prior."""
    take = dense_chain_take(20)
    rig, poses = take.body, take.joint_rotations
    sparse = Influences.from_dense(rig.weights**2 / (rig.weights**2).sum(1, keepdims=True), 3)
    transforms = skin_transforms(rig.skeleton, forward_kinematics(rig.skeleton, poses))
    truth = skin_linear(rig.vertices, sparse, transforms)
    found = fitted_influences(rig, poses, truth, 3)
    shown = skin_linear(rig.vertices, found, transforms)
    before = skin_linear(rig.vertices, truncated_influences(rig, 3), transforms)
    # the prior towards the rig's own weights keeps it from being exact
    assert np.abs(shown - truth).mean() < 0.1 * np.abs(before - truth).mean()


def test_rotations_follow_linear_truth_exactly() -> None:
    """If dual quaternions and linear skinning agree (one joint a vertex), nothing is turned."""
    take = dense_chain_take(3)
    rigid = np.eye(9, dtype=np.float32)[take.body.weights.argmax(1)]
    body = type(take.body)(**{**take.body.__dict__, "weights": rigid})
    fit = RotationFit.of(body)
    turned = fit.rotations(truncated_influences(body, 4), take.joint_rotations)
    np.testing.assert_allclose(turned, take.joint_rotations, atol=1e-6)


def test_each_step_of_the_rotation_fit_helps() -> None:
    take = dense_chain_take(4)
    rig, fit = take.body, RotationFit.of(take.body)
    influences = truncated_influences(rig, 4)
    truth = posed_in_rig(rig, take.joint_rotations)
    errors = []
    for steps in range(4):
        turned = fit.rotations(influences, take.joint_rotations, steps)
        np.testing.assert_allclose(
            turned @ turned.swapaxes(2, 3), np.eye(3) + 0 * turned, atol=1e-6
        )
        transforms = skin_transforms(rig.skeleton, forward_kinematics(rig.skeleton, turned))
        shown = skin_linear(rig.vertices, influences, transforms)
        errors.append(float(((shown - truth) ** 2).sum()))
    assert errors[0] > errors[1] > errors[2] >= errors[3]
    assert errors[3] < 0.9 * errors[0]


def test_rotations_stay_where_weights_suffice() -> None:
    take = dense_chain_take(6)
    small = take.joint_rotations * 0 + np.eye(3)
    skin = fitted_skin(take.body, small)
    np.testing.assert_array_equal(skin.joint_rotations, small)
    np.testing.assert_allclose(skin.influences.weights.sum(1), 1)
