"""Small videos with the frame number burnt in as blocks, to prove that a frame is the right one."""

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

BITS = 10
BLOCK_PX = 12


def burnt_picture(number: int, width_px: int = 128, height_px: int = 64) -> np.ndarray:
    """Grey texture that moves, with the bits of `number` in two rows of blocks at top left."""
    y, x = np.mgrid[:height_px, :width_px]
    texture = 128 + 40 * np.sin(x / 9 + number / 5) * np.cos(y / 7 - number / 9)
    picture = np.repeat(texture[..., None], 3, axis=2)
    for bit in range(BITS):
        row, column = divmod(bit, BITS // 2)
        block = np.s_[row * BLOCK_PX : (row + 1) * BLOCK_PX, column * BLOCK_PX :][0:2]
        picture[block][:, :BLOCK_PX] = 235 if number >> bit & 1 else 20
    return picture.astype(np.uint8)


def read_number(rgb: np.ndarray) -> int:
    """The burnt-in number."""
    centres = [divmod(bit, BITS // 2) for bit in range(BITS)]
    middle = BLOCK_PX // 2
    lit = [rgb[r * BLOCK_PX + middle, c * BLOCK_PX + middle].mean() > 128 for r, c in centres]
    return sum(1 << bit for bit, is_lit in enumerate(lit) if is_lit)


def write_clip(
    path: Path,
    pictures: Sequence[np.ndarray],
    codec: str = "libx264",
    codec_options: dict[str, str] | None = None,
    container_options: dict[str, str] | None = None,
    pts: Sequence[int] | None = None,
    pixel_format: str = "yuv420p",
    rotation_deg: int = 0,
) -> Path:
    """Encode pictures; `pts` in milliseconds, default 40 apart."""
    height_px, width_px = pictures[0].shape[:2]
    with av.open(str(path), "w", options=container_options or {}) as container:
        stream = container.add_stream(codec, rate=25, options=codec_options or {})
        stream.width, stream.height, stream.pix_fmt = width_px, height_px, pixel_format
        stream.codec_context.time_base = Fraction(1, 25 if pts is None else 1000)
        if rotation_deg:
            stream.set_display_rotation(rotation_deg)
        for number, picture in enumerate(pictures):
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts = number if pts is None else pts[number]
            frame.time_base = stream.codec_context.time_base
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path
