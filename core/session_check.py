"""Looks a session over: what is damaged, what is missing, what merely deserves a word.

check = check_session(folder)
check.is_whole, check.problems, check.notes
"""

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.errors import SessionError
from core.session_place import DATABASE
from core.session_record import SessionRecord, read_session

ORTHONORMAL_TOLERANCE = 1e-3


@dataclass(frozen=True)
class Check:
    """What was found, in sentences."""

    frames: int
    """That can be read."""
    problems: tuple[str, ...]
    """Damage; repairing keeps what is whole."""
    notes: tuple[str, ...]
    """What is as it may be, and worth knowing."""

    @property
    def is_whole(self) -> bool:
        return not self.problems


def check_session(folder: Path) -> Check:
    """Read everything in a session once.

    Raises:
        SessionError: It does not open at all.
    """
    with read_session(folder) as record:
        problems = list(_page_problems(record.folder))
        if record.lost:
            problems.append(f"Frames are lost: {record.lost}.")
        problems += _frame_problems(record)
        problems += _body_problem(record)
        return Check(record.frame_count, tuple(problems), tuple(_notes(record)))


def _page_problems(folder: Path) -> list[str]:
    """What SQLite says of the file's pages."""
    try:
        address = f"{(folder / DATABASE).resolve().as_uri()}?mode=ro"
        with closing(sqlite3.connect(address, uri=True)) as connection:
            rows = connection.execute("PRAGMA integrity_check(5)").fetchall()
    except sqlite3.Error as error:
        return [f"The file's pages are damaged ({error})."]
    said = [str(row[0]).replace("\n", "; ") for row in rows]
    return [] if said == ["ok"] else [f"The file's pages are damaged ({'; '.join(said)[:300]})."]


def _frame_problems(record: SessionRecord) -> list[str]:
    """Frames that are whole but make no sense, and masks that do not unpack."""
    unread: list[int] = []
    bent: list[int] = []
    masks: list[int] = []
    for index in record.frame_indices.tolist():
        try:
            result = record.result(index)
        except SessionError:
            unread.append(index)
            continue
        if not _is_rotation(result.joint_rotations) or not _is_pose(result.root_to_cam):
            bent.append(index)
        try:
            record.result(index, with_mask=True)
        except SessionError:
            masks.append(index)
    times_s = record.times_s
    found = [
        (unread, "cannot be read"),
        (bent, "hold matrices that are no rotations"),
        (masks, "have masks that cannot be read"),
    ]
    problems = [f"{_frames(indices)} {what}." for indices, what in found if indices]
    if len(record.header.joint_names) != record.sizes.joints and record.frame_count:
        problems.append(
            f"The header names {len(record.header.joint_names)} joints, "
            f"the frames hold {record.sizes.joints}."
        )
    if (np.diff(times_s) < 0).any():
        first = record.frame_indices[1:][np.diff(times_s) < 0][0]
        problems.append(f"Time runs backwards at frame {first}.")
    return problems


def _is_rotation(matrices: np.ndarray) -> bool:
    error = matrices @ matrices.swapaxes(-1, -2) - np.eye(3)
    return bool(np.abs(error).max(initial=0.0) < ORTHONORMAL_TOLERANCE)


def _is_pose(pose: np.ndarray) -> bool:
    return _is_rotation(pose[:3, :3]) and bool((pose[3] == (0, 0, 0, 1)).all())


def _frames(indices: list[int]) -> str:
    listed = ", ".join(str(index) for index in indices[:5])
    return f"Frame {listed}" if len(indices) == 1 else f"{len(indices)} frames ({listed} ...)"


def _body_problem(record: SessionRecord) -> list[str]:
    try:
        _ = record.body
    except SessionError as error:
        return [str(error)]
    return []


def _notes(record: SessionRecord) -> list[str]:
    notes: list[str] = []
    if not record.is_finished:
        notes.append("Its writer was cut off; what it had written is there.")
    if not record.frame_count:
        notes.append("It holds no frames.")
    link = record.header.source
    if link is not None and record.source is None and link.sha256_ends:
        notes.append(f"Its video is not at {link.absolute} any more: relink it.")
    return notes
