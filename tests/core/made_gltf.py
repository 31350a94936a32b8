"""Small glTF files made in code: a writer, and an arm of three joints to write with it."""

import base64
import json
import struct
from pathlib import Path
from typing import Any

import numpy as np

COMPONENT_TYPES = {"i1": 5120, "u1": 5121, "i2": 5122, "u2": 5123, "u4": 5125, "f4": 5126}
TYPES = {(): "SCALAR", (2,): "VEC2", (3,): "VEC3", (4,): "VEC4", (4, 4): "MAT4"}
RINGS_X = (0.0, 1.0, 2.0, 3.0)


class MadeGltf:
    """A glTF document that grows; `document` may be bent by hand before it is written."""

    def __init__(self) -> None:
        self.document: dict[str, Any] = {"asset": {"version": "2.0"}}
        self.binary = b""

    def add(self, key: str, item: dict[str, Any]) -> int:
        items = self.document.setdefault(key, [])
        items.append(item)
        return len(items) - 1

    def view(self, content: bytes, **more: Any) -> int:
        self.binary += b"\0" * (-len(self.binary) % 4)
        place = {"buffer": 0, "byteOffset": len(self.binary), "byteLength": len(content)}
        self.binary += content
        return self.add("bufferViews", place | more)

    def accessor(self, values: np.ndarray, kind: str, **more: Any) -> int:
        """Add an array in a component type such as "f4"; matrices are turned to columns."""
        if values.ndim == 3:
            values = values.swapaxes(1, 2)
        shape = TYPES[values.shape[1:]]
        head = {"componentType": COMPONENT_TYPES[kind], "count": len(values), "type": shape}
        view = self.view(values.astype(f"<{kind}").tobytes())
        return self.add("accessors", head | {"bufferView": view} | more)

    def glb(self) -> bytes:
        document = self.document | {"buffers": [{"byteLength": len(self.binary)}]}
        text = json.dumps(document).encode()
        text += b" " * (-len(text) % 4)
        binary = self.binary + b"\0" * (-len(self.binary) % 4)
        return pack_glb(text, binary)

    def save(self, path: Path) -> Path:
        """Write a .glb, or a .gltf that holds its buffer itself."""
        if path.suffix == ".glb":
            path.write_bytes(self.glb())
            return path
        address = "data:application/octet-stream;base64," + base64.b64encode(self.binary).decode()
        return self.save_text(path, address)

    def save_text(self, path: Path, buffer_uri: str) -> Path:
        """Write a .gltf that finds its buffer at an address."""
        buffers = [{"byteLength": len(self.binary), "uri": buffer_uri}]
        path.write_text(json.dumps(self.document | {"buffers": buffers}))
        return path


def pack_glb(text: bytes, binary: bytes) -> bytes:
    chunks = struct.pack("<II", len(text), 0x4E4F534A) + text
    chunks += struct.pack("<II", len(binary), 0x004E4942) + binary
    return struct.pack("<4sII", b"glTF", 2, 12 + len(chunks)) + chunks


def arm_vertices() -> np.ndarray:
    """A square tube along x, four corners at each of x = 0, 1, 2, 3."""
    corners = [(-0.2, -0.2), (0.2, -0.2), (0.2, 0.2), (-0.2, 0.2)]
    return np.array([(x, y, z) for x in RINGS_X for y, z in corners])


def arm_faces() -> np.ndarray:
    sides = []
    for ring in range(len(RINGS_X) - 1):
        for side in range(4):
            a, b = 4 * ring + side, 4 * ring + (side + 1) % 4
            sides += [(a, b, a + 4), (b, b + 4, a + 4)]
    return np.array([*sides, (0, 2, 1), (0, 3, 2), (12, 13, 14), (12, 14, 15)])


def arm_weights() -> np.ndarray:
    """Rings belong to shoulder, shoulder + elbow, elbow + wrist, wrist; joint 0 moves nothing."""
    rows = [(0, 1, 0, 0), (0, 0.5, 0.5, 0), (0, 0, 0.25, 0.75), (0, 0, 0, 1)]
    return np.repeat(np.array(rows, float), 4, axis=0)


def turn_z(angle_rad: float) -> np.ndarray:
    """Quaternion xyzw, as glTF writes it."""
    return np.array([0, 0, np.sin(angle_rad / 2), np.cos(angle_rad / 2)])


def made_arm(armature_scale: float = 100.0) -> MadeGltf:
    """An arm that lies along x: nodes Root > Shoulder > Elbow > Wrist under a scaled armature.

    Root moves no vertex. The clip "Wave" bends the elbow by 90 degrees within a second and lifts
    the shoulder by 0.6.
    """
    made = MadeGltf()
    step = 1 / armature_scale
    made.document["nodes"] = [
        {"name": "Armature", "children": [1], "scale": [armature_scale] * 3},
        {"name": "Root", "children": [2]},
        {"name": "Shoulder", "children": [3]},
        {"name": "Elbow", "children": [4], "translation": [step, 0, 0]},
        {"name": "Wrist", "translation": [step, 0, 0]},
        {"name": "Arm", "mesh": 0, "skin": 0},
    ]
    binds = np.tile(np.eye(4), (4, 1, 1))
    binds[:, :3, :3] *= step
    binds[:, 0, 3] = np.array([0, 0, -1, -2]) * step
    made.add("skins", {"joints": [1, 2, 3, 4]})
    made.document["skins"][0]["inverseBindMatrices"] = made.accessor(binds, "f4")
    weights = arm_weights()
    joints = np.where(weights > 0, np.arange(4), 0)
    attributes = {
        "POSITION": made.accessor(arm_vertices(), "f4"),
        "JOINTS_0": made.accessor(joints, "u1"),
        "WEIGHTS_0": made.accessor(weights, "f4"),
    }
    indices = made.accessor(arm_faces().reshape(-1), "u2")
    primitive = {"attributes": attributes, "indices": indices, "material": 0}
    made.add("meshes", {"primitives": [primitive]})
    surface = {"baseColorFactor": [1, 0.5, 0, 1]}
    made.add("materials", {"name": "Skin", "pbrMetallicRoughness": surface})
    times_s = made.accessor(np.array([0.0, 1.0]), "f4")
    bend = made.accessor(np.stack([turn_z(0), turn_z(np.pi / 2)]), "f4")
    lift = made.accessor(np.array([[0, 0, 0], [0, 0.6 * step, 0]]), "f4")
    wave = {
        "name": "Wave",
        "samplers": [{"input": times_s, "output": bend}, {"input": times_s, "output": lift}],
        "channels": [
            {"sampler": 0, "target": {"node": 3, "path": "rotation"}},
            {"sampler": 1, "target": {"node": 2, "path": "translation"}},
        ],
    }
    made.add("animations", wave)
    return made


def primitive_of(made: MadeGltf) -> dict[str, Any]:
    return made.document["meshes"][0]["primitives"][0]
