"""What the scene looks like without the subject, as far as it was seen.

The plate is carried along with the camera. Pixels that look like it are background: this stops
the mask from leaking into furniture that the subject touches.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Bool, Float, Float32, UInt8

from core.segment.small_frame import SmallFrame

_RATE = 0.2
"""Share of a new frame in the plate..."""
_SURPRISE_RATE = 0.04
"""...where the frame differs from it: perhaps a part of the subject that the mask has missed."""
_NOISE_FLOOR = 1.5
"""Least difference, in steps of Lab, that counts as one unit."""
_SAME_BELOW = 1.25
"""Units of difference below which a pixel begins to look like background..."""
_OTHER_FROM, _OTHER_AT = 3.0, 6.0
"""...and where it begins to look like something else, and surely does."""
_SHADOW = 0.3
"""Weight of lightness when telling something else from the scene: shadows change only that."""
_SAME_WEIGHT, _OTHER_WEIGHT = 2.0, 1.0


@dataclass(frozen=True, eq=False)
class BackgroundPlate:
    """The empty scene in the pixels of the last frame."""

    lab: Float32[np.ndarray, "h w 3"]
    known: Float32[np.ndarray, "h w"]
    """1 where the background was seen, 0 where the subject has hidden it so far."""

    @classmethod
    def first(cls, small: SmallFrame, subject: UInt8[np.ndarray, "h w"]) -> "BackgroundPlate":
        """All that is clear of the subject."""
        return cls(small.lab, _is_clear(subject, 9).astype(np.float32))

    def moved(self, now_to_before: Float[np.ndarray, "2 3"] | None) -> "BackgroundPlate":
        """The plate as the camera sees it now; None: the camera stood still."""
        if now_to_before is None:
            return self
        height, width = self.known.shape
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        size = (width, height)
        lab = cv2.warpAffine(
            self.lab, now_to_before, size, flags=flags, borderMode=cv2.BORDER_REPLICATE
        )
        return BackgroundPlate(lab, cv2.warpAffine(self.known, now_to_before, size, flags=flags))

    def evidence(
        self, small: SmallFrame, subject: UInt8[np.ndarray, "h w"]
    ) -> Float32[np.ndarray, "h w"]:
        """For the subject where positive, against it where negative; log odds, about -2..1.

        Differences are measured in units of what the sure background shows, so that a shaking
        or wrongly estimated camera weakens the evidence instead of falsifying it.
        """
        off = small.lab - self.lab
        cv2.multiply(off, off, dst=off)
        light, a, b = cv2.split(off)
        chroma = a + b
        known = self.known > 0.9
        sure = _is_clear(subject, 9) & known
        same = _in_units(cv2.sqrt(light + chroma), sure)
        other = _in_units(cv2.sqrt(light * np.float32(_SHADOW**2) + chroma), sure)
        against = _SAME_WEIGHT * np.clip(same - _SAME_BELOW, -1, 0)
        favour = _OTHER_WEIGHT * np.clip((other - _OTHER_FROM) / (_OTHER_AT - _OTHER_FROM), 0, 1)
        return ((against + favour) * known).astype(np.float32)

    def learned(self, small: SmallFrame, subject: UInt8[np.ndarray, "h w"]) -> "BackgroundPlate":
        """The plate after seeing this frame around the subject."""
        is_clear = _is_clear(subject, 5)
        off = small.lab - self.lab
        surprise = np.abs(off).max(axis=2) > 20
        rate = np.where(self.known < 0.9, 1.0, np.where(surprise, _SURPRISE_RATE, _RATE))
        step = (rate * is_clear).astype(np.float32)
        known = np.where(is_clear, np.float32(1), self.known)
        return BackgroundPlate(self.lab + step[..., None] * off, known)


def _is_clear(subject: UInt8[np.ndarray, "h w"], reach: int) -> Bool[np.ndarray, "h w"]:
    return cv2.dilate(subject, np.ones((reach, reach), np.uint8)) < 10


def _in_units(
    difference: Float32[np.ndarray, "h w"], sure: Bool[np.ndarray, "h w"]
) -> Float32[np.ndarray, "h w"]:
    sample = difference[sure][::7]
    if len(sample) < 10:
        return difference / np.float32(10)
    median, high = np.percentile(sample, [50, 90])
    unit = max(median, _NOISE_FLOOR) + 0.5 * max(high, 2 * _NOISE_FLOOR)
    return difference / np.float32(unit)
