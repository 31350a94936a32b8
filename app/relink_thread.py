"""Looks for the moved videos of a session, and of those beside it, in a folder."""

import logging
from pathlib import Path

from PySide6.QtCore import QObject, QThread, Signal

from core.errors import SessionError

LOG = logging.getLogger(__name__)


class RelinkThread(QThread):
    """Looks and ends.

    Signals (emitted on this thread):
        done(list, object): Folders of the sessions whose video was found; and a file that has
            the name but not the bytes of the first one's video, or None.
        failed(Exception): The session itself cannot be read.
    """

    done = Signal(list, object)
    failed = Signal(object)

    def __init__(self, session: Path, where: Path, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("relink")
        self._session, self._where = session, where

    def run(self) -> None:
        try:
            found = relink_all(self._session, self._where)
            alike = None if self._session in found else named_alike(self._session, self._where)
            self.done.emit(found, alike)
        except Exception as error:
            self.failed.emit(error)


def relink_all(session: Path, where: Path) -> list[Path]:
    """Point a session, and those beside it that have lost theirs, at their videos in a folder.

    Raises:
        SessionError: The session cannot be read, or knows nothing of its video.
    """
    from core.session_relink import relink_source, search_source

    found: list[Path] = []
    for folder in (session, *_siblings(session)):
        try:
            video = search_source(folder, where)
            if video is not None:
                relink_source(folder, video)
                found.append(folder)
        except SessionError as error:
            if folder == session:
                raise
            LOG.info("%s was not relinked: %s", folder, error)
    return found


def named_alike(session: Path, where: Path) -> Path | None:
    """A file with the name of the session's video."""
    from core.session_store import read_session

    with read_session(session) as record:
        link = record.header.source
    name = Path(link.absolute).name if link is not None else ""
    return (
        next((path for path in sorted(where.rglob(name)) if path.is_file()), None) if name else None
    )


def _siblings(session: Path) -> list[Path]:
    """Sessions in the same folder whose video is gone."""
    from core.session_store import read_session

    gone: list[Path] = []
    for database in sorted(session.parent.glob("*/session.sqlite")):
        try:
            with read_session(database.parent) as record:
                is_gone = record.source is None
        except SessionError:
            continue
        if is_gone and database.parent != session:
            gone.append(database.parent)
    return gone
