"""A strict small reader of glTF 2.0, binary (.glb) and text (.gltf): buffers and accessors.

    gltf = read_gltf(path)
    positions = gltf.accessor(4, "VEC3")       # (count, 3)

Files may come from anywhere: whatever is wrong with one is a RigError of one sentence. Files beside
a .gltf are read only from its own folder and below.
"""

import base64
import binascii
import json
import struct
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote

import numpy as np

from core.errors import RigError
from core.gltf_json import GltfObject

MAX_BYTES = 512 * 2**20
"""Largest file, buffer or decoded array that is accepted."""
READABLE_EXTENSIONS = ("KHR_materials_", "KHR_texture_transform", "KHR_mesh_quantization")
"""Extensions that may be required: understood, or without a say in geometry and motion."""

_DTYPES = {5120: "<i1", 5121: "<u1", 5122: "<i2", 5123: "<u2", 5125: "<u4", 5126: "<f4"}
_COMPONENTS = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4, "MAT4": 16}
_JSON_CHUNK, _BINARY_CHUNK = 0x4E4F534A, 0x004E4942


@dataclass(frozen=True, eq=False)
class Gltf:
    """An opened glTF file; its arrays are decoded on demand and kept."""

    file_name: str
    folder: Path
    document: GltfObject
    binary_chunk: bytes | None
    _arrays: dict[int, np.ndarray] = field(default_factory=dict)
    _buffers: dict[int, bytes] = field(default_factory=dict)
    _lists: dict[str, list[GltfObject]] = field(default_factory=dict)

    def items(self, key: str) -> list[GltfObject]:
        """A top-level list, such as `nodes`."""
        if key not in self._lists:
            self._lists[key] = self.document.children(key)
        return self._lists[key]

    def accessor(self, index: int, *types: str) -> np.ndarray:
        """Array of an accessor, (count, components).

        float32 where the file has floats or normalised integers, else the file's integers.

        Args:
            index: Number of the accessor; must exist.
            types: Allowed element types, such as "VEC3".

        Raises:
            RigError: The accessor is of another type or broken, or holds NaN or infinity.
        """
        accessor = self.items("accessors")[index]
        kind = accessor.text("type")
        if kind not in (types or _COMPONENTS) or kind not in _COMPONENTS:
            raise accessor.wrong("type", f"must be {' or '.join(types)}, is {kind[:20]!r}")
        if index not in self._arrays:
            self._arrays[index] = self._decode(accessor, _COMPONENTS[kind])
        return self._arrays[index]

    def view_bytes(self, index: int) -> bytes:
        """Bytes of a buffer view."""
        view = self.items("bufferViews")[index]
        buffer = self._buffer(view.index("buffer", len(self.items("buffers"))))
        start, length = view.integer("byteOffset", 0), view.integer("byteLength", minimum=1)
        if start + length > len(buffer):
            raise view.broken(f"reaches {start + length} bytes into a buffer of {len(buffer)}")
        return buffer[start : start + length]

    def resource(self, owner: GltfObject) -> bytes:
        """Bytes that the `uri` of a buffer or an image stands for."""
        uri = owner.text("uri")
        if uri.startswith("data:"):
            return self._data_uri(owner, uri)
        path = self._path_inside(owner, unquote(uri))
        return _file_bytes(path, f"{path.name}, which {self.file_name} refers to,")

    def _decode(self, accessor: GltfObject, components: int) -> np.ndarray:
        count = accessor.integer("count", minimum=1)
        dtype = self._dtype(accessor)
        if count * components * 8 > MAX_BYTES:
            raise accessor.wrong("count", f"is {count}, more than fits in memory")
        values = np.zeros((count, components), dtype)
        if accessor.has("bufferView"):
            values = self._strided(accessor, dtype, count, components)
        sparse = accessor.child("sparse")
        if sparse is not None:
            values = self._with_sparse(sparse, values)
        if dtype.kind == "f":
            if not np.isfinite(values).all():
                raise accessor.broken("holds numbers that are not finite")
            return values.astype(np.float32)
        return _normalised(values) if accessor.flag("normalized") else values

    def _dtype(self, owner: GltfObject) -> np.dtype:
        code = owner.integer("componentType")
        if code not in _DTYPES:
            raise owner.wrong("componentType", f"is {code}, which glTF does not know")
        return np.dtype(_DTYPES[code])

    def _strided(
        self, owner: GltfObject, dtype: np.dtype, count: int, components: int
    ) -> np.ndarray:
        """Elements of a buffer view, copied."""
        index = owner.index("bufferView", len(self.items("bufferViews")))
        view = self.items("bufferViews")[index]
        content = self.view_bytes(index)
        start, element = owner.integer("byteOffset", 0), components * dtype.itemsize
        stride = view.integer("byteStride", element, minimum=4, below=253)
        if stride < element:
            raise view.wrong("byteStride", f"is {stride}, less than one element of {element} bytes")
        end = start + stride * (count - 1) + element
        if end > len(content):
            raise owner.broken(f"needs {end} bytes of a buffer view of {len(content)}")
        strides = (stride, dtype.itemsize)
        return np.ndarray((count, components), dtype, content, start, strides).copy()

    def _with_sparse(self, sparse: GltfObject, values: np.ndarray) -> np.ndarray:
        count = sparse.integer("count", minimum=1, below=len(values) + 1)
        places, replacements = sparse.child("indices"), sparse.child("values")
        if places is None or replacements is None:
            raise sparse.broken("lacks indices or values")
        rows = self._strided(places, self._dtype(places), count, 1)[:, 0]
        if rows.dtype.kind != "u" or rows.max() >= len(values):
            raise sparse.broken("points outside of its accessor")
        values[rows] = self._strided(replacements, values.dtype, count, values.shape[1])
        return values

    def _buffer(self, index: int) -> bytes:
        if index in self._buffers:
            return self._buffers[index]
        buffer = self.items("buffers")[index]
        content = self.binary_chunk
        if buffer.has("uri") or index > 0 or content is None:
            content = self.resource(buffer)
        if buffer.integer("byteLength", minimum=1) > len(content):
            raise buffer.broken(f"is {len(content)} bytes long, less than its byteLength says")
        self._buffers[index] = content
        return content

    def _data_uri(self, owner: GltfObject, uri: str) -> bytes:
        header, comma, payload = uri.partition(",")
        if not comma or not header.endswith(";base64"):
            raise owner.wrong("uri", "is a data: address that is not base64")
        try:
            return base64.b64decode(unquote(payload), validate=True)
        except (binascii.Error, ValueError):
            raise owner.wrong("uri", "holds broken base64") from None

    def _path_inside(self, owner: GltfObject, name: str) -> Path:
        try:
            folder = self.folder.resolve()
            path = (folder / name).resolve()
        except (OSError, ValueError, RuntimeError):
            raise owner.wrong("uri", "is not a file name") from None
        if "://" in name or "\\" in name or not path.is_relative_to(folder):
            raise owner.wrong("uri", "leads out of the file's own folder")
        return path


