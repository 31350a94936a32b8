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
from jaxtyping import Bool, Float32, UInt8

from core.frame import Frame
from core.results import Box, Mask
from core.segment.appearance import Appearance
from core.segment.background_plate import BackgroundPlate
from core.segment.finder import FoundSubject
from core.segment.first_mask import first_mask, largest_blobs
from core.segment.graph_cut import EVIDENCE_LIMIT, cut_out
from core.segment.look import Look
from core.segment.motion import camera_motion, carried, flow_back
from core.segment.moving import Moving
from core.segment.palette import Palette
from core.segment.segmenter import Points, SegmentMemory, check_prompt
from core.segment.small_frame import SmallFrame
from core.segment.trust import DOUBT_BELOW, Evidence, confidence_of

_LOOKS_WEIGHT = 2.0
_PRIOR_WEIGHT = 2.0
_FOUND_WEIGHT, _FOUND_LIMIT = 0.8, 3.0
"""Of a finder's log odds: it knows the kind of creature, but not this one."""
_PRIOR_BAND = 0.12
"""Distance from the carried outline at which it is certain, in lengths of the subject."""
_SHARE_OF_MASK = 0.4
"""How much a mask drawn by a person counts for ever..."""
_SHARE_OF_BOX = 0.15
"""...and how much what was found in a box, which is often partly wrong."""
_GUESS_AGAIN = (4, 10, 20)
"""Frames after a start without a prompt at which motion gets a say."""
_GUESS_TRUST = 0.6
"""Confidence of a guess is lowered by this until the last of them."""
_LONGEST_GAP_S = 1.0
"""After a longer gap, or a jump back, flow means nothing."""
_LOST_AFTER = 4
"""Doubtful frames in a row until the subject is searched."""
_FOUND_ABOVE = 0.5
"""Confidence that a searched subject must have."""
_AREA_RATE = 0.1
_PALETTE_EVERY = 4


@dataclass(frozen=True, eq=False)
class FlowMemory(SegmentMemory):
    """The last frame, small, and all that was learned."""

    frame_index: int
    time_s: float
    small: SmallFrame
    mask: Mask
    box: Box | None
    """Of the subject when it was last seen; None if there never was one."""
    plate: BackgroundPlate
    appearance: Appearance | None = None
    """None if there never was a subject."""
    palette: Palette | None = None
    area_px: float = 0.0
    """Running mean of the mask's area."""
    frames: int = 0
    """How many frames since the prompt."""
    doubts: int = 0
    """Doubtful frames in a row."""
    moving: Moving | None = None
    """While the subject is still being guessed."""


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
        small = SmallFrame.of(frame.rgb)
        if mask is not None:
            return _started(frame, small, mask, _SHARE_OF_MASK)
        alpha = first_mask(frame.rgb, box, points)
        memory = _started(frame, small, alpha, _SHARE_OF_BOX)
        if box is not None or points is not None:
            return memory
        return _as_guess(replace(memory, moving=Moving.still(small.grey.shape)))

    def segment(
        self, frame: Frame, memory: SegmentMemory | None, found: FoundSubject | None = None
    ) -> tuple[Mask, SegmentMemory]:
        """As `Segmenter.segment`; what a finder says of the frame is evidence too."""
        if not isinstance(memory, FlowMemory) or memory.mask.alpha.shape != frame.rgb.shape[:2]:
            memory = self.prompt(frame)
        assert isinstance(memory, FlowMemory)
        if frame.index != memory.frame_index:
            is_waiting = memory.appearance is None and memory.moving is not None
            memory = self.prompt(frame) if is_waiting else _next(frame, memory, found)
        assert isinstance(memory, FlowMemory)
        return memory.mask, memory

    def close(self) -> None:
        """Holds nothing."""


