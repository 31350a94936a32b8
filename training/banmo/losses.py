"""What a teacher is judged by, term by term.

terms = teacher_losses(teacher, batch, generator)
total = weighted(terms, config.losses)
"""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from core.kinematics_torch import geodesic_angle
from training.banmo.config import LossWeightsConfig
from training.banmo.outline import OutlineTargets, outline_errors
from training.banmo.poses import Posed, Poses
from training.banmo.ray_pool import RayBatch
from training.banmo.teacher import Seen, Teacher

MATCH_POINTS = 300
"""Surface points that a pixel's features choose among."""
MATCH_SHARPNESS = 15.0


@dataclass(frozen=True, eq=False)
class LossTerms:
    """Unweighted terms, and the silhouette's error of each frame."""

    values: dict[str, Tensor]
    frame_error: Float[Tensor, " frames"]


def teacher_losses(
    teacher: Teacher,
    batch: RayBatch,
    generator: torch.Generator | None,
    outline: OutlineTargets | None = None,
    miss_weight: float = 0.0,
) -> LossTerms:
    """All terms of a batch.

    Pixel errors are in sides of the mask's box, lengths in rig units, angles in radians.
    """
    count = len(batch.frames)
    posed = teacher.poses.at(torch.cat([batch.frames, batch.after]))
    now, then = posed[:count], posed[count:]
    step = teacher.fields.ready()
    seen = teacher.render(now, batch.pixels, generator, step)
    miss = (seen.opacity - batch.mask).square()
    drawn = (miss * (1 + miss_weight * batch.mask)).mean() / (1 + 0.5 * miss_weight)
    values = {"silhouette": drawn, "delta": seen.delta, "entropy": seen.entropy}
    if outline is not None:
        placed = now.project(now.to_camera(teacher.placed_surface(now)))
        half = batch.pixels.shape[1] // 2
        values["inside"], values["reach"] = outline_errors(
            outline, batch.frames, placed, batch.pixels[:, :half]
        )
    sure = (seen.opacity * batch.mask).detach()
    share = sure / sure.sum().clamp_min(1.0)
    values["color"] = (share * (seen.rgb - batch.rgb).square().sum(-1)).sum()
    here = teacher.forward_warp(now, seen.canonical)
    values["cycle"] = (share * _huber((here - seen.posed).norm(dim=-1), 0.02)).sum()
    if teacher.config.uses_flow:
        values["flow"] = _flow_error(teacher, batch, seen, (now, then), sure)
    if teacher.feature_in is not None and batch.features is not None:
        values["feature"] = _match_error(teacher, batch, seen, now, share)
    values["eikonal"], values["curvature"] = teacher.fields.eikonal(step)
    values["mirror"] = mirror_error(teacher, step)
    values["bone_inside"] = _bones_outside(teacher, step)
    values |= smoothness(teacher.poses)
    return LossTerms(values, miss.detach().mean(1))


def _flow_error(
    teacher: Teacher, batch: RayBatch, seen: Seen, cameras: tuple, sure: Tensor
) -> Float[Tensor, ""]:
    """Where seen points go in the next frame, against the flow; the camera's own error cancels."""
    now, then = cameras
    after = then.project(then.to_camera(teacher.forward_warp(then, seen.canonical)))
    before = now.project(now.to_camera(teacher.forward_warp(now, seen.canonical)))
    error = (after - before - batch.flow).norm(dim=-1) / batch.side_px[:, None]
    weight = sure * batch.flow_confidence * (batch.after != batch.frames)[:, None]
    return (weight * _huber(error, 0.02)).sum() / weight.sum().clamp_min(1.0)


def _match_error(
    teacher: Teacher, batch: RayBatch, seen: Seen, now: Posed, share: Tensor
) -> Float[Tensor, ""]:
    """Where a pixel's features say it lies on the body, against where its ray met it; and back.

    The place is the mean of surface points by the softmax of their likeness (BANMo, equation 8);
    warped and projected it should fall on the pixel (equation 13).
    """
    every = max(1, len(teacher.rig.vertices) // MATCH_POINTS)
    points = torch.from_numpy(teacher.rig.vertices[::every]).to(seen.rgb)
    ours = teacher.fields.feature(points)
    assert teacher.feature_in is not None
    assert batch.features is not None
    theirs = torch.nn.functional.normalize(teacher.feature_in(batch.features), dim=-1)
    matched = torch.softmax(MATCH_SHARPNESS * theirs @ ours.T, -1) @ points
    apart = (matched - seen.canonical.detach()).norm(dim=-1)
    back = now.project(now.to_camera(teacher.forward_warp(now, matched)))
    missed = (back - batch.pixels).norm(dim=-1) / batch.side_px[:, None]
    return (share * (_huber(apart, 0.05) + _huber(missed, 0.05))).sum()


def mirror_error(teacher: Teacher, step: Tensor) -> Float[Tensor, ""]:
    """How far the body's left is from its right: the mirror image of a surface point should be one.

    The middle of the body rests level (settle.py), and limbs rest as the rig made them."""
    points = teacher.surface
    there = points * points.new_tensor([-1.0, 1.0, 1.0])
    apart = teacher.fields.sdf(points, step) - teacher.fields.sdf(there, step)
    return _huber(apart.abs(), 0.02).mean()


def _bones_outside(teacher: Teacher, step: Tensor) -> Float[Tensor, ""]:
    """Bones' centres belong inside the surface."""
    sdf = teacher.fields.sdf(teacher.bones.centres[None], step)
    return torch.relu(sdf + 0.004).mean() / 0.02


def smoothness(poses: Poses) -> dict[str, Tensor]:
    """Second differences of root poses and codes within clips, and priors."""
    clip = poses.clip_of
    every = torch.arange(poses.frame_count, device=clip.device)
    turn, place, code = poses.rotations(every), poses.place, poses.code
    inner = (clip[2:] == clip[:-2]).float()
    count = inner.sum().clamp_min(1)
    bend = geodesic_angle(turn[:-2].transpose(-1, -2) @ turn[1:-1],
                          turn[1:-1].transpose(-1, -2) @ turn[2:])  # fmt: skip
    jump = (place[2:] - 2 * place[1:-1] + place[:-2]).square().sum(-1)
    wave = (code[2:] - 2 * code[1:-1] + code[:-2]).square().mean(-1)
    return {
        "root_smooth": (inner * (0.1 * bend.square() + jump)).sum() / count,
        "code_smooth": (inner * wave).sum() / count,
        "code_prior": code.square().sum(-1).mean(),
        "length_prior": poses.log_length.square().sum(-1).mean() + poses.log_focal.square().mean(),
    }


def weighted(terms: dict[str, Tensor], weights: LossWeightsConfig) -> Float[Tensor, ""]:
    """Sum of the terms by their weights."""
    total = sum(getattr(weights, name) * value for name, value in terms.items())
    assert isinstance(total, Tensor)
    return total


def _huber(error: Tensor, knee: float) -> Tensor:
    """Quadratic up to the knee, linear beyond; in units of the knee times the error."""
    return torch.where(error < knee, 0.5 * error.square() / knee, error - 0.5 * knee)
