"""Motions for rigs that came without any: joints sway at random, slowly, within modest limits.

clips = invented_clips(rig.skeleton)
"""

from dataclasses import dataclass

import numpy as np

from core.rig import MotionClip, Skeleton
from core.rotations import matrix_from_axis_angle
from training.motion import joint_chains
from training.synth.wander import wander


@dataclass(frozen=True)
class SwayConfig:
    """How invented motions go; no file says what its joints may do."""

    clip_count: int = 6
    seconds: float = 6.0
    fps: float = 30.0
    rate_hz: float = 0.6
    chain_rad: tuple[float, float, float] = (0.45, 0.2, 0.15)
    """One standard deviation of a whole chain's bend about x, y, z of rig space."""
    joint_rad: float = 0.08
    limit_rad: float = 0.9
    """No joint turns further from rest."""
    seed: int = 0


def invented_clips(skeleton: Skeleton, config: SwayConfig | None = None) -> tuple[MotionClip, ...]:
    """Clips of a rig on the spot; the same skeleton gets the same ones."""
    config = config or SwayConfig()
    rng = np.random.default_rng(config.seed)
    times_s = np.arange(round(config.seconds * config.fps)) / config.fps
    return tuple(
        _sway(skeleton, rng, times_s, config, f"sway {number}")
        for number in range(config.clip_count)
    )


def _sway(
    skeleton: Skeleton,
    rng: np.random.Generator,
    times_s: np.ndarray,
    config: SwayConfig,
    name: str,
) -> MotionClip:
    count, chain = len(skeleton.names), joint_chains(skeleton)
    length = np.sqrt(np.bincount(chain)[chain])[:, None]
    shared = wander(rng, times_s, config.rate_hz, (int(chain.max()) + 1, 3))
    own = wander(rng, times_s, config.rate_hz, (count, 3))
    vector = shared[:, chain] * config.chain_rad / length + config.joint_rad * own
    angle = np.linalg.norm(vector, axis=-1, keepdims=True)
    vector *= np.minimum(1.0, config.limit_rad / np.maximum(angle, 1e-9))
    to_joint = np.swapaxes(skeleton.rest_joint_to_rig[:, :3, :3], -1, -2)
    rotations = matrix_from_axis_angle(np.einsum("jab,njb->nja", to_joint, vector))
    rotations[:, 0] = np.eye(3)
    return MotionClip(name, times_s, rotations, np.tile(np.eye(4), (len(times_s), 1, 1)))
