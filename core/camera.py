"""Pinhole cameras in OpenCV axes: x right, y down, z ahead; pixel centres at +0.5."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

DEFAULT_FOV_RAD = np.deg2rad(55.0)
"""Field of view on the long side when the focal length is unknown (DESIGN 4)."""


@dataclass(frozen=True, eq=False)
class Camera:
    """A pinhole camera without distortion."""

    K: Float[np.ndarray, "3 3"]
    """Intrinsics in full-image pixels."""
    width_px: int
    height_px: int

    @classmethod
    def from_fov(cls, width_px: int, height_px: int, fov_rad: float = DEFAULT_FOV_RAD) -> "Camera":
        """Camera whose long side spans `fov_rad`, principal point in the image centre."""
        focal_px = 0.5 * max(width_px, height_px) / np.tan(0.5 * fov_rad)
        K = np.array([[focal_px, 0, width_px / 2], [0, focal_px, height_px / 2], [0, 0, 1.0]])
        return cls(K, width_px, height_px)

    def project(self, points: Float[np.ndarray, "*batch 3"]) -> Float[np.ndarray, "*batch 2"]:
        """Pixel positions of points in camera space; depth must be positive."""
        return points[..., :2] / points[..., 2:] * self.K[[0, 1], [0, 1]] + self.K[:2, 2]
