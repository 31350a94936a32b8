"""What a file tells about how to train on it: front, category, length; motions if need be."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.errors import RigError
from core.kinematics import forward_kinematics, skin_transforms
from core.rig_import import ImportedRig
from core.skin import skin_linear
from tests.core.made_gltf import made_arm
from tests.training.made_dog import made_dog
from tests.training.made_person import made_person
from training import rig_recipe
from training.face_front import faced_front, turned
from training.invented_motion import SwayConfig, invented_clips
from training.prepare_rig import RigPreparation, prepare_rig, words_of
from training.recipe import card
from training.rig_recipe import category_of, likely_length_m, plan_for_rigs


def about_y(degrees: float) -> np.ndarray:
    angle = np.deg2rad(degrees)
    turn = np.eye(4)
    turn[0, 0] = turn[2, 2] = np.cos(angle)
    turn[0, 2], turn[2, 0] = np.sin(angle), -np.sin(angle)
    return turn


def posed(imported: ImportedRig) -> np.ndarray:
    rig, clip = imported.rig, imported.clips[0]
    to_rig = forward_kinematics(rig.skeleton, clip.joint_rotations[8])
    vertices = skin_linear(rig.vertices, rig.weights, skin_transforms(rig.skeleton, to_rig))
    return vertices @ clip.root_motion[8, :3, :3].T + clip.root_motion[8, :3, 3]


@pytest.mark.parametrize("degrees", [90, 180, 270, 75, 200])
def test_a_rig_that_looks_elsewhere_is_turned_to_the_front(degrees: int) -> None:
    person = made_person()
    back, by = faced_front(turned(person, about_y(degrees)))
    nearest = 90 * round(degrees / 90)
    assert by == (360 - nearest) % 360
    left = degrees - nearest  # what is no quarter turn remains
    expected = turned(person, about_y(left))
    np.testing.assert_allclose(back.rig.vertices, expected.rig.vertices, atol=1e-6)
    np.testing.assert_allclose(posed(back), posed(expected), atol=1e-5)
    if left == 0:
        assert back.rig.skeleton.mirror == person.rig.skeleton.mirror


def test_a_rig_that_faces_forwards_is_left_alone() -> None:
    person = made_person()
    assert faced_front(person) == (person, 0)


def test_categories_are_seen_by_joints() -> None:
    arm = replace(made_person().rig.skeleton, names=tuple(f"j{n}" for n in range(17)))
    assert category_of(made_person().rig) == "human"
    assert category_of(made_dog()) == "quadruped"
    assert category_of(replace(made_person().rig, skeleton=arm)) == "custom"


def test_a_giant_is_brought_to_a_usual_length() -> None:
    dog = made_dog()
    assert likely_length_m(dog, "quadruped") == 0.8
    assert likely_length_m(replace(dog, metres_per_unit=154.0), "quadruped") == 1.2


def test_the_student_begins_with_a_shipped_one_of_its_kind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rig_recipe, "MODELS_FOLDER", tmp_path)
    assert rig_recipe._begun_with("quadruped") is None  # none ships
    (tmp_path / "dog").mkdir()
    (tmp_path / "dog" / "model.json").write_text("{}")
    assert rig_recipe._begun_with("quadruped") == tmp_path / "dog"
    assert rig_recipe._begun_with("custom") is None
    plan = plan_for_rigs([made_arm().save(tmp_path / "arm.glb")], "arm")
    assert plan.recipe.fit.start_from is None
    assert "started_from" not in card(plan.recipe, 7)["training"]
    monkeypatch.setattr(rig_recipe, "category_of", lambda rig: "quadruped")
    plan = plan_for_rigs([tmp_path / "arm.glb"], "arm")
    assert "begins with the network of dog" in plan.notes[-1]
    assert card(plan.recipe, 7)["training"]["started_from"] == "dog"


def test_invented_motions_are_smooth_and_within_their_limit() -> None:
    skeleton = made_person().rig.skeleton
    clips = invented_clips(skeleton, SwayConfig(clip_count=2, seconds=2.0))
    again = invented_clips(skeleton, SwayConfig(clip_count=2, seconds=2.0))
    rotations = clips[1].joint_rotations
    np.testing.assert_array_equal(rotations, again[1].joint_rotations)
    np.testing.assert_allclose(rotations[:, 0], np.tile(np.eye(3), (60, 1, 1)))
    cosine = (np.trace(rotations, axis1=-2, axis2=-1) - 1) / 2
    angle = np.arccos(np.clip(cosine, -1, 1))
    assert angle.max() < 0.9 + 1e-6
    assert angle[:, 1:].std() > 0.05
    assert np.abs(np.diff(angle, axis=0)).max() < 0.35  # a thirtieth of a second


def test_of_too_many_joints_the_least_ends_are_merged() -> None:
    whole = made_person()
    small = prepare_rig(whole, RigPreparation(joint_limit=12))
    assert len(small.rig.skeleton.names) == 12
    assert small.rig.skeleton.names[0] == "pelvis"
    np.testing.assert_allclose(small.rig.weights.sum(1), 1, atol=1e-6)


def test_words_of_joint_names() -> None:
    assert words_of("mixamorig:LeftHandIndex1") == {"mixamorig", "left", "hand", "index"}
    assert words_of("spring_01") == {"spring"}
    assert words_of("FINGER.L") == {"finger", "l"}


def test_what_cannot_be_trained_on_is_refused_in_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    arm = made_arm().save(tmp_path / "arm.glb")
    assert plan_for_rigs([arm], "arm").recipe.category == "custom"
    monkeypatch.setattr(rig_recipe, "_FEWEST_JOINTS", 30)
    with pytest.raises(RigError, match="There is no rig at"):
        plan_for_rigs([tmp_path / "none.glb"], "none")
    with pytest.raises(RigError, match=r"arm\.glb has \d joints"):
        plan_for_rigs([arm], "arm")
    (tmp_path / "text.glb").write_text("no glb")
    with pytest.raises(RigError):
        plan_for_rigs([tmp_path / "text.glb"], "text")
