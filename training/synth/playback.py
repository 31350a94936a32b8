"""Motion clips played in time: in rounds, at a speed that varies, one fading into the next.

played, names = play_some(body, rng, times_s, PlaybackConfig())
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from core.kinematics import forward_kinematics, skin_transforms
from core.rig import MotionClip, Rig
from core.skin import skin_linear
from training.motion import blend_rigid, blend_rotations
from training.synth.bodies import SynthBody
from training.synth.wander import wander


@dataclass(frozen=True)
class PlaybackConfig:
    """How clips are played."""

    rate: tuple[float, float] = (0.7, 1.25)
    """Speed of playing, log-uniform, beside the slow variation of `rate_jitter`."""
    rate_jitter: float = 0.12
    segment_s: tuple[float, float] = (1.0, 3.0)
    """How long one clip plays before the next fades in."""
    fade_s: tuple[float, float] = (0.25, 0.6)
    rare: tuple[str, ...] = ("death", "lie", "hit", "roll")
    """Clips with these words are played a third as often."""


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
class Played:
    """Poses over time, on the spot."""

    rotations: Float[np.ndarray, "frames joints 3 3"]
    roots: Float[np.ndarray, "frames 4 4"]
    height: Float[np.ndarray, " frames"]
    """How far the lowest point is above the ground."""


def play_some(
    body: SynthBody, rng: np.random.Generator, times_s: np.ndarray, config: PlaybackConfig
) -> tuple[Played, tuple[str, ...]]:
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
    points = moved(clip.root_motion, skin_linear(rig.vertices[few], rig.weights[few], transforms))
    low = points[:, :, 1].min(1).astype(float)
    # Most clips stand on y = 0 more often than not, and dip a little below when they land.
    return _Track(clip, rate, period, np.maximum(low - np.quantile(low, 0.3), 0))


def _play(
    track: _Track,
    rng: np.random.Generator,
    times_s: np.ndarray,
    start_s: float | None,
    config: PlaybackConfig,
) -> Played:
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
    return Played(
        blend_rotations(clip.joint_rotations[below], clip.joint_rotations[above], share),
        blend_rigid(clip.root_motion[below], clip.root_motion[above], share),
        track.height[below] * (1 - share) + track.height[above] * share,
    )


def _faded(a: Played, b: Played, share: Float[np.ndarray, " frames"]) -> Played:
    share = np.clip(share, 0, 1)
    share = share * share * (3 - 2 * share)
    return Played(
        blend_rotations(a.rotations, b.rotations, share),
        blend_rigid(a.roots, b.roots, share),
        a.height * (1 - share) + b.height * share,
    )


def moved(
    transforms: Float[np.ndarray, "frames 4 4"], points: Float[np.ndarray, "frames points 3"]
) -> Float[np.ndarray, "frames points 3"]:
    """Points after a rigid transform each frame."""
    return points @ transforms[:, :3, :3].swapaxes(1, 2) + transforms[:, None, :3, 3]