def _next(frame: Frame, memory: FlowMemory, found: FoundSubject | None) -> FlowMemory:
    """The memory after one more frame, by the way that fits."""
    small = SmallFrame.of(frame.rgb)
    is_cut = not 0 < frame.time_s - memory.time_s <= _LONGEST_GAP_S
    if memory.appearance is not None and (is_cut or memory.doubts >= _LOST_AFTER):
        return _searched(frame, small, memory)
    flow = flow_back(small, memory.small)
    expected = carried(small.shrink(memory.mask.alpha), flow)
    camera = camera_motion(flow, expected)
    memory = replace(memory, plate=memory.plate.moved(camera))
    if memory.moving is not None:
        memory = replace(memory, moving=memory.moving.after(flow, camera))
        if memory.frames + 1 in _GUESS_AGAIN:
            return _guessed_again(frame, small, memory, expected)
    return _followed(frame, small, memory, expected, found)


def _started(
    frame: Frame, small: SmallFrame, alpha: UInt8[np.ndarray, "height width"], share: float
) -> FlowMemory:
    """Learn everything from one frame and its mask."""
    shrunk = small.shrink(alpha)
    plate = BackgroundPlate.first(small, shrunk)
    empty = FlowMemory(frame.index, frame.time_s, small, Mask(alpha, 0.0), None, plate)
    box = _box_of(alpha)
    if box is None:
        return empty
    look = Look.at(frame, box)
    subject = look.view.see_small(alpha) > 127
    appearance = Appearance.first(look.inputs, subject.ravel(), look.is_inside.ravel(), share)
    if appearance is None:
        return empty
    score = look.score(appearance)
    confidence = confidence_of(Evidence(subject, score, subject, look.is_inside, 1.0))
    return replace(
        empty,
        mask=Mask(alpha, confidence),
        box=box,
        appearance=appearance,
        palette=Palette.of(small, shrunk),
        area_px=_area(alpha),
    )


def _followed(
    frame: Frame,
    small: SmallFrame,
    memory: FlowMemory,
    expected: UInt8[np.ndarray, "h w"],
    found: FoundSubject | None = None,
) -> FlowMemory:
    """Carry on from the mask of the frame before."""
    box = _box_of(expected)
    if memory.appearance is None or box is None:
        return _unseen(frame, small, memory)
    look = Look.at(frame, _scaled(box, 1 / small.scale))
    score = look.score(memory.appearance)
    before = look.view.see_small(expected)
    evidence = _LOOKS_WEIGHT * score + _PRIOR_WEIGHT * _prior(before, look.view.length)
    evidence += look.view.see_small(memory.plate.evidence(small, expected))
    if found is not None:
        told = np.clip(_FOUND_WEIGHT * found.logits, -_FOUND_LIMIT, _FOUND_LIMIT)
        evidence += look.view.see_small(told)
    subject = largest_blobs(_cut(look, evidence), before > 127)
    alpha = look.view.unsee(subject.astype(np.uint8) * np.uint8(255))
    area = _area(alpha)
    confidence = confidence_of(
        Evidence(subject, score, before > 127, look.is_inside, area / max(memory.area_px, 1))
    )
    seen = _unseen(frame, small, memory)
    seen = replace(seen, mask=Mask(alpha, confidence), box=_box_of(alpha) or memory.box)
    if confidence >= DOUBT_BELOW:
        seen = _taught(seen, look, subject, area)
    return seen if memory.moving is None else _as_guess(seen)


def _taught(
    memory: FlowMemory, look: Look, subject: Bool[np.ndarray, "h w"], area: float
) -> FlowMemory:
    """Learn from a mask that is beyond doubt."""
    assert memory.appearance is not None
    assert memory.palette is not None
    shrunk = memory.small.shrink(memory.mask.alpha)
    is_due = memory.frames % _PALETTE_EVERY == 0
    return replace(
        memory,
        doubts=0,
        area_px=(1 - _AREA_RATE) * memory.area_px + _AREA_RATE * area,
        plate=memory.plate.learned(memory.small, shrunk),
        palette=memory.palette.taught(memory.small, shrunk) if is_due else memory.palette,
        appearance=memory.appearance.taught(
            look.inputs, subject.ravel(), look.is_inside.ravel(), memory.frames
        ),
    )


