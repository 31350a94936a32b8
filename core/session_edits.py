"""Codes that a person put in place of predicted ones, kept apart from them in a session.

write_edits(folder, {12: code})
edits = read_edits(folder)
with read_session(folder) as record:
    record = edited_record(record, model)     # gives results with the edits in them
"""

import contextlib
import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float

from core.errors import SessionError
from core.results import FrameResult
from core.session_place import DATABASE
from core.session_record import SessionRecord

FIELD = "articulation"


def write_edits(folder: Path, codes: Mapping[int, Float[np.ndarray, " articulation"]]) -> None:
    """Keep these codes, by frame, in place of all that were kept before.

    Raises:
        SessionError: The session cannot be written.
    """
    rows = [
        (int(frame), FIELD, np.ascontiguousarray(code, "<f8").tobytes())
        for frame, code in codes.items()
    ]
    try:
        with contextlib.closing(sqlite3.connect(folder / DATABASE)) as connection, connection:
            connection.execute("DELETE FROM edits WHERE field = ?", (FIELD,))
            connection.executemany("INSERT INTO edits VALUES (?, ?, ?)", rows)
    except sqlite3.Error as error:
        raise SessionError(f"Cannot write the edits into {folder} ({error}).") from error


def read_edits(folder: Path) -> dict[int, Float[np.ndarray, " articulation"]]:
    """Codes by frame; those that are damaged are left out.

    Raises:
        SessionError: The session cannot be read.
    """
    query = "SELECT frame_index, value FROM edits WHERE field = ? ORDER BY frame_index"
    try:
        address = f"{(folder / DATABASE).resolve().as_uri()}?mode=ro"
        with contextlib.closing(sqlite3.connect(address, uri=True)) as connection:
            rows = connection.execute(query, (FIELD,)).fetchall()
    except sqlite3.Error as error:
        raise SessionError(f"Cannot read the edits in {folder} ({error}).") from error
    edits: dict[int, np.ndarray] = {}
    for frame, blob in rows:
        if isinstance(blob, bytes) and len(blob) % 8 == 0 and blob:
            code = np.frombuffer(blob, "<f8")
            if np.isfinite(code).all():
                edits[int(frame)] = code
    return edits


def read_edit_rows(folder: Path) -> list[tuple[int, str, bytes]]:
    """All edits as they are stored (frame, field, value); none where their page was torn."""
    try:
        address = f"{(folder / DATABASE).resolve().as_uri()}?mode=ro"
        with contextlib.closing(sqlite3.connect(address, uri=True)) as connection:
            rows = connection.execute("SELECT frame_index, field, value FROM edits").fetchall()
    except sqlite3.Error:
        return []
    return [row for row in rows if isinstance(row[0], int) and isinstance(row[2], bytes)]


class EditedRecord(SessionRecord):
    """A session whose frames carry a person's edits; shares everything with the record given."""

    def __init__(self, record: SessionRecord, model: Any) -> None:
        """Take over an opened record; closing either closes both."""
        self.__dict__.update(record.__dict__)
        self._model = model
        self._edits = read_edits(record.folder)

    def results(self) -> Iterator[FrameResult]:
        """All frames in order, edits included."""
        for result in super().results():
            yield edited(result, self._edits.get(result.frame_index), self._model)


def edited_record(record: SessionRecord, model: Any) -> SessionRecord:
    """The record with its edits; itself where there is no model to decode them."""
    return record if model is None else EditedRecord(record, model)


def edited(
    result: FrameResult, code: Float[np.ndarray, " articulation"] | None, model: Any
) -> FrameResult:
    """A frame with another articulation code; itself without one of the right length."""
    if code is None or len(code) != len(result.codes.articulation):
        return result
    codes = replace(result.codes, articulation=code)
    return replace(result, joint_rotations=model.joint_rotations(code), codes=codes)
