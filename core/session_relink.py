"""Points sessions at videos that were moved, renamed, or encoded anew.

relink_source(folder, Path("moved/walk.mp4"))
video = search_source(folder, Path("videos"))        # by its bytes, whatever its name is now
"""

import contextlib
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from core.errors import SessionError
from core.session_place import DATABASE
from core.session_record import SessionRecord, read_session
from core.session_source import SourceLink, link_source, video_duration_s

DURATION_TOLERANCE_S = 0.1
"""Encoding anew moves the end by a frame or two."""


def relink_source(folder: Path, video: Path, *, is_copy: bool = False) -> SourceLink:
    """Point a session at its moved video.

    Args:
        folder: The session.
        video: Where its video is now.
        is_copy: It was encoded anew, so that its bytes differ; length and picture size must agree.

    Raises:
        SessionError: The video is not the one the session was made from.
    """
    with read_session(folder) as record:
        header = record.header
        was = header.source
        if was is not None and not was.is_same(video):
            _check_copy(record, was, video, is_copy)
    link = link_source(video, folder)
    text = replace(header, source=link).to_json()
    try:
        with contextlib.closing(sqlite3.connect(folder / DATABASE)) as connection, connection:
            connection.execute("UPDATE meta SET value = ? WHERE key = 'header'", (text,))
    except sqlite3.Error as error:
        raise SessionError(f"Cannot write the link into {folder} ({error}).") from error
    return link


def search_source(folder: Path, where: Path) -> Path | None:
    """The session's video somewhere under a folder, known by size and hash.

    Raises:
        SessionError: The session knows nothing of its video to search by.
    """
    with read_session(folder) as record:
        link = record.header.source
    if link is None or not link.sha256_ends:
        raise SessionError(f"{folder} was not made from a file that can be searched for.")
    return next((path for path in _files(where) if _fits(path, link)), None)


def _fits(path: Path, link: SourceLink) -> bool:
    try:
        return link.is_same(path)
    except OSError:
        return False


def _files(where: Path) -> Iterator[Path]:
    """Files under a folder in a settled order; what cannot be listed is passed over."""
    with contextlib.suppress(OSError):
        for path in sorted(where.iterdir()):
            if path.is_dir() and not path.is_symlink():
                yield from _files(path)
            elif path.is_file():
                yield path


def _check_copy(record: SessionRecord, was: SourceLink, video: Path, is_copy: bool) -> None:
    """Refuse what is another video, with what tells them apart."""
    if not video.is_file():
        raise SessionError(f"There is no file {video}.")
    before_s, now_s = was.duration_s, video_duration_s(video)
    differs = before_s and now_s and abs(before_s - now_s) > DURATION_TOLERANCE_S
    if differs:
        raise SessionError(
            f"{video} is not the video this session was made from: it lasts {now_s:.1f} s, "
            f"the other {before_s:.1f} s."
        )
    if not is_copy:
        raise SessionError(
            f"{video} is not the video this session was made from (other bytes); if it is a copy "
            "encoded anew, add --reencoded."
        )
    from core.sources.open_source import open_source

    camera = record.header.camera
    with open_source(video) as source:
        if (source.width_px, source.height_px) != (camera.width_px, camera.height_px):
            raise SessionError(
                f"{video} is {source.width_px} x {source.height_px} pixels, the session's video "
                f"{camera.width_px} x {camera.height_px}: no copy of it."
            )
        last = int(record.frame_indices.max(initial=-1))
        if source.frame_count is not None and source.frame_count <= last:
            raise SessionError(f"{video} ends before frame {last} of the session: no copy of it.")
