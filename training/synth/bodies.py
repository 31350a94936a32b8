"""Bodies to draw, and how each one's truth reads on the template.

    bodies = [SynthBody.of(template, template_space, rig, clips), ...]

Sibling rigs share a skeleton but not a mesh. A sibling's pose, proportions and place are told in
the template's words: joint rotations by global deltas from rest, a shape code fitted to its
joints and skin, a similarity between the two rig spaces. So one student learns from many bodies.
"""

from dataclasses import dataclass, replace
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Bool, Float, Int
from scipy.spatial import cKDTree

from core.kinematics import forward_kinematics, skin_transforms
from core.retarget import transfer_rotations
from core.rig import MotionClip, Rig
from core.rotations import matrix_from_axis_angle
from core.shape_space import ShapeSpace
from core.skin import skin_linear
from training.motion import MotionConfig, MotionPool
from training.shape_modes import bone_ends, proportion_modes
from training.synth.clothes import ClothesPainter
from training.synth.coats import CoatPainter
from training.turns import rotations_from_turns, turns_from_rest

SAME_REST_RAD = 0.45
"""Bones that rest closer together than this are taken to rest alike."""


@runtime_checkable
class Painter(Protocol):
    """Who gives a body its colours."""

    def paint(self, rng: np.random.Generator) -> Float[np.ndarray, "verts 3"]:
        """Colours of the vertices, sRGB 0..1."""
        ...


@dataclass(frozen=True)
class FitPrior:
    """How a template is fitted to its siblings."""

    ridge: float = 0.02
    """Cost of a squared standard deviation beside squared misfits in rig units: a twentieth of it
    lets the skin decide on girths too."""
    is_turned: bool = False
    """Compare skins with the template's bones turned to how the sibling's rest: an ox's low neck
    is no horse's chest."""


@dataclass(frozen=True, eq=False)
class TemplateFit:
    """template(shape) * scale + offset is about the sibling's rest body."""

    shape: Float[np.ndarray, " shape"]
    scale: float
    offset: Float[np.ndarray, " 3"]
    nearest: Int[np.ndarray, " verts"]
    """For each template vertex, the sibling's vertex that lies nearest."""
    rest_turns: Float[np.ndarray, "joints 3 3"]
    """Turns that bring the template's bones to how the sibling's rest: a curled tail to a
    straight one."""


@dataclass(frozen=True, eq=False)
class SynthBody:
    """One rig, ready to be posed, proportioned and painted at random."""

    rig: Rig
    pool: MotionPool
    space: ShapeSpace
    """The sibling's own proportions."""
    space_of_template: Int[np.ndarray, " own"]
    """Which number of the template's shape code each own number is; -1: none."""
    fit: TemplateFit
    painter: Painter
    template: Rig
    clips: tuple[MotionClip, ...] = ()
    """The motions in time; the pool has their frames."""
    spread: Float[np.ndarray, " own"] | None = None
    """How far each own number strays in pictures, in its standard deviations; None: all of it."""

    @classmethod
    def of(
        cls,
        template: Rig,
        template_space: ShapeSpace,
        rig: Rig,
        clips: tuple[MotionClip, ...],
        motion: MotionConfig | None = None,
        prior: FitPrior | None = None,
    ) -> "SynthBody":
        """Prepare a rig whose joints carry the template's names."""
        space = proportion_modes(rig)
        position = {name: index for index, name in enumerate(template_space.names)}
        order = np.array([position.get(name, -1) for name in space.names], int)
        pool = MotionPool.from_clips(rig.skeleton, clips, motion)
        fit = fit_template(template, template_space, rig, prior)
        painter = ClothesPainter.of(rig) or CoatPainter.of(rig)
        return cls(rig, pool, space, order, fit, painter, template, clips)

    @classmethod
    def alone(cls, rig: Rig, clips: tuple[MotionClip, ...]) -> "SynthBody":
        """A rig that is its own template."""
        return cls.of(rig, proportion_modes(rig), rig, clips)

    def random_shapes(
        self, rng: np.random.Generator, count: int, std: float
    ) -> Float[np.ndarray, "count own"]:
        """Own numbers of random individuals."""
        shapes = rng.normal(0, std, (count, len(self.space.names))).clip(-2.5, 2.5)
        return shapes if self.spread is None else shapes * self.spread

    def painted_as_made(self, share: float | None) -> "SynthBody":
        """The body as its maker painted it in a share of all coats; None leaves the share."""
        if share is None:
            return self
        painter = self.painter
        if isinstance(painter, ClothesPainter):
            return replace(self, painter=replace(painter, original_share=share))
        if not isinstance(painter, CoatPainter):
            return self
        config = replace(painter.config, original_share=share)
        return replace(self, painter=replace(painter, config=config))

    def template_shape(
        self, own: Float[np.ndarray, "batch own"], count: int
    ) -> Float[np.ndarray, "batch shape"]:
        """Template shape codes of this body with own proportions."""
        shape = np.tile(self.fit.shape, (len(own), 1))
        for index, target in enumerate(self.space_of_template):
            if target >= 0:
                shape[:, target] += own[:, index]
        return shape[:, :count]

    def template_rotations(
        self, rotations: Float[np.ndarray, "batch joints 3 3"]
    ) -> Float[np.ndarray, "batch template 3 3"]:
        """Joint rotations on the template's skeleton."""
        if self.rig is self.template:
            return rotations
        skeleton = self.template.skeleton
        moved = transfer_rotations(self.rig.skeleton, skeleton, rotations)
        return rotations_from_turns(
            skeleton, turns_from_rest(skeleton, moved) @ self.fit.rest_turns
        )

    def template_pose(
        self, rig_to_cam: Float[np.ndarray, "batch 4 4"]
    ) -> Float[np.ndarray, "batch 4 4"]:
        """Root poses of the template; lengths in the template's rig units."""
        pose = rig_to_cam.copy()
        moved = rig_to_cam[:, :3, :3] @ self.fit.offset + rig_to_cam[:, :3, 3]
        pose[:, :3, 3] = moved / self.fit.scale
        return pose


