"""Pictures into an H.264 file.

count = write_video(path, pictures, fps=30)
"""

from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from jaxtyping import UInt8

_QUALITY_CRF = "16"
"""H.264's constant rate factor; 16 is hard to tell from the original."""


def write_video(
    path: Path, pictures: Iterable[UInt8[np.ndarray, "height width 3"]], fps: float
) -> int:
    """Write pictures of one even size; gives how many there were.

    Raises:
        ValueError: There is no picture, or a side is odd (4:2:0 colour needs pairs of pixels).
    """
    count = 0
    with av.open(str(path), "w", format="mp4") as container:
        stream = container.add_stream(
            "libx264", rate=Fraction(fps).limit_denominator(1001), options={"crf": _QUALITY_CRF}
        )
        stream.pix_fmt = "yuv420p"
        for picture in pictures:
            if count == 0:
                stream.height, stream.width = _even(picture.shape)
            packets = stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24"))
            container.mux(packets)
            count += 1
        if count == 0:
            raise ValueError("a video needs at least 1 picture, there is 0")
        container.mux(stream.encode())
    return count


def _even(shape: tuple[int, ...]) -> tuple[int, int]:
    height, width = shape[:2]
    if height % 2 or width % 2:
        raise ValueError(f"pictures of {width} x {height}: both sides must be even")
    return height, width
