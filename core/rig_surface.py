"""The skinned surface of a glTF file: its primitives merged, coloured and welded.

surface = read_surface(gltf, skin)
surface = surface.welded()
"""

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float, Int
from scipy.spatial import KDTree

from core.errors import RigError
from core.gltf_json import GltfObject
from core.gltf_read import MAX_BYTES, Gltf
from core.gltf_texture import of_count, vertex_colors
from core.rig_skin import WornPrimitive

_TRIANGLES, _STRIP, _FAN = 4, 5, 6
_COLOR_TOLERANCE = 8 / 255
"""Across the seams of a texture, samples of one and the same place differ by about this much."""


@dataclass(frozen=True, eq=False)
class Surface:
    """Triangles with skinning weights, in the file's own units."""

    vertices: Float[np.ndarray, "verts 3"]
    faces: Int[np.ndarray, "faces 3"]
    weights: Float[np.ndarray, "verts joints"]
    """Columns are the joints of the skin; rows sum to 1."""
    colors: Float[np.ndarray, "verts 3"]
    """sRGB 0..1."""
    materials: tuple[str, ...]
    material_of_vertex: Int[np.ndarray, " verts"]

    def turned_over(self) -> "Surface":
        """The same with every face seen from its other side."""
        return replace(self, faces=np.ascontiguousarray(self.faces[:, ::-1]))

    def welded(self) -> "Surface":
        """The same with equal vertices made one and without empty faces or unused vertices.

        glTF repeats a vertex wherever normals or texture coordinates differ. Vertices are equal
        when place and weights are, and colours to the eye; the first stays, in its order.
        """
        moves = np.concatenate([self.vertices, self.weights], axis=1)
        leader = _first_equal(moves)
        is_alike = np.abs(self.colors - self.colors[leader]).max(1) <= _COLOR_TOLERANCE
        colors = np.where(is_alike[:, None], self.colors[leader], self.colors)
        faces = _first_equal(np.concatenate([moves, colors], axis=1))[self.faces]
        corners = self.vertices[faces].astype(float)
        doubled_area = np.linalg.norm(
            np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1
        )
        side = np.ptp(self.vertices.astype(float), axis=0).max()
        faces = faces[doubled_area > 1e-12 * side * side]
        used = np.unique(faces)
        new_number = np.zeros(len(self.vertices), np.int32)
        new_number[used] = np.arange(len(used))
        return replace(
            self,
            vertices=self.vertices[used],
            faces=new_number[faces],
            weights=self.weights[used],
            colors=self.colors[used],
            material_of_vertex=self.material_of_vertex[used],
        )


def read_surface(gltf: Gltf, primitives: tuple[WornPrimitive, ...], joint_count: int) -> Surface:
    """Merge the triangles of primitives that share a skin.

    Raises:
        RigError: There are no triangles, or attributes are missing or broken.
    """
    total = 0
    parts: list[Surface] = []
    for worn in primitives:
        mode = worn.primitive.integer("mode", _TRIANGLES)
        if mode not in (_TRIANGLES, _STRIP, _FAN):
            continue  # points and lines have no surface
        part = _read_primitive(gltf, worn, mode, joint_count)
        total += len(part.vertices)
        if total * joint_count * 4 > MAX_BYTES:
            raise RigError(
                f"{gltf.file_name} has too many vertices ({total}) for {joint_count} joints; "
                "simplify the mesh before exporting it."
            )
        parts.append(part)
    if not parts or not any(len(part.faces) for part in parts):
        raise RigError(f"{gltf.file_name} has no triangles on its skin.")
    return _with_weights_everywhere(_merged(parts), gltf.file_name)


def _read_primitive(gltf: Gltf, worn: WornPrimitive, mode: int, joint_count: int) -> Surface:
    primitive = worn.primitive
    attributes = primitive.child("attributes")
    if attributes is None:
        raise primitive.broken("has no attributes")
    index = attributes.index("POSITION", len(gltf.items("accessors")))
    vertices = gltf.accessor(index, "VEC3").astype(np.float32)
    count = len(vertices)
    material = ""
    if primitive.has("material"):
        materials = gltf.items("materials")
        number = primitive.index("material", len(materials))
        material = materials[number].text("name", f"material_{number}")
    return Surface(
        vertices,
        _read_faces(gltf, primitive, mode, count),
        _read_weights(gltf, attributes, worn.joints, (count, joint_count)),
        vertex_colors(gltf, primitive, count),
        (material,),
        np.zeros(count, np.int32),
    )


