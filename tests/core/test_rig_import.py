"""Rigs from glTF files made in code: geometry, colours, joints, motions, refusals."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.errors import RigError
from core.gltf_texture import srgb_from_linear
from core.kinematics import forward_kinematics, skin_transforms
from core.rig_import import ImportedRig, read_rig
from core.skin import skin_linear
from tests.core.made_gltf import (
    MadeGltf,
    arm_faces,
    arm_vertices,
    arm_weights,
    made_arm,
    primitive_of,
    turn_z,
)


def imported(made: MadeGltf, folder: Path, name: str = "arm.glb") -> ImportedRig:
    return read_rig(made.save(folder / name))


def in_rig_space(points: np.ndarray) -> np.ndarray:
    """Points of the arm, as `made_arm` has them, in rig space."""
    return (points + np.array([-1.5, 0.2, 0])) / 3


def posed(found: ImportedRig, frame: int, clip: int = 0) -> np.ndarray:
    """Vertices of a clip's frame by linear skinning, in rig space."""
    motion = found.clips[clip]
    joint_to_rig = forward_kinematics(found.rig.skeleton, motion.joint_rotations[frame])
    moves = skin_transforms(found.rig.skeleton, motion.root_motion[frame] @ joint_to_rig)
    return skin_linear(found.rig.vertices, found.rig.weights, moves)


@pytest.mark.parametrize("name", ["arm.glb", "arm.gltf"])
@pytest.mark.parametrize("armature_scale", [1.0, 100.0])
def test_the_arm_is_read_in_rig_space(tmp_path: Path, name: str, armature_scale: float) -> None:
    rig = imported(made_arm(armature_scale), tmp_path, name).rig
    assert rig.name == "arm"
    assert rig.metres_per_unit == pytest.approx(3)
    expected = in_rig_space(arm_vertices())
    np.testing.assert_allclose(rig.vertices, expected, atol=1e-6)
    np.testing.assert_array_equal(rig.faces, arm_faces())
    np.testing.assert_allclose(rig.weights, arm_weights()[:, 1:], atol=1e-6)
    assert (rig.vertices.dtype, rig.faces.dtype) == (np.float32, np.int32)


def test_a_root_that_moves_nothing_is_dropped(tmp_path: Path) -> None:
    skeleton = imported(made_arm(), tmp_path).rig.skeleton
    assert skeleton.names == ("Shoulder", "Elbow", "Wrist")
    assert skeleton.parents == (-1, 0, 1)
    places = np.array([[-0.5, 0.2 / 3, 0], [-0.5 + 1 / 3, 0.2 / 3, 0], [-0.5 + 2 / 3, 0.2 / 3, 0]])
    np.testing.assert_allclose(skeleton.rest_joint_to_rig[:, :3, 3], places, atol=1e-6)
    np.testing.assert_allclose(skeleton.rest_joint_to_rig[:, :3, :3], [np.eye(3)] * 3, atol=1e-6)


def test_the_clip_bends_the_elbow_and_lifts_the_root(tmp_path: Path) -> None:
    found = imported(made_arm(), tmp_path)
    (clip,) = found.clips
    assert clip.name == "Wave"
    np.testing.assert_allclose(clip.times_s, np.arange(31) / 30)
    still = np.tile(np.eye(3), (31, 2, 1, 1))
    np.testing.assert_allclose(clip.joint_rotations[:, [0, 2]], still, atol=1e-12)
    bend_rad = np.arctan2(clip.joint_rotations[:, 1, 1, 0], clip.joint_rotations[:, 1, 0, 0])
    np.testing.assert_allclose(bend_rad, np.linspace(0, np.pi / 2, 31), atol=1e-6)
    np.testing.assert_allclose(clip.root_motion[:, 1, 3], np.linspace(0, 0.2, 31), atol=1e-6)
    np.testing.assert_allclose(clip.root_motion[:, :3, :3], still[:, 0], atol=1e-12)


def test_posed_vertices_are_where_the_file_puts_them(tmp_path: Path) -> None:
    found = imported(made_arm(), tmp_path)
    np.testing.assert_allclose(posed(found, 0), found.rig.vertices, atol=1e-6)
    # At the end the last ring, two units beyond the elbow at x = 1, points up from it.
    hand = arm_vertices()[12:] - [1, 0, 0]
    expected = np.stack([1 - hand[:, 1], hand[:, 0] + 0.6, hand[:, 2]], axis=1)
    expected = in_rig_space(expected)
    np.testing.assert_allclose(posed(found, 30)[12:], expected, atol=1e-6)


