"""How far apart two surfaces are.

distances = surface_distances(predicted, truth)
distances.chamfer, distances.f_score(0.05)
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from scipy.spatial import KDTree

from training.metrics.closest_surface import SurfaceTree
from training.metrics.triangle_mesh import TriangleMesh

SAMPLES = 2000
"""Points taken from each surface. Twice as many change the chamfer distance by under 1 %."""


@dataclass(frozen=True, eq=False)
class SurfaceDistances:
    """Distances in both directions, in the unit of the meshes."""

    to_truth: Float[np.ndarray, " predicted"]
    """From each point of the prediction to the truth."""
    to_prediction: Float[np.ndarray, " truth"]
    """From each point of the truth to the prediction."""

    @property
    def chamfer(self) -> float:
        """Sum of the two directed mean distances (DASR table 2; not halved, not squared)."""
        return float(self.to_truth.mean() + self.to_prediction.mean())

    def f_score(self, threshold: float) -> float:
        """Harmonic mean of precision and recall at a distance, 0..1.

        Source:
            Knapitsch et al., "Tanks and Temples", 2017.
        """
        precision = float((self.to_truth < threshold).mean())
        recall = float((self.to_prediction < threshold).mean())
        total = precision + recall
        return 2 * precision * recall / total if total else 0.0


def surface_distances(
    predicted: TriangleMesh, truth: TriangleMesh, samples: int = SAMPLES
) -> SurfaceDistances:
    """Distances from points spread evenly over each surface to the other surface, exact."""
    return SurfaceDistances(
        to_truth=SurfaceTree(truth).distances(predicted.samples(samples)),
        to_prediction=SurfaceTree(predicted).distances(truth.samples(samples)),
    )


def point_distances(
    predicted: Float[np.ndarray, "predicted 3"], truth: Float[np.ndarray, "truth 3"]
) -> SurfaceDistances:
    """Distances between point sets: vertices against vertices, as DASR's code compares them."""
    return SurfaceDistances(
        to_truth=KDTree(truth).query(predicted)[0],
        to_prediction=KDTree(predicted).query(truth)[0],
    )


def vertex_error(
    predicted: Float[np.ndarray, "verts 3"], truth: Float[np.ndarray, "verts 3"]
) -> float:
    """Mean distance of corresponding vertices."""
    return float(np.linalg.norm(predicted - truth, axis=1).mean())
