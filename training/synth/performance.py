"""A body performs: clips played in time, blended into each other, walked over the ground.

    performance = perform(body, rng, times_s, PerformanceConfig())
    performance.vertices                       # (frames, verts, 3), world space

World space: y up, the ground is y = 0. Game clips run on the spot; where the body goes is read off the
feet that stand: a foot on the ground does not move, so the body must.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from core.kinematics import forward_kinematics, skin_transforms
from core.rig import MotionClip, Rig
from core.rotations import matrix_from_axis_angle
from core.skin import skin_linear
from training.motion import blend_rigid, blend_rotations
from training.synth.bodies import SynthBody
from training.synth.wander import smoothed, wander

_CONTACT = 0.02
"""Height above the ground, in rig units, at which a point counts as standing by 1 / e."""


@dataclass(frozen=True)
class PerformanceConfig:
    """How a body moves in a clip."""

    rate: tuple[float, float] = (0.7, 1.25)
    """Speed of playing, log-uniform, beside the slow variation of `rate_jitter`."""
    rate_jitter: float = 0.12
    segment_s: tuple[float, float] = (1.0, 3.0)
    """How long one clip plays before the next fades in."""
    fade_s: tuple[float, float] = (0.25, 0.6)
    noise: tuple[float, float] = (0.1, 0.6)
    """Strength of smooth joint noise, in the motion pool's."""
    noise_rate_hz: float = 0.5
    shape_std: float = 0.6
    """Spread of the body's proportions, in the shape space's standard deviations."""
    turn_rad_per_unit: float = 0.35
    """How strongly the path bends, per rig unit walked."""
    rare: tuple[str, ...] = ("death", "lie", "hit", "roll")
    """Clips with these words are played a third as often."""


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


@dataclass(frozen=True, eq=False)
class _Track:
    """A clip that can be played at any time."""

    clip: MotionClip
    rate_fps: float
    period: int | None
    """Frames of one round; None: it is played once."""
    height: Float[np.ndarray, " frames"]
    """How far the lowest point is above the ground."""


@dataclass(frozen=True, eq=False)
class _Played:
    rotations: Float[np.ndarray, "frames joints 3 3"]
    roots: Float[np.ndarray, "frames 4 4"]
    height: Float[np.ndarray, " frames"]


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
    code = rng.normal(0, config.shape_std, len(body.space.names)).clip(-2.5, 2.5)
    rig = body.space.apply(body.rig, code)
    played, motions = _play_some(body, rng, times_s, config)
    rotations = body.pool.limited(_with_noise(body, rng, times_s, played.rotations, config))
    rotations[:, 0] = np.eye(3)
    joint_to_rig = forward_kinematics(rig.skeleton, rotations)
    transforms = skin_transforms(rig.skeleton, joint_to_rig)
    vertices = _moved(played.roots, skin_linear(rig.vertices, rig.weights, transforms))
    fps = float(1 / (times_s[1] - times_s[0])) if len(times_s) > 1 else 1.0
    level = _levelling(rig, played, vertices, fps)
    vertices = _moved(level, vertices)
    travel = _travel(rng, times_s, vertices, played.height, config)
    to_world = travel @ level @ played.roots
    joints = _moved(to_world, joint_to_rig[:, :, :3, 3])
    return Performance(rig, transforms, to_world, _moved(travel, vertices), joints, motions)


def _play_some(
    body: SynthBody, rng: np.random.Generator, times_s: np.ndarray, config: PerformanceConfig
) -> tuple[_Played, tuple[str, ...]]:
    """Clips one after another, each fading into the next."""
    weights = np.array([_weight(clip.name, config.rare) for clip in body.clips])
    played, motions, start = None, [], 0.0
    while played is None or start < times_s[-1]:
        choice = int(rng.choice(len(body.clips), p=weights / weights.sum()))
        track = _track(body.rig, body.clips[choice])
        part = _play(track, rng, times_s, start if played else None, config)
        fade = rng.uniform(*config.fade_s)
        played = part if played is None else _faded(played, part, (times_s - start) / fade)
        motions.append(track.clip.name)
        start += rng.uniform(*config.segment_s)
    return played, tuple(motions)


