"""Choosing the joints of the body and hanging loose feet on their legs."""

import numpy as np
import pytest

from core.rig_joints import anatomical_tree, shared_weights
from tests.core.made_rig import random_weights

# An animal of few joints: control > body > hip > (spine, leg > shin); foot control > foot; target.
NAMES = ["control", "body", "hip", "spine", "leg", "shin", "ik", "foot", "toe", "target"]
PARENTS = [-1, 0, 1, 2, 2, 4, 0, 6, 7, 0]


def weights_of(**shares: list[float]) -> np.ndarray:
    weights = np.zeros((6, len(NAMES)))
    for name, column in shares.items():
        weights[:, NAMES.index(name)] = column
    return weights


WEIGHTS = weights_of(
    hip=[0.5, 0, 0.5, 0, 0, 0],
    spine=[0.5, 1, 0, 0, 0, 0],
    leg=[0, 0, 0.5, 0.5, 0, 0],
    shin=[0, 0, 0, 0.5, 0.5, 0],
    foot=[0, 0, 0, 0, 0.5, 0.5],
    toe=[0, 0, 0, 0, 0, 0.5],
)
PLACES = np.arange(30, dtype=float).reshape(10, 3)


def tree_of(parents: list[int], weights: np.ndarray, places: np.ndarray = PLACES) -> dict:
    """Name of each kept joint's parent."""
    tree = anatomical_tree(parents, weights, places)
    names = [NAMES[joint] for joint in tree.joints]
    return {
        name: names[parent] if parent >= 0 else ""
        for name, parent in zip(names, tree.parents, strict=True)
    }


def test_helpers_go_and_the_foot_hangs_on_its_shin() -> None:
    expected = {"hip": "", "spine": "hip", "leg": "hip", "shin": "leg", "foot": "shin"}
    assert tree_of(PARENTS, WEIGHTS) == expected | {"toe": "foot"}


def test_it_makes_no_difference_whether_controls_share_a_root() -> None:
    several_roots = [-1, -1, 1, 2, 2, 4, -1, 6, 7, -1]
    assert tree_of(several_roots, WEIGHTS) == tree_of(PARENTS, WEIGHTS)


def test_moved_joints_are_named() -> None:
    tree = anatomical_tree(PARENTS, WEIGHTS, PLACES)
    assert [NAMES[tree.joints[position]] for position in tree.moved] == ["foot"]


def test_a_loose_joint_that_shares_no_weight_hangs_on_the_nearest() -> None:
    weights = WEIGHTS.copy()
    weights[4, [NAMES.index("shin"), NAMES.index("foot")]] = [1, 0]
    places = PLACES.copy()
    places[NAMES.index("foot")] = places[NAMES.index("spine")] + 0.1
    assert tree_of(PARENTS, weights, places)["foot"] == "spine"


def test_loose_joints_that_share_weight_hang_on_each_other() -> None:
    parents = list(PARENTS)
    parents[NAMES.index("toe")] = NAMES.index("ik")
    assert tree_of(parents, WEIGHTS)["toe"] == "foot"
    assert tree_of(parents, WEIGHTS)["foot"] == "shin"


def test_a_weightless_pelvis_keeps_its_legs() -> None:
    weights = WEIGHTS.copy()
    weights[:, NAMES.index("spine")] += weights[:, NAMES.index("hip")]
    weights[:, NAMES.index("hip")] = 0
    found = tree_of(PARENTS, weights)
    assert found["hip"] == ""
    assert found["leg"] == "hip"


def test_a_weightless_joint_within_the_body_stays() -> None:
    weights = WEIGHTS.copy()
    weights[:, NAMES.index("shin")] += weights[:, NAMES.index("leg")]
    weights[:, NAMES.index("leg")] = 0
    assert tree_of(PARENTS, weights)["shin"] == "leg"


@pytest.mark.parametrize(("share", "root"), [(0.001, "hip"), (0.2, "body")])
def test_a_root_gives_up_its_weight_only_if_it_is_negligible(share: float, root: str) -> None:
    weights = WEIGHTS.copy()
    weights[1, NAMES.index("body")] = share
    weights[1, NAMES.index("spine")] -= share
    tree = anatomical_tree(PARENTS, weights, PLACES)
    assert NAMES[tree.joints[0]] == root
    np.testing.assert_allclose(tree.weights.sum(1), 1)
    assert tree.weights[1, 0] == pytest.approx(share)


def test_shared_weight_is_the_sum_of_the_smaller_weights() -> None:
    weights = random_weights(np.random.default_rng(2), 30, 6)
    expected = [[np.minimum(a, b).sum() for b in weights.T] for a in weights.T]
    np.testing.assert_allclose(shared_weights(weights), expected)


def test_without_weights_there_is_no_body() -> None:
    with pytest.raises(ValueError, match="no joint moves a vertex"):
        anatomical_tree(PARENTS, np.zeros((6, 10)), PLACES)
