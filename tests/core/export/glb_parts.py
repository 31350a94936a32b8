"""Takes a .glb apart for tests, without the code that wrote it."""

import json
import struct

import numpy as np

KINDS = {5121: np.uint8, 5123: np.uint16, 5125: np.uint32, 5126: np.float32}
WIDTHS = {"SCALAR": 1, "VEC3": 3, "VEC4": 4, "MAT4": 16}


class GlbParts:
    """JSON and arrays of a .glb."""

    def __init__(self, glb: bytes) -> None:
        magic, version, length = struct.unpack_from("<4sII", glb)
        assert (magic, version, length) == (b"glTF", 2, len(glb))
        size, kind = struct.unpack_from("<I4s", glb, 12)
        assert kind == b"JSON"
        assert size % 4 == 0
        self.json = json.loads(glb[20 : 20 + size])
        self.binary_size, kind = struct.unpack_from("<I4s", glb, 20 + size)
        assert kind == b"BIN\0"
        self.binary = glb[28 + size :]

    def array(self, index: int) -> np.ndarray:
        accessor = self.json["accessors"][index]
        view = self.json["bufferViews"][accessor["bufferView"]]
        assert view["byteOffset"] % 4 == 0
        count = accessor["count"] * WIDTHS[accessor["type"]]
        kind = KINDS[accessor["componentType"]]
        flat = np.frombuffer(self.binary, kind, count, view["byteOffset"])
        assert flat.nbytes == view["byteLength"]
        return flat.reshape(accessor["count"], -1)

    def attribute(self, name: str) -> np.ndarray:
        return self.array(self.json["meshes"][0]["primitives"][0]["attributes"][name])

    def channels(self) -> dict[tuple[str, str], tuple[np.ndarray, np.ndarray]]:
        """Key times and values by node name and path."""
        animation = self.json["animations"][0]
        tracks = {}
        for channel in animation["channels"]:
            sampler = animation["samplers"][channel["sampler"]]
            assert sampler["interpolation"] == "LINEAR"
            name = self.json["nodes"][channel["target"]["node"]]["name"]
            values = self.array(sampler["input"])[:, 0], self.array(sampler["output"])
            tracks[name, channel["target"]["path"]] = values
        return tracks
