"""The rules of docs/exports.md, checked on the bytes; the Khronos validator is in tests/interop."""

import numpy as np
import pytest

from core.export.gltf import gltf_of
from core.export.gltf_evaluate import linear_reference
from core.export.gltf_morph import reduced_keys
from core.export.gltf_parts import linear_rgba, quaternions_xyzw, vertex_normals
from core.export.motion import file_motion
from core.export.options import ExportOptions
from core.export.skin_fit import truncated_influences
from core.kinematics import forward_kinematics, skin_transforms
from core.rotations import matrix_from_axis_angle
from core.skin import skin_linear
from tests.core.export.glb_parts import GlbParts
from tests.core.made_take import dense_chain_take, make_take

PLAIN = ExportOptions(skinning="truncate")
SKINNED = [
    ExportOptions(),
    ExportOptions(skinning="truncate", root_motion="camera", has_camera=True),
    ExportOptions(skinning="8", has_end_joints=False, root_motion="in_place"),
    ExportOptions(skinning="truncate", fps=24, name="renamed take", is_unlit=True),
]


def parts_of(options: ExportOptions, take=None) -> GlbParts:
    take = take or make_take(40)
    return GlbParts(gltf_of(take, file_motion(take, options), options).document.to_glb())


@pytest.mark.parametrize("options", SKINNED)
def test_one_skin_under_one_root_bone(options: ExportOptions) -> None:
    gltf = parts_of(options).json
    assert len(gltf["skins"]) == len(gltf["meshes"]) == len(gltf["animations"]) == 1
    joints = gltf["skins"][0]["joints"]
    assert gltf["nodes"][joints[0]]["name"] == "root"
    parents = {
        child: i for i, node in enumerate(gltf["nodes"]) for child in node.get("children", ())
    }
    assert [joint for joint in joints if parents.get(joint) not in joints] == [joints[0]]
    mesh_node = next(i for i, node in enumerate(gltf["nodes"]) if "mesh" in node)
    assert set(gltf["nodes"][mesh_node]) == {"name", "mesh", "skin"}
    assert {mesh_node, joints[0]} <= set(gltf["scenes"][0]["nodes"])


def test_names_are_plain_and_unique() -> None:
    names = [node["name"] for node in parts_of(PLAIN).json["nodes"]]
    # the rig's joints are "body", "lower.arm" and "lower_arm"
    assert names == ["arm_mesh", "root", "body", "lower_arm", "lower_arm_2", "lower_arm_2_end"]


def test_animation_is_named_after_the_take() -> None:
    assert parts_of(PLAIN).json["animations"][0]["name"] == "walk"


@pytest.mark.parametrize("options", SKINNED)
def test_keys_increase_from_zero_and_quaternions_go_the_short_way(options: ExportOptions) -> None:
    channels = parts_of(options).channels()
    assert {path for _, path in channels} == {"translation", "rotation"}
    assert [name for name, path in channels if path == "translation"] == ["root"]
    for (_, path), (times_s, values) in channels.items():
        assert times_s[0] == 0
        assert (np.diff(times_s) > 0).all()
        if path == "rotation":
            np.testing.assert_allclose(np.linalg.norm(values, axis=1), 1, atol=1e-6)
            assert ((values[1:] * values[:-1]).sum(1) >= 0).all()


def test_true_time_stamps_are_kept() -> None:
    times_s = np.array([5.0, 5.04, 5.07, 5.2])
    take = make_take(4, times_s=times_s)
    shown_s, _ = parts_of(PLAIN, take).channels()["root", "translation"]
    np.testing.assert_allclose(shown_s, times_s - 5, atol=1e-6)


@pytest.mark.parametrize("options", SKINNED)
def test_weights_are_as_the_specification_asks(options: ExportOptions) -> None:
    parts = parts_of(options, dense_chain_take(10))
    sets = 2 if options.skinning == "8" else 1
    joints = np.concatenate([parts.attribute(f"JOINTS_{i}") for i in range(sets)], 1)
    weights = np.concatenate([parts.attribute(f"WEIGHTS_{i}") for i in range(sets)], 1)
    used = (weights > 0).sum(1)
    assert (np.abs(weights.astype(np.float64).sum(1) - 1) <= 2e-7 * used).all()
    assert (joints[weights == 0] == 0).all()
    assert (weights >= 0).all()
    assert (np.diff(weights[:, : used.min()], axis=1) <= 0).all()
    for row, count in zip(joints, used, strict=True):
        assert len(set(row[:count])) == count
    assert used.max() > 3


