"""What is wrong with a clip's masks, frame by frame.

problems = mask_problems(alphas)           # per frame: "", "empty", "leak", "hole", "pieces"

A teacher leaves frames with an empty or leaking mask out; holes and pieces are only told.
"""

import cv2
import numpy as np
from jaxtyping import UInt8

EMPTY_SHARE = 0.0005
"""A smaller share of the picture is no subject."""
JUMP = 1.7
"""An area this many times its neighbours' median, or this many times smaller, has leaked."""
NEIGHBOURS = 5
BORDER_SHARE = 0.5
"""A mask along more than this share of the picture's border is the background."""
HOLE_SHARE = 0.02
PIECE_SHARE = 0.05
UNUSABLE = ("empty", "leak")


def mask_problems(alphas: UInt8[np.ndarray, "frames height width"]) -> list[str]:
    """The gravest problem of each frame's mask; "" where there is none."""
    masks = alphas > 127
    areas = masks.sum((1, 2)).astype(float)
    least = EMPTY_SHARE * masks[0].size
    known = np.flatnonzero(areas >= least)
    problems = []
    for frame, mask in enumerate(masks):
        if areas[frame] < least:
            problems.append("empty")
        elif _jumps(areas, known, frame) or _border_share(mask) > BORDER_SHARE:
            problems.append("leak")
        else:
            problems.append(_shape_problem(mask))
    return problems


def _jumps(areas: np.ndarray, known: np.ndarray, frame: int) -> bool:
    near = known[(np.abs(known - frame) <= NEIGHBOURS) & (known != frame)]
    if len(near) < 3:
        return False
    ratio = areas[frame] / np.median(areas[near])
    return bool(ratio > JUMP or ratio < 1 / JUMP)


def _border_share(mask: np.ndarray) -> float:
    border = np.concatenate([mask[0], mask[-1], mask[:, 0], mask[:, -1]])
    return float(border.mean())


def _shape_problem(mask: np.ndarray) -> str:
    area = np.count_nonzero(mask)
    if np.count_nonzero(filled(mask)) - area > HOLE_SHARE * area:
        return "hole"
    _, _, facts, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8))
    sizes = np.sort(facts[1:, cv2.CC_STAT_AREA])
    return "pieces" if len(sizes) > 1 and sizes[-2] > PIECE_SHARE * area else ""


def filled(mask: np.ndarray) -> np.ndarray:
    """The mask without holes: everything that the picture's border cannot reach from outside."""
    padded = np.pad(~mask, 1, constant_values=True).astype(np.uint8)
    _, labels = cv2.connectedComponents(padded, connectivity=4)
    return (labels != labels[0, 0])[1:-1, 1:-1]
