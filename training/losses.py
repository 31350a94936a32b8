"""Losses of the student, METHODS 1.6 with our deltas (METHODS 6).

The paper's geometry, colour and joint losses, squared as the official code has them; here the
root's rotation and its weak-perspective place are told apart, joints are compared as true
rotations, and hypotheses compete both by expected loss (DASR eq. 8) and by their best, with
logits taught which one was right.
"""

from dataclasses import dataclass
from typing import NamedTuple

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from core.kinematics_torch import rotation_6d_to_matrix
from core.student import BodyPoints, StudentPrediction
from training.template_torch import TemplateTorch


@dataclass(frozen=True)
class LossWeights:
    """Weight of each term; lengths are in rig units."""

    root: float = 60.0
    place: float = 5.0
    vertices: float = 45.0
    joints: float = 0.5
    code: float = 0.03
    shape: float = 0.15
    color: float = 12.0
    reprojection: float = 12.0
    """Places of the body's points in the picture, half crops, under the best hypothesis."""
    points: float = 40.0
    """Places of the points that the student finds on its way to the pose, half crops."""
    logit: float = 0.15
    expected_share: float = 0.5
    """Expected loss against best hypothesis; 1 is the paper's."""


class Truth(NamedTuple):
    """What is known of a batch of crops."""

    rotation: Float[Tensor, "batch 3 3"]
    weak: Float[Tensor, "batch 3"]
    joint_rotations: Float[Tensor, "batch joints 3 3"]
    code: Float[Tensor, "batch articulation"]
    shape: Float[Tensor, "batch shape"]
    appearance: Float[Tensor, "batch appearance"]


class LossTerms(NamedTuple):
    """The total, and what it is made of, for the log."""

    total: Tensor
    root_deg: Tensor
    """Mean angle of the likeliest hypothesis."""
    best_deg: Tensor
    vertices: Tensor
    """Root mean square vertex error about the root, rig units."""
    reprojection: Tensor
    """Mean error in the picture, half crops (smooth L1)."""
    place: Tensor
    logit: Tensor
    color: Tensor
    shape: Tensor
    points: Tensor
    """Mean distance of the points found from where they are, half crops."""


def student_loss(
    prediction: StudentPrediction,
    found: BodyPoints | None,
    truth: Truth,
    crop_tan: Float[Tensor, " batch"],
    template: TemplateTorch,
    weights: LossWeights,
) -> LossTerms:
    """All terms for one batch."""
    ours = template.pose(template.decode(prediction.articulation), prediction.shape)
    with torch.no_grad():
        theirs = template.pose(truth.joint_rotations, truth.shape)
    vertex = (ours - theirs).square().sum(-1).mean(1)
    decoded = template.decode(prediction.articulation)
    joint = ((decoded - truth.joint_rotations).square().sum((-1, -2)) * template.joint_share).sum(1)
    code = (prediction.articulation - truth.code).square().mean(1)
    shape = _mean_square(prediction.shape, truth.shape)
    color = template.color_error(prediction.appearance - truth.appearance)
    roots, root_loss, place_loss, angles = _roots(prediction, truth, template, weights)
    logits = roots[..., 6]
    cost = weights.root * root_loss + weights.place * place_loss
    probability = logits.softmax(1)
    expected = (probability * cost).sum(1)
    best, winner = cost.min(1)
    reprojection = _reprojection(
        ours, theirs, roots[torch.arange(len(roots)), winner], truth, crop_tan, template
    )
    points, points_off = _points(found, theirs, truth, crop_tan, template)
    logit = F.cross_entropy(logits, (-cost.detach() / 0.5).softmax(1))
    share = weights.expected_share
    total = (
        share * expected
        + (1 - share) * best
        + weights.logit * logit
        + weights.vertices * vertex
        + weights.reprojection * reprojection
        + weights.points * points
        + weights.joints * joint
        + weights.code * code
        + weights.shape * shape
        + weights.color * color
    )
    chosen = logits.argmax(1, keepdim=True)
    degrees = torch.rad2deg(angles)
    return LossTerms(
        total=total.mean(),
        root_deg=degrees.gather(1, chosen).mean(),
        best_deg=degrees.min(1).values.mean(),
        vertices=vertex.mean().sqrt(),
        reprojection=reprojection.mean(),
        place=place_loss.gather(1, chosen).mean(),
        logit=logit.mean(),
        color=color.mean(),
        shape=shape.mean(),
        points=points_off.mean(),
    )