def _searched(frame: Frame, small: SmallFrame, memory: FlowMemory) -> FlowMemory:
    """Look for the colours of the subject in the whole frame, with no help from the past."""
    assert memory.appearance is not None
    assert memory.palette is not None
    assert memory.box is not None
    unseen = _unseen(frame, small, memory)
    x0, y0, x1, y1 = _scaled(memory.box, small.scale)
    box = memory.palette.find(small, (x1 - x0, y1 - y0))
    if box is None:
        return unseen
    look = Look.at(frame, _scaled(box, 1 / small.scale))
    score = look.score(memory.appearance)
    likeness = look.view.see_small(memory.palette.likeness(small))
    found = _cut(look, _LOOKS_WEIGHT * score + likeness)
    subject = largest_blobs(found, found)
    alpha = look.view.unsee(subject.astype(np.uint8) * np.uint8(255))
    ratio = _area(alpha) / max(memory.area_px, 1)
    confidence = confidence_of(Evidence(subject, score, subject, look.is_inside, ratio))
    if confidence < _FOUND_ABOVE:
        return unseen
    plate = BackgroundPlate.first(small, small.shrink(alpha))
    mask, box = Mask(alpha, confidence), _box_of(alpha)
    return replace(unseen, mask=mask, box=box, plate=plate, doubts=0)


def _guessed_again(
    frame: Frame, small: SmallFrame, memory: FlowMemory, expected: UInt8[np.ndarray, "h w"]
) -> FlowMemory:
    """Start over around what has moved since the first guess, unless that was the guess."""
    assert memory.moving is not None
    frames = memory.frames + 1
    moving = memory.moving if frames < _GUESS_AGAIN[-1] else None
    box = memory.moving.box()
    if box is None or memory.moving.agrees(expected):
        return _followed(frame, small, replace(memory, moving=moving), expected)
    alpha = first_mask(frame.rgb, _scaled(box, 1 / small.scale))
    started = _started(frame, small, alpha, _SHARE_OF_BOX)
    started = replace(started, frames=frames, moving=moving)
    return started if moving is None else _as_guess(started)


def _unseen(frame: Frame, small: SmallFrame, memory: FlowMemory) -> FlowMemory:
    """This frame without a subject."""
    return replace(
        memory,
        frame_index=frame.index,
        time_s=frame.time_s,
        small=small,
        mask=Mask(np.zeros(frame.rgb.shape[:2], np.uint8), 0.0),
        frames=memory.frames + 1,
        doubts=memory.doubts + 1,
    )


def _as_guess(memory: FlowMemory) -> FlowMemory:
    mask = Mask(memory.mask.alpha, memory.mask.confidence * _GUESS_TRUST)
    return replace(memory, mask=mask)


def _cut(look: Look, evidence: Float32[np.ndarray, "h w"]) -> Bool[np.ndarray, "h w"]:
    evidence = np.clip(evidence, -EVIDENCE_LIMIT, EVIDENCE_LIMIT)
    evidence[~look.is_inside] = 0  # nothing is known there: the outline may leave the frame
    return cut_out(look.seen, evidence) & look.is_inside


def _prior(expected: np.ndarray, length: float) -> Float32[np.ndarray, "h w"]:
    """-1..1 by the signed distance to the carried outline."""
    inside = (expected > 127).astype(np.uint8)
    to_rest = cv2.distanceTransform(inside, cv2.DIST_L2, 3)
    to_subject = cv2.distanceTransform(1 - inside, cv2.DIST_L2, 3)
    return np.clip((to_rest - to_subject) / np.float32(_PRIOR_BAND * length), -1, 1)


def _area(alpha: UInt8[np.ndarray, "height width"]) -> float:
    return cv2.sumElems(alpha)[0] / 255


def _box_of(alpha: UInt8[np.ndarray, "height width"]) -> Box | None:
    x, y, width, height = cv2.boundingRect(cv2.threshold(alpha, 127, 255, cv2.THRESH_BINARY)[1])
    return (float(x), float(y), float(x + width), float(y + height)) if width else None


def _scaled(box: Box, factor: float) -> Box:
    return (box[0] * factor, box[1] * factor, box[2] * factor, box[3] * factor)
