"""From what a person types or drops to a source of frames."""

from pathlib import Path

from core.errors import SourceError
from core.sources.image_folder import IMAGE_SUFFIXES, ImageFolder
from core.sources.source import Source

ACCEPTED = (
    "a video file, a folder of .png, .jpg or .webp images, camera:0, "
    "or an http(s):// or rtsp:// address"
)
_VIDEO_SUFFIXES = (".mp4", ".mov", ".mkv", ".webm", ".m4v", ".avi")


def open_source(text: str | Path) -> Source:
    """Open a video file, an image folder, `camera:N` or an http(s), rtsp address.

    Raises:
        SourceError: Nothing there that can be read.
    """
    text = str(text)
    if text.startswith("camera:"):
        from core.sources.camera import CameraSource

        return CameraSource(text.removeprefix("camera:"))
    if text.startswith(("http://", "https://", "rtsp://", "rtsps://")):
        return _open_address(text)
    return _open_path(Path(text).expanduser())


def _open_address(url: str) -> Source:
    if url.startswith("http") and url.split("?")[0].lower().endswith(_VIDEO_SUFFIXES):
        return _open_video(url)
    from core.sources.stream import StreamSource

    return StreamSource(url)


def _open_path(path: Path) -> Source:
    if path.is_dir():
        return _open_folder(path)
    if not path.exists():
        raise SourceError(f"There is no file {path}; give {ACCEPTED}.")
    if path.suffix.lower() in IMAGE_SUFFIXES:
        return ImageFolder(path)
    return _open_video(path)


def _open_folder(path: Path) -> Source:
    """Images, or else the only video inside."""
    files = sorted(child for child in path.iterdir() if child.is_file())
    if any(file.suffix.lower() in IMAGE_SUFFIXES for file in files):
        return ImageFolder(path)
    videos = [file for file in files if file.suffix.lower() in _VIDEO_SUFFIXES]
    if len(videos) == 1:
        return _open_video(videos[0])
    if videos:
        raise SourceError(f"The folder {path.name} holds {len(videos)} videos; give one of them.")
    raise SourceError(f"The folder {path.name} holds no images; give {ACCEPTED}.")


def _open_video(where: Path | str) -> Source:
    from core.sources.video_file import VideoFile

    return VideoFile(where)
