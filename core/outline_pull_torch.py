"""The distance between a body's outline and its mask's, both ways, with gradients.

    losses = outline_distance(points, drawn, targets)    # (frames,), in sides of the mask

As in iterated closest points: what matches what is settled on the hard drawing; the matched points
of the mesh carry the gradient. Points match only where outlines face alike, so that a leg's front
edge is not pulled to its back.
"""

from collections.abc import Sequence

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from core.coverage import Drawn
from core.fit_target import FitTarget
from core.outline import find_outline, match

TURN_SHARE = 0.2
"""Distance that opposite normals are worth, in sides of the mask."""
SOFT_SHARE = 0.02
"""Distances below this count by their square, above linearly (Charbonnier)."""


def outline_distance(
    points: Float[Tensor, "frames verts 3"], drawn: Drawn, targets: Sequence[FitTarget]
) -> Float[Tensor, " frames"]:
    """Mean distance of our outline to the mask's, plus that back; 0 if our outline is not seen."""
    found = [_pulls(drawn, frame, target) for frame, target in enumerate(targets)]
    frame, corners, weights, goal, share = (
        np.concatenate(part) for part in zip(*found, strict=True)
    )
    rows = torch.from_numpy(frame)
    held = points[rows[:, None], torch.from_numpy(corners), :2]
    place = (held * torch.from_numpy(weights).to(points.dtype)[..., None]).sum(1)
    side = torch.tensor([t.size_share * t.mask.shape[0] for t in targets], dtype=points.dtype)
    away = (place - torch.from_numpy(goal).to(points.dtype)) / side[rows][:, None]
    distance = (away.square().sum(1) + SOFT_SHARE**2).sqrt() - SOFT_SHARE
    shares = torch.from_numpy(share).to(points.dtype)
    return torch.zeros(len(targets), dtype=points.dtype).index_add(0, rows, shares * distance)


def _pulls(drawn: Drawn, frame: int, target: FitTarget) -> tuple[np.ndarray, ...]:
    """Frame, mesh point (vertices, weights), goal in pixels and share of the sum, of every pull."""
    ours, theirs = find_outline(drawn.covers(frame), target.is_visible), target.outline
    if not len(ours.row):
        return (np.zeros(0, np.int64), np.zeros((0, 3), np.int64), np.zeros((0, 3)),
                np.zeros((0, 2)), np.zeros(0))  # fmt: skip
    side = target.size_share * target.mask.shape[0]
    to_theirs, to_ours = match(ours, theirs, TURN_SHARE * side)
    corners, weights = drawn.attach(np.full(len(ours.row), frame), ours.row, ours.column)
    n, m = len(to_theirs), len(to_ours)
    who = np.concatenate([np.arange(n), to_ours])
    goal = np.concatenate([theirs.place_px[to_theirs], theirs.place_px])
    share = np.repeat([1 / n, 1 / m], [n, m])
    return np.full(n + m, frame), corners[who].astype(np.int64), weights[who], goal, share
