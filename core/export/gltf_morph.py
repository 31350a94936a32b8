"""A take as morph targets: the viewport's exact shapes, without a skeleton.

Every chosen key shape is a morph target; between two keys their weights cross-fade, which is
linear interpolation of positions. Frames that this reproduces within a tolerance get no key. The
root motion stays on the node, so that keys are spent on shape only.
"""

from typing import Any

import numpy as np
from jaxtyping import Float

from core.export.gltf_document import ARRAY_BUFFER, GltfDocument
from core.export.gltf_parts import (
    add_camera,
    add_key_times,
    add_primitive,
    add_quaternions,
    linear_rgba,
    vertex_normals,
)
from core.export.joint_names import file_names
from core.export.motion import FileMotion
from core.export.options import ExportOptions
from core.export.take import Take, posed_in_rig
from core.export.take_colors import colors_at_keys

COLOR_TOLERANCE = 0.02
"""Largest error that dropping a key may cause in a linear colour of 0..1."""


def morph_document(take: Take, motion: FileMotion, options: ExportOptions) -> GltfDocument:
    """Build the document; the caller adds `asset` facts and writes it."""
    document = GltfDocument()
    shapes = motion.scale * posed_in_rig(take.body, motion.joint_rotations)
    tolerance = options.morph_tolerance * take.body_length * motion.scale
    colors = colors_at_keys(take, motion)
    keys = reduced_keys(shapes, motion.times_s, tolerance)
    if colors is not None:
        looks = linear_rgba(colors)[..., :3] / 65535
        keys = sorted({*keys, *reduced_keys(looks, motion.times_s, COLOR_TOLERANCE)})
    rest = (motion.scale * take.body.vertices).astype(np.float32)
    normals = vertex_normals(rest, take.body.faces)
    targets = [_add_target(document, take, shapes[key], rest, normals) for key in keys]
    if colors is not None:
        base = linear_rgba(take.body.colors).astype(np.float64) / 65535
        for key, target in zip(keys, targets, strict=True):
            change = linear_rgba(colors[key]) / 65535 - base
            target["COLOR_0"] = document.add_accessor(
                change.astype(np.float32), "VEC4", target=ARRAY_BUFFER
            )
    mesh = add_primitive(document, take, motion.scale, is_unlit=options.is_unlit, targets=targets)
    name = f"{file_names((take.body.name,), {})[0]}_mesh"
    node = document.add("nodes", {"name": name, "mesh": mesh})
    document.json["animations"] = [_animation(document, take, motion, keys, node)]
    roots = [node]
    if options.has_camera:
        roots.append(add_camera(document, take))
    document.json["scenes"] = [{"name": take.name, "nodes": roots}]
    document.json["scene"] = 0
    return document


def reduced_keys(
    shapes: Float[np.ndarray, "frames verts 3"],
    times_s: Float[np.ndarray, " frames"],
    tolerance: float,
) -> list[int]:
    """Frames to keep so that linear interpolation restores the others within `tolerance`.

    Ramer-Douglas-Peucker over time: between two keys, the worst frame becomes a key until none
    is too far off. The first and last frame are always kept.
    """
    keys = {0, len(shapes) - 1}
    spans = [(0, len(shapes) - 1)]
    while spans:
        first, last = spans.pop()
        if last - first < 2:
            continue
        between = np.arange(first + 1, last)
        share = (times_s[between] - times_s[first]) / (times_s[last] - times_s[first])
        blend = shapes[first] + share[:, None, None] * (shapes[last] - shapes[first])
        error = np.linalg.norm(shapes[between] - blend, axis=-1).max(1)
        worst = int(error.argmax())
        if error[worst] > tolerance:
            keys.add(int(between[worst]))
            spans += [(first, int(between[worst])), (int(between[worst]), last)]
    return sorted(keys)


def _add_target(
    document: GltfDocument, take: Take, shape: np.ndarray, rest: np.ndarray, normals: np.ndarray
) -> dict[str, int]:
    moved = (shape - rest).astype(np.float32)
    turned = vertex_normals(shape, take.body.faces) - normals
    return {
        "POSITION": document.add_accessor(moved, "VEC3", target=ARRAY_BUFFER, has_bounds=True),
        "NORMAL": document.add_accessor(turned, "VEC3", target=ARRAY_BUFFER),
    }


def _animation(
    document: GltfDocument, take: Take, motion: FileMotion, keys: list[int], node: int
) -> dict[str, Any]:
    times = add_key_times(document, motion.times_s)
    key_times = add_key_times(document, motion.times_s[keys])
    travel = document.add_accessor(motion.rig_to_file[:, :3, 3].astype(np.float32), "VEC3")
    turn = add_quaternions(document, motion.rig_to_file[:, :3, :3])
    fade = document.add_accessor(np.eye(len(keys), dtype=np.float32).reshape(-1), "SCALAR")
    samplers = [
        {"input": times, "output": travel, "interpolation": "LINEAR"},
        {"input": times, "output": turn, "interpolation": "LINEAR"},
        {"input": key_times, "output": fade, "interpolation": "LINEAR"},
    ]
    channels = [
        {"sampler": index, "target": {"node": node, "path": path}}
        for index, path in enumerate(("translation", "rotation", "weights"))
    ]
    return {"name": take.name, "channels": channels, "samplers": samplers}