def test_a_turning_root_is_root_motion(tmp_path: Path) -> None:
    made = made_arm()
    samplers = made.document["animations"][0]["samplers"]
    turn = made.accessor(np.stack([turn_z(0), turn_z(1.2)]), "f4")
    samplers.append({"input": samplers[0]["input"], "output": turn})
    target = {"node": 1, "path": "rotation"}
    made.document["animations"][0]["channels"].append({"sampler": 2, "target": target})
    found = imported(made, tmp_path)
    np.testing.assert_allclose(found.clips[0].joint_rotations[:, 0], [np.eye(3)] * 31, atol=1e-9)
    shoulder = found.rig.vertices[:4] - found.rig.skeleton.rest_joint_to_rig[0, :3, 3]
    turn = found.clips[0].root_motion[30]
    assert np.arctan2(turn[1, 0], turn[0, 0]) == pytest.approx(1.2)
    lifted = found.rig.skeleton.rest_joint_to_rig[0, :3, 3] + turn[:3, :3] @ [0, 0.2, 0]
    np.testing.assert_allclose(posed(found, 30)[:4], shoulder @ turn[:3, :3].T + lifted, atol=1e-6)


@pytest.mark.parametrize("sign", [1, -1])
def test_faces_are_seen_from_outside_in_a_mirrored_armature_too(tmp_path: Path, sign: int) -> None:
    made = made_arm()
    made.document["nodes"][0]["scale"] = [sign * 100, 100, 100]
    rig = imported(made, tmp_path).rig
    corners = rig.vertices[rig.faces].astype(float)
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    outward = corners.mean(1) - rig.vertices.mean(0)
    assert ((outward * normals).sum(1) > 0).all()


def with_helpers(made: MadeGltf) -> None:
    nodes = made.document["nodes"]
    nodes[4]["children"] = [6]
    nodes += [{"name": "Wrist_end"}, {"name": "PoleTarget"}]
    nodes[1]["children"].append(7)
    made.document["skins"][0]["joints"] += [6, 7]
    binds = np.tile(np.eye(4), (6, 1, 1)) * 0.01
    binds[:, 0, 3] = [0, 0, -0.01, -0.02, -0.03, 5]
    binds[:, 3, 3] = 1
    made.document["skins"][0]["inverseBindMatrices"] = made.accessor(binds, "f4")


def two_sets(made: MadeGltf) -> None:
    """The same weights over two sets, each holding half, and scaled: they are renormalised."""
    weights, attributes = arm_weights(), primitive_of(made)["attributes"]
    joints = np.where(weights > 0, np.arange(4), 0)
    for number in range(2):
        attributes[f"JOINTS_{number}"] = made.accessor(joints, "u2")
        attributes[f"WEIGHTS_{number}"] = made.accessor(weights * 0.4, "f4")


def packed_weights(made: MadeGltf) -> None:
    weights = np.round(arm_weights() * 255)
    made.document["accessors"][primitive_of(made)["attributes"]["WEIGHTS_0"]] |= {
        "bufferView": made.view(weights.astype("u1").tobytes()),
        "componentType": 5121,
        "normalized": True,
    }


def sparse_positions(made: MadeGltf) -> None:
    accessor = made.document["accessors"][primitive_of(made)["attributes"]["POSITION"]]
    vertices = arm_vertices().astype("<f4")
    accessor["bufferView"] = made.view(np.zeros_like(vertices).tobytes())
    accessor["sparse"] = {
        "count": 16,
        "indices": {"bufferView": made.view(bytes(range(16))), "componentType": 5121},
        "values": {"bufferView": made.view(vertices.tobytes())},
    }


def split_at_normals(made: MadeGltf) -> None:
    """Every face its own three vertices, as flat shading is written."""
    corners = arm_faces().reshape(-1)
    weights = arm_weights()
    made.document["meshes"][0]["primitives"] = [
        {
            "material": 0,
            "attributes": {
                "POSITION": made.accessor(arm_vertices()[corners], "f4"),
                "JOINTS_0": made.accessor(np.where(weights > 0, np.arange(4), 0)[corners], "u1"),
                "WEIGHTS_0": made.accessor(weights[corners], "f4"),
            },
        }
    ]


def two_primitives(made: MadeGltf) -> None:
    first = primitive_of(made)
    second = dict(first)
    faces = arm_faces()
    first["indices"] = made.accessor(faces[:10].reshape(-1), "u1")
    second["indices"] = made.accessor(faces[10:].reshape(-1), "u4")
    made.document["meshes"].append({"primitives": [second]})
    made.document["nodes"].append({"mesh": 1, "skin": 0})


