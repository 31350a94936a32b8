"""Moves things to the desktop's trash, and back.

gone = to_trash(Path("take.session")); put_back(gone)
"""

import shutil
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QFile

from core.errors import SessionError


@dataclass(frozen=True)
class Trashed:
    """Something in the trash."""

    was: Path
    now: Path | None
    """None where the system does not tell; then only the person can bring it back."""


def to_trash(path: Path) -> Trashed:
    """Move a file or folder to the trash; it is never deleted for good.

    Raises:
        SessionError: There is no trash on that disk, or it may not be moved.
    """
    file = QFile(str(path))
    if not file.moveToTrash():
        raise SessionError(
            f"{path} could not be moved to the trash; delete it in the file manager if you mean it."
        )
    place = file.fileName()
    return Trashed(path, Path(place) if place and place != str(path) else None)


def put_back(gone: Trashed) -> None:
    """Bring it back to where it was.

    Raises:
        SessionError: It is no longer in the trash, or something else is in its place.
    """
    if gone.now is None or not gone.now.exists():
        raise SessionError(f"{gone.was.name} is no longer in the trash.")
    if gone.was.exists():
        raise SessionError(f"There is another {gone.was.name} in its place: move that away first.")
    try:
        shutil.move(gone.now, gone.was)
        note = gone.now.parent.parent / "info" / f"{gone.now.name}.trashinfo"
        note.unlink(missing_ok=True)
    except OSError as error:
        raise SessionError(f"{gone.was} could not be brought back ({error.strerror}).") from error
