"""Motions carried between skeletons whose rest frames differ."""

from dataclasses import replace

import numpy as np
import pytest

from core.kinematics import forward_kinematics, rigid_inverse
from core.retarget import transfer_rotations
from core.rig import Skeleton
from tests.core.made_rig import random_rigid, random_rotations, random_skeleton


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(5)


def turns(skeleton: Skeleton, pose: np.ndarray) -> np.ndarray:
    joint_to_rig = forward_kinematics(skeleton, pose)
    return (joint_to_rig @ rigid_inverse(skeleton.rest_joint_to_rig))[..., :3, :3]


def test_the_same_skeleton_takes_its_own_motion(rng: np.random.Generator) -> None:
    skeleton, pose = random_skeleton(rng), random_rotations(rng, 4, 7)
    np.testing.assert_allclose(transfer_rotations(skeleton, skeleton, pose), pose, atol=1e-12)


def test_joints_turn_as_their_namesakes_do(rng: np.random.Generator) -> None:
    source = random_skeleton(rng)
    target = replace(source, rest_joint_to_rig=random_rigid(rng, 7))
    pose = random_rotations(rng, 2, 3, 7)
    carried = transfer_rotations(source, target, pose)
    np.testing.assert_allclose(turns(target, carried), turns(source, pose), atol=1e-12)


def test_there_and_back_is_nothing(rng: np.random.Generator) -> None:
    source = random_skeleton(rng)
    target = replace(source, rest_joint_to_rig=random_rigid(rng, 7))
    pose = random_rotations(rng, 7)
    there = transfer_rotations(source, target, pose)
    np.testing.assert_allclose(transfer_rotations(target, source, there), pose, atol=1e-12)


def test_a_joint_without_a_namesake_keeps_still_against_its_parent(
    rng: np.random.Generator,
) -> None:
    source = random_skeleton(rng)
    target = replace(source, names=(*source.names[:6], "tail"))
    carried = transfer_rotations(source, target, random_rotations(rng, 5, 7))
    np.testing.assert_allclose(carried[:, 6], np.tile(np.eye(3), (5, 1, 1)), atol=1e-12)


def test_another_number_of_joints_is_refused(rng: np.random.Generator) -> None:
    skeleton = random_skeleton(rng)
    with pytest.raises(ValueError, match="pose has 3 joints, source has 7"):
        transfer_rotations(skeleton, skeleton, random_rotations(rng, 3))