def a_skin_for_each_mesh(made: MadeGltf) -> None:
    """The second mesh wears another skin, whose joints come in another order."""
    two_primitives(made)
    binds = np.tile(np.eye(4), (3, 1, 1)) * 0.01
    binds[:, 3, 3] = 1
    binds[:, 0, 3] = [-0.02, -0.01, 0]
    matrices = made.accessor(binds, "f4")
    made.add("skins", {"joints": [4, 3, 2], "inverseBindMatrices": matrices})
    made.document["nodes"][-1]["skin"] = 1
    second = made.document["meshes"][1]["primitives"][0]
    weights = arm_weights()
    joints = np.where(weights > 0, 3 - np.arange(4), 0)
    second["attributes"] = second["attributes"] | {"JOINTS_0": made.accessor(joints, "u1")}


@pytest.mark.parametrize(
    "bend",
    [
        with_helpers,
        two_sets,
        packed_weights,
        sparse_positions,
        split_at_normals,
        two_primitives,
        a_skin_for_each_mesh,
    ],
)
def test_other_ways_to_write_the_same_arm(tmp_path: Path, bend: Callable[[MadeGltf], None]) -> None:
    plain, made = imported(made_arm(), tmp_path), made_arm()
    bend(made)
    other = imported(made, tmp_path)
    assert other.rig.skeleton.names == plain.rig.skeleton.names
    triangles = [np.sort(found.rig.vertices[found.rig.faces], axis=1) for found in (plain, other)]
    np.testing.assert_allclose(triangles[1], triangles[0], atol=1e-6)
    assert len(other.rig.vertices) == 16
    order = np.lexsort(other.rig.vertices.T), np.lexsort(plain.rig.vertices.T)
    for frame in (0, 20):
        np.testing.assert_allclose(
            posed(other, frame)[order[0]], posed(plain, frame)[order[1]], atol=5e-3
        )


@pytest.mark.parametrize(
    ("mode", "corners", "faces"),
    [
        (5, [0, 1, 2, 3, 4], [[0, 1, 2], [1, 3, 2], [2, 3, 4]]),
        (6, [0, 1, 2, 3], [[1, 2, 0], [2, 3, 0]]),
        (4, [0, 1, 2, 0, 1], [[0, 1, 2]]),
    ],
)
def test_strips_and_fans_become_triangles(
    tmp_path: Path, mode: int, corners: list[int], faces: list[list[int]]
) -> None:
    made = made_arm()
    primitive_of(made)["mode"] = mode
    primitive_of(made)["indices"] = made.accessor(np.array(corners), "u1")
    rig = imported(made, tmp_path).rig
    # Unused vertices go and the others keep their order, so small numbers stay as they are.
    np.testing.assert_array_equal(rig.faces, faces)


def test_points_and_lines_are_left_out(tmp_path: Path) -> None:
    made = made_arm()
    made.document["meshes"][0]["primitives"].append(primitive_of(made) | {"mode": 1})
    assert len(imported(made, tmp_path).rig.vertices) == 16


def test_faces_without_area_and_their_vertices_are_dropped(tmp_path: Path) -> None:
    made = made_arm()
    corners = [0, 4, 1, 2, 2, 3, 8, 8, 8]
    primitive_of(made)["indices"] = made.accessor(np.array(corners), "u1")
    rig = imported(made, tmp_path).rig
    assert len(rig.faces) == 1
    assert len(rig.vertices) == 3


def test_colors_are_linear_factors_turned_to_srgb(tmp_path: Path) -> None:
    made = made_arm()
    paint = np.tile([128, 255, 255, 255], (16, 1))
    primitive_of(made)["attributes"]["COLOR_0"] = made.accessor(paint, "u1", normalized=True)
    rig = imported(made, tmp_path).rig
    expected = srgb_from_linear(np.array([128 / 255, 0.5, 0]))
    np.testing.assert_allclose(rig.colors, np.tile(expected, (16, 1)), atol=1e-6)
    assert rig.colors.dtype == np.float32


def test_vertices_of_two_colors_stay_apart(tmp_path: Path) -> None:
    made = made_arm()
    two_primitives(made)
    made.add("materials", {"name": "Glove"})
    made.document["meshes"][1]["primitives"][0]["material"] = 1
    rig = imported(made, tmp_path).rig
    assert len(rig.vertices) > 16
    assert rig.materials == ("Skin", "Glove")
    is_white = rig.colors.min(1) == 1
    np.testing.assert_array_equal(rig.material_of_vertex, is_white.astype(int))


def test_a_vertex_without_weights_follows_its_neighbour(tmp_path: Path) -> None:
    made = made_arm()
    weights = arm_weights()
    weights[15] = 0
    primitive_of(made)["attributes"]["WEIGHTS_0"] = made.accessor(weights, "f4")
    rig = imported(made, tmp_path).rig
    np.testing.assert_allclose(rig.weights[15], [0, 0, 1])


