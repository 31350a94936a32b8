"""Decoded pictures to upright RGB arrays."""

import cv2
import numpy as np
from av.sidedata.sidedata import Type
from av.video.frame import VideoFrame
from av.video.reformatter import VideoReformatter
from jaxtyping import UInt8


class UprightRgb:
    """Turns pictures of one stream into RGB, with the file's display matrix applied.

    All arrays have the size of the first, even if the stream changes its size midway.
    """

    def __init__(self) -> None:
        self._reformatter = VideoReformatter()
        self._size: tuple[int, int] | None = None

    def __call__(self, picture: VideoFrame) -> UInt8[np.ndarray, "height width 3"]:
        self._size = self._size or (picture.width, picture.height)
        width, height = self._size
        rgb = self._reformatter.reformat(picture, width, height, format="rgb24").to_ndarray()
        return _turned(rgb, _display_matrix(picture))


def _display_matrix(picture: VideoFrame) -> tuple[int, int, int, int] | None:
    """a, b, c, d of x' = a x + c y, y' = b x + d y (16.16 fixed point); None if not given.

    Source: libavutil/display.h.
    """
    side_data = picture.side_data.get(Type.DISPLAYMATRIX)
    if side_data is None:
        return None
    numbers = np.frombuffer(bytes(side_data), dtype=np.int32)
    return int(numbers[0]), int(numbers[1]), int(numbers[3]), int(numbers[4])


def _turned(
    rgb: UInt8[np.ndarray, "h w 3"], matrix: tuple[int, int, int, int] | None
) -> UInt8[np.ndarray, "height width 3"]:
    """Apply the nearest quarter turn, with flips."""
    if matrix is None:
        return rgb
    a, b, c, d = matrix
    if abs(b) > abs(a):
        rgb, x_sign, y_sign = cv2.transpose(rgb), c, b
    else:
        x_sign, y_sign = a, d
    if x_sign < 0 and y_sign < 0:
        return cv2.flip(rgb, -1)
    if x_sign < 0 or y_sign < 0:
        return cv2.flip(rgb, 1 if x_sign < 0 else 0)
    return rgb
