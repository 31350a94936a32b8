"""A body performs: clips played in time, blended into each other, walked over the ground.

    performance = perform(body, rng, times_s, PerformanceConfig())
    performance.vertices                       # (frames, verts, 3), world space

World space: y up, the ground is y = 0. Game clips run on the spot; where the body goes is read off
the feet that stand: a foot on the ground does not move, so the body must.
"""

from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float

from core.kinematics import forward_kinematics, skin_transforms
from core.rig import Rig
from core.rotations import matrix_from_axis_angle
from core.skin import skin_linear
from training.synth.bodies import SynthBody
from training.synth.playback import PlaybackConfig, Played, moved, play_some
from training.synth.wander import smoothed, wander

_CONTACT = 0.02
"""Height above the ground, in rig units, at which a point counts as standing by 1 / e."""


@dataclass(frozen=True)
class PerformanceConfig:
    """How a body moves in a clip."""

    playback: PlaybackConfig = field(default_factory=PlaybackConfig)
    noise: tuple[float, float] = (0.1, 0.6)
    """Strength of smooth joint noise, in the motion pool's."""
    noise_rate_hz: float = 0.5
    shape_std: float = 0.6
    """Spread of the body's proportions, in the shape space's standard deviations."""
    turn_rad_per_unit: float = 0.35
    """How strongly the path bends, per rig unit walked."""


@dataclass(frozen=True, eq=False)
class Performance:
    """One body over time, in world space."""

    rig: Rig
    """With the proportions of this performance."""
    skin_transforms: Float[np.ndarray, "frames joints 4 4"]
    body_to_world: Float[np.ndarray, "frames 4 4"]
    vertices: Float[np.ndarray, "frames verts 3"]
    """Linear skinning: what the pictures show."""
    joints: Float[np.ndarray, "frames joints 3"]
    motions: tuple[str, ...]
    """Names of the clips played."""


def perform(
    body: SynthBody,
    rng: np.random.Generator,
    times_s: Float[np.ndarray, " frames"],
    config: PerformanceConfig,
) -> Performance:
    """A random performance; the times must be evenly spaced.

    Raises:
        ValueError: The body has no clips.
    """
    if not body.clips:
        raise ValueError(f"{body.rig.name} has 0 clips to perform")
    code = body.random_shapes(rng, 1, config.shape_std)[0]
    rig = body.space.apply(body.rig, code)
    played, motions = play_some(body, rng, times_s, config.playback)
    rotations = body.pool.limited(_with_noise(body, rng, times_s, played.rotations, config))
    rotations[:, 0] = np.eye(3)
    joint_to_rig = forward_kinematics(rig.skeleton, rotations)
    transforms = skin_transforms(rig.skeleton, joint_to_rig)
    vertices = moved(played.roots, skin_linear(rig.vertices, rig.weights, transforms))
    fps = float(1 / (times_s[1] - times_s[0])) if len(times_s) > 1 else 1.0
    level = _levelling(rig, played, vertices, fps)
    vertices = moved(level, vertices)
    travel = _travel(rng, times_s, vertices, played.height, config)
    to_world = travel @ level @ played.roots
    joints = moved(to_world, joint_to_rig[:, :, :3, 3])
    return Performance(rig, transforms, to_world, moved(travel, vertices), joints, motions)


def _with_noise(
    body: SynthBody,
    rng: np.random.Generator,
    times_s: np.ndarray,
    rotations: np.ndarray,
    config: PerformanceConfig,
) -> np.ndarray:
    """The training poses' noise, as curves over time, with a part that stays."""
    pool = body.pool
    strength = np.full(len(times_s), rng.uniform(*config.noise))

    def curves(count: int) -> np.ndarray:
        lasting = rng.normal(size=(1, count, 3))
        return 0.7 * lasting + 0.7 * wander(rng, times_s, config.noise_rate_hz, (count, 3))

    shared, own = curves(pool.chain_count), curves(len(pool.skeleton.names))
    return pool.noise(shared, own, strength) @ rotations


