"""What lengths and girths cannot say of a sibling: its build, as components of the shape space.

    builds = sibling_builds(template, space, [(wolf, wolf_fit)])
    builds.space           # "wolf build": one unit is the whole way from the template to the wolf
    builds.codes[0]        # the wolf's own numbers

The template, fitted to a sibling at rest, is brought onto its skin (`registration.py`) and its
joints onto the sibling's; what that moves is the build. Of several siblings the principal
components are kept.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float

from core.kinematics import forward_kinematics, skin_transforms
from core.rig import Rig
from core.shape_space import ShapeSpace
from core.skin import skin_linear
from training.registration import RegistrationConfig, Tagged, register
from training.synth.bodies import SynthBody, TemplateFit
from training.turns import rotations_from_turns

BLEND_STD = 0.4
"""How far the template's own pictures stray towards its siblings' builds, in whole builds."""


@dataclass(frozen=True, eq=False)
class SiblingBuilds:
    """Components, and each sibling's code in them."""

    space: ShapeSpace
    codes: Float[np.ndarray, "siblings builds"]

    def told(self, bodies: Sequence[SynthBody], space: ShapeSpace) -> tuple[SynthBody, ...]:
        """The template's body and its siblings', told in the space with builds; pictures of the
        template show blends."""
        count = len(self.space.names)
        codes = np.concatenate([np.zeros((1, count)), self.codes])
        told = [
            replace(body, fit=replace(body.fit, shape=np.concatenate([body.fit.shape, code])))
            for body, code in zip(bodies, codes, strict=True)
        ]
        own = len(space.names) - count
        told[0] = replace(
            told[0],
            space=space,
            space_of_template=np.arange(len(space.names)),
            spread=np.concatenate([np.ones(own), np.full(count, BLEND_STD)]),
        )
        return tuple(told)


def with_builds(space: ShapeSpace, builds: SiblingBuilds) -> ShapeSpace:
    """Proportions first, builds after them."""
    return ShapeSpace(
        space.names + builds.space.names,
        np.concatenate([space.vertices, builds.space.vertices]),
        np.concatenate([space.joints, builds.space.joints]),
    )


def sibling_builds(
    template: Rig,
    space: ShapeSpace,
    siblings: Sequence[tuple[Rig, TemplateFit]],
    limit: int = 3,
    config: RegistrationConfig | None = None,
) -> SiblingBuilds:
    """At most `limit` components that lead from the fitted template to its siblings."""
    if not siblings:
        return SiblingBuilds(ShapeSpace.empty(template), np.zeros((0, 0)))
    moved = [_build(template, space, rig, fit, config) for rig, fit in siblings]
    flat = np.stack([np.concatenate([skin, joints]).reshape(-1) for skin, joints in moved])
    names = _names([rig.name for rig, _ in siblings])
    codes = np.eye(len(siblings))
    if len(siblings) > limit:
        left, size, right = np.linalg.svd(flat, full_matrices=False)
        unit = np.sqrt(len(siblings))
        codes = left[:, :limit] * unit
        flat = right[:limit] * size[:limit, None] / unit
        names = [f"build {number + 1}" for number in range(limit)]
    parts = flat.reshape(len(flat), -1, 3)
    count = len(template.vertices)
    return SiblingBuilds(ShapeSpace(tuple(names), parts[:, :count], parts[:, count:]), codes)


def _names(rigs: Sequence[str]) -> list[str]:
    """quad_q_wolf: wolf build; the whole name where the last words are not enough."""
    short = [name.rsplit("_", 1)[-1] for name in rigs]
    chosen = short if len(set(short)) == len(short) else rigs
    return [f"{name} build" for name in chosen]


def _build(
    template: Rig,
    space: ShapeSpace,
    sibling: Rig,
    fit: TemplateFit,
    config: RegistrationConfig | None,
) -> tuple[Float[np.ndarray, "verts 3"], Float[np.ndarray, "joints 3"]]:
    """How skin and joints of the fitted template at rest move to become the sibling."""
    fitted = space.apply(template, fit.shape)
    posed = rotations_from_turns(template.skeleton, fit.rest_turns[None])[0]
    turned = forward_kinematics(fitted.skeleton, posed)
    skin = skin_linear(
        fitted.vertices, fitted.weights, skin_transforms(fitted.skeleton, turned)
    ).astype(float)
    names = list(sibling.skeleton.names)
    shared = [(j, names.index(n)) for j, n in enumerate(template.skeleton.names) if n in names]
    ours, theirs = (np.array(part) for part in zip(*shared, strict=True))
    goal = (sibling.vertices.astype(float) - fit.offset) / fit.scale
    reached = register(
        Tagged(skin, template.faces, template.weights[:, ours].astype(float)),
        Tagged(goal, sibling.faces, sibling.weights[:, theirs].astype(float)),
        config,
    )
    places = turned[:, :3, 3].copy()
    places[ours] = (sibling.skeleton.rest_joint_to_rig[theirs, :3, 3] - fit.offset) / fit.scale
    joints = _unposed_joints(template, turned, places, set(ours.tolist()))
    rest = fitted.skeleton.rest_joint_to_rig.copy()
    joint_moves = joints - rest[:, :3, 3]
    return _unposed_skin(template, fitted, turned, places, joints, reached), joint_moves


def _unposed_joints(
    template: Rig, turned: np.ndarray, places: np.ndarray, shared: set[int]
) -> Float[np.ndarray, "joints 3"]:
    """Rest places of joints that the turned pose brings to `places`.

    A joint that the sibling lacks keeps its place beside its parent.
    """
    skeleton = template.skeleton
    rest_turn, pose_turn = skeleton.rest_joint_to_rig[:, :3, :3], turned[:, :3, :3]
    joints = places.copy()
    moved = places.copy()
    for joint, parent in enumerate(skeleton.parents):
        if parent < 0:
            continue
        if joint not in shared:
            moved[joint] = moved[parent] + turned[joint, :3, 3] - turned[parent, :3, 3]
        back = rest_turn[parent] @ pose_turn[parent].T
        joints[joint] = joints[parent] + back @ (moved[joint] - moved[parent])
    return joints


def _unposed_skin(
    template: Rig,
    fitted: Rig,
    turned: np.ndarray,
    places: np.ndarray,
    joints: np.ndarray,
    reached: np.ndarray,
) -> Float[np.ndarray, "verts 3"]:
    """What takes the fitted skin at rest to where posing brings it to `reached`."""
    turn = turned[:, :3, :3] @ np.swapaxes(template.skeleton.rest_joint_to_rig[:, :3, :3], -1, -2)
    shift = places - np.einsum("jab,jb->ja", turn, joints)
    weights = template.weights.astype(float)
    blend = np.einsum("vj,jab->vab", weights, turn)
    wanted = reached - weights @ shift
    return np.linalg.solve(blend, wanted[..., None])[..., 0] - fitted.vertices
