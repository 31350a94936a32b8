"""The exact outline of what the finder found roughly.

    alpha = outline_of(frame, found)

The finder's map is four pixels coarse and learned from drawn bodies; the frame's own colours and
edges are exact: learn what is found in from what lies around it, and cut.
"""

import cv2
import numpy as np
from jaxtyping import Bool, Float32, UInt8

from core.frame import Frame
from core.segment.appearance import CAREFUL, Appearance
from core.segment.finder import FoundSubject
from core.segment.first_mask import largest_blobs
from core.segment.graph_cut import EVIDENCE_LIMIT, cut_out
from core.segment.look import Look

_LOOKS_WEIGHT = 1.5
_FOUND_WEIGHT = 0.8
"""Of the finder's log odds, which are too sure of themselves."""
_FOUND_LIMIT = 3.0
_ROUNDS = 2


def outline_of(frame: Frame, found: FoundSubject) -> UInt8[np.ndarray, "height width"]:
    """A mask at the frame's size; empty if nothing was found."""
    if found.box is None:
        return np.zeros(frame.rgb.shape[:2], np.uint8)
    look = Look.at(frame, found.box)
    told = _told(look, found)
    subject = told > 0
    for _ in range(_ROUNDS):
        appearance = Appearance.first(
            look.inputs, subject.ravel(), look.is_inside.ravel(), 1.0, CAREFUL
        )
        if appearance is None:
            break
        evidence = _LOOKS_WEIGHT * look.score(appearance) + told
        evidence = np.clip(evidence, -EVIDENCE_LIMIT, EVIDENCE_LIMIT)
        evidence[~look.is_inside] = 0  # nothing is known there: the outline may leave the frame
        cut = cut_out(look.seen, evidence) & look.is_inside
        if not cut.any():
            break
        subject = largest_blobs(cut, told > 0)
    return look.view.unsee((subject & look.is_inside).astype(np.uint8) * np.uint8(255))


def _told(look: Look, found: FoundSubject) -> Float32[np.ndarray, "h w"]:
    """The finder's word in the window, as evidence; other blobs are not the subject."""
    sure = np.where(found.subject, np.maximum(found.logits, 0), np.minimum(found.logits, 0))
    near = cv2.dilate(found.subject.astype(np.uint8), np.ones((5, 5))) > 0
    sure = np.where(near, sure, np.minimum(sure, -1)).astype(np.float32)
    told: Float32[np.ndarray, "h w"] = look.view.see_small(sure)
    return np.clip(_FOUND_WEIGHT * told, -_FOUND_LIMIT, _FOUND_LIMIT)


def overlap(
    one: Bool[np.ndarray, "rows columns"], other: Bool[np.ndarray, "rows columns"]
) -> float:
    """Intersection over union; 0 where both are empty."""
    return float((one & other).sum() / max((one | other).sum(), 1))