def _points(
    found: BodyPoints | None,
    theirs: Tensor,
    truth: Truth,
    crop_tan: Tensor,
    template: TemplateTorch,
) -> tuple[Float[Tensor, " batch"], Float[Tensor, " batch"]]:
    """Loss of the points found, and their mean distance from the truth."""
    if found is None:
        return crop_tan.new_zeros(len(crop_tan)), crop_tan.new_zeros(len(crop_tan))
    with torch.no_grad():
        body = theirs[:, : found.places.shape[1]] - template.centre
        wanted = body_places(body, truth.rotation, truth.weak, crop_tan)
        # Far outside the picture nothing can be known.
        share = 1 / (1 + (wanted[..., :2].abs().amax(-1) - 1.0).clamp_min(0) * 8)
    loss = F.smooth_l1_loss(found.places, wanted, reduction="none", beta=0.03)
    with torch.no_grad():
        off = (found.places - wanted).norm(dim=-1).mean(1)
    return (loss.mean(-1) * share).mean(1), off


def body_places(
    points: Float[Tensor, "batch points 3"],
    rotation: Float[Tensor, "batch 3 3"],
    weak: Float[Tensor, "batch 3"],
    crop_tan: Float[Tensor, " batch"],
) -> Float[Tensor, "batch points 3"]:
    """Where points about the body's centre are, as `core.student.BodyPoints`."""
    flat = in_picture(points, rotation, weak, crop_tan)
    depth = (points @ rotation.transpose(-1, -2))[..., 2:] * torch.exp(weak[:, None, :1])
    return torch.cat([flat, depth], -1)


def _reprojection(
    ours: Tensor,
    theirs: Tensor,
    root: Tensor,
    truth: Truth,
    crop_tan: Tensor,
    template: TemplateTorch,
) -> Float[Tensor, " batch"]:
    """How far the predicted points lie from the true ones in the picture; METHODS 1.6 has no 2D
    loss."""
    seen = in_picture(
        ours - template.centre, rotation_6d_to_matrix(root[:, :6]), root[:, 7:], crop_tan
    )
    with torch.no_grad():
        wanted = in_picture(theirs - template.centre, truth.rotation, truth.weak, crop_tan)
    return F.smooth_l1_loss(seen, wanted, reduction="none", beta=0.05).mean((1, 2))


def in_picture(
    points: Float[Tensor, "batch points 3"],
    rotation: Float[Tensor, "batch 3 3"],
    weak: Float[Tensor, "batch 3"],
    crop_tan: Float[Tensor, " batch"],
) -> Float[Tensor, "batch points 2"]:
    """Where points about the body's centre appear, half crops from the middle
    (core/root_pose.py)."""
    turned = points @ rotation.transpose(-1, -2)
    size = torch.exp(-weak[:, :1].clamp(-4, 4))
    place = turned[..., :2] + (weak[:, 1:] * size)[:, None]
    depth = (turned[..., 2:] * crop_tan[:, None, None] + size[:, None]).clamp_min(0.05)
    return place / depth


def _mean_square(a: Tensor, b: Tensor) -> Tensor:
    return (a - b).square().mean(1) if a.shape[1] else a.new_zeros(len(a))


def _roots(
    prediction: StudentPrediction, truth: Truth, template: TemplateTorch, weights: LossWeights
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Per hypothesis: numbers, rotation loss (spread of the body's points), place loss, angle."""
    roots = prediction.roots
    rotation = rotation_6d_to_matrix(roots[..., :6])
    difference = rotation - truth.rotation[:, None]
    # Mean squared displacement of the rest body's points by the wrong rotation.
    root_loss = (difference.transpose(-1, -2) @ difference * template.inertia).sum((-1, -2))
    place_loss = F.smooth_l1_loss(
        roots[..., 7:], truth.weak[:, None].expand_as(roots[..., 7:]), reduction="none", beta=0.1
    ).sum(-1)
    with torch.no_grad():
        cosine = ((rotation * truth.rotation[:, None]).sum((-1, -2)) - 1) / 2
        angle = torch.acos(cosine.clamp(-1, 1))
    return roots, root_loss, place_loss, angle
