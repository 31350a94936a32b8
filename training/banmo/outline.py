"""A body's outline against the masks, from far away: rendering only feels what it nearly touches.

targets = OutlineTargets.of_clips(clips)
inside, reach = outline_errors(targets, frames, placed, mask_pixels)

`inside`: points of the body belong into the mask. `reach`: every pixel of the mask belongs to some
point of the body. A leg or tail that is somewhere else is pulled to its place by these two before
the field could be worn away to suit the masks. Where pixels are unknown, and beyond the picture,
nothing is asked for.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import torch
from jaxtyping import Float, Float32, Int
from torch import Tensor
from torch.nn import functional as F

from training.prepare.prepared_clip import PreparedClip, box_of

SURFACE_POINTS = 600
"""That stand for a body's surface."""
CELLS = 128
"""Of a frame's distance map; it is two sides of the mask's box wide."""
HALF = 1.0
SLACK = 0.02
"""Points on a body stand for patches: this far apart, in sides, nothing is wrong."""
KNEE = 0.05


@dataclass(frozen=True, eq=False)
class OutlineTargets:
    """Distance maps of all frames, in sides of their mask's box."""

    distance: Float[Tensor, "frames 1 cells cells"]
    """0 in the mask, where nothing is known, and beyond the picture."""
    centre: Float[Tensor, "frames 2"]
    side_px: Float[Tensor, " frames"]

    @classmethod
    def of_clips(cls, clips: Sequence[PreparedClip]) -> "OutlineTargets":
        """Maps of all frames of all clips, one clip after the other."""
        rows = [_frame_map(clip, frame) for clip in clips for frame in range(len(clip.rgb))]
        maps, centres, sides = zip(*rows, strict=True)
        return cls(
            torch.from_numpy(np.stack(maps))[:, None], torch.tensor(np.array(centres)).float(),
            torch.tensor(sides, dtype=torch.float32),
        )  # fmt: skip

    def to(self, device: torch.device) -> "OutlineTargets":
        """The same on a device."""
        return OutlineTargets(**{name: value.to(device) for name, value in vars(self).items()})


def outline_errors(
    targets: OutlineTargets,
    frames: Int[Tensor, " frames"],
    placed: Float[Tensor, "frames points 2"],
    mask_pixels: Float[Tensor, "frames pixels 2"],
) -> tuple[Float[Tensor, ""], Float[Tensor, ""]]:
    """Mean excess of points beyond the mask, and of mask pixels beyond the points; in sides."""
    inside, reach = frame_errors(targets, frames, placed, mask_pixels)
    return inside.mean(), reach.mean()


def frame_errors(
    targets: OutlineTargets,
    frames: Int[Tensor, " frames"],
    placed: Float[Tensor, "frames points 2"],
    mask_pixels: Float[Tensor, "frames pixels 2"],
) -> tuple[Float[Tensor, " frames"], Float[Tensor, " frames"]]:
    """The same of each frame."""
    side = targets.side_px[frames][:, None, None]
    place = (placed - targets.centre[frames][:, None]) / (HALF * side)
    maps = targets.distance[frames].to(placed.dtype)
    sampled = F.grid_sample(maps, place[:, None], padding_mode="border", align_corners=False)
    beyond = HALF * (place.abs() - 1).clamp_min(0).square().sum(-1).add(1e-12).sqrt()
    apart = sampled[:, 0, 0] + beyond
    with torch.no_grad():
        nearest = torch.cdist(mask_pixels, placed).argmin(-1)
    chosen = placed.gather(1, nearest[..., None].expand(-1, -1, 2))
    missed = ((mask_pixels - chosen).square().sum(-1) + 1e-6).sqrt() / side[..., 0]
    return _excess(apart).mean(1), _excess(missed).mean(1)


def spread_over(
    vertices: Float[np.ndarray, "verts 3"],
    faces: Int[np.ndarray, "faces 3"],
    weights: Float[np.ndarray, "verts joints"],
) -> tuple[Float32[np.ndarray, "points 3"], Float32[np.ndarray, "points joints"]]:
    """Random points of a surface, evenly by area, with what its vertices carry; the same for the
    same mesh."""
    rng, corners = np.random.default_rng(0), vertices[faces].astype(float)
    normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    area = np.linalg.norm(normal, axis=1)
    chosen = rng.choice(len(faces), SURFACE_POINTS, p=area / area.sum())
    share = rng.dirichlet(np.ones(3), SURFACE_POINTS)[:, :, None]
    points, carried = ((share * values[faces[chosen]]).sum(1) for values in (vertices, weights))
    return points.astype(np.float32), carried.astype(np.float32)


def outline_errors_reference(
    targets: OutlineTargets, frame: int, placed: np.ndarray, mask_pixels: np.ndarray
) -> tuple[float, float]:
    """The slow, obvious twin of `outline_errors`, for one frame and points inside its map."""
    side = float(targets.side_px[frame])
    corner = targets.centre[frame].numpy() - HALF * side
    cell = 2 * HALF * side / CELLS
    outside = []
    for point in placed:
        column, row = np.floor((point - corner) / cell).astype(int)
        outside.append(_excess_of(float(targets.distance[frame, 0, row, column])))
    missed = [
        _excess_of(min(float(np.hypot(*(pixel - point))) for point in placed) / side)
        for pixel in mask_pixels
    ]
    return float(np.mean(outside)), float(np.mean(missed))


def _excess(apart: Tensor) -> Tensor:
    """Quadratic up to the knee, linear beyond, after some slack."""
    over = (apart - SLACK).clamp_min(0)
    return torch.where(over < KNEE, 0.5 * over.square() / KNEE, over - 0.5 * KNEE)


def _excess_of(apart: float) -> float:
    over = max(apart - SLACK, 0.0)
    return 0.5 * over**2 / KNEE if over < KNEE else over - 0.5 * KNEE


def _frame_map(clip: PreparedClip, frame: int) -> tuple[np.ndarray, np.ndarray, float]:
    alpha = clip.alphas[frame]
    height, width = alpha.shape
    box = box_of(alpha) or (0.0, 0.0, float(width), float(height))
    side = max(box[2] - box[0], box[3] - box[1])
    centre = np.array([0.5 * (box[0] + box[2]), 0.5 * (box[1] + box[3])])
    scale = CELLS / (2 * HALF * side)
    # cv2 counts pixels from their centres: x_map + 0.5 = scale (x + 0.5 - corner).
    shift = scale * (0.5 - (centre - HALF * side)) - 0.5
    window = np.array([[scale, 0, shift[0]], [0, scale, shift[1]]])
    is_free = (alpha == 0).astype(np.uint8)
    moved = cv2.warpAffine(is_free, window, (CELLS, CELLS), flags=cv2.INTER_NEAREST)
    distance = cv2.distanceTransform(moved, cv2.DIST_L2, 5) / scale / side
    return distance.astype(np.float16), centre, float(side)