def fit_template(
    template: Rig, space: ShapeSpace, sibling: Rig, prior: FitPrior | None = None
) -> TemplateFit:
    """Shape code, scale and offset that bring the template closest to a sibling at rest."""
    prior = prior or FitPrior()
    if template is sibling:
        every, still = (
            np.arange(len(template.vertices)),
            np.tile(np.eye(3), (len(space.joints[0]), 1, 1)),
        )
        return TemplateFit(np.zeros(len(space.names)), 1.0, np.zeros(3), every, still)
    shared = [name for name in template.skeleton.names if name in sibling.skeleton.names]
    if len(shared) < 0.6 * len(template.skeleton.names):
        raise ValueError(f"{sibling.name} shares {len(shared)} joints with {template.name}")
    ours = [template.skeleton.names.index(name) for name in shared]
    theirs = [sibling.skeleton.names.index(name) for name in shared]
    turns = np.tile(np.eye(3), (len(template.skeleton.names), 1, 1))
    turns[ours] = _rest_turns(template, ours, sibling, theirs)
    if prior.is_turned:
        return _fit_turned(template, space, sibling, (ours, theirs, turns), prior)
    # What rests differently tells nothing of proportions.
    alike = (np.trace(turns, axis1=1, axis2=2) > 2.99).astype(float)
    joint_weight, skin_weight = 10 * alike[ours], (template.weights @ alike) ** 4
    goal = sibling.skeleton.rest_joint_to_rig[theirs, :3, 3]
    start = template.skeleton.rest_joint_to_rig[ours, :3, 3]
    rest = np.concatenate([start, template.vertices])
    basis = np.concatenate([space.joints[:, ours], space.vertices], 1)
    weight = np.concatenate([joint_weight, skin_weight * len(goal) / len(template.vertices)])
    shape, scale, offset = np.zeros(len(space.names)), 1.0, np.zeros(3)
    tree = cKDTree(sibling.vertices)
    for _ in range(12):
        source = rest + np.tensordot(shape, basis, 1)
        nearest = tree.query(scale * source[len(goal) :] + offset)[1]
        target = np.concatenate([goal, sibling.vertices[nearest]])
        scale, offset = _scale_offset(source, target, weight)
        shape = _solve_shape(basis, (target - offset) / scale - rest, weight, prior.ridge)
    return TemplateFit(shape, scale, offset, nearest, turns)


