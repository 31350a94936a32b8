"""Files that appear whole or not at all; a full disk leaves the old ones as they were."""

import errno
import os
import shutil
import tempfile
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from core.errors import ExportError


def write_files(contents: dict[Path, bytes]) -> None:
    """Write all files beside their places, then move them there.

    Raises:
        ExportError: The disk is full, or a place cannot be written; nothing has changed then.
    """
    with explained(next(iter(contents))):
        fresh: dict[Path, Path] = {}
        try:
            for path, content in contents.items():
                fresh[path] = _temporary(path)
                with fresh[path].open("wb") as stream:
                    stream.write(content)
                    _sync(stream)
            _move_all(fresh)
        finally:
            for temporary in fresh.values():
                temporary.unlink(missing_ok=True)


def write_stream(path: Path, write: Callable[[BinaryIO], None]) -> None:
    """Like `write_files`, for one file too large to hold in memory."""
    with explained(path):
        temporary = _temporary(path)
        try:
            with temporary.open("wb") as stream:
                write(stream)
                _sync(stream)
            os.replace(temporary, path)
        finally:
            temporary.unlink(missing_ok=True)


def write_folder(folder: Path, files: Iterator[tuple[str, bytes]]) -> None:
    """Write many files as one new folder, which takes the place of an older export.

    Raises:
        ExportError: As `write_files`, or the folder exists and holds something else.
    """
    with explained(folder):
        _check_replaceable(folder)
        folder.parent.mkdir(parents=True, exist_ok=True)
        fresh = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
        try:
            for name, content in files:
                (fresh / name).write_bytes(content)
            (fresh / MARKER).write_text("Written by DASR Studio; replaced by the next export.\n")
            fresh.chmod(0o755)
            _swap(fresh, folder)
        finally:
            shutil.rmtree(fresh, ignore_errors=True)


MARKER = ".dasr-export"


@contextmanager
def explained(path: Path) -> Generator[None, None, None]:
    """Turn what the disk says into one sentence."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise ExportError(
                f"The disk is full: {path} was not written. Free some space and export again."
            ) from error
        raise ExportError(
            f"Cannot write {path} ({error.strerror}): choose another place."
        ) from error


def _temporary(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    return path.with_name(f".{path.name}.{os.getpid()}.new")


def _move_all(fresh: dict[Path, Path]) -> None:
    """Put all files in place; if one cannot be, or Ctrl-C comes between, all are as before."""
    old = {path: path.with_name(f".{path.name}.{os.getpid()}.old") for path in fresh}
    moved: list[Path] = []
    try:
        for path, temporary in fresh.items():
            moved.append(path)
            if len(fresh) > 1 and path.exists():  # one file alone is replaced in one step
                os.replace(path, old[path])
            os.replace(temporary, path)
    except BaseException:
        for path in moved:
            if old[path].exists():
                os.replace(old[path], path)
            elif len(fresh) > 1 and not fresh[path].exists():
                path.unlink(missing_ok=True)
        raise
    for path in fresh:
        old[path].unlink(missing_ok=True)


def _sync(stream: BinaryIO) -> None:
    """Only now does every file system admit that it is full."""
    stream.flush()
    os.fsync(stream.fileno())


def _check_replaceable(folder: Path) -> None:
    if not folder.exists():
        return
    if not folder.is_dir():
        raise ExportError(f"{folder} is a file: choose another name for the sequence's folder.")
    if any(folder.iterdir()) and not (folder / MARKER).exists():
        raise ExportError(f"{folder} holds other files: choose an empty or new folder.")


def _swap(fresh: Path, folder: Path) -> None:
    if not folder.exists():
        os.replace(fresh, folder)
        return
    old = folder.with_name(f".{folder.name}.{os.getpid()}.old")
    try:
        os.replace(folder, old)
        os.replace(fresh, folder)
    except BaseException:
        if old.exists() and not folder.exists():
            os.replace(old, folder)
        raise
    shutil.rmtree(old, ignore_errors=True)