def test_mesh_arrays() -> None:
    take = make_take(3)
    parts = parts_of(ExportOptions(skinning="truncate", body_length_m=2), take)
    position = parts.attribute("POSITION")
    np.testing.assert_allclose(position, 2 * take.body.vertices, atol=1e-6)
    accessor = parts.json["accessors"][
        parts.json["meshes"][0]["primitives"][0]["attributes"]["POSITION"]
    ]
    assert accessor["min"] == position.min(0).tolist()
    assert accessor["max"] == position.max(0).tolist()
    np.testing.assert_allclose(np.linalg.norm(parts.attribute("NORMAL"), axis=1), 1, atol=1e-5)
    outward = position * [1, 0, 1]
    assert ((parts.attribute("NORMAL") * outward).sum(1) > 0).all()
    indices = parts.array(parts.json["meshes"][0]["primitives"][0]["indices"])
    np.testing.assert_array_equal(indices.reshape(-1, 3), take.body.faces)


def test_colors_are_linear_and_normalised() -> None:
    rgba = linear_rgba(np.array([[0.0, 0.5, 1.0], [0.04, 0.2, 2.0]]))
    assert rgba.dtype == np.uint16
    # 0.5 sRGB is 0.21404 linear (IEC 61966-2-1)
    np.testing.assert_allclose(rgba[0] / 65535, [0, 0.21404, 1, 1], atol=1e-5)
    np.testing.assert_allclose(rgba[1] / 65535, [0.0030960, 0.0331048, 1, 1], atol=1e-5)
    parts = parts_of(PLAIN)
    accessor = parts.json["accessors"][
        parts.json["meshes"][0]["primitives"][0]["attributes"]["COLOR_0"]
    ]
    assert accessor["normalized"] is True


def test_material_shows_vertex_colors_everywhere() -> None:
    material = parts_of(PLAIN).json["materials"][0]
    assert material["doubleSided"] is True
    assert material["pbrMetallicRoughness"] == {
        "baseColorFactor": [1, 1, 1, 1],
        "metallicFactor": 0,
        "roughnessFactor": 0.9,
    }
    unlit = parts_of(ExportOptions(skinning="truncate", is_unlit=True)).json
    assert unlit["materials"][0]["extensions"] == {"KHR_materials_unlit": {}}
    assert unlit["extensionsUsed"] == ["KHR_materials_unlit"]


def test_rest_pose_is_the_bind_pose() -> None:
    """With the animation left out, nodes times inverse bind matrices give identities."""
    parts = parts_of(PLAIN)
    gltf = parts.json
    gltf["animations"][0]["channels"] = []
    parents = {
        child: i for i, node in enumerate(gltf["nodes"]) for child in node.get("children", ())
    }
    inverse_binds = parts.array(gltf["skins"][0]["inverseBindMatrices"]).reshape(-1, 4, 4)
    for joint, inverse_bind in zip(gltf["skins"][0]["joints"], inverse_binds, strict=True):
        matrix, index = np.eye(4), joint
        while index is not None:
            matrix = node_matrix(gltf["nodes"][index]) @ matrix
            index = parents.get(index)
        np.testing.assert_allclose(matrix @ inverse_bind.T, np.eye(4), atol=1e-6)


def node_matrix(node: dict) -> np.ndarray:
    x, y, z, w = node.get("rotation", [0, 0, 0, 1])
    angle = 2 * np.arctan2(np.linalg.norm([x, y, z]), w)
    axis = np.array([x, y, z]) / max(np.linalg.norm([x, y, z]), 1e-12)
    matrix = np.eye(4)
    matrix[:3, :3] = matrix_from_axis_angle(angle * axis)
    matrix[:3, 3] = node.get("translation", [0, 0, 0])
    return matrix


