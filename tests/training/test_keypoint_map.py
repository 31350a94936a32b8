"""Keypoints on a dog of boxes lie where its boxes are."""

from dataclasses import replace

import numpy as np
import pytest

from core.decode import pose_rig
from core.rig import Rig
from tests.made_model import made_rig
from tests.training.made_clips import facing
from tests.training.made_dog import made_dog
from training.evaluation.keypoint_map import (
    HUMAN_KEYPOINTS,
    QUADRUPED_KEYPOINTS,
    annotation_category,
    keypoint_map,
)


def at_rest(rig: Rig, category: str) -> dict[str, np.ndarray]:
    joints = rig.skeleton.rest_joint_to_rig[:, :3, 3]
    return keypoint_map(rig, category).positions(rig.vertices, joints)


def test_every_keypoint_of_a_quadruped_is_found_in_its_place() -> None:
    places = at_rest(made_dog(), "quadruped")
    assert set(places) == set(QUADRUPED_KEYPOINTS)
    expected = {
        "nose": (0, 0.675, 0.5),
        "neck_base": (0, 0.6, 0.2),
        "tail_base": (0, 0.57, -0.4),
        "tail_tip": (0, 0.55, -0.5),
        "left_front_elbow": (0.08, 0.3, 0.2),
        "right_hind_knee": (-0.08, 0.3, -0.2),
        "left_front_paw": (0.075, 0.0, 0.2),
        "right_hind_paw": (-0.075, 0.0, -0.2),
        "left_ear_base": (0.06, 0.7 + 0.35 * 0.15, 0.35),
    }
    for name, place in expected.items():
        np.testing.assert_allclose(places[name], place, atol=0.021, err_msg=name)


def test_left_is_plus_x_on_both_ends() -> None:
    places = at_rest(made_dog(), "quadruped")
    for name in QUADRUPED_KEYPOINTS:
        if name.startswith("left_"):
            assert places[name][0] > 0 > places[name.replace("left_", "right_")][0], name


def test_keypoints_follow_the_pose() -> None:
    rig = made_dog()
    rotations = np.tile(np.eye(3), (len(rig.skeleton.names), 1, 1))
    rotations[5] = np.diag([1.0, -1, -1])  # the left lower front leg folds up
    posed = pose_rig(rig, rotations, np.eye(4))
    found = keypoint_map(rig, "quadruped")
    places = found.positions(posed.vertices, posed.joint_to_rig[:, :3, 3])
    assert places["left_front_paw"][1] == pytest.approx(0.6, abs=0.01)
    assert places["right_front_paw"][1] == pytest.approx(0.0, abs=0.01)
    moved = pose_rig(rig, rotations, facing(0.0))
    joints = moved.joint_to_rig[:, :3, 3] @ facing(0.0)[:3, :3].T + facing(0.0)[:3, 3]
    in_camera = found.positions(moved.vertices, joints)
    np.testing.assert_allclose(
        in_camera["neck_base"],
        facing(0.0)[:3, :3] @ places["neck_base"] + facing(0.0)[:3, 3],
        atol=1e-6,
    )


@pytest.mark.parametrize(
    "names",
    [
        ("UpperArm.L", "LowerArm.L", "Fist.L", "UpperLeg.R", "LowerLeg.R", "Foot.R"),
        ("upperarm_l", "lowerarm_l", "hand_l", "thigh_r", "calf_r", "foot_r"),
        ("upperarm.l", "lowerarm.l", "wrist.l", "upperleg.r", "lowerleg.r", "foot.r"),
        ("mixamorig:LeftArm", "LeftForeArm", "LeftHand", "RightUpLeg", "RightLeg", "RightFoot"),
    ],
)
def test_human_joints_by_the_names_of_several_makers(names: tuple[str, ...]) -> None:
    skeleton = made_dog().skeleton
    renamed = replace(skeleton, names=(*names, *(f"spine{i}" for i in range(7))))
    anchors = keypoint_map(replace(made_dog(), skeleton=renamed), "human").anchors
    expected = (
        "left_shoulder", "left_elbow", "left_wrist", "right_hip", "right_knee", "right_ankle",
    )  # fmt: skip
    assert {name: list(anchors[name].joints) for name in anchors} == {
        name: [index] for index, name in enumerate(expected)
    }
    assert set(expected) < set(HUMAN_KEYPOINTS)


def test_keypoints_that_a_rig_lacks_are_left_out() -> None:
    assert keypoint_map(made_rig(), "quadruped").anchors == {}


def test_ears_without_joints_are_parts_of_the_head() -> None:
    rig = made_dog()
    earless = replace(
        rig.skeleton,
        names=tuple(name.replace("Ear1.", "Headside") for name in rig.skeleton.names),
    )
    place = at_rest(replace(rig, skeleton=earless), "quadruped")["right_ear_base"]
    assert place[0] < 0
    assert 0.675 < place[1] <= 0.75


def test_categories() -> None:
    assert annotation_category("dog") == "quadruped"
    assert annotation_category("human") == "human"
    with pytest.raises(ValueError, match="category 'fish'"):
        keypoint_map(made_rig(), "fish")
