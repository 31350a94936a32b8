"""Reads a session back, whether it was finished or cut off.

record = read_session(Path("walk.session"))
for result in record.results(): ...
"""

import contextlib
import json
import math
import os
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
from core.session_schema import (
    APPLICATION_ID,
    SCHEMA_VERSION,
    SELECT,
    RowSizes,
    result_of,
    unpack_mask,
)
from core.session_source import SourceLink, find_source, link_source
from core.session_writer import DATABASE, THUMBNAIL

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
        rows = _good_rows(connection, self._sizes)
        self.frame_indices: Int[np.ndarray, " frames"] = np.array(
            [row[0] for row in rows], dtype=np.int64
        )
        """Sorted; gaps where frames were skipped."""
        self.times_s: Float[np.ndarray, " frames"] = np.array([row[1] for row in rows])

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

    @property
    def body(self) -> Rig | None:
        """The body kept in the session (`SessionWriter.store_body`), if any."""
        if "body" not in self._meta:
            return None
        with _explained(self.folder):
            try:
                return self._read_body()
            except (KeyError, TypeError, ValueError, zlib.error) as error:
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

    def _result(self, row: sqlite3.Row) -> FrameResult:
        try:
            return result_of(row, self._sizes)
        except (TypeError, ValueError) as error:
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
        except (TypeError, ValueError, zlib.error) as error:
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
        return Rig(
            name=str(facts["name"]),
            skeleton=skeleton,
            vertices=self._array("body.vertices"),
            faces=self._array("body.faces"),
            weights=self._array("body.weights"),
            colors=self._array("body.colors"),
            metres_per_unit=float(facts["metres_per_unit"]),
        )

    def _array(self, name: str) -> np.ndarray:
        query = "SELECT dtype, shape, packed FROM arrays WHERE name = ?"
        dtype, shape_text, packed = self._connection.execute(query, (name,)).fetchone()
        if dtype not in ("<f4", "<f8", "<i4"):
            raise ValueError(f"{name} has the unknown number type {dtype!r}")
        shape = tuple(int(length) for length in json.loads(shape_text))
        size = math.prod(shape) * np.dtype(dtype).itemsize
        if not 0 <= size <= LARGEST_ARRAY_BYTES:
            raise ValueError(f"{name} has the impossible shape {shape}")
        raw = zlib.decompressobj().decompress(packed, size + 1)
        return np.frombuffer(raw, dtype).reshape(shape)


def read_session(folder: Path) -> SessionRecord:
    """Open a session.

    A session whose writer was killed opens up to its last good frame.

    Args:
        folder: The `NAME.session` folder, or the session.sqlite in it.

    Raises:
        SessionError: It is missing, foreign, damaged, or written by a newer program.
    """
    folder = folder.parent if folder.name == DATABASE else folder
    path = folder / DATABASE
    if not path.is_file():
        raise SessionError(f"{folder} is not a session: it holds no {DATABASE}.")
    with _explained(folder):
        connection = _connect(path)
        try:
            _check_version(folder, connection)
            return SessionRecord(folder, connection)
        except BaseException:
            connection.close()
            raise


def relink_source(folder: Path, video: Path) -> SourceLink:
    """Point a session at its moved video.

    Raises:
        SessionError: The video is not the one the session was made from.
    """
    with read_session(folder) as record:
        header = record.header
    if header.source is not None and not header.source.is_same(video):
        raise SessionError(f"{video} is not the video this session was made from.")
    link = link_source(video, folder)
    with _explained(folder), contextlib.closing(sqlite3.connect(folder / DATABASE)) as connection:
        text = replace(header, source=link).to_json()
        connection.execute("UPDATE meta SET value = ? WHERE key = 'header'", (text,))
        connection.commit()
    return link


def _connect(path: Path) -> sqlite3.Connection:
    """Read-only; a folder that cannot be written is read without SQLite's side files."""
    can_write = os.access(path.parent, os.W_OK)
    mode = "mode=ro" if can_write else "mode=ro&immutable=1"
    uri = f"{path.resolve().as_uri()}?{mode}"
    connection = sqlite3.connect(uri, uri=True, check_same_thread=False, isolation_level=None)
    connection.row_factory = sqlite3.Row
    return connection


def _check_version(folder: Path, connection: sqlite3.Connection) -> None:
    application = connection.execute("PRAGMA application_id").fetchone()[0]
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if application != APPLICATION_ID:
        raise SessionError(f"{folder} was not written by this program, or is damaged.")
    if version > SCHEMA_VERSION:
        raise SessionError(
            f"{folder} was written by a newer version of this program "
            f"(format {version}, this one reads {SCHEMA_VERSION}): update the program."
        )
    if version < 1:
        raise SessionError(f"{folder} has the unknown format {version}.")


def _meta(connection: sqlite3.Connection) -> dict[str, str]:
    return {str(key): str(value) for key, value in connection.execute("SELECT * FROM meta")}


def _sizes(meta: dict[str, str]) -> RowSizes:
    if "row_sizes" not in meta:
        return RowSizes(0, 0, 0, 0)
    try:
        return RowSizes.from_json(meta["row_sizes"])
    except (AttributeError, TypeError, ValueError) as error:
        raise SessionError(f"The session's row sizes are damaged ({error}).") from error


def _good_rows(connection: sqlite3.Connection, sizes: RowSizes) -> list[tuple[int, float]]:
    """Index and time of the frames up to the first one that cannot be read."""
    query = (
        "SELECT frame_index, time_s, length(joint_rotations) = ? AND length(articulation) = ? "
        "AND length(shape) = ? AND length(appearance) = ? AND length(root_to_cam) = 128 "
        "AND length(K) = 72 AS is_whole FROM frames ORDER BY frame_index"
    )
    lengths = (36 * sizes.joints, 4 * sizes.articulation, 4 * sizes.shape, 4 * sizes.appearance)
    rows: list[tuple[int, float]] = []
    with contextlib.suppress(sqlite3.DatabaseError):  # a torn page ends the session there
        for frame_index, time_s, is_whole in connection.execute(query, lengths):
            if not is_whole or not isinstance(time_s, float) or not math.isfinite(time_s):
                break
            rows.append((int(frame_index), time_s))
    return rows


@contextlib.contextmanager
def _explained(folder: Path) -> Generator[None, None, None]:
    try:
        yield
    except (sqlite3.Error, OSError, UnicodeDecodeError) as error:
        raise SessionError(
            f"{folder} is damaged or not a session ({error}): "
            "make it again from its video, or copy it again."
        ) from error
