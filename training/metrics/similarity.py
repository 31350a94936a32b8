"""Similarity transforms and the best one between corresponding points.

best = fit_similarity(predicted, truth)
best.apply(predicted)
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float


@dataclass(frozen=True, eq=False)
class Similarity:
    """x -> scale * rotation @ x + translation."""

    scale: float
    rotation: Float[np.ndarray, "3 3"]
    translation: Float[np.ndarray, " 3"]

    @classmethod
    def identity(cls) -> "Similarity":
        return cls(1.0, np.eye(3), np.zeros(3))

    @classmethod
    def scaling(cls, scale: float) -> "Similarity":
        """Scale about the origin: the camera's centre, for points in camera space."""
        return cls(scale, np.eye(3), np.zeros(3))

    def apply(self, points: Float[np.ndarray, "*batch 3"]) -> Float[np.ndarray, "*batch 3"]:
        return self.scale * (points @ self.rotation.T) + self.translation

    def after(self, first: "Similarity") -> "Similarity":
        """The transform that does `first`, then this one."""
        return Similarity(
            self.scale * first.scale,
            self.rotation @ first.rotation,
            self.apply(first.translation[None])[0],
        )


def fit_similarity(
    source: Float[np.ndarray, "points 3"],
    target: Float[np.ndarray, "points 3"],
    with_scale: bool = True,
) -> Similarity:
    """The similarity that brings source onto target with the least squared error.

    Never a reflection. Source points that all coincide give the identity's rotation and scale.

    Source:
        Umeyama, "Least-squares estimation of transformation parameters between two point
        patterns", PAMI 1991.
    """
    source_mean, target_mean = source.mean(0), target.mean(0)
    source_offset, target_offset = source - source_mean, target - target_mean
    u, singular, vt = np.linalg.svd(target_offset.T @ source_offset)
    signs = np.array([1.0, 1.0, np.sign(np.linalg.det(u @ vt)) or 1.0])
    rotation = (u * signs) @ vt
    variance = float((source_offset**2).sum())
    scale = float((singular * signs).sum() / variance) if with_scale and variance > 0 else 1.0
    return Similarity(scale, rotation, target_mean - scale * rotation @ source_mean)
