"""How far a body's points lie from where the student saw them, with gradients.

    pull = PointPull.of(model.point_vertices, results, across=1.0, deep=0.5)
    losses = pull(bodies.vertices, bodies.place)         # (frames,); 0 for frames without points

A mask says where the outline is; the student's points say what lies inside it: which leg is in
front, how far the head is turned.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor

from core.fit_score import POINT_FAR, POINT_SOFT, POINT_SOFT_DEPTH
from core.results import FrameResult

LEAST_DEPTH = 1e-2


@dataclass(frozen=True, eq=False)
class PointPull:
    """What some frames' points ask of a body."""

    vertices: Int[Tensor, " points"]
    places: Float[Tensor, "frames points 3"]
    share: Float[Tensor, "frames points"]
    """How much each point counts; rows sum to at most 1."""
    cam_to_crop: Float[Tensor, "frames 3 3"]
    crop_tan: Float[Tensor, " frames"]
    across: float
    deep: float

    @classmethod
    def of(
        cls,
        numbers: Int[np.ndarray, " points"],
        results: Sequence[FrameResult],
        across: float,
        deep: float,
    ) -> "PointPull | None":
        """Of frames in order; None where no frame has points.

        Args:
            numbers: Which vertices the points are.
            results: The frames.
            across: Weight of distances in the picture, in half crops.
            deep: Weight of distances in depth.
        """
        count = len(numbers)
        if not count or across == deep == 0 or all(r.points is None for r in results):
            return None
        places, share = np.zeros((len(results), count, 3)), np.zeros((len(results), count))
        to_crop, tan = np.tile(np.eye(3), (len(results), 1, 1)), np.ones(len(results))
        for row, result in enumerate(results):
            seen = result.points
            if seen is None:
                continue
            beyond = np.maximum(np.abs(seen.places[:, :2]).max(1) - 1, 0)
            places[row], share[row] = seen.places, 1 / (1 + POINT_FAR * beyond) / count
            to_crop[row], tan[row] = seen.crop_to_cam.T, seen.crop_tan
        tensors = (torch.from_numpy(part).float() for part in (places, share, to_crop, tan))
        return cls(torch.from_numpy(numbers), *tensors, across, deep)

    def __call__(
        self, vertices: Float[Tensor, "frames verts 3"], place: Float[Tensor, "frames 3"]
    ) -> Float[Tensor, " frames"]:
        """Loss of bodies in camera space.

        Args:
            vertices: All of the template's.
            place: log depth, x / z, y / z of the body's centre.
        """
        depth = place[:, :1].exp()
        centre = depth * torch.cat([place[:, 1:], torch.ones_like(depth)], 1)
        turn = self.cam_to_crop.transpose(-1, -2)
        seen = vertices[:, self.vertices] @ turn
        middle = (centre[:, None] @ turn)[..., 2]
        tan = self.crop_tan[:, None]
        across = seen[..., :2] / seen[..., 2:].clamp_min(LEAST_DEPTH) / tan[..., None]
        deep = (seen[..., 2] - middle) / (middle * tan).clamp_min(LEAST_DEPTH * 1e-2)
        aside = F.smooth_l1_loss(across, self.places[..., :2], reduction="none", beta=POINT_SOFT)
        behind = F.smooth_l1_loss(
            deep, self.places[..., 2], reduction="none", beta=POINT_SOFT_DEPTH
        )
        return ((self.across * aside.sum(-1) + self.deep * behind) * self.share).sum(1)
