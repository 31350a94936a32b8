"""A fake student: smooth motions of the made-up body, told with noise."""

import numpy as np

from core.model import CategoryModel
from core.rotations import matrix_from_axis_angle
from core.temporal_window import SeenFrames
from training.temporal_sequences import PoseSequence

HYPOTHESES = 3


def smooth_curve(rng: np.random.Generator, frames: int, count: int, size: float) -> np.ndarray:
    """Slow sines, (frames, count)."""
    time = np.arange(frames)[:, None] / 30
    rate, phase = rng.uniform(0.3, 1.0, count), rng.uniform(0, 6, count)
    return size * np.sin(2 * np.pi * rate * time + phase)


def made_sequence(model: CategoryModel, seed: int, frames: int = 40) -> PoseSequence:
    """Truth with 6 degrees of noise on the turn and a lasting error of place."""
    rng = np.random.default_rng(seed)
    turn = smooth_curve(rng, frames, 3, 0.4) + rng.normal(0, 1, 3)
    rotation = matrix_from_axis_angle(turn)
    place = smooth_curve(rng, frames, 3, 0.1) + np.array([np.log(2.5), 0, 0])
    code = smooth_curve(rng, frames, len(model.latent.mean), 0.8)
    noisy = rotation @ matrix_from_axis_angle(rng.normal(0, 0.1, (frames, 3)))
    rivals = np.stack([noisy] + [rotation] * (HYPOTHESES - 1), 1)
    seen = SeenFrames(
        is_seen=rng.random(frames) > 0.05,
        time_s=np.arange(frames) / 30,
        rotation=noisy,
        place=place + rng.normal(0, 0.02, place.shape) + np.array([0.05, 0, 0]),
        articulation=code + rng.normal(0, 0.3, code.shape),
        rivals=rivals,
        probabilities=np.tile([0.6, 0.3, 0.1], (frames, 1)),
        confidence=np.full(frames, 0.8),
    )
    return PoseSequence(seen, rotation, place, code)
