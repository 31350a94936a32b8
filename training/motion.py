"""Random poses from a rig's clips: blends, noise along chains, noise per joint, within limits.

    pool = MotionPool.from_clips(rig.skeleton, clips)
    poses = pool.sample(rng, 64)               # PoseBatch

The clips of a game rig are few and tidy; real animals do more. Noise is drawn in rig-space axes and
shared along unbranched chains (a neck bends as a whole), and a joint never leaves the range its
clips use by more than a margin (PROBE: articulation shrinks to the mean without such poses).
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from core.rig import MotionClip, Skeleton
from core.rotations import axis_angle_from_matrix, matrix_from_axis_angle


@dataclass(frozen=True)
class MotionConfig:
    """How far poses stray from the clips."""

    blend_share: float = 0.35
    """Share of poses that mix two clip frames."""
    chain_noise_rad: tuple[float, float, float] = (0.14, 0.15, 0.06)
    """Noise shared by a chain about x (pitch), y (yaw), z (roll) of rig space, per joint."""
    joint_noise_rad: float = 0.05
    clip_noise: float = 0.35
    """Noise of a joint as a share of its own standard deviation over the clips."""
    margin_rad: float = 0.45
    """How far beyond the clips' range a joint may turn."""
    extra_noise_share: float = 0.2
    """Share of poses with twice the noise."""
    quiet_share: float = 0.2
    """Share of poses taken from the clips as they are."""
    limb_share: float = 0.0
    """Chance that a limb (not one that hangs on the root, as legs do) comes from another frame."""
    common: tuple[str, ...] = ()
    """Clips with these words in their names count `common_weight` times."""
    common_weight: float = 3.0


@dataclass(frozen=True, eq=False)
class PoseBatch:
    """Poses of one rig."""

    joint_rotations: Float[np.ndarray, "batch joints 3 3"]
    root_motion: Float[np.ndarray, "batch 4 4"]


def joint_chains(skeleton: Skeleton) -> Int[np.ndarray, " joints"]:
    """Number of the unbranched chain that each joint belongs to."""
    children = np.bincount([p for p in skeleton.parents if p >= 0], minlength=len(skeleton.names))
    chain = np.zeros(len(skeleton.names), int)
    count = 1
    for joint, parent in enumerate(skeleton.parents):
        if joint == 0:
            continue
        if parent != 0 and children[parent] == 1:
            chain[joint] = chain[parent]
        else:
            chain[joint] = count
            count += 1
    return chain


