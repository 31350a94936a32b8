"""A take as a skinned, animated glTF: one skin, one `root` bone, one animation.

    document = skinned_document(take, motion, influences, options)
    glb = document.to_glb()

Rules and their reasons: docs/exports.md. Nodes are the mesh (scene root, identity), `root` (root
motion) and the joints below it (rotation = L . J, translation = L's).
"""

from typing import Any

import numpy as np
from jaxtyping import Float

from core.export.end_joints import end_joint_offsets
from core.export.gltf_document import GltfDocument
from core.export.gltf_parts import (
    add_camera,
    add_key_times,
    add_primitive,
    add_quaternions,
    float32,
    quaternions_xyzw,
)
from core.export.joint_names import ROOT_BONE, file_names
from core.export.motion import FileMotion
from core.export.options import ExportOptions
from core.export.take import Take
from core.influences import Influences
from core.kinematics import rigid_inverse


def skinned_document(
    take: Take, motion: FileMotion, influences: Influences, options: ExportOptions
) -> GltfDocument:
    """Build the document; the caller adds `asset` facts and writes it."""
    document = GltfDocument()
    names = file_names(take.body.skeleton.names, options.joint_names)
    mesh = add_primitive(
        document,
        take,
        motion.scale,
        is_unlit=options.is_unlit,
        extra=_skin_attributes(influences),
    )
    mesh_node = document.add("nodes", {"name": _mesh_name(take, names), "mesh": mesh, "skin": 0})
    root = document.add("nodes", {"name": ROOT_BONE, "children": []})
    joint_nodes = _add_joints(document, take, motion.scale, names, root)
    inverse_binds = [np.eye(4), *rigid_inverse(_scaled_rest(take, motion.scale))]
    bones = [root, *joint_nodes]
    if options.has_end_joints:
        ends = _add_end_joints(document, take, motion.scale, names, joint_nodes)
        bones += [node for node, _ in ends]
        inverse_binds += [inverse for _, inverse in ends]
    _add_skin(document, bones, np.stack(inverse_binds), take.name)
    document.json["animations"] = [_animation(document, take, motion, root, joint_nodes)]
    roots = [mesh_node, root]
    if options.has_camera:
        roots.append(add_camera(document, take))
    document.json["scenes"] = [{"name": take.name, "nodes": roots}]
    document.json["scene"] = 0
    return document


def _mesh_name(take: Take, joint_names: tuple[str, ...]) -> str:
    """The body's name, unlike any joint's: three.js and USD find both by name."""
    name = f"{file_names((take.body.name,), {})[0]}_mesh"
    while name in joint_names:
        name += "_"
    return name


def _skin_attributes(influences: Influences) -> dict[str, np.ndarray]:
    """JOINTS_n and WEIGHTS_n, four influences a set; the root bone comes first, hence + 1."""
    count = influences.weights.shape[1]
    padded = -(-count // 4) * 4
    joints = np.zeros((len(influences.weights), padded), np.uint16)
    weights = np.zeros((len(influences.weights), padded), np.float32)
    weights[:, :count] = _normalised(influences.weights)
    joints[:, :count] = influences.indices + 1
    joints[weights == 0] = 0
    if joints.max() < 256:
        joints = joints.astype(np.uint8)
    attributes: dict[str, np.ndarray] = {}
    for index in range(padded // 4):
        block = slice(4 * index, 4 * index + 4)
        attributes[f"JOINTS_{index}"] = np.ascontiguousarray(joints[:, block])
        attributes[f"WEIGHTS_{index}"] = np.ascontiguousarray(weights[:, block])
    return attributes


def _normalised(weights: np.ndarray) -> Float[np.ndarray, "verts influences"]:
    """float32 weights that sum to 1 to the last bit the validator looks at."""
    exact = weights.astype(np.float64)
    exact[exact < 1e-5] = 0
    exact /= exact.sum(1, keepdims=True)
    rounded = exact.astype(np.float32)
    rounded[:, 0] += (1 - rounded.astype(np.float64).sum(1)).astype(np.float32)
    return rounded


def _scaled_rest(take: Take, scale: float) -> np.ndarray:
    rest = take.body.skeleton.rest_joint_to_rig.astype(np.float64).copy()
    rest[:, :3, 3] *= scale
    return rest


def _add_joints(
    document: GltfDocument, take: Take, scale: float, names: tuple[str, ...], root: int
) -> list[int]:
    skeleton = take.body.skeleton
    rotations = quaternions_xyzw(skeleton.rest_joint_to_parent[:, None, :3, :3])[:, 0]
    nodes: list[int] = []
    for joint, name in enumerate(names):
        offset = scale * skeleton.rest_joint_to_parent[joint, :3, 3]
        node = {
            "name": name,
            "translation": float32(offset),
            "rotation": float32(rotations[joint]),
        }
        nodes.append(document.add("nodes", node))
        parent = skeleton.parents[joint]
        above = document.json["nodes"][nodes[parent] if joint else root]
        above.setdefault("children", []).append(nodes[joint])
    return nodes


def _add_end_joints(
    document: GltfDocument,
    take: Take,
    scale: float,
    names: tuple[str, ...],
    joint_nodes: list[int],
) -> list[tuple[int, np.ndarray]]:
    """Tips of the limbs, with their inverse bind matrices."""
    rest = _scaled_rest(take, scale)
    ends: list[tuple[int, np.ndarray]] = []
    end_names = file_names((*names, *(f"{name}_end" for name in names)), {})[len(names) :]
    for joint, offset in end_joint_offsets(take.body).items():
        node = {"name": end_names[joint], "translation": float32(scale * offset)}
        index = document.add("nodes", node)
        document.json["nodes"][joint_nodes[joint]].setdefault("children", []).append(index)
        local = np.eye(4)
        local[:3, 3] = scale * offset
        ends.append((index, rigid_inverse(rest[joint] @ local)))
    return ends


def _add_skin(
    document: GltfDocument, bones: list[int], inverse_binds: np.ndarray, name: str
) -> None:
    columns = inverse_binds.swapaxes(1, 2).astype(np.float32)  # glTF stores columns
    columns[:, :3, 3] = 0
    columns[:, 3, 3] = 1
    matrices = document.add_accessor(columns.reshape(-1, 16), "MAT4")
    skin = {"name": name, "joints": bones, "skeleton": bones[0], "inverseBindMatrices": matrices}
    document.add("skins", skin)


def _animation(
    document: GltfDocument, take: Take, motion: FileMotion, root: int, joint_nodes: list[int]
) -> dict[str, Any]:
    """One translation channel on the root, a rotation channel on every bone, no scale."""
    skeleton = take.body.skeleton
    times = add_key_times(document, motion.times_s)
    animation: dict[str, Any] = {"name": take.name, "channels": [], "samplers": []}

    def channel(node: int, path: str, output: int) -> None:
        sampler = {"input": times, "output": output, "interpolation": "LINEAR"}
        target = {"node": node, "path": path}
        animation["channels"].append({"sampler": len(animation["samplers"]), "target": target})
        animation["samplers"].append(sampler)

    travel = motion.rig_to_file[:, :3, 3].astype(np.float32)
    channel(root, "translation", document.add_accessor(travel, "VEC3"))
    channel(root, "rotation", add_quaternions(document, motion.rig_to_file[:, :3, :3]))
    local = skeleton.rest_joint_to_parent[:, :3, :3] @ motion.joint_rotations
    for joint, node in enumerate(joint_nodes):
        channel(node, "rotation", add_quaternions(document, local[:, joint]))
    return animation
