import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from core.export.motion import file_motion, ground_heights, level_rotation
from core.export.options import ExportOptions
from core.rotations import matrix_from_axis_angle
from tests.core.made_take import arm_root_to_cam, make_take


def test_first_frame_stands_at_the_origin_facing_z() -> None:
    motion = file_motion(make_take(30), ExportOptions())
    first = motion.rig_to_file[0]
    np.testing.assert_allclose(first[[0, 2], 3], 0, atol=1e-9)
    np.testing.assert_allclose(first[:3, :3], np.eye(3), atol=1e-6)
    assert motion.times_s[0] == 0


def test_ground_is_touched_and_never_pierced() -> None:
    take = make_take(90)
    motion = file_motion(take, ExportOptions())
    lowest = motion.posed(take.body)[..., 1].min(1)
    assert lowest.min() >= -1e-9
    assert lowest.min() < 0.01
    # the arm bobs by a tenth of a rig unit, that is 5 cm: short flight stays
    assert lowest.max() > 0.03


@pytest.mark.parametrize("pitch_rad", [-0.6, 0.0, 0.4])
def test_a_tilted_camera_is_levelled(pitch_rad: float) -> None:
    level, tilt = make_take(20), np.eye(4)
    tilt[:3, :3] = matrix_from_axis_angle(np.array([pitch_rad, 0.0, 0.0]))
    tilted = make_take(20, root_to_cam=tilt @ level.root_to_cam)
    expected = file_motion(level, ExportOptions()).rig_to_file
    shown = file_motion(tilted, ExportOptions()).rig_to_file
    np.testing.assert_allclose(shown, expected, atol=1e-6)


def test_a_tumbling_body_leaves_the_camera_level() -> None:
    turns = matrix_from_axis_angle(np.outer(np.linspace(0, 6.28, 20), [1.0, 0, 0]))
    poses = np.tile(np.eye(4), (20, 1, 1))
    poses[:, :3, :3] = turns
    np.testing.assert_array_equal(level_rotation(poses, np.ones(20)), np.eye(3))


def test_in_place_does_not_travel() -> None:
    motion = file_motion(make_take(30), ExportOptions(root_motion="in_place"))
    np.testing.assert_array_equal(motion.rig_to_file[:, [0, 2], 3], 0)
    assert np.ptp(motion.rig_to_file[:, 0, 0]) > 0.01  # it still turns


def test_camera_space_only_changes_axes_and_scale() -> None:
    take = make_take(10)
    motion = file_motion(take, ExportOptions(root_motion="camera", body_length_m=3))
    in_camera = take.posed(slice(0, 10)) * [1, -1, -1]
    np.testing.assert_allclose(motion.posed(take.body), 3 * in_camera, atol=1e-6)
    assert motion.scale_source == "body length given by the user"


def test_resampling_hits_the_poses_between() -> None:
    take = make_take(31)
    motion = file_motion(take, ExportOptions(fps=60, root_motion="camera"))
    assert len(motion.times_s) == 61
    np.testing.assert_allclose(motion.times_s, np.arange(61) / 60)
    np.testing.assert_allclose(motion.joint_rotations[::2], take.joint_rotations, atol=1e-6)
    expected = arm_root_to_cam(15.5 / 30)[:3, 3] * [1, -1, -1] * 0.5
    np.testing.assert_allclose(motion.rig_to_file[31, :3, 3], expected, atol=2e-3)


def test_resampling_covers_uneven_time_stamps() -> None:
    take = make_take(4, times_s=np.array([1.0, 1.033, 1.1, 1.25]))
    motion = file_motion(take, ExportOptions(fps=24))
    np.testing.assert_allclose(motion.times_s, np.arange(7) / 24)


@given(
    lowest=arrays(np.float64, st.integers(1, 80), elements=st.floats(-5, 5)),
    fps=st.sampled_from([10, 24, 60]),
)
def test_ground_is_never_above_the_lowest_vertex(lowest: np.ndarray, fps: int) -> None:
    ground = ground_heights(lowest, np.arange(len(lowest)) / fps)
    assert ground.shape == lowest.shape
    assert (ground <= lowest + 1e-9).all()


def test_ground_follows_slow_drift_but_not_a_jump() -> None:
    times_s = np.arange(300) / 30
    drift = 0.02 * times_s
    jump = np.where(np.abs(times_s - 5) < 0.3, 0.5, 0.0)
    ground = ground_heights(drift + jump, times_s)
    np.testing.assert_allclose(ground[30:-30], drift[30:-30], atol=0.03)


def test_options_are_checked() -> None:
    for wrong in ({"fps": 0}, {"body_length_m": -1.0}, {"has_camera": True}):
        with pytest.raises(ValueError):
            ExportOptions(**wrong)
