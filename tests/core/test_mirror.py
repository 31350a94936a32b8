"""Pairs of joints across the body, by name and by place."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.mirror import mirror_joints, other_side


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("Ear1.L", "Ear1.R"),
        ("upperleg.r", "upperleg.l"),
        ("thigh_l", "thigh_r"),
        ("index_01_l", "index_01_r"),
        ("L_Foot", "R_Foot"),
        ("LeftArm", "RightArm"),
        ("mixamorig:RightHand", "mixamorig:LeftHand"),
        ("arm_left_2", "arm_right_2"),
        ("LEFT", "RIGHT"),
        ("leg_joint_L_1", "leg_joint_R_1"),
        ("Tail1", None),
        ("pelvis", None),
        ("Skull", None),
    ],
)
def test_names_say_their_other_side(name: str, other: str | None) -> None:
    assert other_side(name) == other
    if other is not None:
        assert other_side(other) == name


def test_names_pair_where_places_agree() -> None:
    names = ("Hips", "Leg.L", "Foot.L", "Leg.R", "Foot.R")
    places = np.array([[0, 1, 0], [0.1, 1, 0], [0.1, 0, 0], [-0.1, 1, 0], [-0.11, 0, 0]])
    assert mirror_joints(names, (-1, 0, 1, 0, 3), places) == (0, 3, 4, 1, 2)


def test_places_pair_where_names_mislead() -> None:
    # As in a well-known file, whose arms are numbered down on one side and up on the other.
    names = ("torso", "arm_L_4", "arm_L_3", "arm_L_2", "arm_R", "arm_R_2", "arm_R_3")
    x = np.array([0, 0.1, 0.2, 0.3, -0.1, -0.2, -0.3])
    places = np.stack([x, np.ones(7), np.zeros(7)], axis=1)
    assert mirror_joints(names, (-1, 0, 1, 2, 0, 4, 5), places) == (0, 4, 5, 6, 1, 2, 3)


def test_places_pair_where_names_say_nothing() -> None:
    places = np.array([[0.001, 0, 0], [0.2, 0, 0], [-0.2, 0.01, 0]])
    assert mirror_joints(("a", "b", "c"), (-1, 0, 0), places) == (0, 2, 1)


def test_coinciding_joints_pair_along_their_chains() -> None:
    places = np.array([[0, 0, 0], [0.2, 0, 0], [0.2, 0, 0], [-0.2, 0, 0], [-0.2, 0, 0]])
    names = ("root", "a", "b", "c", "d")
    assert mirror_joints(names, (-1, 0, 1, 0, 3), places) == (0, 3, 4, 1, 2)


def test_a_side_without_a_partner_is_its_own() -> None:
    places = np.array([[0, 0, 0], [0.3, 0, 0]])
    assert mirror_joints(("root", "Arm.L"), (-1, 0), places) == (0, 1)


@given(
    st.lists(
        st.tuples(st.sampled_from(["x.L", "x.R", "y", "left z", "right z"]), st.floats(-0.1, 0.1)),
        min_size=1,
        max_size=8,
    )
)
def test_the_partner_of_the_partner_is_the_joint(joints: list[tuple[str, float]]) -> None:
    names = tuple(name for name, _ in joints)
    places = np.array([[x, 0, 0] for _, x in joints])
    mirror = mirror_joints(names, tuple(range(-1, len(joints) - 1)), places)
    assert [mirror[partner] for partner in mirror] == list(range(len(joints)))
