"""A glTF 2.0 document under construction: JSON and one binary buffer, filled accessor by accessor.

    document = GltfDocument()
    position = document.add_accessor(vertices, "VEC3", target=ARRAY_BUFFER, has_bounds=True)
    glb = document.to_glb()

Source: Khronos, "glTF 2.0 Specification", sections 3.6 (binary data) and 4 (GLB).
"""

import json
import struct
from typing import Any

import numpy as np

ARRAY_BUFFER, ELEMENT_ARRAY_BUFFER = 34962, 34963
COMPONENT_TYPES = {"uint8": 5121, "uint16": 5123, "uint32": 5125, "float32": 5126}


class GltfDocument:
    """Collects nodes, meshes and accessors; mutable until written."""

    def __init__(self) -> None:
        """Start an empty document."""
        self.json: dict[str, Any] = {"asset": {"version": "2.0"}}
        self._binary = bytearray()

    def add(self, kind: str, item: dict[str, Any]) -> int:
        """Append to a top-level list (`nodes`, `meshes`, ...) and return the index."""
        items = self.json.setdefault(kind, [])
        items.append(item)
        return len(items) - 1

    def add_accessor(
        self,
        array: np.ndarray,
        kind: str,
        *,
        target: int | None = None,
        is_normalized: bool = False,
        has_bounds: bool = False,
    ) -> int:
        """Append an array; its number type decides the component type.

        Args:
            array: uint8, uint16, uint32 or float32, one row an element.
            kind: "SCALAR", "VEC2", ..., "MAT4" (column major, as glTF stores it).
            target: What the GPU uses it for, or None for animations and matrices.
            is_normalized: Integers stand for 0..1.
            has_bounds: Add min and max, which positions and key times must have.
        """
        rows = np.ascontiguousarray(array)
        accessor = {
            "bufferView": self._add_view(rows.tobytes(), target),
            "componentType": COMPONENT_TYPES[rows.dtype.name],
            "count": len(rows),
            "type": kind,
        }
        if is_normalized:
            accessor["normalized"] = True
        if has_bounds:
            flat = rows.reshape(len(rows), -1)
            accessor["min"] = flat.min(0).tolist()
            accessor["max"] = flat.max(0).tolist()
        return self.add("accessors", accessor)

    def to_glb(self) -> bytes:
        """The document as one .glb."""
        self._declare_buffer(None)
        text = self._text()
        text += b" " * (-len(text) % 4)
        body = bytes(self._binary) + b"\0" * (-len(self._binary) % 4)
        chunks = struct.pack("<II", len(text), 0x4E4F534A) + text
        chunks += struct.pack("<II", len(body), 0x004E4942) + body
        return struct.pack("<III", 0x46546C67, 2, 12 + len(chunks)) + chunks

    def to_gltf(self, bin_name: str) -> tuple[bytes, bytes]:
        """The document as .gltf text and the .bin file it names."""
        self._declare_buffer(bin_name)
        return self._text(), bytes(self._binary)

    def _add_view(self, raw: bytes, target: int | None) -> int:
        self._binary += b"\0" * (-len(self._binary) % 4)
        view = {"buffer": 0, "byteOffset": len(self._binary), "byteLength": len(raw)}
        if target is not None:
            view["target"] = target
        self._binary += raw
        return self.add("bufferViews", view)

    def _declare_buffer(self, uri: str | None) -> None:
        buffer: dict[str, Any] = {"byteLength": len(self._binary)}
        if uri is not None:
            buffer["uri"] = uri
        self.json["buffers"] = [buffer]

    def _text(self) -> bytes:
        return json.dumps(self.json, separators=(",", ":"), allow_nan=False).encode()
