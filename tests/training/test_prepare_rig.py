"""Fingers become hands, meshes become light, motions go from one rig to another."""

from dataclasses import replace

import numpy as np
import pytest
import trimesh

from core.kinematics import forward_kinematics, skin_transforms
from core.rig import Rig
from core.rig_import import ImportedRig
from core.skin import skin_linear
from tests.training.made_person import made_person
from training.prepare_rig import RigPreparation, carried_clips, prepare_rig, thinned


def posed(imported: ImportedRig, clip: int, frame: int) -> np.ndarray:
    rig, motion = imported.rig, imported.clips[clip]
    to_rig = forward_kinematics(rig.skeleton, motion.joint_rotations[frame])
    vertices = skin_linear(rig.vertices, rig.weights, skin_transforms(rig.skeleton, to_rig))
    root = motion.root_motion[frame]
    return vertices @ root[:3, :3].T + root[:3, 3]


def test_merged_fingers_move_with_the_hand() -> None:
    whole = made_person()
    merged = prepare_rig(whole, RigPreparation(merged_joints=("index",)))
    assert "index_01_l" in whole.rig.skeleton.names
    assert "index_01_l" not in merged.rig.skeleton.names
    assert len(merged.rig.skeleton.names) == len(whole.rig.skeleton.names) - 2
    # The fingers did not move of their own, so nothing else may change.
    np.testing.assert_allclose(posed(merged, 0, 9), posed(whole, 0, 9), atol=1e-6)
    names, mirror = merged.rig.skeleton.names, merged.rig.skeleton.mirror
    assert names[mirror[names.index("hand_l")]] == "hand_r"


def test_joints_take_the_names_of_the_template() -> None:
    config = RigPreparation(joint_names=(("pelvis", "Body"), ("nothing", "else")))
    assert prepare_rig(made_person(), config).rig.skeleton.names[0] == "Body"


def test_nothing_is_done_unless_it_is_asked_for() -> None:
    whole = made_person()
    same = prepare_rig(whole, RigPreparation())
    assert same.rig.skeleton.names == whole.rig.skeleton.names
    assert same.rig.vertices is whole.rig.vertices
    assert same.clips == whole.clips


def test_a_thinned_ball_is_still_that_ball() -> None:
    ball = trimesh.creation.icosphere(4)  # 5120 triangles
    person = made_person().rig
    weights = np.zeros((len(ball.vertices), len(person.skeleton.names)), np.float32)
    weights[:, 0] = ball.vertices[:, 1] > 0
    weights[:, 1] = 1 - weights[:, 0]
    rig = replace(
        person, vertices=ball.vertices.astype(np.float32), faces=ball.faces.astype(np.int32),
        weights=weights, colors=np.float32(0.5 + 0.5 * ball.vertices),
        material_of_vertex=np.zeros(len(weights), np.int32),
    )  # fmt: skip
    light = thinned(rig, 1000)
    assert 800 <= len(light.faces) <= 1010
    assert light.faces.max() == len(light.vertices) - 1
    np.testing.assert_allclose(np.linalg.norm(light.vertices, axis=1), 1, atol=0.03)
    np.testing.assert_allclose(light.colors, 0.5 + 0.5 * light.vertices, atol=0.15)
    assert ((light.weights[:, 0] > 0.9) == (light.vertices[:, 1] > 0))[
        np.abs(light.vertices[:, 1]) > 0.15
    ].all()
    outwards = trimesh.Trimesh(light.vertices, light.faces, process=False).volume
    assert outwards == pytest.approx(4.19, rel=0.05)


def test_carried_motions_turn_the_same_joints_and_jump_in_proportion() -> None:
    short = made_person()
    tall = replace_scale(short.rig, 2.0)
    [wave, _] = carried_clips(short, tall)
    assert wave.name == "made_person Wave"
    np.testing.assert_allclose(wave.joint_rotations, short.clips[0].joint_rotations, atol=1e-9)
    np.testing.assert_allclose(wave.root_motion[-1, :3, 3], [0, 0.2, 0], atol=1e-9)


def replace_scale(rig: Rig, scale: float) -> Rig:
    rest = rig.skeleton.rest_joint_to_rig.copy()
    rest[:, :3, 3] *= scale
    skeleton = replace(rig.skeleton, rest_joint_to_rig=rest)
    return replace(rig, skeleton=skeleton, vertices=rig.vertices * np.float32(scale))
