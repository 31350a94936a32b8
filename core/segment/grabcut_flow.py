"""The default segmenter: prompted or guessed once, then carried on by flow and cut out anew.

Each frame: the last mask moves along the optical flow; an appearance model learned from the clip
and a plate of the background add evidence; a minimum cut finds the outline. What was found teaches
the models, unless it is doubtful. A subject that is lost is searched by its colours.

    segmenter = GrabCutFlow()
    memory = segmenter.prompt(frame, box=(40.0, 30.0, 200.0, 180.0))
    mask, memory = segmenter.segment(frame, memory)
"""

from dataclasses import dataclass, replace

import cv2
import numpy as np
from jaxtyping import Float32, UInt8

from core.frame import Frame
from core.results import Box, Mask
from core.segment.appearance import Appearance, colour_and_place
from core.segment.background_plate import BackgroundPlate
from core.segment.first_mask import first_mask, largest_blobs
from core.segment.graph_cut import EVIDENCE_LIMIT, cut_out
from core.segment.motion import camera_motion, carried, flow_back
from core.segment.segmenter import Points, SegmentMemory, check_prompt
from core.segment.small_frame import SmallFrame
from core.segment.subject_view import SubjectView

_LOOKS_WEIGHT = 2.0
_PRIOR_WEIGHT = 2.0
_PRIOR_BAND = 0.12
"""Distance from the carried outline at which it is certain, in lengths of the subject."""
_SHARE_OF_MASK = 0.4
"""How much a mask drawn by a person counts for ever..."""
_SHARE_OF_BOX = 0.15
"""...and how much what was found in a box, which is often partly wrong."""


@dataclass(frozen=True, eq=False)
class FlowMemory(SegmentMemory):
    """The last frame, small, and all that was learned."""

    frame_index: int
    small: SmallFrame
    mask: Mask
    appearance: Appearance | None
    """None if there never was a subject."""
    plate: BackgroundPlate
    frames: int = 0
    """How many frames since the prompt."""
    is_waiting: bool = False
    """Nothing has been seen yet, and nobody has said where to look."""


class GrabCutFlow:
    """Needs no training and no download; see the module."""

    name = "grabcut"

    def prompt(
        self,
        frame: Frame,
        box: Box | None = None,
        points: Points | None = None,
        mask: UInt8[np.ndarray, "height width"] | None = None,
    ) -> SegmentMemory:
        check_prompt(frame, box, mask)
        share = _SHARE_OF_BOX if mask is None else _SHARE_OF_MASK
        alpha = first_mask(frame.rgb, box, points) if mask is None else mask
        small = SmallFrame.of(frame.rgb)
        plate = BackgroundPlate.first(small, small.shrink(alpha))
        found = _box_of(alpha)
        if found is None:
            is_waiting = box is None and points is None and mask is None
            empty = Mask(alpha, 0.0)
            return FlowMemory(frame.index, small, empty, None, plate, is_waiting=is_waiting)
        view = SubjectView(found, (frame.width_px, frame.height_px))
        inputs = colour_and_place(view.see(frame.rgb), view)
        subject = view.see_small(alpha) > 127
        appearance = Appearance.first(inputs, subject.ravel(), view.is_inside.ravel(), share)
        return FlowMemory(frame.index, small, Mask(alpha, 1.0), appearance, plate)

    def segment(self, frame: Frame, memory: SegmentMemory | None) -> tuple[Mask, SegmentMemory]:
        if not isinstance(memory, FlowMemory) or memory.mask.alpha.shape != frame.rgb.shape[:2]:
            memory = self.prompt(frame)
        assert isinstance(memory, FlowMemory)
        if memory.is_waiting and frame.index != memory.frame_index:
            memory = self.prompt(frame)
        if frame.index == memory.frame_index:
            return memory.mask, memory
        small = SmallFrame.of(frame.rgb)
        flow = flow_back(small, memory.small)
        expected = carried(small.shrink(memory.mask.alpha), flow)
        plate = memory.plate.moved(camera_motion(flow, expected))
        box = _box_of(expected)
        if memory.appearance is None or box is None:
            empty = Mask(np.zeros(frame.rgb.shape[:2], np.uint8), 0.0)
            return empty, replace(memory, frame_index=frame.index, small=small, mask=empty)
        view = SubjectView(_scaled(box, 1 / small.scale), (frame.width_px, frame.height_px))
        seen = view.see(frame.rgb)
        inputs = colour_and_place(seen, view)
        score = memory.appearance.score(inputs).reshape(seen.shape[:2])
        prior = _prior(view.see_small(expected), view.length)
        evidence = _LOOKS_WEIGHT * score + _PRIOR_WEIGHT * prior
        evidence += view.see_small(plate.evidence(small, expected))
        evidence = np.clip(evidence, -EVIDENCE_LIMIT, EVIDENCE_LIMIT)
        evidence[~view.is_inside] = 0
        subject = cut_out(seen, evidence) & view.is_inside
        subject = largest_blobs(subject, view.see_small(expected) > 127)
        alpha = view.unsee(subject.astype(np.uint8) * np.uint8(255))
        appearance = memory.appearance.taught(
            inputs, subject.ravel(), view.is_inside.ravel(), memory.frames
        )
        plate = plate.learned(small, small.shrink(alpha))
        mask = Mask(alpha, 1.0)
        return mask, FlowMemory(frame.index, small, mask, appearance, plate, memory.frames + 1)

    def close(self) -> None:
        """Holds nothing."""


def _prior(expected: np.ndarray, length: float) -> Float32[np.ndarray, "h w"]:
    """-1..1 by the signed distance to the carried outline."""
    inside = (expected > 127).astype(np.uint8)
    to_rest = cv2.distanceTransform(inside, cv2.DIST_L2, 3)
    to_subject = cv2.distanceTransform(1 - inside, cv2.DIST_L2, 3)
    return np.clip((to_rest - to_subject) / np.float32(_PRIOR_BAND * length), -1, 1)


def _box_of(alpha: UInt8[np.ndarray, "height width"]) -> Box | None:
    x, y, width, height = cv2.boundingRect(cv2.threshold(alpha, 127, 255, cv2.THRESH_BINARY)[1])
    return (float(x), float(y), float(x + width), float(y + height)) if width else None


def _scaled(box: Box, factor: float) -> Box:
    return (box[0] * factor, box[1] * factor, box[2] * factor, box[3] * factor)
