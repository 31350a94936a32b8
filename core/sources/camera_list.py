"""Cameras of this machine, by name."""

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

_SYSFS = Path("/sys/class/video4linux")


@dataclass(frozen=True)
class CameraInfo:
    """A camera that could be opened. Identity is name and path: indices get reshuffled."""

    index: int
    """For `camera:N`."""
    name: str
    path: str
    """Device node or unique id; empty where the system does not tell."""


def list_cameras(sysfs: Path = _SYSFS) -> tuple[CameraInfo, ...]:
    """All cameras, without opening any.

    Linux tells name and node, macOS name and id; elsewhere the list is empty, and `camera:0`
    still works. May take a second: call it off the window's thread.
    """
    if sys.platform == "darwin":
        return _macos_cameras()
    if not sysfs.is_dir():
        return ()
    nodes = sorted(sysfs.glob("video*"), key=lambda node: int(node.name.removeprefix("video")))
    # Modern cameras show a second node for metadata; its `index` is not 0.
    return tuple(
        CameraInfo(
            int(node.name.removeprefix("video")),
            _line(node / "name", default=node.name),
            f"/dev/{node.name}",
        )
        for node in nodes
        if _line(node / "index", default="0") == "0"
    )


def _line(file: Path, default: str) -> str:
    try:
        return file.read_text(encoding="utf-8", errors="replace").strip() or default
    except OSError:
        return default


def _macos_cameras() -> tuple[CameraInfo, ...]:
    command = ["system_profiler", "SPCameraDataType", "-json"]
    try:
        text = subprocess.run(command, capture_output=True, timeout=10, check=True).stdout
        found = json.loads(text)["SPCameraDataType"]
    except (OSError, subprocess.SubprocessError, ValueError, KeyError):
        return ()
    return tuple(
        CameraInfo(
            index, str(camera.get("_name", index)), str(camera.get("spcamera_unique-id", ""))
        )
        for index, camera in enumerate(found)
    )
