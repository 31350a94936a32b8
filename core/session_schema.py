"""The tables of session.sqlite, and how one frame becomes a row and back.

Every array is a plain little-endian blob whose number type and shape stand in `row_of`; lengths
that differ between sessions (joints, codes) are declared in the `meta` table at the first frame.
Each row carries a check sum of its values, so that damage is told from what was written.
docs/sessions.md describes all of it for other programs.
"""

import json
import sqlite3
import struct
import zlib
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from jaxtyping import UInt8

from core.results import Codes, FrameResult, RootHypotheses

APPLICATION_ID = 0x44415352
"""The letters DASR: tells our files from any other SQLite file."""
SCHEMA_VERSION = 2
"""2 added `crc`; core/session_migration.py brings older ones up to date."""
DAMAGE = (
    AttributeError, IndexError, KeyError, OverflowError, RecursionError, TypeError, ValueError,
    zlib.error,
)  # fmt: skip
"""What reading damaged values raises; JSON nested thousands deep and 1e999 among them."""
LARGEST_MASK_PX = 1 << 28

CREATE = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE frames (
    frame_index INTEGER PRIMARY KEY, time_s REAL NOT NULL, is_covered INTEGER NOT NULL,
    confidence REAL NOT NULL, box BLOB, K BLOB NOT NULL, width_px INTEGER NOT NULL,
    height_px INTEGER NOT NULL, root_to_cam BLOB NOT NULL, joint_rotations BLOB NOT NULL,
    articulation BLOB NOT NULL, shape BLOB NOT NULL, appearance BLOB NOT NULL,
    hypotheses BLOB, probabilities BLOB, mask_confidence REAL, stage_ms TEXT NOT NULL,
    crc INTEGER);
CREATE TABLE masks (frame_index INTEGER PRIMARY KEY, packed BLOB NOT NULL);
CREATE TABLE arrays (name TEXT PRIMARY KEY, dtype TEXT NOT NULL, shape TEXT NOT NULL,
    packed BLOB NOT NULL);
CREATE TABLE edits (frame_index INTEGER NOT NULL, field TEXT NOT NULL, value BLOB NOT NULL,
    PRIMARY KEY (frame_index, field));
"""

NUMBERS = (
    "frame_index, time_s, is_covered, confidence, box, K, width_px, height_px, root_to_cam, "
    "joint_rotations, articulation, shape, appearance, hypotheses, probabilities, "
    "mask_confidence, stage_ms"
)
COLUMNS = NUMBERS.split(", ")
INSERT = f"INSERT INTO frames ({NUMBERS}, crc) VALUES ({', '.join('?' * (len(COLUMNS) + 1))})"
SELECT = f"SELECT {NUMBERS}, crc FROM frames"


@dataclass(frozen=True)
class RowSizes:
    """How long the arrays of every row are."""

    joints: int
    articulation: int
    shape: int
    appearance: int

    @classmethod
    def of(cls, result: FrameResult) -> "RowSizes":
        """The sizes of one result."""
        codes = result.codes
        return cls(
            len(result.joint_rotations),
            len(codes.articulation),
            len(codes.shape),
            len(codes.appearance),
        )

    def to_json(self) -> str:
        """The sizes as JSON text, for the `meta` table."""
        return json.dumps(self.__dict__)

    @classmethod
    def from_json(cls, text: str) -> "RowSizes":
        """The sizes in JSON text; ValueError or TypeError when it is something else."""
        sizes = cls(**{key: int(value) for key, value in json.loads(text).items()})
        if min(sizes.__dict__.values()) < 0:
            raise ValueError("a row size is negative")
        return sizes


@dataclass(frozen=True)
class StoredRow:
    """A frame as it lies in the file."""

    values: tuple[object, ...]
    """In the order of `COLUMNS`."""
    packed_mask: bytes | None

    @property
    def frame_index(self) -> int:
        return int(self.values[0])  # type: ignore[call-overload]

    @property
    def time_s(self) -> float:
        return float(self.values[1])  # type: ignore[arg-type]

    def moved(self, frames: int, seconds: float) -> "StoredRow":
        """The same frame later in a take."""
        place = (self.frame_index + frames, self.time_s + seconds)
        return StoredRow((*place, *self.values[2:]), self.packed_mask)


def pack_mask(alpha: UInt8[np.ndarray, "height width"]) -> bytes:
    """A mask as zlib-compressed bytes, row by row; its size is the frame's image size."""
    return zlib.compress(np.ascontiguousarray(alpha).tobytes(), 1)


def unpack_mask(packed: bytes, image_size: tuple[int, int]) -> UInt8[np.ndarray, "height width"]:
    """The mask in `packed`; never more memory than the image's.

    Raises:
        ValueError, TypeError, zlib.error: It is damaged.
    """
    width, height = image_size
    if not 0 < width * height <= LARGEST_MASK_PX:
        raise ValueError(f"an image of {width} x {height} pixels")
    raw = zlib.decompressobj().decompress(packed, width * height + 1)
    return np.frombuffer(raw, np.uint8).reshape(height, width)


