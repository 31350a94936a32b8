"""Which camera is meant, whatever number the system gives it today.

lasting_text(camera, cameras)             # "camera:/dev/v4l/by-id/usb-046d_C920-index0"
present_text("camera:/dev/v4l/by-id/...") # "camera:/dev/video2"
"""

from collections.abc import Sequence
from pathlib import Path

from core.errors import SourceError
from core.sources.camera_list import CameraInfo

SCHEME = "camera:"
LINKS = (Path("/dev/v4l/by-id"), Path("/dev/v4l/by-path"))
"""By maker and serial number; by the socket it is plugged into."""


def lasting_text(
    camera: CameraInfo, cameras: Sequence[CameraInfo], links: Sequence[Path] = LINKS
) -> str:
    """What opens this camera tomorrow: a lasting link, else its name if no other has it."""
    for folder in links:
        for link in sorted(folder.glob("*")) if folder.is_dir() else ():
            if camera.path and link.resolve() == Path(camera.path).resolve():
                return f"{SCHEME}{link}"
    is_only = sum(other.name == camera.name for other in cameras) == 1
    return f"{SCHEME}{camera.name}" if is_only and camera.name else f"{SCHEME}{camera.index}"


def present_text(text: str) -> str:
    """The device node behind a lasting link; other texts as they are.

    Raises:
        SourceError: The camera of the link is not plugged in.
    """
    path = Path(text.removeprefix(SCHEME))
    if not text.startswith(f"{SCHEME}/") or not path.parent.name.startswith("by-"):
        return text
    if not path.exists():
        raise SourceError(
            f"The camera {path.name} is not plugged in; plug it in or choose another."
        )
    return f"{SCHEME}{path.resolve()}"
