"""The torch twins agree with numpy, and their gradients are finite where angles are hard."""

import numpy as np
import pytest
import torch

from core import kinematics, kinematics_torch, rotations, skin
from core.kinematics import rigid_inverse
from tests.core.made_rig import random_rigid, random_rotations, random_skeleton, random_weights


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(11)


def test_6d_agrees(rng: np.random.Generator) -> None:
    columns = rng.normal(size=(4, 5, 6))
    matrix = kinematics_torch.rotation_6d_to_matrix(torch.tensor(columns))
    np.testing.assert_allclose(matrix.numpy(), rotations.matrix_from_6d(columns), atol=1e-12)
    back = kinematics_torch.matrix_to_rotation_6d(matrix).numpy()
    np.testing.assert_allclose(back, rotations.sixd_from_matrix(matrix.numpy()))


@pytest.mark.parametrize("spread", [1e-9, 1.0, 3.0])
def test_quaternion_and_angle_agree(rng: np.random.Generator, spread: float) -> None:
    matrices = random_rotations(rng, 100, spread=spread)
    quaternion = kinematics_torch.matrix_to_quaternion(torch.tensor(matrices)).numpy()
    expected = rotations.quaternion_from_matrix(matrices)
    np.testing.assert_allclose(np.abs((quaternion * expected).sum(-1)), 1, atol=1e-12)
    others = random_rotations(rng, 100)
    angle = kinematics_torch.geodesic_angle(torch.tensor(matrices), torch.tensor(others))
    np.testing.assert_allclose(angle, rotations.geodesic_angle(matrices, others), atol=1e-12)


def test_kinematics_and_skinning_agree(rng: np.random.Generator) -> None:
    skeleton = random_skeleton(rng)
    pose = random_rotations(rng, 3, 7)
    vertices, weights = rng.normal(size=(30, 3)), random_weights(rng, 30, 7)
    joint_to_rig = kinematics_torch.forward_kinematics(skeleton, torch.tensor(pose))
    expected = kinematics.forward_kinematics(skeleton, pose)
    np.testing.assert_allclose(joint_to_rig, expected, atol=1e-12)
    moves = kinematics_torch.skin_transforms(skeleton, joint_to_rig)
    expected_moves = kinematics.skin_transforms(skeleton, expected)
    np.testing.assert_allclose(moves, expected_moves, atol=1e-12)
    for name in ("skin_linear", "skin_dual_quaternion"):
        mine = getattr(kinematics_torch, name)(torch.tensor(vertices), torch.tensor(weights), moves)
        numpys = getattr(skin, name)(vertices, weights, expected_moves)
        np.testing.assert_allclose(mine, numpys, atol=1e-10)


def test_every_body_of_a_batch_may_have_its_own_proportions(rng: np.random.Generator) -> None:
    skeleton = random_skeleton(rng)
    offsets = torch.tensor(random_rigid(rng, 4, 7))
    pose = torch.tensor(random_rotations(rng, 4, 7))
    weights = torch.tensor(random_weights(rng, 20, 7))
    vertices = torch.tensor(rng.normal(size=(4, 20, 3)))
    rest = kinematics_torch.rest_joint_to_rig(skeleton, offsets)
    joint_to_rig = kinematics_torch.forward_kinematics(skeleton, pose, offsets)
    moves = kinematics_torch.skin_transforms(skeleton, joint_to_rig, rest)
    together = kinematics_torch.skin_dual_quaternion(vertices, weights, moves)
    alone = joint_to_rig[2].numpy() @ rigid_inverse(rest[2].numpy())
    expected = skin.skin_dual_quaternion(vertices[2].numpy(), weights.numpy(), alone)
    np.testing.assert_allclose(together[2], expected, atol=1e-10)


def test_own_offsets_equal_to_the_skeletons_change_nothing(rng: np.random.Generator) -> None:
    skeleton = random_skeleton(rng)
    pose = torch.tensor(random_rotations(rng, 2, 7))
    offsets = torch.tensor(skeleton.rest_joint_to_parent)
    given = kinematics_torch.forward_kinematics(skeleton, pose, offsets)
    np.testing.assert_allclose(given, kinematics_torch.forward_kinematics(skeleton, pose))
    rest = kinematics_torch.rest_joint_to_rig(skeleton, offsets)
    np.testing.assert_allclose(rest, skeleton.rest_joint_to_rig, atol=1e-12)


def test_gradients_are_those_of_finite_differences(rng: np.random.Generator) -> None:
    skeleton = random_skeleton(rng, 3)
    weights = torch.tensor(random_weights(rng, 2, 3))
    vertices = torch.tensor(rng.normal(size=(2, 3)))

    def posed(columns: torch.Tensor, way: str) -> torch.Tensor:
        pose = kinematics_torch.rotation_6d_to_matrix(columns)
        joint_to_rig = kinematics_torch.forward_kinematics(skeleton, pose)
        moves = kinematics_torch.skin_transforms(skeleton, joint_to_rig)
        return getattr(kinematics_torch, way)(vertices, weights, moves)

    columns = torch.tensor(rng.normal(size=(3, 6)), requires_grad=True)
    for way in ("skin_linear", "skin_dual_quaternion"):
        assert torch.autograd.gradcheck(lambda x, way=way: posed(x, way), columns, fast_mode=True)


@pytest.mark.parametrize("angle_rad", [0.0, 1e-7, 1.0, np.pi - 1e-6, np.pi])
def test_the_angles_gradient_is_finite_everywhere(angle_rad: float) -> None:
    turn = rotations.matrix_from_axis_angle(np.array([0, angle_rad, 0]))
    matrix = torch.tensor(turn, dtype=torch.float32, requires_grad=True)
    kinematics_torch.geodesic_angle(torch.eye(3), matrix).backward()
    assert torch.isfinite(matrix.grad).all()
    assert matrix.grad.norm() < 3


def test_another_number_of_joints_is_refused(rng: np.random.Generator) -> None:
    with pytest.raises(ValueError, match="pose has 2 joints, skeleton has 7"):
        kinematics_torch.forward_kinematics(random_skeleton(rng), torch.eye(3).expand(2, 3, 3))