def _read_faces(
    gltf: Gltf, primitive: GltfObject, mode: int, count: int
) -> Int[np.ndarray, "faces 3"]:
    indices = np.arange(count, dtype=np.int32)
    if primitive.has("indices"):
        number = primitive.index("indices", len(gltf.items("accessors")))
        raw = gltf.accessor(number, "SCALAR")[:, 0]
        if raw.dtype.kind != "u" or raw.max() >= count:
            raise primitive.broken(f"has indices outside of its {count} vertices")
        indices = raw.astype(np.int32)
    corners = len(indices)
    if mode == _TRIANGLES:
        return indices[: corners - corners % 3].reshape(-1, 3)
    step = np.arange(max(corners - 2, 0))
    if mode == _FAN:
        order = np.stack([step + 1, step + 2, 0 * step], axis=1)
    else:
        # Every other triangle of a strip is turned over (glTF 2.0, section 3.7.2.1).
        order = np.stack([step, step + 1 + step % 2, step + 2 - step % 2], axis=1)
    return indices[order]


def _read_weights(
    gltf: Gltf, attributes: GltfObject, own_joints: tuple[int, ...], shape: tuple[int, int]
) -> Float[np.ndarray, "verts joints"]:
    """Dense weights from one or two sets; not yet normalised."""
    count, joint_count = shape
    if count * joint_count * 4 > MAX_BYTES:
        raise attributes.broken(f"have {count} vertices, too many for {joint_count} joints")
    dense = np.zeros(shape, np.float32)
    in_body = np.array(own_joints)
    rows = np.arange(count)
    accessors = len(gltf.items("accessors"))
    for number in range(2):
        if number == 1 and not attributes.has("JOINTS_1"):
            break
        joints = gltf.accessor(attributes.index(f"JOINTS_{number}", accessors), "VEC4")
        weights = gltf.accessor(attributes.index(f"WEIGHTS_{number}", accessors), "VEC4")
        joints = of_count(joints, count, attributes)
        weights = np.maximum(of_count(weights, count, attributes), 0)
        if joints.dtype.kind != "u":
            raise attributes.broken("have joint numbers that are not whole numbers")
        own = np.where(weights > 0, joints, 0)  # joints of weight 0 may be any number
        if own.max() >= len(own_joints):
            raise attributes.broken(f"name a joint beyond the skin's {len(own_joints)}")
        for slot in range(4):
            dense[rows, in_body[own[:, slot]]] += weights[:, slot]
    return dense


def _merged(parts: list[Surface]) -> Surface:
    offsets = np.cumsum([0, *[len(part.vertices) for part in parts[:-1]]])
    materials = tuple(dict.fromkeys(part.materials[0] for part in parts))
    return Surface(
        np.concatenate([part.vertices for part in parts]),
        np.concatenate([p.faces + int(o) for p, o in zip(parts, offsets, strict=True)]).astype(
            np.int32
        ),
        np.concatenate([part.weights for part in parts]),
        np.concatenate([part.colors for part in parts]),
        materials,
        np.concatenate(
            [np.full(len(p.vertices), materials.index(p.materials[0]), np.int32) for p in parts]
        ),
    )


def _first_equal(rows: Float[np.ndarray, "verts columns"]) -> Int[np.ndarray, " verts"]:
    """For each row, the number of the first row that equals it."""
    rows = np.ascontiguousarray(rows + rows.dtype.type(0))  # -0 becomes 0
    as_bytes = rows.view(f"V{rows.shape[1] * rows.itemsize}")[:, 0]
    _, first, group = np.unique(as_bytes, return_index=True, return_inverse=True)
    return first[group]


def _with_weights_everywhere(surface: Surface, file_name: str) -> Surface:
    """Rows scaled to sum to 1; a vertex without weights moves like its nearest neighbour."""
    total = surface.weights.sum(1, keepdims=True)
    is_bare = total[:, 0] < 1e-6
    if is_bare.all():
        raise RigError(f"{file_name} has a skin that moves no vertex: all weights are zero.")
    weights = surface.weights / np.where(total < 1e-6, 1, total)
    if is_bare.any():
        weighted = np.flatnonzero(~is_bare)
        _, nearest = KDTree(surface.vertices[weighted]).query(surface.vertices[is_bare])
        weights[is_bare] = weights[weighted[nearest]]
    return replace(surface, weights=weights)
