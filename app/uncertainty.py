"""How sure each place of the body is: how far the competing root poses put it apart.

colors = uncertainty_colors(vertices, hypotheses, body_length)
"""

import numpy as np
from jaxtyping import Float

from core.results import RootHypotheses

UNSURE = 0.5
"""Spread, as a share of the body length, that is drawn in the last colour."""
RAMP = np.array([[0.27, 0.33, 0.55], [0.13, 0.57, 0.55], [0.48, 0.82, 0.32], [0.99, 0.91, 0.14]])
"""Dark blue is sure, yellow is not; even steps of lightness, safe for the colour-blind."""


def spread(
    vertices: Float[np.ndarray, "verts 3"], hypotheses: RootHypotheses
) -> Float[np.ndarray, " verts"]:
    """Standard deviation of each vertex's place over the hypotheses, rig units."""
    poses, weights = hypotheses.root_to_cam, hypotheses.probabilities
    weights = weights / max(float(weights.sum()), 1e-9)
    placed = np.einsum("hij,vj->hvi", poses[:, :3, :3], vertices) + poses[:, None, :3, 3]
    mean = np.einsum("h,hvi->vi", weights, placed)
    return np.sqrt(np.einsum("h,hv->v", weights, ((placed - mean) ** 2).sum(-1)))


def uncertainty_colors(
    vertices: Float[np.ndarray, "verts 3"], hypotheses: RootHypotheses, body_length: float
) -> Float[np.ndarray, "verts 3"]:
    """sRGB 0..1 by spread."""
    share = np.clip(spread(vertices, hypotheses) / (UNSURE * body_length), 0, 1)
    place = share * (len(RAMP) - 1)
    channels = [np.interp(place, np.arange(len(RAMP)), RAMP[:, k]) for k in range(3)]
    return np.stack(channels, axis=1).astype(np.float32)
