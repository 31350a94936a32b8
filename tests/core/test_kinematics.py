"""Forward kinematics against its slow twin, and in cases worked out by hand."""

import numpy as np
import pytest

from core.kinematics import (
    forward_kinematics,
    forward_kinematics_reference,
    rigid_inverse,
    skin_transforms,
)
from core.rig import Skeleton
from tests.core.made_rig import random_rigid, random_rotations, random_skeleton


def two_links() -> Skeleton:
    rest = np.tile(np.eye(4), (3, 1, 1))
    rest[1, 0, 3], rest[2, 0, 3] = 1, 2
    return Skeleton(("root", "elbow", "tip"), (-1, 0, 1), rest, (0, 1, 2))


def test_a_bent_elbow_lifts_the_tip() -> None:
    rotations = np.tile(np.eye(3), (3, 1, 1))
    rotations[1] = [[0, -1, 0], [1, 0, 0], [0, 0, 1]]  # 90 degrees about z
    joint_to_rig = forward_kinematics(two_links(), rotations)
    np.testing.assert_allclose(joint_to_rig[:, :3, 3], [[0, 0, 0], [1, 0, 0], [1, 1, 0]])
    np.testing.assert_allclose(joint_to_rig[2, :3, :3], rotations[1])


def test_identities_give_the_rest_pose() -> None:
    skeleton = random_skeleton(np.random.default_rng(0))
    joint_to_rig = forward_kinematics(skeleton, np.tile(np.eye(3), (7, 1, 1)))
    np.testing.assert_allclose(joint_to_rig, skeleton.rest_joint_to_rig, atol=1e-12)
    transforms = skin_transforms(skeleton, joint_to_rig)
    np.testing.assert_allclose(transforms, np.tile(np.eye(4), (7, 1, 1)), atol=1e-12)


@pytest.mark.parametrize("shape", [(), (5,), (2, 3)])
def test_twins_agree_for_any_batch(shape: tuple[int, ...]) -> None:
    rng = np.random.default_rng(1)
    skeleton = random_skeleton(rng)
    rotations = random_rotations(rng, *shape, 7)
    fast = forward_kinematics(skeleton, rotations).reshape(-1, 7, 4, 4)
    for own, joint_to_rig in zip(rotations.reshape(-1, 7, 3, 3), fast, strict=True):
        expected = forward_kinematics_reference(skeleton, own)
        np.testing.assert_allclose(joint_to_rig, expected, atol=1e-12)


def test_turning_the_root_turns_everything() -> None:
    rng = np.random.default_rng(2)
    skeleton = random_skeleton(rng)
    rotations = random_rotations(rng, 7)
    turned = rotations.copy()
    turned[0] = random_rotations(rng) @ rotations[0]
    before, after = (forward_kinematics(skeleton, pose) for pose in (rotations, turned))
    moves = after @ rigid_inverse(before)
    np.testing.assert_allclose(moves, np.broadcast_to(moves[0], moves.shape), atol=1e-12)


def test_a_joint_moves_only_its_descendants() -> None:
    skeleton = two_links()
    rotations = np.tile(np.eye(3), (3, 1, 1))
    bent = rotations.copy()
    bent[1] = random_rotations(np.random.default_rng(4))
    moved = np.abs(forward_kinematics(skeleton, bent) - forward_kinematics(skeleton, rotations))
    assert (moved.max((1, 2)) > 1e-3).tolist() == [False, True, True]


def test_rigid_inverse_cancels() -> None:
    transforms = random_rigid(np.random.default_rng(5), 4, 2)
    identity = np.broadcast_to(np.eye(4), transforms.shape)
    np.testing.assert_allclose(rigid_inverse(transforms) @ transforms, identity, atol=1e-12)


def test_float32_poses_give_float32() -> None:
    rotations = np.tile(np.eye(3, dtype=np.float32), (3, 1, 1))
    joint_to_rig = forward_kinematics(two_links(), rotations)
    assert joint_to_rig.dtype == np.float32
    assert skin_transforms(two_links(), joint_to_rig).dtype == np.float32


def test_another_number_of_joints_is_refused() -> None:
    with pytest.raises(ValueError, match="pose has 2 joints, skeleton has 3"):
        forward_kinematics(two_links(), np.tile(np.eye(3), (2, 1, 1)))
    with pytest.raises(ValueError, match="pose has 2 joints, skeleton has 3"):
        skin_transforms(two_links(), np.tile(np.eye(4), (2, 1, 1)))
