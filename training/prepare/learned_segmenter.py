"""Finds the subject in every frame by a network that has learned it (`subject_learner.py`)."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import UInt8

from core.frame import Frame
from core.results import Box, Mask
from core.segment.finder_torch import FinderNetwork
from core.segment.segmenter import Points, SegmentMemory, check_prompt
from training.prepare.subject_learner import subject_logits
from training.prepare.subject_outline import subject_outline


@dataclass(frozen=True, eq=False)
class LearnedMemory(SegmentMemory):
    """Each frame is seen by itself: nothing is carried on."""


class LearnedSegmenter:
    """See the module."""

    name = "learned"

    def __init__(self, network: FinderNetwork) -> None:
        self._network = network

    def prompt(
        self,
        frame: Frame,
        box: Box | None = None,
        points: Points | None = None,
        mask: UInt8[np.ndarray, "height width"] | None = None,
    ) -> SegmentMemory:
        """Nothing to be told: what a person says of a frame is drawn, and learned from."""
        check_prompt(frame, box, mask)
        return LearnedMemory()

    def segment(self, frame: Frame, memory: SegmentMemory | None) -> tuple[Mask, SegmentMemory]:
        logits = subject_logits(self._network, frame.rgb)
        alpha = subject_outline(frame.rgb, logits)
        sure = float(np.abs(np.tanh(logits / 2)).mean())
        return Mask(alpha, sure if alpha.any() else 0.0), LearnedMemory()

    def close(self) -> None:
        """Holds nothing."""