@dataclass(frozen=True, eq=False)
class MotionPool:
    """All frames of all clips of a rig, with the range of each joint."""

    skeleton: Skeleton
    rotations: Float[np.ndarray, "frames joints 3 3"]
    roots: Float[np.ndarray, "frames 4 4"]
    frame_weight: Float[np.ndarray, " frames"]
    mean: Float[np.ndarray, "joints 3 3"]
    std_rad: Float[np.ndarray, " joints"]
    limit_rad: Float[np.ndarray, " joints"]
    config: MotionConfig

    @classmethod
    def from_clips(
        cls,
        skeleton: Skeleton,
        clips: tuple[MotionClip, ...],
        config: MotionConfig | None = None,
        rare: tuple[str, ...] = ("death", "lie", "hit", "roll"),
    ) -> "MotionPool":
        """Pool clips so that each counts alike, whatever its length; `rare` names count a third."""
        config = config or MotionConfig()
        rotations = np.concatenate([clip.joint_rotations for clip in clips])
        roots = np.concatenate([clip.root_motion for clip in clips])
        weights = [
            np.full(len(clip.times_s), _clip_weight(clip.name, rare, config) / len(clip.times_s))
            for clip in clips
        ]
        weight = np.concatenate(weights)
        mean = _project(np.einsum("f,fjab->jab", weight / weight.sum(), rotations))
        angle = np.linalg.norm(
            axis_angle_from_matrix(np.swapaxes(mean, -1, -2) @ rotations), axis=-1
        )
        std = np.sqrt(np.average(angle**2, axis=0, weights=weight))
        limit = np.quantile(angle, 0.995, axis=0) + config.margin_rad
        return cls(skeleton, rotations, roots, weight / weight.sum(), mean, std, limit, config)

    def sample(self, rng: np.random.Generator, count: int) -> PoseBatch:
        """Draw `count` random poses."""
        config = self.config
        first, second = rng.choice(len(self.rotations), (2, count), p=self.frame_weight)
        share = np.where(rng.random(count) < config.blend_share, rng.random(count), 0.0)
        poses = blend_rotations(self.rotations[first], self.rotations[second], share)
        roots = blend_rigid(self.roots[first], self.roots[second], share)
        if config.limb_share > 0:
            self._exchange_limbs(rng, poses)
        strength = np.where(rng.random(count) < config.extra_noise_share, 2.0, 1.0)
        strength = np.where(rng.random(count) < config.quiet_share, 0.0, strength)
        shared = rng.normal(size=(count, self.chain_count, 3))
        own = rng.normal(size=(count, len(self.skeleton.names), 3))
        noisy = self.noise(shared, own, strength) @ poses
        limited = self.limited(noisy)
        limited[:, 0] = np.eye(3)
        return PoseBatch(limited, roots)

    def _exchange_limbs(self, rng: np.random.Generator, poses: np.ndarray) -> None:
        """Arms of people do not ask what the legs do."""
        for limb in side_limbs(self.skeleton):
            chosen = np.flatnonzero(rng.random(len(poses)) < self.config.limb_share)
            frames = rng.choice(len(self.rotations), len(chosen), p=self.frame_weight)
            poses[np.ix_(chosen, limb)] = self.rotations[np.ix_(frames, limb)]

    @property
    def chain_count(self) -> int:
        return int(joint_chains(self.skeleton).max()) + 1

    def noise(
        self,
        shared: Float[np.ndarray, "batch chains 3"],
        own: Float[np.ndarray, "batch joints 3"],
        strength: Float[np.ndarray, " batch"],
    ) -> Float[np.ndarray, "batch joints 3 3"]:
        """Noise rotations in each joint's rest frame, to be multiplied from the left.

        Args:
            shared: Numbers of unit variance for each chain; smooth over the batch if that is time.
            own: The same for each joint.
            strength: 1 for noise as configured.
        """
        config = self.config
        chain = joint_chains(self.skeleton)
        lengths = np.bincount(chain)[chain]
        own_std = config.joint_noise_rad + config.clip_noise * self.std_rad
        vector = (shared * config.chain_noise_rad)[:, chain] * (1.5 / np.sqrt(lengths))[:, None]
        vector = vector + own * own_std[:, None]
        vector *= strength[:, None, None]
        to_joint = np.swapaxes(self.skeleton.rest_joint_to_rig[:, :3, :3], -1, -2)
        return matrix_from_axis_angle(np.einsum("jab,njb->nja", to_joint, vector))

    def limited(
        self, poses: Float[np.ndarray, "batch joints 3 3"]
    ) -> Float[np.ndarray, "batch joints 3 3"]:
        """Poses with each joint brought back to within its limit of the mean."""
        vector = axis_angle_from_matrix(np.swapaxes(self.mean, -1, -2) @ poses)
        angle = np.linalg.norm(vector, axis=-1)
        scale = np.minimum(1.0, self.limit_rad / np.maximum(angle, 1e-9))
        return self.mean @ matrix_from_axis_angle(vector * scale[..., None])


def side_limbs(skeleton: Skeleton) -> list[list[int]]:
    """Whole limbs on one side of the body that hang on the trunk above its root."""
    parents, mirror = skeleton.parents, skeleton.mirror
    tops = [
        j for j in range(1, len(parents))
        if mirror[j] != j and parents[j] > 0 and mirror[parents[j]] == parents[j]
    ]  # fmt: skip
    limbs = {top: [top] for top in tops}
    for joint in range(1, len(parents)):
        above = parents[joint]
        while above > 0 and above not in limbs:
            above = parents[above]
        if above > 0:
            limbs[above].append(joint)
    return list(limbs.values())


def _clip_weight(name: str, rare: tuple[str, ...], config: MotionConfig) -> float:
    if any(word in name.lower() for word in config.common):
        return config.common_weight
    return 1 / 3 if any(word in name.lower() for word in rare) else 1.0


def _project(matrices: Float[np.ndarray, "*batch 3 3"]) -> Float[np.ndarray, "*batch 3 3"]:
    """Nearest rotations."""
    u, _, vt = np.linalg.svd(matrices)
    sign = np.linalg.det(u @ vt)
    u[..., :, 2] *= sign[..., None]
    return u @ vt


def blend_rotations(
    a: Float[np.ndarray, "batch joints 3 3"],
    b: Float[np.ndarray, "batch joints 3 3"],
    share: Float[np.ndarray, " batch"],
) -> Float[np.ndarray, "batch joints 3 3"]:
    """Geodesic from a (share 0) to b (share 1)."""
    vector = axis_angle_from_matrix(np.swapaxes(a, -1, -2) @ b)
    return a @ matrix_from_axis_angle(vector * share[:, None, None])


def blend_rigid(
    a: Float[np.ndarray, "batch 4 4"],
    b: Float[np.ndarray, "batch 4 4"],
    share: Float[np.ndarray, " batch"],
) -> Float[np.ndarray, "batch 4 4"]:
    """Rotation by geodesic, translation by line."""
    mixed = a.copy()
    mixed[:, :3, :3] = blend_rotations(a[:, None, :3, :3], b[:, None, :3, :3], share)[:, 0]
    mixed[:, :3, 3] += share[:, None] * (b[:, :3, 3] - a[:, :3, 3])
    return mixed
