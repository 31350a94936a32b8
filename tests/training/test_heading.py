"""Which way a body faces, told from its keypoints."""

import numpy as np
import pytest

from core.decode import pose_rig
from tests.training.made_clips import CAMERA, facing
from tests.training.made_dog import made_dog
from training.evaluation.heading import is_flipped
from training.evaluation.keypoint_map import keypoint_map


def seen(yaw_rad: float) -> dict[str, np.ndarray]:
    """Pixels of all keypoints of the dog, turned so."""
    rig, root = made_dog(), facing(yaw_rad)
    posed = pose_rig(rig, np.tile(np.eye(3), (len(rig.skeleton.names), 1, 1)), root)
    joints = posed.joint_to_rig[:, :3, 3] @ root[:3, :3].T + root[:3, 3]
    places = keypoint_map(rig, "quadruped").positions(posed.vertices, joints)
    return {name: CAMERA.project(place) for name, place in places.items()}


VIEWS = np.linspace(0, 2 * np.pi, 16, endpoint=False)


@pytest.mark.parametrize("yaw", VIEWS)
def test_half_a_turn_is_seen_from_everywhere(yaw: float) -> None:
    assert is_flipped(seen(yaw), seen(yaw), 20.0) is False
    assert is_flipped(seen(yaw + 0.5), seen(yaw), 20.0) is False
    assert is_flipped(seen(yaw + np.pi), seen(yaw), 20.0) is True


def test_a_frontal_view_with_only_front_paws_is_told_by_left_and_right() -> None:
    paws = ("left_front_paw", "right_front_paw")
    annotated = {name: seen(0.0)[name] for name in paws}
    assert annotated["left_front_paw"][0] > annotated["right_front_paw"][0]
    assert is_flipped(seen(0.2), annotated, 20.0) is False
    assert is_flipped(seen(np.pi), annotated, 20.0) is True


def test_a_head_alone_stands_for_the_front() -> None:
    annotated = {name: seen(np.pi / 2)[name] for name in ("nose", "tail_base")}
    assert is_flipped(seen(np.pi / 2), annotated, 20.0) is False
    assert is_flipped(seen(-np.pi / 2), annotated, 20.0) is True


def test_too_little_evidence_decides_nothing() -> None:
    assert is_flipped(seen(0.0), {}, 20.0) is None
    assert is_flipped(seen(0.0), {"nose": np.zeros(2)}, 20.0) is None
    near = {"left_front_paw": np.array([10.5, 0.0]), "right_front_paw": np.array([10.0, 0])}
    assert is_flipped(seen(0.0), near, 20.0) is None