def read_gltf(path: Path | str) -> Gltf:
    """Open a .glb or .gltf file; which one it is shows in its first bytes.

    Raises:
        RigError: The file is missing, too large, not glTF 2.0, or needs an unknown extension.
    """
    path = Path(path)
    content = _file_bytes(path, path.name)
    text, binary_chunk = content, None
    if content[:4] == b"glTF":
        text, binary_chunk = _split_glb(content, path.name)
    document = GltfObject(_parsed(text, path.name), path.name, "")
    _check_version(document)
    return Gltf(path.name, path.parent, document, binary_chunk)


def _file_bytes(path: Path, name: str) -> bytes:
    try:
        # Only regular files: reading a pipe or a device would wait for ever.
        if not path.is_file():
            raise RigError(f"{name} is missing or is not a file.")
        if path.stat().st_size > MAX_BYTES:
            raise RigError(f"{name} is larger than {MAX_BYTES >> 20} MiB; export a smaller rig.")
        return path.read_bytes()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "its name is not valid"
        raise RigError(f"{name} cannot be read: {reason}.") from error


def _split_glb(content: bytes, name: str) -> tuple[bytes, bytes | None]:
    """JSON and binary chunk of a .glb."""
    if len(content) < 20:
        raise RigError(f"{name} is cut off: it ends within its header.")
    _, version, length = struct.unpack_from("<4sII", content)
    if version != 2:
        raise RigError(f"{name} is glTF version {version}; only version 2 can be read.")
    if length > len(content):
        raise RigError(f"{name} is cut off: it has {len(content)} of {length} bytes.")
    chunks: dict[int, bytes] = {}
    offset = 12
    while offset + 8 <= length:
        size, kind = struct.unpack_from("<II", content, offset)
        if offset + 8 + size > length:
            raise RigError(f"{name} is a broken glTF file: a chunk reaches beyond its end.")
        if not chunks and kind != _JSON_CHUNK:
            break
        chunks.setdefault(kind, content[offset + 8 : offset + 8 + size])
        offset += 8 + size
    if _JSON_CHUNK not in chunks:
        raise RigError(f"{name} is a broken glTF file: it does not begin with JSON.")
    return chunks[_JSON_CHUNK], chunks.get(_BINARY_CHUNK)


def _parsed(text: bytes, name: str) -> dict:
    try:
        parsed = json.loads(text)
    except (ValueError, RecursionError):
        raise RigError(f"{name} is not a glTF file: its JSON cannot be read.") from None
    if not isinstance(parsed, dict):
        raise RigError(f"{name} is not a glTF file: its JSON is not an object.")
    return parsed


def _check_version(document: GltfObject) -> None:
    asset = document.child("asset")
    version = asset.text("version", "") if asset else ""
    if not version.startswith("2."):
        raise RigError(f"{document.file_name} does not say that it is glTF 2.0.")
    for extension in document.texts("extensionsRequired"):
        if not extension.startswith(READABLE_EXTENSIONS):
            raise RigError(
                f"{document.file_name} needs the extension {extension[:60]}, which cannot be read; "
                "export it again without compression."
            )


def _normalised(values: np.ndarray) -> np.ndarray:
    """Integers as fractions of their range (glTF 2.0, section 3.11)."""
    top = np.iinfo(values.dtype).max
    return np.maximum(values / top, -1).astype(np.float32)
