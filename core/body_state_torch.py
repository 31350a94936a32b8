"""What refinement changes: the bodies of a window of frames as a start and a correction.

state = BodyState.of(model, results, shape)
bodies = state.bodies(body)                # Bodies: rotation, place, joints, code, vertices
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from core.body_torch import BodyTorch
from core.model import CategoryModel
from core.pipeline import root_pose
from core.results import Codes, FrameResult


@dataclass(frozen=True, eq=False)
class Bodies:
    """Bodies in camera space."""

    rotation: Float[Tensor, "frames 3 3"]
    place: Float[Tensor, "frames 3"]
    """log depth, x / z, y / z of the body's centre."""
    articulation: Float[Tensor, "frames articulation"]
    joints: Float[Tensor, "frames joints 3 3"]
    shape: Float[Tensor, " shape"]
    vertices: Float[Tensor, "frames verts 3"]

    def detached(self) -> "Bodies":
        """The same without gradients; safe to keep."""
        return Bodies(**{name: value.detach().clone() for name, value in vars(self).items()})

    def result(self, frame: int, start: FrameResult, centre: np.ndarray) -> FrameResult:
        """One frame as a result."""
        left, _, right = np.linalg.svd(self.rotation[frame].double().numpy())
        pose = root_pose(left @ right, self.place[frame].double().numpy(), centre)
        codes = Codes(self.articulation[frame].numpy(), self.shape.numpy(), start.codes.appearance)
        joints = self.joints[frame].double().numpy()
        return replace(start, root_to_cam=pose, joint_rotations=joints, codes=codes)


@dataclass(frozen=True, eq=False)
class BodyState:
    """Starts, and corrections that are learned: 0 at first, or as the frames before ended."""

    rotation: Float[Tensor, "frames 3 3"]
    place: Float[Tensor, "frames 3"]
    start_sigmas: Float[Tensor, "frames components"]
    """Articulation along the principal components, in standard deviations."""
    start_shape: Float[Tensor, " shape"]
    times_s: Float[np.ndarray, " frames"]
    past: "Past | None"
    blend: Float[Tensor, "frames past_and_frames"]
    """Weights by which a frame's corrections are a mean of what its neighbours learn."""
    learned: "Changes"
    """Before blending; these are what the optimiser moves."""
    shape: Float[Tensor, " shape"]

    @classmethod
    def of(
        cls,
        model: CategoryModel,
        results: Sequence[FrameResult],
        shape: Float[np.ndarray, " shape"],
        blend_s: float = 0.0,
        past: "Past | None" = None,
    ) -> "BodyState":
        """The start of some frames.

        Args:
            model: Their model.
            results: What is corrected, in order.
            shape: Proportions common to all.
            blend_s: Standard deviation in time over which corrections blend.
            past: The frames just before, which go on from here.
        """
        poses = np.stack([result.root_to_cam for result in results])
        centre = poses[:, :3, :3] @ model.centre + poses[:, :3, 3]
        depth = np.maximum(centre[:, 2], 1e-3)
        sigmas = np.stack([model.latent.sigmas_of(r.codes.articulation) for r in results])
        times_s = np.array([result.time_s for result in results])
        known_s = np.concatenate([past.times_s, times_s]) if past else times_s
        learned = Changes.none(len(results), sigmas.shape[1], len(model.rig.skeleton.names))
        if past is not None:
            learned = Changes(
                *(was[-1:].expand_as(now).clone() for was, now in past.pairs(learned))
            )
        for value in learned:
            value.requires_grad_()
        return cls(
            _tensor(poses[:, :3, :3]),
            _tensor(np.column_stack([np.log(depth), centre[:, 0] / depth, centre[:, 1] / depth])),
            _tensor(sigmas),
            _tensor(shape),
            times_s,
            past,
            _tensor(blend_weights(times_s, known_s, blend_s)),
            learned,
            _tensor(shape).requires_grad_(),
        )

    def bodies(self, body: BodyTorch) -> Bodies:
        """The corrected bodies."""
        change = self.changes()
        rotation = exp_rotation(change.turn) @ self.rotation
        place = self.place + change.move
        code = body.code_of(self.start_sigmas + change.code)
        # The root's rotation is the root pose.
        bend = torch.cat([torch.zeros_like(change.bend[:, :1]), change.bend[:, 1:]], 1)
        joints = body.decode(code) @ exp_rotation(bend)
        shapes = self.shape.expand(len(code), -1)
        vertices = body.in_camera(rotation, place, joints, shapes)
        return Bodies(rotation, place, code, joints, self.shape, vertices)

    def changes(self) -> "Changes":
        """The corrections after blending."""
        known = self.learned
        if self.past is not None:
            known = Changes(*(torch.cat(pair) for pair in self.past.pairs(known)))
        return Changes(
            *((self.blend @ value.flatten(1)).view(-1, *value.shape[1:]) for value in known)
        )

    def as_past(self, blend_s: float) -> "Past":
        """What the next window needs to go on from here."""
        near = self.times_s >= self.times_s[-1] - 3 * blend_s
        rows = torch.from_numpy(np.flatnonzero(near))
        learned = Changes(*(value.detach()[rows].clone() for value in self.learned))
        last = self.changes().weighed().detach()[-1]
        return Past(self.times_s[near], learned, last)


