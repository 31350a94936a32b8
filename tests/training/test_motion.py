import numpy as np
import pytest

from core.rig import MotionClip
from core.rotations import geodesic_angle, matrix_from_axis_angle
from tests.made_model import made_rig
from training.motion import MotionConfig, MotionPool, joint_chains

QUIET = MotionConfig(quiet_share=1.0, blend_share=0.0)


@pytest.fixture
def pool_of():
    rig = made_rig()
    swing = np.zeros((20, 4, 3))
    swing[:, 1, 0] = 0.3 * np.sin(np.arange(20))
    clip = MotionClip(
        "Walk", np.arange(20) / 30, matrix_from_axis_angle(swing), np.tile(np.eye(4), (20, 1, 1))
    )
    return lambda config: MotionPool.from_clips(rig.skeleton, (clip,), config)


def test_quiet_poses_are_frames_of_the_clips(pool_of) -> None:
    pool = pool_of(QUIET)
    poses = pool.sample(np.random.default_rng(0), 8).joint_rotations
    distance = np.abs(poses[:, None] - pool.rotations[None]).max((2, 3, 4)).min(1)
    assert distance.max() < 1e-6


def test_noisy_poses_are_rotations_within_the_limits(pool_of) -> None:
    pool = pool_of(MotionConfig(quiet_share=0.0, extra_noise_share=1.0))
    poses = pool.sample(np.random.default_rng(1), 200).joint_rotations
    np.testing.assert_allclose(
        poses @ np.swapaxes(poses, -1, -2), np.tile(np.eye(3), (200, 4, 1, 1)), atol=1e-6
    )
    angle = geodesic_angle(poses, np.broadcast_to(pool.mean, poses.shape).copy())
    assert (angle[:, 1:] <= pool.limit_rad[1:] + 1e-6).all()
    assert angle[:, 2].std() > 0.05  # the leg, still in the clip, moves with noise


def test_the_root_joint_never_turns(pool_of) -> None:
    poses = pool_of(MotionConfig(quiet_share=0.0)).sample(np.random.default_rng(2), 16)
    np.testing.assert_array_equal(poses.joint_rotations[:, 0], np.tile(np.eye(3), (16, 1, 1)))


def test_the_same_seed_gives_the_same_poses(pool_of) -> None:
    first, second = (pool_of(MotionConfig()).sample(np.random.default_rng(3), 5) for _ in range(2))
    np.testing.assert_array_equal(first.joint_rotations, second.joint_rotations)


def test_chains_end_at_branches() -> None:
    assert joint_chains(made_rig().skeleton).tolist() == [0, 1, 2, 3]
