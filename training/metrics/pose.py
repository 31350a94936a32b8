"""How far apart two poses are: rotations of the root, positions of joints."""

import numpy as np
from jaxtyping import Float

from training.metrics.similarity import fit_similarity


def rotation_angles_rad(
    predicted: Float[np.ndarray, "frames 3 3"], truth: Float[np.ndarray, "frames 3 3"]
) -> Float[np.ndarray, " frames"]:
    """Angle of the rotation from each rotation to the other, 0..pi.

    atan2 of sine and cosine, not arccos of the trace alone: that loses half its digits near 0.
    """
    between = np.swapaxes(predicted, -1, -2) @ truth
    cosine = (np.trace(between, axis1=-2, axis2=-1) - 1) / 2
    skew = between - np.swapaxes(between, -1, -2)
    sine = np.linalg.norm(skew[..., [2, 0, 1], [1, 2, 0]], axis=-1) / 2
    return np.arctan2(sine, cosine)


def mpjpe(
    predicted: Float[np.ndarray, "frames joints 3"], truth: Float[np.ndarray, "frames joints 3"]
) -> float:
    """Mean distance of corresponding joints (mean per-joint position error)."""
    return float(np.linalg.norm(predicted - truth, axis=-1).mean())


def pa_mpjpe(
    predicted: Float[np.ndarray, "frames joints 3"], truth: Float[np.ndarray, "frames joints 3"]
) -> float:
    """MPJPE after the best similarity of each frame (Procrustes): the pose of the limbs alone."""
    aligned = [
        fit_similarity(ours, theirs).apply(ours)
        for ours, theirs in zip(predicted, truth, strict=True)
    ]
    return mpjpe(np.stack(aligned), truth)
