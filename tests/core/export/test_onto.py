"""A take on another body."""

from dataclasses import replace

import numpy as np
import pytest

from core.bone_map import bone_map
from core.errors import ExportError
from core.export.onto import take_onto
from core.export.take import Take, posed_in_rig
from core.rig import Rig, Skeleton
from core.rotations import matrix_from_axis_angle
from tests.core.made_take import make_take


def turned_twin(rig: Rig, scale: float) -> Rig:
    """The same body, `scale` times as high, with every joint's axes turned and other names."""
    rng = np.random.default_rng(0)
    rest = rig.skeleton.rest_joint_to_rig.astype(float).copy()
    rest[:, :3, :3] = rest[:, :3, :3] @ matrix_from_axis_angle(rng.normal(size=(len(rest), 3)))
    rest[:, :3, 3] *= scale
    names = tuple(f"bone_{index}" for index in range(len(rest)))
    skeleton = Skeleton(names, rig.skeleton.parents, rest, rig.skeleton.mirror)
    vertices = (scale * rig.vertices).astype(np.float32)
    return replace(rig, name="twin", skeleton=skeleton, vertices=vertices)


@pytest.fixture(name="take")
def _take() -> Take:
    return make_take(12)


def test_a_twin_with_other_axes_moves_the_same_way(take: Take) -> None:
    twin = turned_twin(take.body, 2.0)
    by_place = dict(zip(twin.skeleton.names, take.body.skeleton.names, strict=True))
    worn = take_onto(take, twin, by_place, {"onto": "twin"})
    own = posed_in_rig(take.body, take.joint_rotations)
    np.testing.assert_allclose(posed_in_rig(twin, worn.joint_rotations), 2.0 * own, atol=1e-5)
    assert worn.facts["onto"] == "twin"
    assert bone_map(take.body.skeleton, twin.skeleton) == by_place


def test_travel_grows_with_the_height_of_the_root(take: Take) -> None:
    raised = np.array([0.0, 0.4, 0.0])

    def lifted(rig: Rig) -> Rig:
        rest = rig.skeleton.rest_joint_to_rig.copy()
        rest[:, :3, 3] += raised
        return replace(rig, skeleton=replace(rig.skeleton, rest_joint_to_rig=rest))

    take = replace(take, body=lifted(take.body))
    twin = turned_twin(take.body, 1.5)
    names = dict(zip(twin.skeleton.names, take.body.skeleton.names, strict=True))
    worn = take_onto(take, twin, names, {})
    travel = take.root_to_cam[:, :3, 3] - take.root_to_cam[0, :3, 3]
    np.testing.assert_allclose(
        worn.root_to_cam[:, :3, 3], take.root_to_cam[0, :3, 3] + 1.5 * travel, atol=1e-9
    )


def test_unmapped_joints_keep_still_and_are_counted(take: Take) -> None:
    names = take.body.skeleton.names
    worn = take_onto(take, take.body, {names[0]: names[0], names[2]: None}, {})
    assert worn.notes[-1] == "2 of arm's 3 joints keep still."
    np.testing.assert_allclose(
        worn.joint_rotations[:, 1:], np.tile(np.eye(3), (12, 2, 1, 1)), atol=1e-12
    )
    with pytest.raises(ExportError, match="No joint"):
        take_onto(take, take.body, dict.fromkeys(names), {})


def test_a_rig_that_is_not_in_metres_takes_the_length_of_the_takes_body(take: Take) -> None:
    huge = replace(take.body, metres_per_unit=154.0)
    names = {name: name for name in take.body.skeleton.names}
    worn = take_onto(take, huge, names, {})
    assert worn.body.metres_per_unit == take.body.metres_per_unit
    assert (
        take_onto(take, replace(huge, metres_per_unit=2.5), names, {}).body.metres_per_unit == 2.5
    )
