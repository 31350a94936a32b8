import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from core.decode import pose_rig
from core.rotations import matrix_from_axis_angle
from tests.made_model import made_rig
from training.mirror import FLIP, mirror_root, mirror_rotations
from training.turns import rotations_from_turns, turns_from_rest

seeds = st.integers(0, 10_000)


def random_pose(seed: int) -> np.ndarray:
    rotations = matrix_from_axis_angle(np.random.default_rng(seed).normal(0, 0.5, (4, 3)))
    rotations[0] = np.eye(3)
    return rotations


@given(seeds)
def test_turns_and_rotations_cancel(seed: int) -> None:
    skeleton, pose = made_rig().skeleton, random_pose(seed)
    np.testing.assert_allclose(
        rotations_from_turns(skeleton, turns_from_rest(skeleton, pose)), pose, atol=1e-9
    )


def test_a_still_pose_has_no_turns() -> None:
    skeleton = made_rig().skeleton
    np.testing.assert_allclose(
        turns_from_rest(skeleton, np.tile(np.eye(3), (4, 1, 1))), np.tile(np.eye(3), (4, 1, 1))
    )


@given(seeds)
def test_mirroring_twice_changes_nothing(seed: int) -> None:
    skeleton, pose = made_rig().skeleton, random_pose(seed)[None]
    np.testing.assert_allclose(
        mirror_rotations(skeleton, mirror_rotations(skeleton, pose)), pose, atol=1e-9
    )


@given(seeds)
def test_the_mirrored_pose_looks_like_the_mirrored_picture(seed: int) -> None:
    """Joints of the mirrored body lie where the mirrored camera sees the others of the pair."""
    rig, pose = made_rig(), random_pose(seed)
    root = np.eye(4)
    root[:3, :3] = matrix_from_axis_angle(np.random.default_rng(seed + 1).normal(0, 1, 3))
    root[:3, 3] = [0.1, -0.2, 3.0]
    seen = pose_rig(rig, pose, root).joint_to_rig
    other = mirror_rotations(rig.skeleton, pose[None])[0]
    mirrored = pose_rig(rig, other, root).joint_to_rig
    rotation, _ = mirror_root(root[None, :3, :3], np.zeros((1, 3)))
    here = seen[:, :3, 3] @ root[:3, :3].T + root[:3, 3]
    there = mirrored[:, :3, 3] @ rotation[0].T + FLIP @ root[:3, 3]
    np.testing.assert_allclose(there[list(rig.skeleton.mirror)], here @ FLIP, atol=1e-9)
