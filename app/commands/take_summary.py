"""What to remember of a take while it is reconstructed: counts, average body, best picture."""

import time
from collections.abc import Iterable
from typing import Any

import numpy as np
from jaxtyping import Float, UInt8

from core.frame import Frame
from core.results import FrameResult


class TakeSummary:
    """Sums over the frames of a take; holds one picture, so it costs the same for any length."""

    def __init__(self, began_s: float | None = None) -> None:
        self.frames = 0
        self.covered = 0
        self.best_rgb: UInt8[np.ndarray, "height width 3"] | None = None
        """The frame on which the subject was surest."""
        self._began_s = time.monotonic() if began_s is None else began_s
        self._best = 0.0
        self._weight = 0.0
        self._shape: Any = 0.0
        self._appearance: Any = 0.0
        self._stage_ms: dict[str, float] = {}

    def add(self, result: FrameResult, frame: Frame) -> None:
        """Count one frame."""
        self.frames += 1
        for stage, ms in result.stage_ms.items():
            self._stage_ms[stage] = self._stage_ms.get(stage, 0.0) + ms
        if not result.is_covered:
            return
        self.covered += 1
        weight = result.confidence + 1e-3
        self._weight += weight
        self._shape = self._shape + weight * result.codes.shape
        self._appearance = self._appearance + weight * result.codes.appearance
        if result.confidence > self._best or self.best_rgb is None:
            self._best, self.best_rgb = result.confidence, frame.rgb

    def know_shapes(self, results: Iterable[FrameResult]) -> None:
        """Take the proportions from these results instead, as after refining."""
        covered = [result for result in results if result.is_covered]
        if covered:
            self._shape = self._weight * np.mean([result.codes.shape for result in covered], axis=0)

    def mean_codes(
        self,
    ) -> tuple[Float[np.ndarray, " shape"] | None, Float[np.ndarray, " appearance"] | None]:
        """Shape and appearance code averaged by confidence; None if nothing was covered."""
        if not self.covered:
            return None, None
        shape, appearance = self._shape / self._weight, self._appearance / self._weight
        return shape.astype(np.float32), appearance.astype(np.float32)

    def facts(self, now_s: float) -> dict[str, Any]:
        """The sums as JSON values."""
        seconds = max(now_s - self._began_s, 1e-9)
        count = max(self.frames, 1)
        return {
            "frames": self.frames,
            "covered": self.covered / count,
            "seconds": seconds,
            "fps": self.frames / seconds,
            "stage_ms": {stage: ms / count for stage, ms in self._stage_ms.items()},
        }
