"""Rigs from glTF files: rest mesh, skeleton, skinning weights and clips, in rig space.

imported = read_rig("dog.glb")
imported.rig, imported.clips
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float

from core.errors import RigError
from core.gltf_nodes import Nodes, read_nodes
from core.gltf_read import Gltf, read_gltf
from core.mirror import mirror_joints
from core.rig import MotionClip, Rig, Skeleton
from core.rig_joints import JointTree, anatomical_tree
from core.rig_motion import Binding, nearest_rotations, read_clips
from core.rig_skin import BodySkin, read_body_skin
from core.rig_surface import Surface, read_surface


@dataclass(frozen=True, eq=False)
class ImportedRig:
    """A rig with the motions of its file."""

    rig: Rig
    clips: tuple[MotionClip, ...]


def read_rig(path: Path | str) -> ImportedRig:
    """Read the skinned mesh, its skeleton and all clips of a .glb or .gltf file.

    Raises:
        RigError: The file is broken or holds no usable rig; the sentence says what is wrong.
    """
    path = Path(path)
    try:
        # Underflow is harmless; everything else means numbers no real rig has.
        with np.errstate(over="raise", invalid="raise", divide="raise", under="ignore"):
            return _read(read_gltf(path))
    except (FloatingPointError, np.linalg.LinAlgError):
        raise RigError(
            f"{path.name} cannot be used as a rig: its transforms are singular or too large."
        ) from None


def _read(gltf: Gltf) -> ImportedRig:
    nodes = read_nodes(gltf)
    skin = read_body_skin(gltf)
    surface = read_surface(gltf, skin.primitives, len(skin.nodes))
    parents = _parents_within(nodes, skin.nodes)
    mesh_to_world = _mesh_to_world(gltf, nodes, skin, parents, surface)
    if np.linalg.det(mesh_to_world[:3, :3]) < 0:
        surface = surface.turned_over()
    surface = surface.welded()
    if len(surface.faces) == 0:
        raise RigError(f"{gltf.file_name} has no triangles of any size on its skin.")
    world_to_rig = _world_to_rig(gltf, _moved(mesh_to_world, surface.vertices))
    mesh_to_rig = world_to_rig @ mesh_to_world
    joint_to_mesh, is_flat = _inverted(skin.mesh_to_joint)
    joint_to_rig = mesh_to_rig @ joint_to_mesh
    tree = anatomical_tree(parents, surface.weights, joint_to_rig[:, :3, 3])
    kept = list(tree.joints)
    if is_flat[kept].any():
        name = nodes.names[skin.nodes[kept[int(is_flat[kept].argmax())]]]
        raise RigError(f"{gltf.file_name} has a flat inverse bind matrix at its joint {name[:60]}.")
    own_nodes = tuple(skin.nodes[joint] for joint in kept)
    names = _unique([nodes.names[node] for node in own_nodes])
    skeleton = _skeleton(names, tree, joint_to_rig[kept])
    world_to_joint = skin.mesh_to_joint[kept] @ np.linalg.inv(mesh_to_world)
    clips = read_clips(gltf, nodes, Binding(skeleton, own_nodes, world_to_joint, world_to_rig))
    rig = Rig(
        name=Path(gltf.file_name).stem,
        skeleton=skeleton,
        vertices=_moved(mesh_to_rig, surface.vertices).astype(np.float32),
        faces=surface.faces,
        weights=np.ascontiguousarray(tree.weights),
        colors=surface.colors,
        metres_per_unit=float(1 / world_to_rig[0, 0]),
        materials=surface.materials,
        material_of_vertex=surface.material_of_vertex,
    )
    return ImportedRig(rig, clips)


def _parents_within(nodes: Nodes, joints: tuple[int, ...]) -> list[int]:
    """Nearest ancestor of each joint among the joints; -1 for none."""
    number = {node: joint for joint, node in enumerate(joints)}
    above: dict[int, int] = {}  # of every node: the nearest joint above it
    for node in nodes.order:
        parent = nodes.parents[node]
        above[node] = -1 if parent == -1 else number.get(parent, above[parent])
    return [above[node] for node in joints]


def _mesh_to_world(
    gltf: Gltf, nodes: Nodes, skin: BodySkin, parents: list[int], surface: Surface
) -> Float[np.ndarray, "4 4"]:
    """Where the bind pose stands in the world: as the root joint of the body at rest says.

    The mesh node's own transform has no say (glTF 2.0, section 3.7.3.3), and in many files the
    armature above the joints scales by 100.
    """
    mass = surface.weights.sum(0, dtype=float)
    top_of = list(range(len(parents)))
    for joint in range(len(parents)):
        while parents[top_of[joint]] != -1:
            top_of[joint] = parents[top_of[joint]]
    mass_of_top = np.bincount(top_of, weights=mass, minlength=len(parents))
    top = int(mass_of_top.argmax())
    lineage = nodes.lineage([skin.nodes[top]])
    top_to_world = nodes.world(nodes.rest.of(lineage), lineage)[-1]
    mesh_to_world = top_to_world @ skin.mesh_to_joint[top]
    _, is_flat = _inverted(mesh_to_world[None])
    if is_flat[0]:
        raise RigError(f"{gltf.file_name} has a root joint whose scale is zero.")
    return mesh_to_world


def _world_to_rig(gltf: Gltf, corners: Float[np.ndarray, "verts 3"]) -> Float[np.ndarray, "4 4"]:
    """Similarity that makes the longest side 1, centred over the origin, standing at y = 0."""
    low, high = corners.min(0), corners.max(0)
    longest_m = (high - low).max()
    if not 1e-9 < longest_m < 1e9:
        raise RigError(f"{gltf.file_name} holds a mesh of size {longest_m:.3g} m.")
    to_rig = np.eye(4)
    to_rig[:3, :3] /= longest_m
    to_rig[:3, 3] = -np.array([(low + high)[0] / 2, low[1], (low + high)[2] / 2]) / longest_m
    return to_rig


def _skeleton(
    names: tuple[str, ...], tree: JointTree, joint_to_rig: Float[np.ndarray, "joints 4 4"]
) -> Skeleton:
    rest = np.zeros_like(joint_to_rig)
    rest[:, :3, :3] = nearest_rotations(joint_to_rig[:, :3, :3])
    rest[:, :3, 3] = joint_to_rig[:, :3, 3]
    rest[:, 3, 3] = 1
    mirror = mirror_joints(names, tree.parents, rest[:, :3, 3])
    return Skeleton(names, tree.parents, rest, mirror)


def _unique(names: list[str]) -> tuple[str, ...]:
    """The names, repeated ones numbered."""
    taken: set[str] = set()
    unique = []
    for name in names:
        choice, number = name, 1
        while choice in taken:
            number += 1
            choice = f"{name}_{number}"
        taken.add(choice)
        unique.append(choice)
    return tuple(unique)


def _moved(
    transform: Float[np.ndarray, "4 4"], points: Float[np.ndarray, "verts 3"]
) -> Float[np.ndarray, "verts 3"]:
    return points.astype(float) @ transform[:3, :3].T + transform[:3, 3]


def _inverted(
    matrices: Float[np.ndarray, "joints 4 4"],
) -> tuple[Float[np.ndarray, "joints 4 4"], np.ndarray]:
    """Inverses, and which matrices are too flat to have one; theirs are identities."""
    volume = np.abs(np.linalg.det(matrices[:, :3, :3]))
    size = np.linalg.norm(matrices[:, :3, :3], axis=(1, 2))
    is_flat = volume <= 1e-9 * size**3
    return np.linalg.inv(np.where(is_flat[:, None, None], np.eye(4), matrices)), is_flat
