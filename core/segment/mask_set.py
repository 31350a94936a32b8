"""Masks on disk: a folder of PNGs, or one masks.npz with packed bits.

save_masks(Path("masks.npz"), frame_index, alphas)
masks = open_masks(Path("masks.npz"))      # or a folder of 00012.png, dog_06_343.png
alpha = masks.read(12)                     # None if frame 12 has no mask
"""

import os
import re
import zipfile
from pathlib import Path
from typing import Protocol, runtime_checkable

import cv2
import numpy as np
from jaxtyping import Int, Shaped, UInt8

from core.errors import SegmentError

Alpha = UInt8[np.ndarray, "height width"]


@runtime_checkable
@runtime_checkable
class MaskSet(Protocol):
    """Masks of some frames of a clip."""

    frame_index: tuple[int, ...]
    """Frames that have a mask, rising."""

    def read(self, frame: int) -> Alpha | None:
        """The mask of a frame, 0 or 255 (between where the file says so); None if not given."""
        ...


def open_masks(path: Path, clip: str | None = None) -> MaskSet:
    """Open a folder of PNGs or a masks.npz.

    Args:
        path: Folder or file.
        clip: Take only PNGs whose names begin so; for folders that hold masks of several clips.

    Raises:
        SegmentError: Nothing there that can be read, or two masks claim one frame.
    """
    if path.is_dir():
        return FolderMasks(path, clip)
    if not path.is_file():
        raise SegmentError(f"There are no masks at {path}; give a folder of PNGs or a masks.npz.")
    return PackedMasks(path)


class FolderMasks:
    """PNGs whose names hold the frame number: the last digits of the stem."""

    def __init__(self, folder: Path, clip: str | None = None) -> None:
        self._files: dict[int, Path] = {}
        for file in sorted(folder.glob("*.png")):
            number = _frame_number(file.stem, clip)
            if number is None:
                continue
            if number in self._files:
                raise SegmentError(
                    f"{self._files[number].name} and {file.name} are both masks of frame "
                    f"{number}; keep the masks of one clip in a folder."
                )
            self._files[number] = file
        if not self._files:
            raise SegmentError(
                f"The folder {folder.name} holds no masks; "
                "name them by frame number, such as 00012.png."
            )
        self.frame_index = tuple(sorted(self._files))

    def read(self, frame: int) -> Alpha | None:
        file = self._files.get(frame)
        if file is None:
            return None
        coded = np.fromfile(file, dtype=np.uint8)
        image = cv2.imdecode(coded, cv2.IMREAD_UNCHANGED) if len(coded) else None
        if image is None:
            raise SegmentError(f"The mask {file.name} is damaged.")
        return _alpha_of(image)


class PackedMasks:
    """masks.npz: `packed` (frames, ceil(height * width / 8)) bits of each frame, row by row,
    `shape` (frames, height, width), `frame_index` (frames,)."""

    def __init__(self, path: Path) -> None:
        try:
            with np.load(path, allow_pickle=False) as arrays:
                self._packed: UInt8[np.ndarray, "frames bytes"] = arrays["packed"]
                frames, height, width = (int(size) for size in arrays["shape"])
                frame_index = [int(frame) for frame in arrays["frame_index"]]
        except (OSError, ValueError, KeyError, TypeError, zipfile.BadZipFile) as error:
            raise SegmentError(f"{path.name} is not a file of masks, or is damaged.") from error
        expected = (frames, (height * width + 7) // 8)
        is_whole = self._packed.shape == expected and self._packed.dtype == np.uint8
        if min(height, width) < 1 or not is_whole:
            raise SegmentError(
                f"{path.name} is damaged: its masks are {self._packed.shape}, not {expected}."
            )
        if len(frame_index) != frames or len(set(frame_index)) != frames:
            raise SegmentError(f"{path.name} is damaged: its frame numbers do not fit its masks.")
        self._size = (height, width)
        self._row = {frame: row for row, frame in enumerate(frame_index)}
        self.frame_index = tuple(sorted(frame_index))

    def read(self, frame: int) -> Alpha | None:
        row = self._row.get(frame)
        if row is None:
            return None
        height, width = self._size
        bits = np.unpackbits(self._packed[row], count=height * width)
        return bits.reshape(height, width) * np.uint8(255)


def save_masks(
    path: Path,
    frame_index: Int[np.ndarray, " frames"],
    alphas: UInt8[np.ndarray, "frames height width"],
) -> None:
    """Write masks.npz; what is at least half opaque counts as subject."""
    if len(frame_index) != len(alphas):
        raise ValueError(f"{len(alphas)} masks for {len(frame_index)} frame numbers")
    frames, height, width = alphas.shape
    packed = np.packbits((alphas >= 128).reshape(frames, height * width), axis=1)
    unfinished = path.with_name(path.name + ".part")
    try:
        with unfinished.open("wb") as file:
            np.savez_compressed(
                file, packed=packed, shape=np.array(alphas.shape), frame_index=frame_index
            )
        os.replace(unfinished, path)
    finally:
        unfinished.unlink(missing_ok=True)


def _frame_number(stem: str, clip: str | None) -> int | None:
    """The last digits of a name; with a clip, only of `clip_123` and the like."""
    if clip is not None and not re.fullmatch(r"[^0-9]?[0-9]+", stem.removeprefix(clip)):
        return None
    digits = re.findall(r"[0-9]+", stem)
    return int(digits[-1]) if digits else None


def _alpha_of(image: Shaped[np.ndarray, "..."]) -> Alpha:
    """0..255 from grey, palette, label (0, 1) or RGBA masks, 8 or 16 bit."""
    if image.dtype == np.uint16:
        image = (image >> 8).astype(np.uint8)
    if image.ndim == 3 and image.shape[2] == 4 and image[..., 3].min() < 255:
        return np.ascontiguousarray(image[..., 3])
    grey = image[..., :3].max(axis=2) if image.ndim == 3 else image
    return grey if grey.max() >= 128 else (grey > 0).astype(np.uint8) * np.uint8(255)
