"""Folders of numbered images, or a single image."""

import re
from pathlib import Path

import cv2
import numpy as np
from jaxtyping import Float, UInt8

from core.errors import SourceError
from core.frame import Frame
from core.sources.source import ClosesItself

IMAGE_SUFFIXES = (".png", ".jpg", ".jpeg", ".webp")
FOLDER_FPS = 30.0
"""Images carry no time stamps; they are shown at this rate."""


class ImageFolder(ClosesItself):
    """All images of a folder in natural order (img_2 before img_10), as frames.

    An image that cannot be decoded is passed over; its number stays empty.

    Raises:
        SourceError: There are no readable images, or they differ in size.
    """

    is_live = False
    fps = FOLDER_FPS

    def __init__(self, path: Path) -> None:
        self.name = path.name
        self._files = [path] if path.is_file() else _images_in(path)
        if not self._files:
            raise SourceError(f"The folder {path.name} holds no .png, .jpg or .webp images.")
        self.times_s: Float[np.ndarray, " frames"] = np.arange(len(self._files)) / FOLDER_FPS
        self._next = 0
        self.width_px = self.height_px = 0
        first = self.read()
        if first is None:
            raise SourceError(f"None of the images in {path.name} can be decoded.")
        self.width_px, self.height_px = first.width_px, first.height_px
        self.seek(0)

    @property
    def frame_count(self) -> int:
        return len(self._files)

    def seek(self, index: int) -> None:
        if not 0 <= index < self.frame_count:
            raise ValueError(f"frame {index} of a folder of {self.frame_count} images")
        self._next = index

    def read(self) -> Frame | None:
        while self._next < self.frame_count:
            index = self._next
            self._next += 1
            rgb = _read_rgb(self._files[index])
            if rgb is not None:
                self._check_size(index, rgb)
                return Frame(index, float(self.times_s[index]), rgb)
        return None

    def close(self) -> None:
        self._next = self.frame_count

    def _check_size(self, index: int, rgb: UInt8[np.ndarray, "height width 3"]) -> None:
        height, width = rgb.shape[:2]
        if self.width_px and (width, height) != (self.width_px, self.height_px):
            raise SourceError(
                f"{self._files[index].name} is {width}x{height}, but the first image is "
                f"{self.width_px}x{self.height_px}; all images must be of one size."
            )


def natural_key(name: str) -> list[tuple[int, str]]:
    """Sort key by which img_2 comes before img_10."""
    parts = re.split(r"([0-9]+)", name.lower())
    return [(int(part), "") if place % 2 else (-1, part) for place, part in enumerate(parts)]


def _images_in(folder: Path) -> list[Path]:
    found = (file for file in folder.iterdir() if file.suffix.lower() in IMAGE_SUFFIXES)
    shown = (file for file in found if not file.name.startswith("."))
    return sorted(shown, key=lambda file: natural_key(file.name))


def _read_rgb(file: Path) -> UInt8[np.ndarray, "height width 3"] | None:
    """Decode to 8-bit RGB, upright by EXIF; None if it is damaged."""
    try:
        # cv2.imread cannot open non-ASCII paths on Windows.
        coded = np.fromfile(file, dtype=np.uint8)
    except OSError as error:
        raise SourceError(f"{file.name} cannot be read: {error.strerror}.") from error
    if len(coded) == 0:
        return None
    return cv2.imdecode(coded, cv2.IMREAD_COLOR_RGB)
