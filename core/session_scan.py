"""Finds the whole frames of a session's database, also around pages that were torn.

    scan = scan_frames(connection, sizes)
    scan.frame_indices, scan.times_s, scan.gaps

SQLite stops a query at the first torn page. What lies behind is found by asking for later and
later frames until one answers.
"""

import math
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from core.session_schema import SELECT, RowSizes, is_row_whole

STEPS_ONE_BY_ONE = 64
LARGEST_INDEX = 1 << 40
FROM = SELECT + " WHERE frame_index >= ? ORDER BY frame_index"


@dataclass(frozen=True, eq=False)
class FrameScan:
    """Which frames can be read."""

    frame_indices: Int[np.ndarray, " frames"]
    """Sorted."""
    times_s: Float[np.ndarray, " frames"]
    gaps: tuple[tuple[int, int | None], ...]
    """First and last frame between which something was written and cannot be read; None: the end.
    """

    def damage(self, written: int | None) -> str:
        """What is lost, as a clause; empty if nothing.

        Args:
            written: How many frames there were, if that is known.
        """
        lost = None if written is None else written - len(self.frame_indices)
        if not self.gaps and not lost:
            return ""
        count = "frames" if lost is None else f"{lost} of {written} frames"
        places = ", ".join(_place(first, last) for first, last in self.gaps[:4])
        more = ", and others" if len(self.gaps) > 4 else ""
        return f"{count} cannot be read" + (f" ({places}{more})" if places else "")


def _place(first: int, last: int | None) -> str:
    if last is None:
        return f"from {first} on"
    return str(first) if last <= first else f"{first} to {last}"


def scan_frames(connection: sqlite3.Connection, sizes: RowSizes) -> FrameScan:
    """Read every row once and keep those that are whole."""
    found: list[tuple[int, float]] = []
    gaps: list[tuple[int, int | None]] = []
    following = 0
    while (last := _read_from(connection, sizes, following, found, gaps)) is not None:
        readable = _next_readable(connection, last + 1)
        if readable is None:
            gaps.append((last + 1, None))
            break
        if readable > last + 1:
            gaps.append((last + 1, readable - 1))
        # Python looks one row ahead: the last one before a torn page must be asked for alone.
        row = _row_from(connection, readable)
        assert isinstance(row, sqlite3.Row)
        _keep(row, sizes, found, gaps)
        following = int(row["frame_index"]) + 1
    indices = np.array([index for index, _ in found], dtype=np.int64)
    times_s = np.array([time_s for _, time_s in found], dtype=np.float64)
    return FrameScan(indices, times_s, tuple(_joined(gaps)))


def _read_from(
    connection: sqlite3.Connection,
    sizes: RowSizes,
    first: int,
    found: list[tuple[int, float]],
    gaps: list[tuple[int, int | None]],
) -> int | None:
    """Read on until the end (None) or a torn page (the last index before it)."""
    last = first - 1
    try:
        for row in connection.execute(FROM, (first,)):
            last = int(row["frame_index"])
            _keep(row, sizes, found, gaps)
    except (sqlite3.DatabaseError, UnicodeDecodeError):
        return last
    return None


def _keep(
    row: sqlite3.Row,
    sizes: RowSizes,
    found: list[tuple[int, float]],
    gaps: list[tuple[int, int | None]],
) -> None:
    """Count a row among the whole ones or the gaps."""
    index, time_s = int(row["frame_index"]), row["time_s"]
    is_timed = isinstance(time_s, float) and math.isfinite(time_s)
    if is_timed and is_row_whole(row, sizes):
        found.append((index, time_s))
    else:
        gaps.append((index, index))


def _next_readable(connection: sqlite3.Connection, first: int) -> int | None:
    """The first frame at or after an index that a query reaches; None if none answers."""
    lower = first
    for step in _steps():
        row = _row_from(connection, first + step)
        if row == "end":
            return None
        if row != "torn":
            return _earliest(connection, lower, first + step)
        lower = first + step + 1
    return None


def _steps() -> Iterator[int]:
    yield from range(STEPS_ONE_BY_ONE)
    step = STEPS_ONE_BY_ONE
    while step < LARGEST_INDEX:
        yield step
        step *= 2


def _earliest(connection: sqlite3.Connection, lower: int, reached: int) -> int:
    """Narrow down from where on reading works again; below `lower` it does not."""
    while lower < reached:
        middle = (lower + reached) // 2
        if _row_from(connection, middle) == "torn":
            lower = middle + 1
        else:
            reached = middle
    return reached


def _row_from(connection: sqlite3.Connection, first: int) -> sqlite3.Row | str:
    """The first frame from an index on; "torn" or "end" if there is none."""
    try:
        row = connection.execute(FROM + " LIMIT 1", (first,)).fetchone()
    except (sqlite3.DatabaseError, UnicodeDecodeError):
        return "torn"
    return "end" if row is None else row


def _joined(gaps: list[tuple[int, int | None]]) -> Iterator[tuple[int, int | None]]:
    """Gaps that touch, as one."""
    current: tuple[int, int | None] | None = None
    for gap in sorted(gaps, key=lambda gap: gap[0]):
        if current is None:
            current = gap
        elif current[1] is not None and gap[0] <= current[1] + 1:
            current = (current[0], None if gap[1] is None else max(current[1], gap[1]))
        else:
            yield current
            current = gap
    if current is not None:
        yield current
