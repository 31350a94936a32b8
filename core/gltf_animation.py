"""Animations of a glTF file, sampled at given times.

for animation in gltf.items("animations"):
    start_s, end_s = time_span(gltf, animation)
    transforms = sample(gltf, animation, nodes.rest, wanted, times_s)
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from core.gltf_json import GltfObject
from core.gltf_nodes import NodeTransforms
from core.gltf_read import Gltf
from core.rotations import slerp

_WIDTH = {"translation": 3, "rotation": 4, "scale": 3}


@dataclass(frozen=True, eq=False)
class _Channel:
    """One animated property of one node."""

    column: int
    """Position of the node among those wanted."""
    path: str
    interpolation: str
    input: int
    """Accessor of the key times; channels that share it are worked out together."""
    times_s: Float[np.ndarray, " keys"]
    values: Float[np.ndarray, "keys parts width"]
    """Parts: the value alone, or in-tangent, value, out-tangent."""


def time_span(gltf: Gltf, animation: GltfObject) -> tuple[float, float] | None:
    """First and last key of an animation in seconds; None if it moves no node."""
    samplers = animation.children("samplers")
    spans = [
        _times(gltf, samplers[channel.index("sampler", len(samplers))])
        for channel in animation.children("channels")
        if _moves_a_node(channel)
    ]
    if not spans:
        return None
    return float(min(span[0] for span in spans)), float(max(span[-1] for span in spans))


def sample(
    gltf: Gltf,
    animation: GltfObject,
    rest: NodeTransforms,
    wanted: list[int],
    times_s: Float[np.ndarray, " frames"],
) -> NodeTransforms:
    """Transforms of the wanted nodes at each time, in their order; at rest where not animated.

    Args:
        gltf: The file.
        animation: One of its animations.
        rest: Rest transforms of all nodes of the file.
        wanted: Numbers of nodes.
        times_s: Seconds; before the first key and after the last, those hold.

    Raises:
        RigError: A sampler is broken.
    """
    own_rest = rest.of(wanted)
    animated = {path: np.tile(getattr(own_rest, path), (len(times_s), 1, 1)) for path in _WIDTH}
    column = {node: index for index, node in enumerate(wanted)}
    groups: dict[tuple[int, str, str], list[_Channel]] = {}
    for channel in _channels(gltf, animation, column, len(rest.translation)):
        key = (channel.input, channel.path, channel.interpolation)
        groups.setdefault(key, []).append(channel)
    for (_, path, interpolation), channels in groups.items():
        values = np.stack([channel.values for channel in channels], axis=2)
        columns = [channel.column for channel in channels]
        animated[path][:, columns] = _interpolated(
            channels[0].times_s, values, times_s, interpolation, path == "rotation"
        )
    return NodeTransforms(**animated)


def _moves_a_node(channel: GltfObject) -> bool:
    target = channel.child("target")
    if target is None:
        raise channel.broken("has no target")
    return target.has("node") and target.text("path") in _WIDTH


def _channels(
    gltf: Gltf, animation: GltfObject, column: dict[int, int], node_count: int
) -> list[_Channel]:
    samplers = animation.children("samplers")
    found: list[_Channel] = []
    for channel in animation.children("channels"):
        target = channel.child("target")
        if target is None or not _moves_a_node(channel):
            continue
        node, path = target.index("node", node_count), target.text("path")
        if node in column:
            sampler = samplers[channel.index("sampler", len(samplers))]
            found.append(_read_channel(gltf, sampler, column[node], path))
    return found


def _read_channel(gltf: Gltf, sampler: GltfObject, column: int, path: str) -> _Channel:
    interpolation = sampler.text("interpolation", "LINEAR")
    if interpolation not in ("LINEAR", "STEP", "CUBICSPLINE"):
        raise sampler.wrong("interpolation", f"is unknown: {interpolation[:20]!r}")
    times_s = _times(gltf, sampler)
    output = sampler.index("output", len(gltf.items("accessors")))
    raw = gltf.accessor(output, "VEC4" if path == "rotation" else "VEC3").astype(float)
    parts = 3 if interpolation == "CUBICSPLINE" else 1
    if len(raw) != parts * len(times_s):
        raise sampler.broken(f"has {len(raw)} values for {len(times_s)} keys")
    values = raw.reshape(len(times_s), parts, _WIDTH[path])
    if path == "rotation":
        values = values[..., [3, 0, 1, 2]]  # glTF writes xyzw
        key_values = values[:, parts // 2]
        if (np.linalg.norm(key_values, axis=-1) < 1e-4).any():
            raise sampler.broken("holds a quaternion of length zero")
    return _Channel(column, path, interpolation, sampler.integer("input"), times_s, values)


def _times(gltf: Gltf, sampler: GltfObject) -> Float[np.ndarray, " keys"]:
    """Key times in seconds."""
    index = sampler.index("input", len(gltf.items("accessors")))
    times_s = gltf.accessor(index, "SCALAR")
    if times_s.dtype.kind != "f" or (np.diff(times_s[:, 0]) < 0).any():
        raise sampler.broken("has key times that do not rise")
    return times_s[:, 0]


def _interpolated(
    key_times_s: Float[np.ndarray, " keys"],
    values: Float[np.ndarray, "keys parts nodes width"],
    times_s: Float[np.ndarray, " frames"],
    interpolation: str,
    is_rotation: bool,
) -> Float[np.ndarray, "frames nodes width"]:
    keys = key_times_s.astype(float)
    before: Int[np.ndarray, " frames"] = np.searchsorted(keys, times_s, side="right") - 1
    before = np.clip(before, 0, len(keys) - 1)
    after = np.minimum(before + 1, len(keys) - 1)
    span_s = keys[after] - keys[before]
    share = np.clip((times_s - keys[before]) / np.where(span_s > 0, span_s, 1), 0, 1)
    share = np.where(span_s > 0, share, 0)
    middle = values.shape[1] // 2
    start, end = values[before, middle], values[after, middle]
    if interpolation == "STEP":
        return start
    if interpolation == "LINEAR" and is_rotation:
        return slerp(start, end, share[:, None] + np.zeros(start.shape[:2]))
    t = share[:, None, None]
    if interpolation == "LINEAR":
        return start + t * (end - start)
    # Hermite spline (glTF 2.0, appendix C.5); tangents are per second.
    out_tangent = values[before, 2] * span_s[:, None, None]
    in_tangent = values[after, 0] * span_s[:, None, None]
    return (
        (2 * t**3 - 3 * t**2 + 1) * start
        + (t**3 - 2 * t**2 + t) * out_tangent
        + (3 * t**2 - 2 * t**3) * end
        + (t**3 - t**2) * in_tangent
    )
