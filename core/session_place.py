"""Where a session is written: its own folder, or one beside it that takes its place at the end.

    place = free_place(folder, overwrite=True)      # .walk.session.HOST-PID.new
    swap_into_place(place, folder)

A killed writer leaves such a folder behind; the next one that writes there clears it away.
"""

import contextlib
import os
import re
import shutil
from pathlib import Path

from core.errors import SessionError
from core.process_alive import is_alive, this_host

DATABASE = "session.sqlite"


def free_place(folder: Path, overwrite: bool) -> Path:
    """Where to write: the folder itself, or one beside it when it will be replaced.

    Raises:
        SessionError: There is something else, or a session that may not be overwritten.
    """
    clear_leftovers(folder.parent)
    _check_parents(folder)
    if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
        return folder
    if not folder.is_dir():
        raise SessionError(f"{folder} is a file, not a session: choose another name.")
    if not (folder / DATABASE).is_file():
        raise SessionError(f"{folder} is not a session, so it is not overwritten: choose another.")
    if not overwrite:
        raise SessionError(
            f"{folder} exists already: choose another name, or add --overwrite to replace it."
        )
    return _beside(folder, "new")


def swap_into_place(fresh: Path, folder: Path) -> None:
    """Put a finished session where the old one is; the old one goes when the new one stands."""
    old = _beside(folder, "old")
    os.replace(folder, old)
    try:
        os.replace(fresh, folder)
    except OSError:
        os.replace(old, folder)
        raise
    shutil.rmtree(old, ignore_errors=True)


def finish_swap(folder: Path) -> None:
    """Go on where a kill came between the two steps of `swap_into_place`."""
    if folder.exists():
        return
    left = {kind: path for path, kind in _leftovers(folder.parent, folder.name)}
    if "old" in left:  # the new one was complete, or it would not have been moved away
        with contextlib.suppress(OSError):  # another program was quicker
            os.replace(left.get("new", left["old"]), folder)


def clear_leftovers(parent: Path) -> None:
    """Remove what killed writers of this machine left in a folder; sessions themselves stay."""
    for path, kind in _leftovers(parent):
        if kind == "old":
            finish_swap(parent / _name_in(path))
    for path, _ in _leftovers(parent):
        shutil.rmtree(path, ignore_errors=True)


def _leftovers(parent: Path, name: str | None = None) -> list[tuple[Path, str]]:
    """Folders beside sessions whose writers are gone."""
    found: list[tuple[Path, str]] = []
    with contextlib.suppress(OSError):
        for path in sorted(parent.glob(".*.session.*")):
            match = _PATTERN.fullmatch(path.name)
            if match is None or (name is not None and match["name"] != name):
                continue
            is_ours = match["host"] in (None, this_host())
            if is_ours and not is_alive(int(match["pid"])):
                found.append((path, match["kind"]))
    return found


_PATTERN = re.compile(
    r"\.(?P<name>.+\.session)\.(?:(?P<host>[\w-]+)-)?(?P<pid>[0-9]{1,9})\.(?P<kind>new|old)"
)


def _name_in(path: Path) -> str:
    match = _PATTERN.fullmatch(path.name)
    assert match is not None
    return match["name"]


def _beside(folder: Path, kind: str) -> Path:
    path = folder.with_name(f".{folder.name}.{this_host()}-{os.getpid()}.{kind}")
    shutil.rmtree(path, ignore_errors=True)
    return path


def _check_parents(folder: Path) -> None:
    for parent in folder.parents:
        if parent.exists():
            if not parent.is_dir():
                raise SessionError(f"{parent} is a file, not a folder: choose another place.")
            return
