"""A surface to be measured: vertices and triangles, nothing else."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Float, Int

_PLASTIC = 1.32471795724474602596
"""Plastic number; its powers give the R2 low-discrepancy sequence."""


@dataclass(frozen=True, eq=False)
class TriangleMesh:
    """Vertices and triangles of one frame."""

    vertices: Float[np.ndarray, "verts 3"]
    faces: Int[np.ndarray, "faces 3"]

    def __post_init__(self) -> None:
        if len(self.faces) == 0:
            raise ValueError("a surface needs at least 1 triangle, this one has 0")
        if self.faces.max() >= len(self.vertices):
            raise ValueError(
                f"a triangle uses vertex {self.faces.max()}, mesh has {len(self.vertices)}"
            )

    @cached_property
    def corners(self) -> Float[np.ndarray, "faces 3 3"]:
        """Corner positions of each triangle, float64."""
        return self.vertices.astype(np.float64)[self.faces]

    @cached_property
    def areas(self) -> Float[np.ndarray, " faces"]:
        corners = self.corners
        normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
        return 0.5 * np.linalg.norm(normal, axis=1)

    @cached_property
    def centroid(self) -> Float[np.ndarray, " 3"]:
        """Centre of the surface by area: the same however finely it is cut into triangles."""
        weights = self.areas
        if weights.sum() == 0:
            return self.corners.mean((0, 1))
        return np.average(self.corners.mean(1), axis=0, weights=weights)

    @cached_property
    def spread(self) -> float:
        """Root mean square distance of the surface from its centroid, by area."""
        offset = self.corners - self.centroid
        # The integral of |x|^2 over a triangle is area / 12 * (sum |c_i|^2 + |sum c_i|^2).
        squares = ((offset**2).sum((1, 2)) + (offset.sum(1) ** 2).sum(1)) / 12
        total = self.areas.sum()
        return float(np.sqrt((squares * self.areas).sum() / total)) if total > 0 else 0.0

    def moved(self, vertices: Float[np.ndarray, "verts 3"]) -> "TriangleMesh":
        """The same triangles over other vertices."""
        return TriangleMesh(vertices, self.faces)

    def samples(self, count: int) -> Float[np.ndarray, "samples 3"]:
        """Points spread evenly by area; the same points each time.

        Triangles are taken at equal steps of the accumulated area, places inside them from the
        R2 low-discrepancy sequence (Roberts, "The Unreasonable Effectiveness of Quasirandom
        Sequences", 2018).
        """
        reached = np.cumsum(self.areas)
        steps = (np.arange(count) + 0.5) / count * reached[-1]
        chosen = np.minimum(np.searchsorted(reached, steps), len(self.faces) - 1)
        order = np.arange(1, count + 1)
        u, v = order / _PLASTIC % 1.0, order / _PLASTIC**2 % 1.0
        outside = u + v > 1
        u, v = np.where(outside, 1 - u, u), np.where(outside, 1 - v, v)
        a, b, c = self.corners[chosen].transpose(1, 0, 2)
        return a + u[:, None] * (b - a) + v[:, None] * (c - a)
