"""Signed distance of a rest mesh on a regular grid.

grid = SdfGrid.of_mesh(vertices, faces, voxel=0.02, margin=0.12)

Game meshes are neither closed nor free of overlaps, so inside is what a flood from the border
cannot reach; within a voxel of the surface, which side of the nearest faces a point is on. The
distance is that to points spread over the surface.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float32, Int
from scipy.ndimage import binary_closing, label
from scipy.spatial import KDTree

SAMPLES = 40_000


@dataclass(frozen=True, eq=False)
class SdfGrid:
    """Values at points low + index * voxel, axes z, y, x as torch's volumes have them."""

    low: Float[np.ndarray, " 3"]
    voxel: float
    values: Float32[np.ndarray, "z y x"]

    @property
    def high(self) -> Float[np.ndarray, " 3"]:
        return self.low + self.voxel * (np.array(self.values.shape[::-1]) - 1)

    @classmethod
    def of_mesh(
        cls,
        vertices: Float[np.ndarray, "verts 3"],
        faces: Int[np.ndarray, "faces 3"],
        voxel: float,
        margin: float,
    ) -> "SdfGrid":
        """Distances around a mesh, below 0 inside."""
        low = vertices.min(0).astype(float) - margin
        count = np.ceil((np.ptp(vertices, axis=0) + 2 * margin) / voxel).astype(int) + 1
        count += -(count - 1) % 4  # coarser grids of every second and fourth point fit
        axes = [low[axis] + voxel * np.arange(count[axis]) for axis in range(3)]
        z, y, x = np.meshgrid(axes[2], axes[1], axes[0], indexing="ij")
        points = np.stack([x, y, z], -1).reshape(-1, 3)
        surface, normals = _spread(vertices.astype(float), faces)
        distances, nearest = KDTree(surface).query(points, k=3)
        distance = distances[:, 0].reshape(x.shape)
        # Which side of the surface: right where it is near, whatever it encloses.
        offset = points[:, None] - surface[nearest]
        height = (offset * normals[nearest]).sum(-1).mean(-1).reshape(x.shape)
        shell = distance < 0.87 * voxel
        inside = _inside(shell, height < 0)
        # Near the surface the height over the faces' planes: points are never quite below.
        values = np.where(shell, np.clip(height, -distance, distance), distance)
        values[inside & ~shell] *= -1
        return cls(low, voxel, values.astype(np.float32))


def _inside(shell: np.ndarray, behind: np.ndarray) -> np.ndarray:
    """All that the shell closes off from the border, and what of the shell lies behind it."""
    closed = binary_closing(np.pad(shell, 2), iterations=1)
    labels, _ = label(~closed)
    is_cut_off = (labels != labels[0, 0, 0])[2:-2, 2:-2, 2:-2]
    return np.where(shell, behind, is_cut_off)


def _spread(
    vertices: Float[np.ndarray, "verts 3"], faces: Int[np.ndarray, "faces 3"]
) -> tuple[Float[np.ndarray, "samples 3"], Float[np.ndarray, "samples 3"]]:
    """Points evenly over the surface with the normals of their faces."""
    corner = vertices[faces]
    cross = np.cross(corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0])
    area = np.linalg.norm(cross, axis=1)
    rng = np.random.default_rng(0)
    chosen = rng.choice(len(faces), SAMPLES, p=area / area.sum())
    first, second = rng.random((2, SAMPLES, 1))
    is_over = first + second > 1
    first, second = np.where(is_over, 1 - first, first), np.where(is_over, 1 - second, second)
    base = corner[chosen]
    points = base[:, 0] + first * (base[:, 1] - base[:, 0]) + second * (base[:, 2] - base[:, 0])
    return points, (cross / np.maximum(area, 1e-12)[:, None])[chosen]