def test_names_are_made_unique(tmp_path: Path) -> None:
    made = made_arm()
    for node in (3, 4):
        made.document["nodes"][node]["name"] = "Shoulder"
    del made.document["nodes"][3]["name"]
    assert imported(made, tmp_path).rig.skeleton.names == ("Shoulder", "node_3", "Shoulder_2")


def put(place: str, value: Any) -> Callable[[MadeGltf], None]:
    """Set one value of the document, named as in `skins.0.joints`."""

    def bend(made: MadeGltf) -> None:
        holder: Any = made.document
        *way, last = place.split(".")
        for key in way:
            holder = holder[int(key) if isinstance(holder, list) else key]
        holder[int(last) if isinstance(holder, list) else last] = value

    return bend


def attribute(name: str, values: np.ndarray, kind: str) -> Callable[[MadeGltf], None]:
    def bend(made: MadeGltf) -> None:
        primitive_of(made)["attributes"][name] = made.accessor(values, kind)

    return bend


def long_clip(made: MadeGltf) -> None:
    times_s = made.accessor(np.array([0.0, 1e9]), "f4")
    made.document["animations"][0]["samplers"][0]["input"] = times_s


@pytest.mark.parametrize(
    ("bend", "complaint"),
    [
        (put("nodes.5", {}), "holds no skinned mesh; export it with its armature"),
        (put("nodes.5.skin", 3), r"nodes\[5\]\.skin must be from 0 to 0, is 3"),
        (put("nodes.5.mesh", -1), r"nodes\[5\]\.mesh must be from 0 to 0, is -1"),
        (put("nodes.4.children", [1]), r"nodes\[1\] has more than one parent"),
        (put("nodes", {}), "nodes must be a list, is dict"),
        (put("skins.0.joints", []), "joints must name each joint once"),
        (put("skins.0.joints", [1, 2, 3, 3]), "joints must name each joint once"),
        (put("skins.0.joints", [1, 2, 3, 99]), "joints must hold numbers below 6, holds 99"),
        (put("skins.0.joints", [1, 2, 3, 4, 5]), "has 4 inverse bind matrices for 5 joints"),
        (put("skins.0.joints", [1, 2]), "name a joint beyond the skin's 2"),
        (put("nodes.0.scale", [0, 0, 0]), "has a root joint whose scale is zero"),
        (put("nodes.0.scale", [1e-30] * 3), "holds a mesh of size"),
        (put("nodes.0.scale", [1e200] * 3), "transforms are singular or too large|of size"),
        (put("meshes.0.primitives", []), "has no triangles on its skin"),
        (put("meshes.0.primitives.0.mode", 1), "has no triangles on its skin"),
        (put("meshes.0.primitives.0.attributes", {}), "has no POSITION"),
        (put("meshes.0.primitives.0.material", 7), "material must be from 0 to 0, is 7"),
        (attribute("POSITION", np.ones((16, 3)), "f4"), "has no triangles of any size"),
        (attribute("POSITION", np.full((16, 3), np.nan), "f4"), "are not finite"),
        (attribute("POSITION", np.zeros((3, 3)), "f4"), "has indices outside of its 3 vertices"),
        (attribute("WEIGHTS_0", np.zeros((16, 4)), "f4"), "moves no vertex: all weights are zero"),
        (attribute("WEIGHTS_0", np.ones((9, 4)), "f4"), "hold 9 elements for 16 vertices"),
        (attribute("JOINTS_0", np.full((16, 4), 9), "u1"), "name a joint beyond the skin's 4"),
        (attribute("JOINTS_0", np.ones((16, 4)), "f4"), "joint numbers that are not whole"),
        (put("animations.0.channels.0.sampler", 9), "sampler must be from 0 to 1, is 9"),
        (put("animations.0.channels.0.target.node", 77), "node must be from 0 to 5, is 77"),
        (long_clip, "has animations too long to hold in memory"),
    ],
)
def test_a_broken_rig_is_refused(
    tmp_path: Path, bend: Callable[[MadeGltf], None], complaint: str
) -> None:
    made = made_arm()
    bend(made)
    with pytest.raises(RigError, match=complaint) as caught:
        imported(made, tmp_path)
    assert str(caught.value).startswith("arm.glb ")
    assert str(caught.value).count(". ") == 0


def test_a_truncated_rig_is_refused(tmp_path: Path) -> None:
    content = made_arm().glb()
    path = tmp_path / "cut.glb"
    for length in range(0, len(content), 97):
        path.write_bytes(content[:length])
        with pytest.raises(RigError):
            read_rig(path)
