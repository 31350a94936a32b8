"""The skin of a glTF file's body: joints, bind pose, and the meshes that wear it.

    skin = read_body_skin(gltf)
    node_of_joint = skin.nodes

Some exporters give every mesh its own skin on one armature; skins that agree are read as one.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from core.errors import RigError
from core.gltf_json import GltfObject
from core.gltf_read import Gltf

MAX_JOINTS = 1024


@dataclass(frozen=True, eq=False)
class WornPrimitive:
    """A primitive, and which joint of the body each joint of its own skin is."""

    primitive: GltfObject
    joints: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class BodySkin:
    """The joints of the body, and everything that hangs on them."""

    nodes: tuple[int, ...]
    """Node of each joint."""
    mesh_to_joint: Float[np.ndarray, "joints 4 4"]
    """Inverse bind matrices: from mesh space to each joint's own, at the bind pose."""
    primitives: tuple[WornPrimitive, ...]


@dataclass(frozen=True, eq=False)
class _Skin:
    mesh_to_joint: dict[int, Float[np.ndarray, "4 4"]]
    """By node, in the skin's order."""
    primitives: list[GltfObject]
    vertex_count: int


def read_body_skin(gltf: Gltf) -> BodySkin:
    """The skin that moves most vertices, joined by those that share joints and bind pose with it.

    Raises:
        RigError: There is no skinned mesh, or a skin is broken.
    """
    skins = sorted(_worn_skins(gltf), key=lambda skin: -skin.vertex_count)
    if not skins:
        raise RigError(f"{gltf.file_name} holds no skinned mesh; export it with its armature.")
    body = dict(skins[0].mesh_to_joint)
    joined = [skins[0]]
    for skin in skins[1:]:
        if _agree(body, skin.mesh_to_joint):
            body |= skin.mesh_to_joint
            joined.append(skin)
    number = {node: joint for joint, node in enumerate(body)}
    primitives = [
        WornPrimitive(primitive, tuple(number[node] for node in skin.mesh_to_joint))
        for skin in joined
        for primitive in skin.primitives
    ]
    return BodySkin(tuple(body), np.stack(list(body.values())), tuple(primitives))


def _worn_skins(gltf: Gltf) -> list[_Skin]:
    skins, meshes = gltf.items("skins"), gltf.items("meshes")
    worn: dict[int, dict[int, list[GltfObject]]] = {}
    for node in gltf.items("nodes"):
        if node.has("skin") and node.has("mesh"):
            mesh = node.index("mesh", len(meshes))
            by_mesh = worn.setdefault(node.index("skin", len(skins)), {})
            by_mesh[mesh] = meshes[mesh].children("primitives")
    return [
        _read_skin(gltf, skins[number], [item for own in by_mesh.values() for item in own])
        for number, by_mesh in sorted(worn.items())
    ]


def _read_skin(gltf: Gltf, skin: GltfObject, primitives: list[GltfObject]) -> _Skin:
    nodes = skin.indices("joints", len(gltf.items("nodes")))
    if not nodes or len(set(nodes)) < len(nodes):
        raise skin.wrong("joints", "must name each joint once, and at least one")
    if len(nodes) > MAX_JOINTS:
        raise skin.wrong("joints", f"are {len(nodes)}; more than {MAX_JOINTS} cannot be used")
    matrices = _inverse_bind_matrices(gltf, skin, len(nodes))
    vertex_count = sum(_vertex_count(gltf, primitive) for primitive in primitives)
    return _Skin(dict(zip(nodes, matrices, strict=True)), primitives, vertex_count)


def _vertex_count(gltf: Gltf, primitive: GltfObject) -> int:
    attributes, accessors = primitive.child("attributes"), gltf.items("accessors")
    if attributes is None or not attributes.has("POSITION"):
        raise primitive.broken("has no POSITION")
    return accessors[attributes.index("POSITION", len(accessors))].integer("count", minimum=1)


def _inverse_bind_matrices(
    gltf: Gltf, skin: GltfObject, count: int
) -> Float[np.ndarray, "joints 4 4"]:
    if not skin.has("inverseBindMatrices"):
        return np.tile(np.eye(4), (count, 1, 1))
    index = skin.index("inverseBindMatrices", len(gltf.items("accessors")))
    raw = gltf.accessor(index, "MAT4")
    if len(raw) < count:
        raise skin.broken(f"has {len(raw)} inverse bind matrices for {count} joints")
    matrices = raw[:count].astype(float).reshape(count, 4, 4).swapaxes(1, 2).copy()
    matrices[:, 3] = [0, 0, 0, 1]
    return matrices


def _agree(
    body: dict[int, Float[np.ndarray, "4 4"]], other: dict[int, Float[np.ndarray, "4 4"]]
) -> bool:
    """Whether two skins share joints and say the same about those they share."""
    shared = [node for node in other if node in body]
    return bool(shared) and all(
        np.allclose(body[node], other[node], rtol=1e-4, atol=1e-5) for node in shared
    )