class Changes(NamedTuple):
    """Corrections of each frame."""

    turn: Float[Tensor, "frames 3"]
    """Rotation vectors, applied in the camera about the body's centre."""
    move: Float[Tensor, "frames 3"]
    """Of log depth, x / z, y / z."""
    code: Float[Tensor, "frames components"]
    """In standard deviations along the principal components."""
    bend: Float[Tensor, "frames joints 3"]
    """Rotation vectors of joints, beyond what the code expresses."""

    @classmethod
    def none(cls, frames: int, components: int, joints: int) -> "Changes":
        """No correction."""
        turn, move = torch.zeros(2, frames, 3)
        return cls(turn, move, torch.zeros(frames, components), torch.zeros(frames, joints, 3))

    def weighed(self) -> Float[Tensor, "frames changes"]:
        """All of them in comparable units."""
        return torch.cat([self.turn, self.move, 0.3 * self.code, 0.5 * self.bend.flatten(1)], 1)


@dataclass(frozen=True, eq=False)
class Past:
    """The end of the window before."""

    times_s: Float[np.ndarray, " past"]
    learned: Changes
    last: Float[Tensor, " changes"]
    """The last frame's corrections, blended and weighed."""

    def pairs(self, now: Changes) -> Iterator[tuple[Tensor, Tensor]]:
        """Each kind of correction then and now."""
        return zip(self.learned, now, strict=True)


def blend_weights(
    times_s: Float[np.ndarray, " frames"], known_s: Float[np.ndarray, " known"], blend_s: float
) -> Float[np.ndarray, "frames known"]:
    """Gaussian weights of neighbours in time; rows sum to 1. At 0 each frame has itself alone."""
    apart = times_s[:, None] - known_s
    if blend_s <= 0:
        own = np.arange(len(known_s)) - (len(known_s) - len(times_s))
        return (own == np.arange(len(times_s))[:, None]).astype(float)
    weights = np.exp(-0.5 * (apart / blend_s) ** 2)
    return weights / weights.sum(1, keepdims=True)


def exp_rotation(vector: Float[Tensor, "*batch 3"]) -> Float[Tensor, "*batch 3 3"]:
    """Rotation matrices of rotation vectors (Rodrigues); its gradient is finite at 0."""
    angle = (vector.square().sum(-1) + 1e-12).sqrt()[..., None, None]
    x, y, z = vector.unbind(-1)
    zero = torch.zeros_like(x)
    skew = torch.stack([zero, -z, y, z, zero, -x, -y, x, zero], -1).unflatten(-1, (3, 3))
    half = torch.sin(angle / 2) / angle
    identity = torch.eye(3, dtype=vector.dtype, device=vector.device)
    return identity + torch.sin(angle) / angle * skew + 2 * half * half * (skew @ skew)


def _tensor(values: np.ndarray) -> Tensor:
    return torch.from_numpy(np.array(values, dtype=np.float32))
