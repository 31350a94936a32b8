"""A take as one .obj or .ply a frame: NAME_00000.obj and so on, in a folder of their own.

Space, scale and root motion are those of the glTF export (metres, y up).
"""

from collections.abc import Iterator

import numpy as np

from core.export.gltf_parts import vertex_normals
from core.export.motion import FileMotion
from core.export.take import Take
from core.export.take_colors import colors_at_keys


def obj_files(take: Take, motion: FileMotion, stem: str) -> Iterator[tuple[str, bytes]]:
    """Wavefront OBJ with vertex colours behind the positions, as Blender and MeshLab read them."""
    faces = "".join(f"f {a} {b} {c}\n" for a, b, c in (take.body.faces + 1).tolist())
    colors = np.clip(take.body.colors, 0, 1)
    for key, vertices in _frames(take, motion):
        rows = np.concatenate([vertices, colors], 1)
        text = "".join(
            f"v {x:.6f} {y:.6f} {z:.6f} {r:.4f} {g:.4f} {b:.4f}\n"
            for x, y, z, r, g, b in rows.tolist()
        )
        head = f"# {take.name}, {motion.times_s[key]:.6f} s, metres, y up\no {stem}\n"
        yield f"{stem}_{key:05d}.obj", (head + text + faces).encode()


def ply_files(take: Take, motion: FileMotion, stem: str) -> Iterator[tuple[str, bytes]]:
    """Binary PLY with normals and sRGB colours."""
    faces = np.zeros(len(take.body.faces), [("count", "u1"), ("corners", "<i4", 3)])
    faces["count"], faces["corners"] = 3, take.body.faces
    changing = colors_at_keys(take, motion)
    layout = [("position", "<f4", 3), ("normal", "<f4", 3), ("color", "u1", 3)]
    for key, vertices in _frames(take, motion):
        rows = np.zeros(len(vertices), layout)
        colors = take.body.colors if changing is None else changing[key]
        rows["position"] = vertices
        rows["color"] = np.round(255 * np.clip(colors, 0, 1))
        rows["normal"] = vertex_normals(rows["position"], take.body.faces)
        head = _ply_header(take, motion, key)
        yield f"{stem}_{key:05d}.ply", head + rows.tobytes() + faces.tobytes()


def _frames(take: Take, motion: FileMotion) -> Iterator[tuple[int, np.ndarray]]:
    for key in range(len(motion.times_s)):
        yield key, motion.posed(take.body, slice(key, key + 1))[0]


def _ply_header(take: Take, motion: FileMotion, key: int) -> bytes:
    properties = [f"property float {name}" for name in ("x", "y", "z", "nx", "ny", "nz")]
    properties += [f"property uchar {name}" for name in ("red", "green", "blue")]
    lines = [
        "ply",
        "format binary_little_endian 1.0",
        f"comment {motion.times_s[key]:.6f} s, metres, y up",
        f"element vertex {len(take.body.vertices)}",
        *properties,
        f"element face {len(take.body.faces)}",
        "property list uchar int vertex_indices",
        "end_header",
    ]
    return ("\n".join(lines) + "\n").encode("ascii")
