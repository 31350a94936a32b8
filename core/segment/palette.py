"""The subject's colours, to find it again anywhere in the frame.

The appearance model knows where in the box a colour belongs and so cannot search; this can.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Float, Float32, Int, UInt8

from core.results import Box
from core.segment.small_frame import SmallFrame

_BINS = (8, 16, 16)
_LOW = np.float32([0, 80, 80])
_SPAN = np.float32([256, 100, 100])
"""Lightness 0..255; both chroma channels of 8-bit Lab seldom leave 80..180."""
_RATE = 0.1
_DOUBT = 0.02
"""Added to both shares: rare colours say little."""
_LIMIT = 2.0
_LEAST_LIKENESS = 0.3
"""Mean log odds in a window from which it may hold the subject."""

Histogram = Float[np.ndarray, "l a b"]


@dataclass(frozen=True, eq=False)
class Palette:
    """Colour shares inside and outside of the subject; each sums to 1."""

    subject: Histogram
    rest: Histogram

    @classmethod
    def of(cls, small: SmallFrame, subject: UInt8[np.ndarray, "h w"]) -> "Palette":
        """Count one frame."""
        bins = _bins(small.lab)
        inside = subject > 127
        return cls(_histogram(bins[inside]), _histogram(bins[~inside]))

    def taught(self, small: SmallFrame, subject: UInt8[np.ndarray, "h w"]) -> "Palette":
        """The shares after one more frame."""
        new = Palette.of(small, subject)
        return Palette(
            (1 - _RATE) * self.subject + _RATE * new.subject,
            (1 - _RATE) * self.rest + _RATE * new.rest,
        )

    def likeness(self, small: SmallFrame) -> Float32[np.ndarray, "h w"]:
        """Log odds of each pixel's colour."""
        doubt = _DOUBT / self.subject.size * 10
        odds = np.log((self.subject + doubt) / (self.rest + doubt))
        return np.clip(odds, -_LIMIT, _LIMIT).astype(np.float32).ravel()[_bins(small.lab)]

    def find(self, small: SmallFrame, size: tuple[float, float]) -> Box | None:
        """The window of about this size, in small pixels, that looks most like the subject.

        Returns:
            None if no window looks like it.
        """
        odds = self.likeness(small)
        height, width = odds.shape
        window = max(3, min(round(size[0]), width)), max(3, min(round(size[1]), height))
        around = tuple(
            min(2 * round(0.75 * side) + 1, 4 * limit)
            for side, limit in zip(window, (width, height), strict=True)
        )
        inside = cv2.blur(odds, window, borderType=cv2.BORDER_REFLECT)
        outside = cv2.blur(odds, around, borderType=cv2.BORDER_REFLECT)
        _, _, _, (x, y) = cv2.minMaxLoc(inside - 0.3 * outside)
        if inside[y, x] < _LEAST_LIKENESS:
            return None
        x0, y0 = x - window[0] / 2, y - window[1] / 2
        return (x0, y0, x0 + window[0], y0 + window[1])


def _bins(lab: Float32[np.ndarray, "h w 3"]) -> Int[np.ndarray, "h w"]:
    scaled = (lab - _LOW) * (np.float32(_BINS) / _SPAN)
    place = np.clip(scaled, 0, np.float32(_BINS) - 1).astype(np.int32)
    return (place[..., 0] * _BINS[1] + place[..., 1]) * _BINS[2] + place[..., 2]


def _histogram(bins: Int[np.ndarray, " pixels"]) -> Histogram:
    counts = np.bincount(bins, minlength=int(np.prod(_BINS))).astype(float).reshape(_BINS)
    for axis in range(3):  # neighbouring colours are kin
        counts = counts + 0.5 * (_shifted(counts, 1, axis) + _shifted(counts, -1, axis))
    return counts / max(counts.sum(), 1)


def _shifted(counts: Histogram, by: int, axis: int) -> Histogram:
    moved = np.roll(counts, by, axis)
    edge: list[slice | int] = [slice(None)] * 3
    edge[axis] = 0 if by > 0 else -1
    moved[tuple(edge)] = 0
    return moved
