"""A session's link to the video it was made from: where it was, and how to know it again.

link = link_source(Path("walk.mp4"), Path("walk.session"))
path = find_source(link, Path("walk.session"))       # None when it has moved
"""

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from core.errors import SessionError

SAMPLE_BYTES = 1 << 20


@dataclass(frozen=True)
class SourceLink:
    """A file outside (or inside) the session folder, with its fingerprint."""

    absolute: str
    relative: str
    """From the session folder, with forward slashes; empty across drives."""
    size_bytes: int
    """0 for sources that are not one file (cameras, URLs, folders)."""
    sha256_ends: str
    """Of the first and last MiB, or of the whole file if it is smaller than two; else empty."""
    duration_s: float = 0.0
    """Of the video; 0 where the file does not say, as in older sessions."""

    @classmethod
    def from_fields(cls, fields: dict[str, Any]) -> "SourceLink":
        """The link in parsed JSON; KeyError or TypeError when it is something else."""
        return cls(
            absolute=str(fields["absolute"]),
            relative=str(fields["relative"]),
            size_bytes=int(fields["size_bytes"]),
            sha256_ends=str(fields["sha256_ends"]),
            duration_s=float(fields.get("duration_s", 0.0)),
        )

    def is_same(self, path: Path) -> bool:
        """Whether `path` holds the linked file, judged by size and hash."""
        if not self.sha256_ends:
            return path.exists()
        if not path.is_file() or path.stat().st_size != self.size_bytes:
            return False
        return sha256_ends(path) == self.sha256_ends


def link_source(source: Path | str, session_folder: Path) -> SourceLink:
    """Link to a source; anything that is not a file is remembered by its text only."""
    path = Path(source)
    if not path.is_file():
        text = str(path.resolve()) if path.is_dir() else str(source)
        return SourceLink(text, "", 0, "")
    try:
        return SourceLink(
            absolute=str(path.resolve()),
            relative=_relative(path, session_folder),
            size_bytes=path.stat().st_size,
            sha256_ends=sha256_ends(path),
            duration_s=video_duration_s(path),
        )
    except OSError as error:
        raise SessionError(f"Cannot read {path} to link it ({error.strerror}).") from error


def find_source(link: SourceLink, session_folder: Path) -> Path | None:
    """Where the linked file is now: beside the session as before, or at its old place."""
    candidates = [Path(link.absolute)]
    if link.relative:
        candidates.insert(0, session_folder / PurePosixPath(link.relative))
    candidates.append(session_folder.parent / Path(link.absolute).name)
    return next((path for path in candidates if _is_same(link, path)), None)


def sha256_ends(path: Path) -> str:
    """Hash of the first and last MiB of a file: quick, and enough to tell videos apart."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        size = os.fstat(stream.fileno()).st_size
        if size <= 2 * SAMPLE_BYTES:
            digest.update(stream.read())
        else:
            digest.update(stream.read(SAMPLE_BYTES))
            stream.seek(size - SAMPLE_BYTES)
            digest.update(stream.read(SAMPLE_BYTES))
    return digest.hexdigest()


def video_duration_s(path: Path) -> float:
    """How long a video lasts, by its own account; 0 if it gives none."""
    import av
    import av.error

    try:
        with av.open(str(path), options={"protocol_whitelist": "file"}) as container:
            return round((container.duration or 0) / av.time_base, 3)
    except (OSError, ValueError, av.error.FFmpegError):
        return 0.0


def _is_same(link: SourceLink, path: Path) -> bool:
    try:
        return link.is_same(path)
    except OSError:  # unreadable counts as not there; the caller asks for a relink
        return False


def _relative(path: Path, session_folder: Path) -> str:
    try:
        return Path(os.path.relpath(path.resolve(), session_folder.resolve())).as_posix()
    except ValueError:  # another drive on Windows
        return ""
