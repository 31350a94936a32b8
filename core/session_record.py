"""Reads a session back, whether it was finished or cut off.

record = read_session(Path("walk.session"))
for result in record.results(): ...
"""

import contextlib
import json
import math
import sqlite3
import zlib
from collections.abc import Generator, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
from jaxtyping import Float, Int

from core.errors import SessionError
from core.results import FrameResult, Mask
from core.rig import Rig, Skeleton
from core.session_header import SessionHeader
from core.session_migration import open_current
from core.session_place import DATABASE, finish_swap
from core.session_scan import scan_frames
from core.session_schema import DAMAGE, SELECT, RowSizes, StoredRow, result_of, unpack_mask
from core.session_source import find_source
from core.session_writer import THUMBNAIL

LARGEST_ARRAY_BYTES = 1 << 30


class SessionRecord:
    """A session opened for reading; rows are fetched when asked for. Usable from any thread."""

    def __init__(self, folder: Path, connection: sqlite3.Connection) -> None:
        """Read everything but the frames; `read_session` is the way in."""
        self.folder = folder
        self._connection = connection
        self._meta = _meta(connection)
        self.header = SessionHeader.from_json(self._require("header"))
        self.is_finished = self._meta.get("is_finished") == "1"
        """False when the writer was cut off."""
        self._sizes = _sizes(self._meta)
        scan = scan_frames(connection, self._sizes)
        self.frame_indices: Int[np.ndarray, " frames"] = scan.frame_indices
        """Sorted; gaps where frames were skipped or cannot be read."""
        self.times_s: Float[np.ndarray, " frames"] = scan.times_s
        self.lost = scan.damage(_count(self._meta.get("frame_count")))
        """What was written and cannot be read, as a clause; empty if there is nothing of it."""
        if self.lost and not self.frame_count:
            raise SessionError(
                f"{folder} is damaged and none of its frames can be read: copy it again, or make "
                "it again from its video."
            )

    @property
    def damage(self) -> str:
        """A sentence about frames that were lost, for people; empty if there are none."""
        if not self.lost:
            return ""
        return f"{self.folder} is damaged: {self.lost}; `main.py sessions repair` keeps the rest."

    @property
    def frame_count(self) -> int:
        return len(self.frame_indices)

    @property
    def thumbnail(self) -> Path | None:
        """A small picture, if one was stored."""
        path = self.folder / THUMBNAIL
        return path if path.is_file() else None

    @property
    def source(self) -> Path | None:
        """The source video where it is now; None when it has moved or there is none."""
        return find_source(self.header.source, self.folder) if self.header.source else None

    def result(self, frame_index: int, *, with_mask: bool = False) -> FrameResult:
        """One frame by its index in the source.

        Raises:
            ValueError: The session has no such frame.
            SessionError: The row is damaged.
        """
        with _explained(self.folder):
            cursor = self._connection.execute(SELECT + " WHERE frame_index = ?", (frame_index,))
            row = cursor.fetchone()
            if row is None and frame_index in self.frame_indices:
                raise SessionError(f"Frame {frame_index} of {self.folder} is damaged.")
            if row is None:
                raise ValueError(f"the session has no frame {frame_index}")
            result = self._result(row)
            return replace(result, mask=self._mask(row)) if with_mask else result

    def results(self) -> Iterator[FrameResult]:
        """All frames in order, without masks."""
        for frame_index in self.frame_indices:
            yield self.result(int(frame_index))

    def rows(self) -> Iterator[StoredRow]:
        """All frames in order as they are stored, with their packed masks, to be copied."""
        for frame_index in self.frame_indices:
            yield self._stored(int(frame_index))

    @property
    def sizes(self) -> RowSizes:
        """Lengths of the arrays of every row."""
        return self._sizes

    @property
    def body(self) -> Rig | None:
        """The body kept in the session (`SessionWriter.store_body`), if any."""
        if "body" not in self._meta:
            return None
        with _explained(self.folder):
            try:
                return self._read_body()
            except DAMAGE as error:
                raise SessionError(f"The body in {self.folder} is damaged ({error}).") from error

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()

    def __enter__(self) -> "SessionRecord":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _require(self, key: str) -> str:
        if key not in self._meta:
            raise SessionError(f"{self.folder} is damaged: its {key} is missing.")
        return self._meta[key]

    def _stored(self, frame_index: int) -> StoredRow:
        number = (frame_index,)
        with _explained(self.folder):
            row = self._connection.execute(SELECT + " WHERE frame_index = ?", number).fetchone()
        if row is None:
            raise SessionError(f"Frame {frame_index} of {self.folder} is damaged.")
        query = "SELECT packed FROM masks WHERE frame_index = ?"
        try:
            mask = self._connection.execute(query, number).fetchone()
        except sqlite3.DatabaseError:  # a torn page among the masks costs the mask alone
            mask = None
        return StoredRow(tuple(row)[:-1], None if mask is None else mask["packed"])

    def _result(self, row: sqlite3.Row) -> FrameResult:
        try:
            return result_of(row, self._sizes)
        except DAMAGE as error:
            raise SessionError(
                f"Frame {row['frame_index']} of {self.folder} is damaged ({error})."
            ) from error

    def _mask(self, row: sqlite3.Row) -> Mask | None:
        cursor = self._connection.execute(
            "SELECT packed FROM masks WHERE frame_index = ?", (row["frame_index"],)
        )
        stored = cursor.fetchone()
        if stored is None:
            return None
        try:
            alpha = unpack_mask(stored["packed"], (row["width_px"], row["height_px"]))
            return Mask(alpha, float(row["mask_confidence"] or 0.0))
        except DAMAGE as error:
            raise SessionError(
                f"The mask of frame {row['frame_index']} in {self.folder} is damaged ({error})."
            ) from error

    def _read_body(self) -> Rig:
        facts = json.loads(self._meta["body"])
        skeleton = Skeleton(
            names=tuple(facts["names"]),
            parents=tuple(int(parent) for parent in facts["parents"]),
            rest_joint_to_rig=self._array("body.rest_joint_to_rig"),
            mirror=tuple(int(joint) for joint in facts["mirror"]),
        )
        faces = self._array("body.faces")
        if faces.size and not 0 <= faces.min() <= faces.max() < len(self._array("body.vertices")):
            raise ValueError("a face names a vertex that is not there")
        return Rig(
            name=str(facts["name"]),
            skeleton=skeleton,
            vertices=self._array("body.vertices"),
            faces=faces,
            weights=self._array("body.weights"),
            colors=self._array("body.colors"),
            metres_per_unit=float(facts["metres_per_unit"]),
        )

    def _array(self, name: str) -> np.ndarray:
        query = "SELECT dtype, shape, packed FROM arrays WHERE name = ?"
        dtype, shape_text, packed = self._connection.execute(query, (name,)).fetchone()
        if dtype not in ("<f4", "<f8", "<i4"):
            raise ValueError(f"{name} has the unknown number type {str(dtype)[:20]!r}")
        shape = tuple(int(length) for length in json.loads(shape_text))
        size = math.prod(shape) * np.dtype(dtype).itemsize
        if not 0 <= size <= LARGEST_ARRAY_BYTES:
            raise ValueError(f"{name} has the impossible shape {shape}")
        raw = zlib.decompressobj().decompress(packed, size + 1)
        array = np.frombuffer(raw, dtype).reshape(shape)
        if not np.isfinite(array).all():
            raise ValueError(f"{name} holds a non-finite number")
        return array


