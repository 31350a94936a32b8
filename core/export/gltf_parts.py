"""Pieces that the skinned and the morphing glTF share: mesh, colours, key times, quaternions."""

from typing import Any

import numpy as np
from jaxtyping import Float, Int

from core.export.gltf_document import ARRAY_BUFFER, ELEMENT_ARRAY_BUFFER, GltfDocument
from core.export.take import Take
from core.rotations import quaternion_from_matrix

LARGEST_UINT16_COUNT = 65_535
"""65 535 itself is forbidden as an index (primitive restart)."""


def add_primitive(
    document: GltfDocument,
    take: Take,
    scale: float,
    *,
    is_unlit: bool = False,
    extra: dict[str, np.ndarray] | None = None,
    targets: list[dict[str, int]] | None = None,
) -> int:
    """Add the rest mesh with colours and material as mesh 0; returns its index."""
    vertices = (scale * take.body.vertices).astype(np.float32)
    attributes = {
        "POSITION": document.add_accessor(vertices, "VEC3", target=ARRAY_BUFFER, has_bounds=True),
        "NORMAL": document.add_accessor(
            vertex_normals(vertices, take.body.faces), "VEC3", target=ARRAY_BUFFER
        ),
        "COLOR_0": document.add_accessor(
            linear_rgba(take.body.colors), "VEC4", target=ARRAY_BUFFER, is_normalized=True
        ),
    }
    for name, array in (extra or {}).items():
        attributes[name] = document.add_accessor(array, "VEC4", target=ARRAY_BUFFER)
    indices = take.body.faces.reshape(-1)
    kind = np.uint16 if len(vertices) <= LARGEST_UINT16_COUNT else np.uint32
    primitive: dict[str, Any] = {
        "attributes": attributes,
        "indices": document.add_accessor(
            indices.astype(kind), "SCALAR", target=ELEMENT_ARRAY_BUFFER
        ),
        "material": _add_material(document, is_unlit),
    }
    mesh: dict[str, Any] = {"name": take.body.name, "primitives": [primitive]}
    if targets:
        primitive["targets"] = targets
        mesh["weights"] = [0.0] * len(targets)
    return document.add("meshes", mesh)


def _add_material(document: GltfDocument, is_unlit: bool) -> int:
    """White, so that vertex colours show as they are; not metallic, as metal shows black."""
    material: dict[str, Any] = {
        "name": "vertex_colors",
        "doubleSided": True,
        "pbrMetallicRoughness": {
            "baseColorFactor": [1.0, 1.0, 1.0, 1.0],
            "metallicFactor": 0.0,
            "roughnessFactor": 0.9,
        },
    }
    if is_unlit:
        material["extensions"] = {"KHR_materials_unlit": {}}
        document.json["extensionsUsed"] = ["KHR_materials_unlit"]
    return document.add("materials", material)


def add_key_times(document: GltfDocument, times_s: Float[np.ndarray, " keys"]) -> int:
    """Key times, shared by all channels."""
    return document.add_accessor(times_s.astype(np.float32), "SCALAR", has_bounds=True)


def add_quaternions(document: GltfDocument, rotations: Float[np.ndarray, "keys 3 3"]) -> int:
    """Rotation keys."""
    return document.add_accessor(quaternions_xyzw(rotations[None])[0].astype(np.float32), "VEC4")


def quaternions_xyzw(
    rotations: Float[np.ndarray, "tracks keys 3 3"],
) -> Float[np.ndarray, "tracks keys 4"]:
    """glTF's quaternions, each in the hemisphere of the one before it.

    Linear sampling takes the short way only then in programs that blend the numbers as they are
    (glTF issue 2073).
    """
    wxyz = quaternion_from_matrix(rotations.astype(np.float64))
    flips = np.where((wxyz[:, 1:] * wxyz[:, :-1]).sum(-1) < 0, -1.0, 1.0)
    signs = np.concatenate([np.ones((len(wxyz), 1)), np.cumprod(flips, 1)], 1)
    return (signs[..., None] * wxyz)[..., [1, 2, 3, 0]]


def vertex_normals(
    vertices: Float[np.ndarray, "verts 3"], faces: Int[np.ndarray, "faces 3"]
) -> Float[np.ndarray, "verts 3"]:
    """Unit normals, float32: mean of the faces around a vertex, by area; +y where there is none."""
    corners = vertices.astype(np.float64)[faces]
    across = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    normals = np.zeros(vertices.shape)
    for corner in range(3):
        np.add.at(normals, faces[:, corner], across)
    lengths = np.linalg.norm(normals, axis=1, keepdims=True)
    is_flat = lengths < 1e-12 * max(lengths.max(initial=0.0), 1e-300)
    normals = np.where(is_flat, [0.0, 1.0, 0.0], normals / np.where(is_flat, 1, lengths))
    return normals.astype(np.float32)


def linear_rgba(colors: Float[np.ndarray, "*batch 3"]) -> np.ndarray:
    """sRGB 0..1 to COLOR_0: linear, opaque, normalised unsigned short (glTF issue 1638)."""
    srgb = np.clip(colors.astype(np.float64), 0, 1)
    linear = np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)
    opaque = np.concatenate([linear, np.ones((*linear.shape[:-1], 1))], -1)
    return np.round(opaque * 65535).astype(np.uint16)


def add_camera(document: GltfDocument, take: Take) -> int:
    """The video's camera at the origin; the principal point is taken as the image's centre."""
    width, height = take.image_size
    lens = {
        "yfov": float(2 * np.arctan(0.5 * height / take.K[1, 1])),
        "aspectRatio": width / height,
        "znear": 0.01,
    }
    camera = document.add("cameras", {"type": "perspective", "perspective": lens})
    return document.add("nodes", {"name": "camera", "camera": camera})


def float32(vector: np.ndarray) -> list[float]:
    """Numbers as JSON, rounded as the binary buffer would."""
    return np.asarray(vector, np.float32).tolist()
