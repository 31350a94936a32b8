"""Writes a session as it happens, so that a killed process loses nothing it had appended.

    with SessionWriter(folder, header, body=model.rig) as writer:
        for result in results:
            writer.append(result)

Each frame is its own transaction in SQLite's write-ahead log: that survives a killed process.
Once a second the log is also flushed to the disk, so that a power cut loses at most that second.
"""

import contextlib
import json
import os
import shutil
import sqlite3
import time
import zlib
from collections.abc import Generator, Iterable
from pathlib import Path
from types import TracebackType

import cv2
import numpy as np
from jaxtyping import UInt8

from core.errors import SessionError
from core.results import FrameResult
from core.rig import Rig
from core.session_header import SessionHeader
from core.session_place import DATABASE, free_place, swap_into_place
from core.session_schema import (
    APPLICATION_ID,
    CREATE,
    INSERT,
    SCHEMA_VERSION,
    RowSizes,
    StoredRow,
    is_finite,
    pack_mask,
    row_crc,
    row_of,
)

THUMBNAIL = "thumbnail.jpg"
FLUSH_EVERY_S = 1.0


class SessionWriter:
    """One session being written. Not for two threads at once, but any thread may call."""

    def __init__(
        self,
        folder: Path,
        header: SessionHeader,
        *,
        body: Rig | None = None,
        overwrite: bool = False,
        keep_masks: bool = False,
    ) -> None:
        """Create the folder and its database.

        Args:
            folder: `NAME.session`; must not exist, or be empty, unless `overwrite`.
            header: What holds for the whole session.
            body: Kept in the session so that it exports right after its model has changed.
            overwrite: Write beside an existing session and take its place in `close`.
            keep_masks: Store each frame's mask.

        Raises:
            SessionError: The folder exists, or cannot be written.
        """
        self.folder = folder
        self.frame_count = 0
        self._keep_masks = keep_masks
        self._sizes: RowSizes | None = None
        self._target = free_place(folder, overwrite)
        self._is_open = False
        with self._explained():
            self._target.mkdir(parents=True, exist_ok=True)
            self._connection = sqlite3.connect(
                self._target / DATABASE, isolation_level=None, check_same_thread=False
            )
        self._is_open = True
        try:
            self._begin(header, body)
        except BaseException:
            self.discard()
            raise
        self._flushed_s = time.monotonic()

    def append(self, result: FrameResult) -> None:
        """Add one frame; frames may come in any order, each index once.

        Raises:
            SessionError: The disk is full or gone.
            ValueError: The frame is already there, holds a number that is not finite, or its
                arrays have other sizes than before.
        """
        self._check(result)
        with self._explained(), self._transaction() as connection:
            if self.frame_count == 0:
                self._declare(connection, RowSizes.of(result))
            connection.execute(INSERT, row_of(result))
            if self._keep_masks and result.mask is not None:
                mask = (int(result.frame_index), pack_mask(result.mask.alpha))
                connection.execute("INSERT INTO masks VALUES (?, ?)", mask)
        self.frame_count += 1
        self._flush_if_due()

    def append_row(self, row: StoredRow, sizes: RowSizes) -> None:
        """Add a frame as it was stored in another session, its mask included.

        Raises:
            SessionError: The disk is full or gone.
            ValueError: The frame is already there, or its arrays have other sizes than before.
        """
        if self._sizes is not None and sizes != self._sizes:
            raise ValueError(f"frame has {sizes}, session has {self._sizes}")
        with self._explained(), self._transaction() as connection:
            if self._sizes is None:
                self._declare(connection, sizes)
            connection.execute(INSERT, (*row.values, row_crc(row.values)))
            if row.packed_mask is not None:
                mask = (row.frame_index, row.packed_mask)
                connection.execute("INSERT INTO masks VALUES (?, ?)", mask)
        self.frame_count += 1
        self._flush_if_due()

    def replace(self, result: FrameResult) -> None:
        """Write a frame anew, as after refining; its stored mask stays.

        Raises:
            SessionError: The disk is full or gone.
            ValueError: There is no such frame yet, or what `append` says.
        """
        self._check(result)
        with self._explained(), self._transaction() as connection:
            index = (int(result.frame_index),)
            if connection.execute("DELETE FROM frames WHERE frame_index = ?", index).rowcount != 1:
                raise ValueError(f"there is no frame {result.frame_index} to replace")
            connection.execute(INSERT, row_of(result))
        self._flush_if_due()

    def store_body(self, rig: Rig) -> None:
        """Keep the body of this take (its average shape and colours), replacing any before."""
        with self._explained(), self._transaction() as connection:
            _store_rig(connection, rig)

    def store_thumbnail(self, rgb: UInt8[np.ndarray, "height width 3"]) -> None:
        """Keep a small picture of the session, at most 320 pixels wide."""
        scale = min(1.0, 320 / rgb.shape[1])
        small = cv2.resize(rgb, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        done, encoded = cv2.imencode(".jpg", cv2.cvtColor(small, cv2.COLOR_RGB2BGR))
        if not done:
            raise ValueError("the thumbnail could not be encoded")
        with self._explained():
            fresh = self._target / (THUMBNAIL + ".new")
            fresh.write_bytes(encoded.tobytes())
            os.replace(fresh, self._target / THUMBNAIL)

    def store_edits(self, edits: Iterable[tuple[int, str, bytes]]) -> None:
        """Keep a person's edits as they stood in another session: frame, field and value."""
        with self._explained(), self._transaction() as connection:
            connection.executemany("INSERT OR REPLACE INTO edits VALUES (?, ?, ?)", edits)

    def store_file(self, path: Path, name: str) -> None:
        """Keep a file in the session's folder, sharing its bytes where the disk can."""
        with self._explained():
            try:
                os.link(path, self._target / name)
            except OSError:  # another disk, or one without links
                shutil.copy2(path, self._target / name)

    def close(self) -> None:
        """Finish the session; with `overwrite`, put it in the old one's place."""
        if not self._is_open:
            return
        with self._explained():
            with self._transaction() as connection:
                _set_meta(connection, "is_finished", "1")
                _set_meta(connection, "frame_count", str(self.frame_count))
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            self._connection.execute("PRAGMA journal_mode=DELETE")  # one file, readable anywhere
            self._disconnect()
            if self._target != self.folder:
                swap_into_place(self._target, self.folder)

    def discard(self) -> None:
        """Stop and delete what was written; an older session stays as it was."""
        self._disconnect()
        shutil.rmtree(self._target, ignore_errors=True)

    def leave(self) -> None:
        """Stop where it is: a session of its own keeps its frames, unfinished; one that was to
        replace another, or has no frame, is deleted."""
        if self.frame_count == 0 or self._target != self.folder:
            self.discard()
        else:
            self._disconnect()

    def __enter__(self) -> "SessionWriter":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close; after an error keep a new session's frames, but never replace an old session."""
        if kind is None:
            self.close()
        else:
            self.leave()

    def _begin(self, header: SessionHeader, body: Rig | None) -> None:
        with self._explained():
            self._connection.execute("PRAGMA journal_mode=WAL")
            self._connection.execute("PRAGMA synchronous=NORMAL")
            self._connection.executescript(CREATE)
            with self._transaction() as connection:
                connection.execute(f"PRAGMA application_id={APPLICATION_ID}")
                connection.execute(f"PRAGMA user_version={SCHEMA_VERSION}")
                _set_meta(connection, "schema_version", str(SCHEMA_VERSION))
                _set_meta(connection, "header", header.to_json())
                _set_meta(connection, "is_finished", "0")
                if body is not None:
                    _store_rig(connection, body)

    def _check(self, result: FrameResult) -> None:
        if not self._is_open:
            raise ValueError("the session is closed")
        sizes = RowSizes.of(result)
        if self._sizes is not None and sizes != self._sizes:
            raise ValueError(f"frame has {sizes}, session has {self._sizes}")
        if result.mask is not None and result.mask.alpha.shape != result.image_size[::-1]:
            raise ValueError(f"mask is {result.mask.alpha.shape}, image {result.image_size[::-1]}")
        if not is_finite(result):
            raise ValueError(f"frame {result.frame_index} holds a number that is not finite")

    def _declare(self, connection: sqlite3.Connection, sizes: RowSizes) -> None:
        self._sizes = sizes
        _set_meta(connection, "row_sizes", self._sizes.to_json())

    def _flush_if_due(self) -> None:
        if time.monotonic() - self._flushed_s < FLUSH_EVERY_S:
            return
        with self._explained():
            self._connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
        self._flushed_s = time.monotonic()

    def _disconnect(self) -> None:
        if self._is_open:
            self._connection.close()
            self._is_open = False

    @contextlib.contextmanager
    def _transaction(self) -> Generator[sqlite3.Connection, None, None]:
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield self._connection
        except BaseException:
            with contextlib.suppress(sqlite3.Error):  # a full disk has rolled back already
                self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")

    @contextlib.contextmanager
    def _explained(self) -> Generator[None, None, None]:
        try:
            yield
        except sqlite3.IntegrityError as error:
            raise ValueError(f"the session has this frame already ({error})") from error
        except (sqlite3.Error, OSError) as error:
            reason = (error.strerror if isinstance(error, OSError) else None) or error
            raise SessionError(
                f"Cannot write the session {self.folder} ({reason}): "
                "free some space or choose another folder."
            ) from error


def _set_meta(connection: sqlite3.Connection, key: str, value: str) -> None:
    connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, value))


def _store_rig(connection: sqlite3.Connection, rig: Rig) -> None:
    skeleton = rig.skeleton
    facts = {
        "name": rig.name,
        "metres_per_unit": rig.metres_per_unit,
        "names": skeleton.names,
        "parents": skeleton.parents,
        "mirror": skeleton.mirror,
    }
    _set_meta(connection, "body", json.dumps(facts))
    _store_array(connection, "body.rest_joint_to_rig", skeleton.rest_joint_to_rig, "<f8")
    _store_array(connection, "body.vertices", rig.vertices, "<f4")
    _store_array(connection, "body.faces", rig.faces, "<i4")
    _store_array(connection, "body.weights", rig.weights, "<f4")
    _store_array(connection, "body.colors", rig.colors, "<f4")


def _store_array(connection: sqlite3.Connection, name: str, array: np.ndarray, dtype: str) -> None:
    packed = zlib.compress(np.ascontiguousarray(array, dtype=dtype).tobytes(), 1)
    shape = json.dumps(array.shape)
    connection.execute(
        "INSERT OR REPLACE INTO arrays VALUES (?, ?, ?, ?)", (name, dtype, shape, packed)
    )