def read_session(folder: Path) -> SessionRecord:
    """Open a session.

    A session whose writer was killed opens up to its last frame; where pages were torn, it opens
    without the frames on them (`SessionRecord.damage`). Older formats are brought up to date.

    Args:
        folder: The `NAME.session` folder, or the session.sqlite in it.

    Raises:
        SessionError: It is missing, foreign, damaged, or written by a newer program.
    """
    folder = folder.parent if folder.name == DATABASE else folder
    path = folder / DATABASE
    finish_swap(folder)
    if not path.is_file():
        raise SessionError(f"{folder} is not a session: it holds no {DATABASE}.")
    with _explained(folder):
        connection = open_current(path)
        try:
            return SessionRecord(folder, connection)
        except BaseException:
            connection.close()
            raise


def _meta(connection: sqlite3.Connection) -> dict[str, str]:
    return {str(key): str(value) for key, value in connection.execute("SELECT * FROM meta")}


def _sizes(meta: dict[str, str]) -> RowSizes:
    if "row_sizes" not in meta:
        return RowSizes(0, 0, 0, 0)
    try:
        return RowSizes.from_json(meta["row_sizes"])
    except DAMAGE as error:
        raise SessionError(f"The session's row sizes are damaged ({error}).") from error


def _count(text: str | None) -> int | None:
    return int(text) if text is not None and text.isdecimal() else None


@contextlib.contextmanager
def _explained(folder: Path) -> Generator[None, None, None]:
    try:
        yield
    except (sqlite3.Error, OSError, UnicodeDecodeError) as error:
        raise SessionError(
            f"{folder} is damaged or not a session ({error}): "
            "make it again from its video, or copy it again."
        ) from error