def _weight(name: str, rare: tuple[str, ...]) -> float:
    return 1 / 3 if any(word in name.lower() for word in rare) else 1.0


def _track(rig: Rig, clip: MotionClip) -> _Track:
    """Find out whether a clip closes, and how high above the ground it goes."""
    poses, count = clip.joint_rotations, len(clip.times_s)
    rate = (count - 1) / clip.times_s[-1] if count > 1 else 1.0
    step = np.abs(np.diff(poses, axis=0)).max((1, 2, 3)).max(initial=1e-9)
    gap = float(np.abs(poses[-1] - poses[0]).max())
    period = None
    if count > 1 and gap < 1.6 * step:  # the last frame repeats the first, or comes just before it
        period = count - 1 if gap < 0.3 * step else count
    transforms = skin_transforms(rig.skeleton, forward_kinematics(rig.skeleton, poses))
    few = slice(None, None, max(1, len(rig.vertices) // 400))
    points = _moved(clip.root_motion, skin_linear(rig.vertices[few], rig.weights[few], transforms))
    low = points[:, :, 1].min(1).astype(float)
    # Most clips stand on y = 0 more often than not, and dip a little below when they land.
    return _Track(clip, rate, period, np.maximum(low - np.quantile(low, 0.3), 0))


def _play(
    track: _Track,
    rng: np.random.Generator,
    times_s: np.ndarray,
    start_s: float | None,
    config: PerformanceConfig,
) -> _Played:
    """The clip's frames between its own, at a speed that varies a little.

    What is played once begins at `start_s`; at a random moment if that is None.
    """
    step = float(times_s[1] - times_s[0]) if len(times_s) > 1 else 0.0
    speed = np.exp(rng.uniform(*np.log(config.rate)))
    speed = speed * np.exp(config.rate_jitter * wander(rng, times_s, 0.4))
    clock = np.cumsum(speed) * step
    count = len(track.clip.times_s)
    offset = rng.uniform(0, count)
    if track.period is None:
        begun = np.interp(start_s or 0.0, times_s, clock)
        first = 0.3 * offset if start_s is None else 0.0
        place = np.clip(first + (clock - begun) * track.rate_fps, 0, count - 1)
        below = np.minimum(place.astype(int), max(count - 2, 0))
        above = np.minimum(below + 1, count - 1)
    else:
        place = (offset + clock * track.rate_fps) % track.period
        below = np.minimum(place.astype(int), track.period - 1)
        above = (below + 1) % track.period
    share, clip = place - below, track.clip
    return _Played(
        blend_rotations(clip.joint_rotations[below], clip.joint_rotations[above], share),
        blend_rigid(clip.root_motion[below], clip.root_motion[above], share),
        track.height[below] * (1 - share) + track.height[above] * share,
    )


def _faded(a: _Played, b: _Played, share: Float[np.ndarray, " frames"]) -> _Played:
    share = np.clip(share, 0, 1)
    share = share * share * (3 - 2 * share)
    return _Played(
        blend_rotations(a.rotations, b.rotations, share),
        blend_rigid(a.roots, b.roots, share),
        a.height * (1 - share) + b.height * share,
    )


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
    rig: Rig, played: _Played, vertices: Float[np.ndarray, "frames verts 3"], fps: float
) -> Float[np.ndarray, "frames 4 4"]:
    """Small pitch and roll that bring all feet near the ground again.

    Noise and other proportions lift some feet off; a plane through the points that stand in the clip
    says how far the body has tilted.
    """
    few = slice(None, None, max(1, len(rig.vertices) // 500))
    transforms = skin_transforms(rig.skeleton, forward_kinematics(rig.skeleton, played.rotations))
    clean = _moved(played.roots, skin_linear(rig.vertices[few], rig.weights[few], transforms))
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


def _moved(
    transforms: Float[np.ndarray, "frames 4 4"], points: Float[np.ndarray, "frames points 3"]
) -> Float[np.ndarray, "frames points 3"]:
    return points @ transforms[:, :3, :3].swapaxes(1, 2) + transforms[:, None, :3, 3]