def _rest_turns(
    template: Rig, ours: list[int], sibling: Rig, theirs: list[int]
) -> Float[np.ndarray, "shared 3 3"]:
    """Smallest turns from the template's bone directions to the sibling's, where they clearly
    differ.

    Bones whose direction says nothing of how they rest are taken to rest alike: where the skeleton
    branches (a head does not point where its ears sit), and chains of a single bone (a head that
    only its skin gives an end).
    """
    a, b = _directions(template)[ours], _directions(sibling)[theirs]
    axis = np.cross(a, b)
    sine, cosine = np.linalg.norm(axis, axis=1), (a * b).sum(1)
    angle = np.arctan2(sine, cosine)
    unclear = _without_direction(template.skeleton.parents)[ours]
    angle[(angle < SAME_REST_RAD) | (sine < 1e-6) | unclear] = 0.0
    return matrix_from_axis_angle(axis / np.maximum(sine, 1e-6)[:, None] * angle[:, None])


def _without_direction(parents: tuple[int, ...]) -> Bool[np.ndarray, " joints"]:
    """Joints that branch, and ends that hang on one that does."""
    children = np.bincount(np.array(parents[1:], int), minlength=len(parents))
    above = children[np.maximum(parents, 0)]
    return (children > 1) | ((children == 0) & (above > 1))


def _directions(rig: Rig) -> Float[np.ndarray, "joints 3"]:
    along = bone_ends(rig) - rig.skeleton.rest_joint_to_rig[:, :3, 3]
    return along / np.maximum(np.linalg.norm(along, axis=1, keepdims=True), 1e-9)


def _scale_offset(
    source: np.ndarray, target: np.ndarray, weight: np.ndarray
) -> tuple[float, np.ndarray]:
    """Least-squares scale and translation; both rigs face +z, so no rotation."""
    share = weight[:, None] / weight.sum()
    source_mean, target_mean = (share * source).sum(0), (share * target).sum(0)
    spread, goal = source - source_mean, target - target_mean
    scale = float((share * spread * goal).sum() / (share * spread**2).sum())
    return scale, target_mean - scale * source_mean


def _fit_turned(
    template: Rig,
    space: ShapeSpace,
    sibling: Rig,
    shared: tuple[list[int], list[int], np.ndarray],
    prior: FitPrior,
) -> TemplateFit:
    """The fit with the template posed as the sibling rests; skin is matched both ways."""
    ours, theirs, turns = shared
    posed = rotations_from_turns(template.skeleton, turns[None])[0]

    def body(shape: np.ndarray) -> np.ndarray:
        rig = space.apply(template, shape)
        moves = skin_transforms(rig.skeleton, forward_kinematics(rig.skeleton, posed))
        joints = np.einsum("jab,jb->ja", moves[:, :3, :3], rig.skeleton.rest_joint_to_rig[:, :3, 3])
        return np.concatenate([
            (joints + moves[:, :3, 3])[ours], skin_linear(rig.vertices, rig.weights, moves)
        ]).astype(float)  # fmt: skip

    count, zero = len(space.names), np.zeros(len(space.names))
    rest = body(zero)
    # Posing is linear in the shape: rotations stay as they are.
    basis = np.stack([body(row) - rest for row in np.eye(count)])
    goal = sibling.skeleton.rest_joint_to_rig[theirs, :3, 3]
    tree = cKDTree(sibling.vertices)
    weight = np.concatenate([
        np.full(len(goal), 3.0), np.full(len(template.vertices), 10 * len(goal) / len(rest))
    ])  # fmt: skip
    shape, scale, offset = zero, 1.0, np.zeros(3)
    nearest = np.zeros(len(template.vertices), int)
    for _ in range(20):
        source = rest + np.tensordot(shape, basis, 1)
        skin = scale * source[len(goal) :] + offset
        nearest = tree.query(skin)[1]
        back = cKDTree(skin).query(sibling.vertices)[1]
        pulled, hits = sibling.vertices[nearest].astype(float), np.ones(len(skin))
        np.add.at(pulled, back, sibling.vertices)
        np.add.at(hits, back, 1.0)
        target = np.concatenate([goal, pulled / hits[:, None]])
        scale, offset = _scale_offset(source, target, weight)
        shape = _solve_shape(basis, (target - offset) / scale - rest, weight, prior.ridge)
    return TemplateFit(shape, scale, offset, nearest, turns)


def _solve_shape(
    basis: np.ndarray, goal: np.ndarray, weight: np.ndarray, ridge: float
) -> np.ndarray:
    """Ridge regression of the shape code; a code of 3 sigma costs as much as real misfit."""
    root = np.sqrt(weight)[:, None]
    matrix = (basis * root).reshape(len(basis), -1).T
    normal = matrix.T @ matrix + ridge * np.eye(len(basis))
    return np.clip(np.linalg.solve(normal, matrix.T @ (goal * root).reshape(-1)), -4, 4)
