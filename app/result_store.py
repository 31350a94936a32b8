"""The results of one recorded video, by frame; shared by the inference thread and the window.

store = ResultStore(frame_count=300)
store.put(result, is_final=True)
store.get(12)                    # FrameResult or None
"""

import dataclasses
import threading
import zlib
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

from core.results import Box, FrameResult, Mask


@dataclass(frozen=True, eq=False)
class _Packed:
    """A result whose mask is folded to a few kilobytes; 450 raw 1080p masks would take 0.9 GB."""

    result: FrameResult
    mask_bits: bytes | None
    mask_confidence: float


def _pack(result: FrameResult) -> _Packed:
    if result.mask is None:
        return _Packed(result, None, 0.0)
    bits = zlib.compress(np.packbits(result.mask.alpha > 127).tobytes(), 1)
    return _Packed(dataclasses.replace(result, mask=None), bits, result.mask.confidence)


def _unpack(packed: _Packed) -> FrameResult:
    if packed.mask_bits is None:
        return packed.result
    width, height = packed.result.image_size
    bits = np.frombuffer(zlib.decompress(packed.mask_bits), np.uint8)
    alpha = np.unpackbits(bits, count=width * height).reshape(height, width) * np.uint8(255)
    return dataclasses.replace(packed.result, mask=Mask(alpha, packed.mask_confidence))


class ResultStore:
    """Results by frame index. A final result is never replaced by a provisional one."""

    def __init__(self, frame_count: int) -> None:
        self.frame_count = frame_count
        self._lock = threading.Lock()
        self._packed: dict[int, _Packed] = {}
        self._is_final = np.zeros(frame_count, bool)
        self._confidence = np.full(frame_count, np.nan, np.float32)

    def put(self, result: FrameResult, is_final: bool) -> None:
        index = result.frame_index
        if not 0 <= index < self.frame_count:
            raise ValueError(f"result of frame {index}, but there are {self.frame_count} frames")
        packed = _pack(result)
        with self._lock:
            if self._is_final[index] and not is_final:
                return
            self._packed[index] = packed
            self._is_final[index] = is_final
            self._confidence[index] = result.confidence if result.is_covered else 0.0

    def get(self, index: int) -> FrameResult | None:
        with self._lock:
            packed = self._packed.get(index)
        return None if packed is None else _unpack(packed)

    def nearest_box(self, index: int) -> Box | None:
        """The subject's box in the nearest frame that has one, within 30 frames."""
        with self._lock:
            near = sorted(
                (k for k in self._packed if abs(k - index) <= 30), key=lambda k: abs(k - index)
            )
            boxes = (self._packed[k].result for k in near)
            return next((r.box for r in boxes if r.is_covered and r.box is not None), None)

    def forget_from(self, index: int) -> None:
        """Drop results from `index` on: the subject was set anew there."""
        with self._lock:
            self._packed = {k: packed for k, packed in self._packed.items() if k < index}
            self._is_final[index:] = False
            self._confidence[index:] = np.nan

    def first_missing(self) -> int | None:
        """The first frame without a final result."""
        with self._lock:
            missing = np.flatnonzero(~self._is_final)
        return int(missing[0]) if len(missing) else None

    def is_final(self, index: int) -> bool:
        return bool(self._is_final[index])

    def final(self) -> Bool[np.ndarray, " frames"]:
        """Which frames have a final result."""
        with self._lock:
            return self._is_final.copy()

    def covered_part(self) -> float:
        """Share of frames that have a result, final or not."""
        return len(self._packed) / max(self.frame_count, 1)

    def count_in(self, first: int, last: int) -> int:
        """Frames of a range (both ends inclusive) that have a result."""
        with self._lock:
            return sum(first <= index <= last for index in self._packed)

    def confidence(self) -> Float[np.ndarray, " frames"]:
        """Confidence by frame; NaN where there is no result yet."""
        with self._lock:
            return self._confidence.copy()

    def articulation(self) -> Float[np.ndarray, "frames codes"]:
        """Codes by frame; NaN where there is no subject or no result yet."""
        with self._lock:
            covered = {k: p.result for k, p in self._packed.items() if p.result.is_covered}
        width = len(next(iter(covered.values())).codes.articulation) if covered else 0
        codes = np.full((self.frame_count, width), np.nan)
        for index, result in covered.items():
            codes[index] = result.codes.articulation
        return codes

    def headings(self) -> Float[np.ndarray, "frames 3"]:
        """Where the body's z axis points in camera space, by frame; NaN where unknown."""
        ahead = np.full((self.frame_count, 3), np.nan)
        with self._lock:
            for index, packed in self._packed.items():
                if packed.result.is_covered:
                    ahead[index] = packed.result.root_to_cam[:3, 2]
        return ahead

    def results(self) -> list[FrameResult]:
        """All results there are, in frame order."""
        with self._lock:
            packed = [self._packed[k] for k in sorted(self._packed)]
        return [_unpack(one) for one in packed]
