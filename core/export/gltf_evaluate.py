"""What a glTF file shows, worked out from its bytes alone: our own small receiver.

    shown = linear_reference(glb)              # vertices at every key time, in metres

Used to measure how far an exported file is from the viewport, so it shares no code with the
writer. It knows what we write: one mesh, skins with any number of weight sets, morph targets,
LINEAR sampling.

Source:
    Khronos, "glTF 2.0 Specification", 3.7.3 (skins), 3.7.2.2 (morph targets), appendix C.
"""

import json
import struct
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from jaxtyping import Float

from core.rotations import matrix_from_quaternion, slerp

NUMBER_TYPES = {5121: "u1", 5123: "<u2", 5125: "<u4", 5126: "<f4"}
WIDTHS = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4, "MAT4": 16}


@dataclass(frozen=True, eq=False)
class ShownMesh:
    """Vertices over time as a glTF receiver with linear skinning draws them."""

    times_s: Float[np.ndarray, " keys"]
    vertices: Float[np.ndarray, "keys verts 3"]
    """Metres, y up."""


def linear_reference(glb: bytes, times_s: np.ndarray | None = None) -> ShownMesh:
    """Play the first animation of a .glb.

    Args:
        glb: The file's bytes.
        times_s: When to look; default every key time.
    """
    receiver = _Receiver(glb)
    times_s = receiver.key_times_s if times_s is None else np.asarray(times_s, np.float64)
    return ShownMesh(times_s, np.stack([receiver.vertices(time_s) for time_s in times_s]))


class _Receiver:
    """A parsed file."""

    def __init__(self, glb: bytes) -> None:
        magic, version, length = struct.unpack_from("<III", glb)
        if magic != 0x46546C67 or version != 2 or length != len(glb):
            raise ValueError("these bytes are not a whole .glb")
        json_length = struct.unpack_from("<I", glb, 12)[0]
        self.gltf: dict[str, Any] = json.loads(glb[20 : 20 + json_length])
        self._binary = glb[20 + json_length + 8 :]
        self._arrays: dict[int, np.ndarray] = {}
        self._animation = self.gltf["animations"][0]
        self._primitive = self.gltf["meshes"][0]["primitives"][0]
        self._parents = {
            child: index
            for index, node in enumerate(self.gltf["nodes"])
            for child in node.get("children", ())
        }

    @cached_property
    def key_times_s(self) -> np.ndarray:
        inputs = {sampler["input"] for sampler in self._animation["samplers"]}
        return np.unique(np.concatenate([self.array(index)[:, 0] for index in inputs]))

    def array(self, index: int) -> np.ndarray:
        """An accessor, one row an element, float64; decoded once."""
        if index not in self._arrays:
            self._arrays[index] = self._decode(index)
        return self._arrays[index]

    def _decode(self, index: int) -> np.ndarray:
        accessor = self.gltf["accessors"][index]
        view = self.gltf["bufferViews"][accessor["bufferView"]]
        kind = np.dtype(NUMBER_TYPES[accessor["componentType"]])
        width = WIDTHS[accessor["type"]]
        start = view.get("byteOffset", 0) + accessor.get("byteOffset", 0)
        flat = np.frombuffer(self._binary, kind, accessor["count"] * width, start)
        values = flat.reshape(-1, width).astype(np.float64)
        return values / np.iinfo(kind).max if accessor.get("normalized") else values

    def vertices(self, time_s: float) -> np.ndarray:
        """All vertices at one time."""
        tracks = self._tracks_at(time_s)
        node_index = next(i for i, node in enumerate(self.gltf["nodes"]) if "mesh" in node)
        shape = self._morphed(tracks.get((node_index, "weights")))
        if "skin" not in self.gltf["nodes"][node_index]:
            matrix = self._global(node_index, tracks)
            return shape @ matrix[:3, :3].T + matrix[:3, 3]
        skin = self.gltf["skins"][self.gltf["nodes"][node_index]["skin"]]
        bones = np.stack([self._global(joint, tracks) for joint in skin["joints"]])
        inverse_binds = self.array(skin["inverseBindMatrices"]).reshape(-1, 4, 4).swapaxes(1, 2)
        return self._skinned(shape, bones @ inverse_binds)

    def _skinned(self, shape: np.ndarray, matrices: np.ndarray) -> np.ndarray:
        blended = np.zeros((len(shape), 4, 4))
        attributes = self._primitive["attributes"]
        for index in range(len(attributes)):
            if f"JOINTS_{index}" not in attributes:
                break
            joints = self.array(attributes[f"JOINTS_{index}"]).astype(int)
            weights = self.array(attributes[f"WEIGHTS_{index}"])
            blended += np.einsum("vk,vkab->vab", weights, matrices[joints])
        return np.einsum("vab,vb->va", blended[:, :3, :3], shape) + blended[:, :3, 3]

    def _morphed(self, weights: np.ndarray | None) -> np.ndarray:
        shape = self.array(self._primitive["attributes"]["POSITION"])
        if weights is None:
            return shape
        for weight, target in zip(weights, self._primitive["targets"], strict=True):
            if weight:
                shape = shape + weight * self.array(target["POSITION"])
        return shape

    def _tracks_at(self, time_s: float) -> dict[tuple[int, str], np.ndarray]:
        """Every animated property at one time, by node and path."""
        tracks: dict[tuple[int, str], np.ndarray] = {}
        for channel in self._animation["channels"]:
            sampler = self._animation["samplers"][channel["sampler"]]
            times, values = self.array(sampler["input"])[:, 0], self.array(sampler["output"])
            if channel["target"]["path"] == "weights":
                values = values.reshape(len(times), -1)
            after = int(np.clip(np.searchsorted(times, time_s), 1, max(len(times) - 1, 1)))
            after = min(after, len(times) - 1)
            before = max(after - 1, 0)
            span = times[after] - times[before]
            share = float(np.clip((time_s - times[before]) / span, 0, 1)) if span > 0 else 0.0
            if channel["target"]["path"] == "rotation":
                value = slerp(values[before], values[after], np.array(share))
            else:
                value = (1 - share) * values[before] + share * values[after]
            tracks[channel["target"]["node"], channel["target"]["path"]] = value
        return tracks

    def _global(self, index: int, tracks: dict[tuple[int, str], np.ndarray]) -> np.ndarray:
        matrix = np.eye(4)
        current: int | None = index
        while current is not None:
            matrix = self._local(current, tracks) @ matrix
            current = self._parents.get(current)
        return matrix

    def _local(self, index: int, tracks: dict[tuple[int, str], np.ndarray]) -> np.ndarray:
        node: dict[str, Any] = {"rotation": [0, 0, 0, 1], "translation": [0, 0, 0]}
        node |= self.gltf["nodes"][index]
        matrix = np.eye(4)
        x, y, z, w = tracks.get((index, "rotation"), np.array(node["rotation"], np.float64))
        matrix[:3, :3] = matrix_from_quaternion(np.array([w, x, y, z]))
        matrix[:3, 3] = tracks.get((index, "translation"), np.array(node["translation"]))
        return matrix