def _levelling(
    rig: Rig, played: Played, vertices: Float[np.ndarray, "frames verts 3"], fps: float
) -> Float[np.ndarray, "frames 4 4"]:
    """Small pitch and roll that bring all feet near the ground again.

    Noise and other proportions lift some feet off; a plane through the points that stand in the
    clip says how far the body has tilted.
    """
    few = slice(None, None, max(1, len(rig.vertices) // 500))
    transforms = skin_transforms(rig.skeleton, forward_kinematics(rig.skeleton, played.rotations))
    clean = moved(played.roots, skin_linear(rig.vertices[few], rig.weights[few], transforms))
    above = clean[..., 1] - clean[..., 1].min(1, keepdims=True)
    weight = np.exp(-((above / (2 * _CONTACT)) ** 2)).astype(float)
    weight /= weight.sum(1, keepdims=True)
    points = vertices[:, few].astype(float)
    points = points - np.einsum("fv,fvi->fi", weight, points)[:, None]
    rise = points[..., 1] - above
    flat = points[..., [0, 2]]
    normal = np.einsum("fv,fvi,fvj->fij", weight, flat, flat) + 0.003 * np.eye(2)
    slope = np.linalg.solve(normal, np.einsum("fv,fvi,fv->fi", weight, flat, rise)[..., None])[
        ..., 0
    ]
    slope = smoothed(np.clip(slope, -0.5, 0.5), 0.08, fps)
    turn = np.stack([slope[:, 1], np.zeros(len(slope)), -slope[:, 0]], 1)
    level = np.tile(np.eye(4), (len(slope), 1, 1))
    level[:, :3, :3] = matrix_from_axis_angle(turn)
    return level


def _travel(
    rng: np.random.Generator,
    times_s: np.ndarray,
    vertices: Float[np.ndarray, "frames verts 3"],
    height: Float[np.ndarray, " frames"],
    config: PerformanceConfig,
) -> Float[np.ndarray, "frames 4 4"]:
    """Transforms that put the body on the ground and move it as its feet push."""
    lift = height - vertices[:, :, 1].min(1)
    fps = 1 / (times_s[1] - times_s[0]) if len(times_s) > 1 else 1.0
    step = _steps(vertices, lift, float(fps))
    length = np.concatenate([[0], np.linalg.norm(step, axis=1)])
    bend = config.turn_rad_per_unit * wander(rng, times_s, 0.3)
    heading = rng.uniform(-np.pi, np.pi) + np.cumsum(bend * length)
    travel = np.tile(np.eye(4), (len(times_s), 1, 1))
    cos, sin = np.cos(heading), np.sin(heading)
    travel[:, 0, 0] = travel[:, 2, 2] = cos
    travel[:, 0, 2], travel[:, 2, 0] = sin, -sin
    ahead = np.stack(
        [
            cos[:-1] * step[:, 0] + sin[:-1] * step[:, 1],
            cos[:-1] * step[:, 1] - sin[:-1] * step[:, 0],
        ],
        1,
    )
    travel[1:, [0, 2], 3] = np.cumsum(ahead, 0)
    travel[:, 1, 3] = lift
    return travel


def _steps(vertices: np.ndarray, lift: np.ndarray, fps: float) -> Float[np.ndarray, "steps 2"]:
    """How far the body goes from each frame to the next, (x, z) in its own axes.

    The opposite of how standing points move; kept while none stands.
    """
    few = vertices[:, :: max(1, vertices.shape[1] // 500)].astype(float)
    above = (few[:, :, 1] + lift[:, None]) / _CONTACT
    stands = np.exp(-(above[:-1] ** 2) - above[1:] ** 2)
    moved = -np.diff(few[:, :, [0, 2]], axis=0)
    total = stands.sum(1)
    if len(total) == 0:
        return np.zeros((0, 2))
    mean = (stands[..., None] * moved).sum(1) / (total[:, None] + 1e-12)
    trust = np.minimum(total, 1.0)[:, None] + 1e-9
    return smoothed(mean * trust, 0.1, fps) / smoothed(trust, 0.1, fps)
