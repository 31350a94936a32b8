"""A light correction for live use: depth and place that lay the body's outline on the mask's.

    result, memory = align_to_mask(model, result, memory)

A few Gauss-Newton steps on three numbers, the body taken as a flat picture that is moved and
scaled; numpy only, about two milliseconds. Rotation, pose and proportions stay as they are
(`core/refine.py` fits those on recorded video). What the mask says is smoothed over time, since
outlines flicker: what remains is the student's lasting bias in size and place.
"""

from dataclasses import dataclass, replace

import cv2
import numpy as np
from jaxtyping import Float, Int

from core.coverage import draw
from core.fit_score import seen_vertices
from core.fit_target import FitTarget
from core.model import CategoryModel
from core.outline import find_outline, match
from core.results import FrameResult, Mask

SIZE_PX = 48
STEPS = 2
SMOOTH_S = 0.5
"""Time constant of the correction."""
EVERY_S = 0.05
"""Masks are measured no oftener than this: the mean over SMOOTH_S needs no more."""
FURTHEST = 0.5
"""Corrections beyond this (of log depth; rig units) are a mask's fault."""
GAP_S = 0.7
"""After a longer gap the correction starts anew."""
TURN_SHARE = 0.2
"""Distance that opposite normals are worth, in sides of the mask."""
LEAST_OFF = 0.03
"""Outlines further off than this, in sides of the mask, pull no harder."""
STAY = 0.006
"""Weight of standing still, against outlines of weight 1."""
LEAST_OUTLINE = 8
"""Pixels an outline needs to say anything."""
ENOUGH_PX = 80
"""Masks are shrunk by whole factors while their longer side stays above this."""


@dataclass(frozen=True, eq=False)
class AlignMemory:
    """The correction as smoothed so far."""

    time_s: float
    correction: Float[np.ndarray, " 3"]
    """Of log depth; of the centre to the right and down, in rig units."""


def align_to_mask(
    model: CategoryModel, result: FrameResult, memory: AlignMemory | None
) -> tuple[FrameResult, AlignMemory | None]:
    """Correct depth and place by this frame's mask and those before.

    Args:
        model: The model that made the result.
        result: A frame with its mask; without one the correction so far is used.
        memory: What the last call gave; None at the start or after a cut.
    """
    if memory is not None and not 0 < result.time_s - memory.time_s < GAP_S:
        memory = None
    if not result.is_covered or result.mask is None:
        return result, memory
    is_due = memory is None or result.time_s - memory.time_s >= EVERY_S
    measured = mask_correction(model, result) if is_due else None
    if measured is not None:
        memory = _smoothed(measured, result.time_s, result.mask.confidence, memory)
    return (result, None) if memory is None else (_corrected(model, result, memory), memory)


def _smoothed(
    measured: Float[np.ndarray, " 3"], time_s: float, trust: float, memory: AlignMemory | None
) -> AlignMemory:
    """An exponential mean over time; masks that are doubted count less."""
    measured = np.clip(measured, -FURTHEST, FURTHEST)
    if memory is None:
        return AlignMemory(time_s, measured)
    share = trust * (1 - np.exp(-(time_s - memory.time_s) / SMOOTH_S))
    return AlignMemory(time_s, memory.correction + share * (measured - memory.correction))


def mask_correction(model: CategoryModel, result: FrameResult) -> Float[np.ndarray, " 3"] | None:
    """What one frame's mask asks for, as in `AlignMemory`; None if it says nothing."""
    result = _shrunk(result)
    seen = seen_vertices(model, result)
    target = FitTarget.of(result, seen, SIZE_PX) if seen is not None else None
    if seen is None or target is None:
        return None
    flat = seen * target.scale + target.shift_px
    moved = _fit(flat, model.rig.faces, target)
    if moved is None:
        return None
    growth, shift_px = moved
    depth, tan = _place(result, model.centre)
    focal = result.K[[0, 1], [0, 1]] * target.scale
    middle = result.K[:2, 2] * target.scale + target.shift_px
    centre_px = tan * focal + middle
    pivot = flat.mean(0)
    goal_px = pivot + np.exp(growth) * (centre_px - pivot) + shift_px
    return np.array([-growth, *((goal_px - centre_px) / focal * depth)])


def _shrunk(result: FrameResult) -> FrameResult:
    """The same in a smaller picture, where all that follows is cheaper."""
    if result.mask is None or result.box is None:
        return result
    x0, y0, x1, y1 = result.box
    factor = int(max(x1 - x0, y1 - y0) / ENOUGH_PX)
    if factor < 2:
        return result
    width, height = (side // factor for side in result.image_size)
    whole = result.mask.alpha[: height * factor, : width * factor]
    alpha = cv2.resize(whole, (width, height), interpolation=cv2.INTER_AREA)
    K = np.diag([1 / factor, 1 / factor, 1.0]) @ result.K
    mask = Mask(alpha, result.mask.confidence)
    return replace(result, mask=mask, K=K, image_size=(width, height))


def _fit(
    flat: Float[np.ndarray, "verts 2"], faces: Int[np.ndarray, "faces 3"], target: FitTarget
) -> tuple[float, Float[np.ndarray, " 2"]] | None:
    """Log growth about the middle of the picture of the body, and shift in pixels."""
    side = target.size_share * len(target.mask)
    pivot, growth, shift = flat.mean(0), 0.0, np.zeros(2)
    for _ in range(STEPS):
        points = pivot + np.exp(growth) * (flat - pivot) + shift
        ours = find_outline(draw(points[None], faces, SIZE_PX).is_covered[0], target.is_visible)
        if len(ours.row) < LEAST_OUTLINE:
            return None
        to_theirs, to_ours = match(ours, target.outline, TURN_SHARE * side)
        place = np.concatenate([ours.place_px, ours.place_px[to_ours]])
        normal = np.concatenate([ours.normal, ours.normal[to_ours]])
        goal = np.concatenate([target.outline.place_px[to_theirs], target.outline.place_px])
        # Along the normal only: outlines slide freely along themselves.
        off = ((goal - place) * normal).sum(1) / side
        by_growth = ((place - pivot - shift) * normal).sum(1) / side
        jacobian = np.column_stack([by_growth, normal])
        share = np.repeat([1 / len(to_theirs), 1 / len(to_ours)], [len(to_theirs), len(to_ours)])
        weight = share / np.maximum(np.abs(off), LEAST_OFF)
        pull = jacobian.T * (weight / weight.sum())
        step = np.linalg.solve(pull @ jacobian + STAY * np.eye(3), pull @ off)
        growth, shift = growth + float(step[0]), shift + step[1:] * side
    return growth, shift


def _place(
    result: FrameResult, body_centre: Float[np.ndarray, " 3"]
) -> tuple[float, Float[np.ndarray, " 2"]]:
    """Depth of the body's centre, and x / z and y / z."""
    pose = result.root_to_cam
    centre = pose[:3, :3] @ body_centre + pose[:3, 3]
    return float(centre[2]), centre[:2] / centre[2]


def _corrected(model: CategoryModel, result: FrameResult, memory: AlignMemory) -> FrameResult:
    depth, tan = _place(result, model.centre)
    fresh_depth = depth * np.exp(memory.correction[0])
    fresh_tan = tan + memory.correction[1:] / depth
    pose = result.root_to_cam.copy()
    pose[:3, 3] += fresh_depth * np.append(fresh_tan, 1.0) - depth * np.append(tan, 1.0)
    return replace(result, root_to_cam=pose)
