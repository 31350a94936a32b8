"""Sessions made of sessions: a part of one, or what is left of a damaged one.

trim_session(folder, out, start=120, end=480)
repair_session(folder)                       # the damaged database stays beside the new one
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from core.errors import SessionError
from core.rig import Rig
from core.session_check import Check, check_session
from core.session_edits import read_edit_rows
from core.session_header import SessionHeader
from core.session_place import DATABASE
from core.session_record import SessionRecord, read_session
from core.session_schema import StoredRow
from core.session_source import SourceLink, link_source
from core.session_writer import SessionWriter

DAMAGED = DATABASE + ".damaged"
"""What a repaired session's database was, kept beside the new one."""


@dataclass(frozen=True)
class Repair:
    """What a repair did."""

    kept: int
    """Frames."""
    check: Check
    """What was wrong."""


def trim_session(
    folder: Path, out: Path, start: int, end: int | None, *, overwrite: bool = False
) -> int:
    """Write the frames from `start` to before `end` as a session of their own; how many they are.

    Frames keep the numbers and times they have in the video.

    Raises:
        SessionError: There is no frame in that range, or it cannot be written.
    """
    with read_session(folder) as record:
        last = int(record.frame_indices.max(initial=-1))
        stop = last + 1 if end is None else end
        wanted = [index for index in record.frame_indices.tolist() if start <= index < stop]
        if not wanted:
            raise SessionError(
                f"{folder} has no frame from {start} to {stop - 1}: it holds "
                f"{int(record.frame_indices.min(initial=0))} to {last}."
            )
        chosen = frozenset(wanted)
        _copy(record, out, lambda row: row.frame_index in chosen, overwrite=overwrite)
    return len(wanted)


def repair_session(folder: Path, out: Path | None = None) -> Repair:
    """Write what can be read of a session anew, in its own place or as `out`.

    Raises:
        SessionError: Nothing of it can be read, or it cannot be written.
    """
    check = check_session(folder)
    with read_session(folder) as record:
        extra = {DAMAGED: folder / DATABASE} if out is None else {}
        _copy(record, out or folder, lambda _: True, overwrite=out is None, extra=extra)
        return Repair(record.frame_count, check)


def linked_from(record: SessionRecord, out: Path) -> SourceLink | None:
    """The record's link as it is from another session folder."""
    link, found = record.header.source, record.source
    if link is None or found is None:
        return None if link is None else replace(link, relative="")
    if is_inside(found, record.folder):
        return replace(link, absolute=str((out / found.name).resolve()), relative=found.name)
    moved = link_source(found, out)
    return moved if moved.sha256_ends and link.sha256_ends else replace(link, relative="")


def is_inside(path: Path, folder: Path) -> bool:
    """Whether a video lies in its session's folder, as recorded takes do."""
    return path.resolve().parent == folder.resolve()


def _copy(
    record: SessionRecord,
    out: Path,
    is_wanted: Callable[[StoredRow], bool],
    *,
    overwrite: bool,
    extra: dict[str, Path] | None = None,
) -> None:
    header = _header(record, out)
    with SessionWriter(out, header, body=_body(record), overwrite=overwrite) as writer:
        written: set[int] = set()
        for row in record.rows():
            if is_wanted(row):
                writer.append_row(row, record.sizes)
                written.add(row.frame_index)
        writer.store_edits(row for row in read_edit_rows(record.folder) if row[0] in written)
        for name, path in [*_files(record.folder), *(extra or {}).items()]:
            writer.store_file(path, name)


def _header(record: SessionRecord, out: Path) -> SessionHeader:
    is_same = out.resolve() == record.folder.resolve()
    name = record.header.name if is_same else out.stem
    source = record.header.source if is_same else linked_from(record, out)
    return replace(record.header, name=name, source=source)


def _files(folder: Path) -> Iterator[tuple[str, Path]]:
    """What lies in a session's folder besides its database: video, masks, thumbnail."""
    for path in sorted(folder.iterdir()):
        if path.is_file() and not path.name.startswith((DATABASE, ".")):
            yield path.name, path


def _body(record: SessionRecord) -> Rig | None:
    try:
        return record.body
    except SessionError:  # damaged: exports then use the model's
        return None