@pytest.mark.parametrize("root_motion", ["ground", "camera", "in_place"])
def test_reference_receiver_agrees_with_linear_skinning(root_motion: str) -> None:
    """The file, played from its bytes, is our own linear skinning moved by the root."""
    take, options = make_take(25), ExportOptions(skinning="truncate", root_motion=root_motion)
    motion = file_motion(take, options)
    shown = linear_reference(gltf_of(take, motion, options).document.to_glb())
    transforms = skin_transforms(
        take.body.skeleton, forward_kinematics(take.body.skeleton, motion.joint_rotations)
    )
    posed = skin_linear(take.body.vertices, truncated_influences(take.body, 4), transforms)
    expected = motion.scale * posed @ motion.rig_to_file[:, :3, :3].swapaxes(1, 2)
    expected += motion.rig_to_file[:, None, :3, 3]
    np.testing.assert_allclose(shown.vertices, expected, atol=2e-6)


def test_fidelity_is_measured_and_written() -> None:
    take, options = make_take(30), ExportOptions(skinning="truncate")
    motion = file_motion(take, options)
    file = gltf_of(take, motion, options)
    distance = np.linalg.norm(
        linear_reference(file.document.to_glb()).vertices - motion.posed(take.body), axis=-1
    )
    assert file.fidelity.max_cm == pytest.approx(100 * distance.max(), rel=1e-3)
    assert file.fidelity.mean_cm == pytest.approx(100 * distance.mean(), rel=1e-3)
    assert file.fidelity.mean_percent == pytest.approx(file.fidelity.mean_cm / 0.5, rel=1e-3)
    extras = file.document.json["asset"]["extras"]
    assert extras["fidelity"] == file.fidelity.to_json()
    assert extras["fps"] == pytest.approx(30)
    assert extras["scale_source"] == "typical size of the category"
    assert file.document.json["asset"]["generator"] == "DASR Studio"


def test_refit_is_much_closer_than_truncate_on_dense_weights() -> None:
    take = dense_chain_take(24)
    errors = {}
    for skinning in ("truncate", "refit"):
        options = ExportOptions(skinning=skinning)
        errors[skinning] = gltf_of(take, file_motion(take, options), options).fidelity
    assert errors["refit"].mean_cm < errors["truncate"].mean_cm / 3
    assert errors["refit"].mean_percent < 1


def test_morph_is_exact_within_its_tolerance() -> None:
    take, options = make_take(40), ExportOptions(skinning="morph", morph_tolerance=0.01)
    file = gltf_of(take, file_motion(take, options), options)
    assert file.fidelity.max_percent <= 1 + 1e-3
    targets = file.document.json["meshes"][0]["primitives"][0]["targets"]
    assert 2 < len(targets) < 40


def test_reduced_keys_of_straight_motion_are_its_ends() -> None:
    times_s = np.array([0.0, 0.1, 0.3, 0.7, 1.0])
    shapes = times_s[:, None, None] * np.ones((5, 4, 3))
    assert reduced_keys(shapes, times_s, 1e-6) == [0, 4]
    shapes[2] += 1.0
    assert reduced_keys(shapes, times_s, 1e-6) == [0, 1, 2, 3, 4]


def test_a_single_frame_is_a_file_too() -> None:
    take = make_take(1)
    for skinning in ("refit", "morph"):
        options = ExportOptions(skinning=skinning)
        glb = gltf_of(take, file_motion(take, options), options).document.to_glb()
        assert linear_reference(glb).vertices.shape == (1, len(take.body.vertices), 3)


def test_quaternions_do_not_flip_over_a_full_turn() -> None:
    angles = np.linspace(0, 4 * np.pi, 50)
    turns = matrix_from_axis_angle(np.outer(angles, [0.0, 0.0, 1.0]))
    quaternions = quaternions_xyzw(turns[None])[0]
    assert ((quaternions[1:] * quaternions[:-1]).sum(1) > 0.9).all()
    np.testing.assert_allclose(quaternions[-1], [0, 0, 0, 1], atol=1e-9)


def test_normals_of_unused_vertices_point_up() -> None:
    vertices = np.array([[0.0, 0, 0], [1, 0, 0], [0, 0, -1], [5, 5, 5]])
    normals = vertex_normals(vertices, np.array([[0, 1, 2]]))
    np.testing.assert_allclose(normals, np.tile([0, 1, 0], (4, 1)), atol=1e-7)
