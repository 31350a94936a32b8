"""Which videos a batch takes, and how their sessions are named.

jobs = planned(["a.mp4", "clips/*.mp4", "archive"], Path("out"), known={})
"""

import glob
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from core.errors import ExplainedError

VIDEO_SUFFIXES = (".mp4", ".mov", ".mkv", ".webm", ".m4v", ".avi")
LIVE = ("camera:", "http://", "https://", "rtsp://", "rtsps://")


@dataclass(frozen=True)
class BatchJob:
    """One video of a batch."""

    video: str
    """As it is opened: a file or a folder of images."""
    session: Path
    """Where its session goes."""


def planned(inputs: Sequence[str], out: Path, known: Mapping[str, str]) -> list[BatchJob]:
    """One job for each video among files, globs and folders, each once, in a settled order.

    Args:
        inputs: As they were typed; folders are searched for videos, or are images themselves.
        out: Folder of the sessions.
        known: Session names by video, from an earlier run of the same batch.

    Raises:
        ExplainedError: An input is not there, is live, or holds no video.
    """
    videos: dict[Path, str] = {}
    for text in inputs:
        for path in _videos(text, out):
            videos.setdefault(path.resolve(), str(path))
    taken = set(known.values())
    jobs: list[BatchJob] = []
    for path, video in videos.items():
        name = known.get(video) or _free_name(path, taken)
        taken.add(name)
        jobs.append(BatchJob(video, out / name))
    return jobs


def _videos(text: str, out: Path) -> list[Path]:
    if text.startswith(LIVE):
        raise ExplainedError(f"{text} is live or an address: a batch takes files and folders.")
    path = Path(text).expanduser()
    if path.is_dir():
        found = list(_in_folder(path, out))
        if not found:
            raise ExplainedError(f"The folder {path} holds no videos and no images.")
        return found
    if path.exists():
        return [path]
    matches = [Path(match) for match in sorted(glob.glob(str(path), recursive=True))]
    if not matches:
        raise ExplainedError(f"There is no file, folder or match for {text}.")
    return [found for match in matches for found in _matched(match, out)]


def _matched(path: Path, out: Path) -> list[Path]:
    return list(_in_folder(path, out)) if path.is_dir() else [path]


def _in_folder(folder: Path, out: Path) -> Iterator[Path]:
    """Videos under a folder; a folder of images counts as one. Sessions and OUT are passed over."""
    from core.sources.image_folder import IMAGE_SUFFIXES

    if folder.suffix == ".session" or folder.resolve() == out.resolve():
        return
    children = sorted(folder.iterdir())
    if any(child.suffix.lower() in IMAGE_SUFFIXES and child.is_file() for child in children):
        yield folder
    for child in children:
        if child.is_dir() and not child.name.startswith("."):
            yield from _in_folder(child, out)
        elif child.suffix.lower() in VIDEO_SUFFIXES:
            yield child


def _free_name(path: Path, taken: set[str]) -> str:
    """The video's own name; with a piece of its path's hash where another has it."""
    name = f"{path.stem if path.suffix.lower() in VIDEO_SUFFIXES else path.name}.session"
    if name not in taken:
        return name
    digest = hashlib.sha256(str(path).encode()).hexdigest()[:8]
    return f"{path.stem}-{digest}.session"