def is_finite(result: FrameResult) -> bool:
    """Whether every number of a result can be stored and read back."""
    codes, hypotheses = result.codes, result.hypotheses
    arrays = [result.K, result.root_to_cam, result.joint_rotations, result.box or ()]
    arrays += [codes.articulation, codes.shape, codes.appearance]
    arrays += [(result.time_s, result.confidence), tuple(result.stage_ms.values())]
    if hypotheses is not None:
        arrays += [hypotheses.root_to_cam, hypotheses.probabilities]
    return all(np.isfinite(array).all() for array in arrays)


def row_of(result: FrameResult) -> tuple[object, ...]:
    """The values of one frame, in the order of `COLUMNS`, and their check sum."""
    values = _values_of(result)
    return (*values, row_crc(values))


def row_crc(values: Iterable[object]) -> int:
    """CRC-32 of a row's values without the check sum itself.

    Each value counts as a letter for its kind and its bytes: blobs as they are, text as UTF-8,
    numbers as little-endian float64 (SQLite forgets the sign of zero, so there is none here).
    """
    crc = 0
    for value in values:
        if value is None:
            crc = zlib.crc32(b"n", crc)
        elif isinstance(value, bytes):
            crc = zlib.crc32(value, zlib.crc32(b"b", crc))
        elif isinstance(value, str):
            crc = zlib.crc32(value.encode(), zlib.crc32(b"t", crc))
        elif isinstance(value, int | float):
            crc = zlib.crc32(struct.pack("<d", float(value) + 0.0), zlib.crc32(b"f", crc))
        else:
            raise TypeError(f"a row cannot hold a {type(value).__name__}")
    return crc


def is_row_whole(row: sqlite3.Row, sizes: RowSizes) -> bool:
    """Whether a row is what was written; rows older than check sums are read for that."""
    if row["crc"] is not None:
        return row["crc"] == row_crc(tuple(row)[: len(COLUMNS)])
    try:
        result_of(row, sizes)
    except DAMAGE:
        return False
    return True


def _values_of(result: FrameResult) -> tuple[object, ...]:
    hypotheses, codes = result.hypotheses, result.codes
    return (
        int(result.frame_index),
        float(result.time_s),
        int(result.is_covered),
        float(result.confidence),
        None if result.box is None else _pack(np.array(result.box), "<f8"),
        _pack(result.K, "<f8"),
        int(result.image_size[0]),
        int(result.image_size[1]),
        _pack(result.root_to_cam, "<f8"),
        _pack(result.joint_rotations, "<f4"),
        _pack(codes.articulation, "<f4"),
        _pack(codes.shape, "<f4"),
        _pack(codes.appearance, "<f4"),
        None if hypotheses is None else _pack(hypotheses.root_to_cam, "<f4"),
        None if hypotheses is None else _pack(hypotheses.probabilities, "<f4"),
        None if result.mask is None else float(result.mask.confidence),
        json.dumps({stage: round(float(ms), 4) for stage, ms in result.stage_ms.items()}),
    )


def result_of(row: sqlite3.Row, sizes: RowSizes) -> FrameResult:
    """The frame in a row, without its mask.

    Raises:
        ValueError: A blob has another length than declared, or holds a non-finite number.
        TypeError: A column holds another kind of value.
    """
    codes = Codes(
        _unpack(row["articulation"], "<f4", (sizes.articulation,)),
        _unpack(row["shape"], "<f4", (sizes.shape,)),
        _unpack(row["appearance"], "<f4", (sizes.appearance,)),
    )
    return FrameResult(
        frame_index=int(row["frame_index"]),
        time_s=_finite(row["time_s"]),
        is_covered=bool(row["is_covered"]),
        confidence=_finite(row["confidence"]),
        box=_box(row["box"]),
        mask=None,
        K=_unpack(row["K"], "<f8", (3, 3)),
        image_size=(int(row["width_px"]), int(row["height_px"])),
        root_to_cam=_unpack(row["root_to_cam"], "<f8", (4, 4)),
        joint_rotations=_unpack(row["joint_rotations"], "<f4", (sizes.joints, 3, 3)),
        codes=codes,
        hypotheses=_hypotheses(row),
        stage_ms=_stage_ms(row["stage_ms"]),
    )


def _pack(array: np.ndarray, dtype: str) -> bytes:
    return np.ascontiguousarray(array, dtype=dtype).tobytes()


def _unpack(blob: bytes, dtype: str, shape: tuple[int, ...]) -> np.ndarray:
    array = np.frombuffer(blob, dtype=dtype).reshape(shape)
    if not np.isfinite(array).all():
        raise ValueError("a stored array holds a non-finite number")
    return array


def _finite(value: float) -> float:
    if not np.isfinite(float(value)):
        raise ValueError("a stored number is not finite")
    return float(value)


def _box(blob: bytes | None) -> tuple[float, float, float, float] | None:
    if blob is None:
        return None
    x0, y0, x1, y1 = (float(value) for value in _unpack(blob, "<f8", (4,)))
    return x0, y0, x1, y1


def _hypotheses(row: sqlite3.Row) -> RootHypotheses | None:
    if row["hypotheses"] is None:
        return None
    probabilities = np.frombuffer(row["probabilities"], dtype="<f4")
    count = len(probabilities)
    return RootHypotheses(
        _unpack(row["hypotheses"], "<f4", (count, 4, 4)),
        _unpack(row["probabilities"], "<f4", (count,)),
    )


def _stage_ms(text: str) -> dict[str, float]:
    return {str(stage): float(ms) for stage, ms in dict(json.loads(text)).items()}
