"""The category's body with its own skin, whose parts may grow thicker or thinner.

body = SoftBody.of(rig)
placed = posed.project(posed.to_camera(body.moved(posed)))
"""

from dataclasses import dataclass, replace

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn

from core.rig import Rig
from training.banmo.outline import spread_over
from training.banmo.poses import Posed
from training.banmo.warp import blended, move
from training.shape_modes import proportion_modes

GIRTH_RATE = 2e-2


@dataclass(frozen=True, eq=False)
class SoftBody:
    """Points of the category's skin, whose parts may be thicker or thinner than the student says.

    Seen from behind, a body that is too stout looks like one that is nearer: other views must be
    able to say that it is stout.
    """

    points: Float[Tensor, "points 3"]
    skin: Float[Tensor, "points joints"]
    modes: Float[Tensor, "girths points 3"]
    vertex_modes: Float[np.ndarray, "girths verts 3"]
    girth: nn.Parameter
    """Standard deviations of each part's girth (training/shape_modes.py); the same in all clips."""

    @classmethod
    def of(cls, rig: Rig) -> "SoftBody":
        """As thick as the rig."""
        space = proportion_modes(rig)
        is_girth = [name.endswith("girth") for name in space.names]
        modes = space.vertices[is_girth]
        carried = np.concatenate([rig.weights, *modes], 1)
        points, values = spread_over(rig.vertices, rig.faces, carried)
        joints = rig.weights.shape[1]
        spread = values[:, joints:].reshape(len(points), len(modes), 3).swapaxes(0, 1)
        return cls(
            torch.from_numpy(points), torch.from_numpy(values[:, :joints].copy()),
            torch.from_numpy(spread.copy()), modes, nn.Parameter(torch.zeros(len(modes))),
        )  # fmt: skip

    @property
    def group(self) -> dict:
        """For the optimiser."""
        return {"params": [self.girth], "lr": GIRTH_RATE}

    def moved(self, posed: Posed) -> Float[Tensor, "frames points 3"]:
        """The points in rig space."""
        points = self.points + torch.einsum("g,gpa->pa", self.girth, self.modes)
        frames = len(posed.duals)
        spread = self.skin.expand(frames, -1, -1)
        return move(points.expand(frames, -1, -1), blended(spread, posed.duals))

    def grown(self, rig: Rig) -> Rig:
        """The rig with the girths found."""
        change = np.tensordot(self.girth.detach().numpy(), self.vertex_modes, 1)
        return replace(rig, vertices=(rig.vertices + change).astype(np.float32))
