"""A model of the background, for a camera that stands still.

segmenter = BackgroundSegmenter()
mask, memory = segmenter.segment(frame, None)      # learns from the first frames on
"""

from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Float32, UInt8

from core.frame import Frame
from core.results import Box, Mask
from core.segment.segmenter import Points, SegmentMemory, check_prompt

_LONG_SIDE_PX = 256
_HISTORY_FRAMES = 300
"""Frames over which the model forgets, once it has seen that many."""
_NOISE_FLOOR = 6.0
"""Least standard deviation of a pixel, in steps of 8-bit Lab; compression alone gives this much."""
_THRESHOLD = 3.0
"""Deviations from which a pixel is foreground."""
_WARM_UP_FRAMES = 15
"""Confidence rises over the first frames, while the model is being learned."""
_LEAST_AREA = 0.002
"""Blobs below this share of the frame are noise."""


@dataclass(frozen=True, eq=False)
class BackgroundMemory(SegmentMemory):
    """Mean and variance of each pixel, at low resolution."""

    mean: Float32[np.ndarray, "h w 3"]
    variance: Float32[np.ndarray, "h w 3"]
    frames_seen: int
    last: UInt8[np.ndarray, "h w"] | None
    """Subject on the last frame, 0 or 1."""


class BackgroundSegmenter:
    """Takes for the subject what differs from a running model of the empty scene.

    The first frames teach the scene; what stood there from the start becomes visible once it
    has moved. A prompt marks the subject so that it is not learned as background.
    """

    name = "background"

    def prompt(
        self,
        frame: Frame,
        box: Box | None = None,
        points: Points | None = None,
        mask: UInt8[np.ndarray, "height width"] | None = None,
    ) -> SegmentMemory:
        """Start the model from this frame; the box or mask is left out of it.

        Points are not used.
        """
        check_prompt(frame, box, mask)
        lab = _small_lab(frame)
        subject = np.zeros(lab.shape[:2], np.uint8)
        if mask is not None:
            subject = (_shrunk(mask, subject.shape) >= 128).astype(np.uint8)
        elif box is not None:
            scale = subject.shape[1] / frame.width_px
            x0, y0, x1, y1 = (round(edge * scale) for edge in box)
            subject[max(0, y0) : y1, max(0, x0) : x1] = 1
        filled = cv2.inpaint(lab, subject, 3, cv2.INPAINT_TELEA) if subject.any() else lab
        variance = np.full(lab.shape, _NOISE_FLOOR**2, np.float32)
        return BackgroundMemory(filled.astype(np.float32), variance, 1, subject)

    def segment(self, frame: Frame, memory: SegmentMemory | None) -> tuple[Mask, SegmentMemory]:
        lab = _small_lab(frame)
        if not isinstance(memory, BackgroundMemory) or memory.mean.shape != lab.shape:
            memory = self.prompt(frame)
        assert isinstance(memory, BackgroundMemory)
        off = lab - memory.mean
        deviation = np.sqrt((off * off / memory.variance).max(axis=2))
        subject = _plausible_blob(deviation > _THRESHOLD, memory.last)
        confidence = _confidence(subject, deviation, memory.frames_seen)
        size = (frame.width_px, frame.height_px)
        alpha = cv2.resize(subject * np.uint8(255), size, interpolation=cv2.INTER_LINEAR)
        return Mask(alpha, confidence), _learned(memory, off, subject)

    def close(self) -> None:
        """Holds nothing."""


def _small_lab(frame: Frame) -> UInt8[np.ndarray, "h w 3"]:
    scale = min(1.0, _LONG_SIDE_PX / max(frame.width_px, frame.height_px))
    size = (max(1, round(frame.width_px * scale)), max(1, round(frame.height_px * scale)))
    small = cv2.resize(frame.rgb, size, interpolation=cv2.INTER_AREA)
    return cv2.cvtColor(small, cv2.COLOR_RGB2Lab)


def _shrunk(
    alpha: UInt8[np.ndarray, "height width"], shape: tuple[int, int]
) -> UInt8[np.ndarray, "h w"]:
    return cv2.resize(alpha, (shape[1], shape[0]), interpolation=cv2.INTER_AREA)


def _plausible_blob(is_new: np.ndarray, last: np.ndarray | None) -> UInt8[np.ndarray, "h w"]:
    """The largest cleaned blob, counting overlap with the last subject twice."""
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (5, 5))
    clean = cv2.morphologyEx(is_new.astype(np.uint8), cv2.MORPH_OPEN, kernel[1:4, 1:4])
    clean = cv2.morphologyEx(clean, cv2.MORPH_CLOSE, kernel, iterations=2)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(clean)
    if count < 2:
        return np.zeros_like(clean)
    score = stats[:, cv2.CC_STAT_AREA].astype(float)
    if last is not None and last.any():
        score += np.bincount(labels.ravel(), weights=last.ravel(), minlength=count)
    score[0] = 0
    best = int(score.argmax())
    if stats[best, cv2.CC_STAT_AREA] < _LEAST_AREA * clean.size:
        return np.zeros_like(clean)
    return (labels == best).astype(np.uint8)


def _confidence(subject: np.ndarray, deviation: np.ndarray, frames_seen: int) -> float:
    if not subject.any():
        return 0.0
    separation = float(np.median(deviation[subject > 0])) / (3 * _THRESHOLD)
    is_flooded = subject.mean() > 0.7  # the light or the camera changed
    return (
        min(1.0, separation) * min(1.0, frames_seen / _WARM_UP_FRAMES) * (0.2 if is_flooded else 1)
    )


def _learned(memory: BackgroundMemory, off: np.ndarray, subject: np.ndarray) -> BackgroundMemory:
    """Running mean and variance (Welford with a floor on the rate); the subject is kept out,
    but seeps in slowly, so that furniture that was moved is forgiven."""
    rate = max(1 / (memory.frames_seen + 1), 1 / _HISTORY_FRAMES)
    near = cv2.dilate(subject, np.ones((7, 7), np.uint8))
    step = np.where(near > 0, 0.1 / _HISTORY_FRAMES, rate).astype(np.float32)[..., None]
    mean = memory.mean + step * off
    variance = (1 - step) * (memory.variance + step * off * off)
    floor = np.float32(_NOISE_FLOOR**2)
    return BackgroundMemory(mean, np.maximum(variance, floor), memory.frames_seen + 1, subject)
