import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from core.root_pose import root_to_crop, weak_perspective
from core.rotations import matrix_from_axis_angle

numbers = st.floats(-0.9, 0.9)


@given(
    st.tuples(numbers, numbers, numbers), st.tuples(numbers, numbers, numbers), st.floats(0.05, 1)
)
def test_weak_perspective_and_root_pose_cancel(turn, weak, crop_tan) -> None:
    rotation = matrix_from_axis_angle(np.array(turn))
    centre = np.array([0.1, 0.4, -0.2])
    pose = root_to_crop(rotation, np.array(weak), crop_tan, centre)
    np.testing.assert_allclose(weak_perspective(pose, crop_tan, centre), weak, atol=1e-9)


def test_the_centre_lands_where_tx_and_ty_say() -> None:
    pose = root_to_crop(np.eye(3), np.array([0.0, 0.5, -0.25]), 0.5, np.zeros(3))
    x, y, z = pose[:3, 3]
    assert np.isclose(z, 2.0)  # one rig unit fills half the crop at this depth
    assert np.allclose([x / z / 0.5, y / z / 0.5], [0.5, -0.25])
