"""The segmenter that needs no prompt: the model's finder starts it, watches it, starts it again.

From frame to frame `GrabCutFlow` carries the outline on. A few times a second the finder looks at
the whole frame: where the subject was lost, or the outline has wandered off to something else, it
starts over from what the finder sees; so it does in the first second, where the first look
missed a part. What a person has said is only given up when it is lost.

    segmenter = AutoSegmenter(SubjectFinder.of(model))
    mask, memory = segmenter.segment(frame, None)
"""

from dataclasses import dataclass, replace

import cv2
import numpy as np
from jaxtyping import Bool, UInt8

from core.frame import Frame
from core.results import Box, Mask
from core.segment.finder import FoundSubject, SubjectFinder
from core.segment.found_outline import outline_of, overlap
from core.segment.grabcut_flow import GrabCutFlow
from core.segment.segmenter import Points, SegmentMemory, check_prompt

_LOOK_EVERY_S = 0.2
_PRESENT = 0.5
"""Presence from which a subject is believed."""
_APART = 0.75
"""Overlap below which the finder and the outline mean different things."""
_DISPUTES = 2
"""Looks in a row that must disagree."""
_YOUNG_S = 1.0
"""So long after a start that nobody told..."""
_MISSED, _KEPT = 0.07, 0.85
"""...the outline begins again when it lacks this share of what the finder sees by now, and that is
no other thing: it holds so much of the outline."""
_SAME_BOX = 0.6
"""Overlap of a drawn box with the finder's from which both mean the same."""
_LOST_BELOW = 0.05
"""Confidence under which nothing is carried on."""


@dataclass(frozen=True, eq=False)
class AutoMemory(SegmentMemory):
    """What is carried on, and what the finder has said of it."""

    frame_index: int
    mask: Mask
    flow: SegmentMemory | None
    """None until a subject was found."""
    looked_s: float
    """Time of the last look at the whole frame."""
    disputes: int = 0
    is_told: bool = False
    """A person has said where the subject is."""
    started_s: float = -np.inf
    """Time of the first frame of what is followed."""


class AutoSegmenter:
    """See the module."""

    name = "auto"

    def __init__(self, finder: SubjectFinder) -> None:
        self._finder = finder
        self._flow = GrabCutFlow()

    def prompt(
        self,
        frame: Frame,
        box: Box | None = None,
        points: Points | None = None,
        mask: UInt8[np.ndarray, "height width"] | None = None,
    ) -> SegmentMemory:
        check_prompt(frame, box, mask)
        if box is None and points is None and mask is None:
            return self._start(frame, self._finder.find(frame.rgb))
        if box is not None and points is None and mask is None:
            mask = self._seen_in(frame, box)
            box = None if mask is not None else box
        flow = self._flow.prompt(frame, box=box, points=points, mask=mask)
        seen, flow = self._flow.segment(frame, flow)
        return AutoMemory(frame.index, seen, flow, frame.time_s, is_told=True)

    def segment(self, frame: Frame, memory: SegmentMemory | None) -> tuple[Mask, SegmentMemory]:
        if not isinstance(memory, AutoMemory) or memory.mask.alpha.shape != frame.rgb.shape[:2]:
            memory = self.prompt(frame)
        assert isinstance(memory, AutoMemory)
        if frame.index != memory.frame_index:
            memory = self._next(frame, memory)
        return memory.mask, memory

    def close(self) -> None:
        """Holds nothing."""

    def _seen_in(self, frame: Frame, box: Box) -> UInt8[np.ndarray, "height width"] | None:
        """The subject's outline if the finder sees it where the box is; a box alone says less."""
        found = self._finder.find(frame.rgb)
        if found.presence < _PRESENT or found.box is None or _shared(found.box, box) < _SAME_BOX:
            return None
        alpha = outline_of(frame, found)
        x0, y0, x1, y1 = (round(side) for side in box)
        inside = np.zeros_like(alpha)
        rows, columns = slice(max(y0, 0), max(y1, 0)), slice(max(x0, 0), max(x1, 0))
        inside[rows, columns] = alpha[rows, columns]
        return inside if inside.any() else None

    def _start(self, frame: Frame, found: FoundSubject) -> AutoMemory:
        """Begin with what the finder sees, if it sees anything."""
        empty = Mask(np.zeros(frame.rgb.shape[:2], np.uint8), 0.0)
        nothing = AutoMemory(frame.index, empty, None, frame.time_s)
        if found.presence < _PRESENT or found.box is None:
            return nothing
        alpha = outline_of(frame, found)
        if not alpha.any():
            return nothing
        mask, flow = self._flow.segment(frame, self._flow.prompt(frame, mask=alpha))
        return replace(nothing, mask=mask, flow=flow, started_s=frame.time_s)

    def _next(self, frame: Frame, memory: AutoMemory) -> AutoMemory:
        if memory.flow is None:
            return self._start(frame, self._finder.find(frame.rgb))
        is_due = abs(frame.time_s - memory.looked_s) >= _LOOK_EVERY_S
        found = self._finder.find(frame.rgb) if is_due else None
        mask, flow = self._flow.segment(frame, memory.flow, found)
        memory = replace(memory, frame_index=frame.index, mask=mask, flow=flow)
        is_lost = mask.confidence < _LOST_BELOW
        if is_lost and found is None:
            found = self._finder.find(frame.rgb)
        if found is None:
            return memory
        return self._checked(frame, replace(memory, looked_s=frame.time_s), found, is_lost)

    def _checked(
        self, frame: Frame, memory: AutoMemory, found: FoundSubject, is_lost: bool
    ) -> AutoMemory:
        """Compare with what the finder sees, and begin again if that is something else."""
        if found.presence < _PRESENT or found.box is None:
            return replace(memory, disputes=0)
        rows, columns = found.subject.shape
        carried = cv2.resize(memory.mask.alpha, (columns, rows), interpolation=cv2.INTER_AREA)
        is_carried = carried > 127
        if _is_partial(frame, memory, found, is_carried):
            again = self._start(frame, found)
            return memory if again.flow is None else replace(again, started_s=memory.started_s)
        if overlap(is_carried, found.subject) >= _APART:
            return replace(memory, disputes=0)
        memory = replace(memory, disputes=memory.disputes + 1)
        if memory.disputes < _DISPUTES or (memory.is_told and not is_lost):
            return memory
        again = self._start(frame, found)
        return memory if again.flow is None else again


def _is_partial(
    frame: Frame,
    memory: AutoMemory,
    found: FoundSubject,
    is_carried: Bool[np.ndarray, "rows columns"],
) -> bool:
    """Whether a first look missed a part that would be missed for good."""
    if memory.is_told or abs(frame.time_s - memory.started_s) > _YOUNG_S:
        return False
    missed = (found.subject & ~is_carried).sum() / max(found.subject.sum(), 1)
    kept = (found.subject & is_carried).sum() / max(is_carried.sum(), 1)
    return bool(missed > _MISSED and kept > _KEPT)


def _shared(one: Box, other: Box) -> float:
    """Intersection over union of two boxes."""
    wide = min(one[2], other[2]) - max(one[0], other[0])
    high = min(one[3], other[3]) - max(one[1], other[1])
    both = max(wide, 0.0) * max(high, 0.0)
    areas = [(box[2] - box[0]) * (box[3] - box[1]) for box in (one, other)]
    return both / max(sum(areas) - both, 1e-9)
