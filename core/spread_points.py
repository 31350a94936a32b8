"""Points spread evenly over a body: what the student looks for, and what losses are measured on.

numbers = spread_vertices(rig, 48)
"""

import numpy as np
from jaxtyping import Int

from core.rig import Rig


def spread_vertices(rig: Rig, count: int) -> Int[np.ndarray, " points"]:
    """Vertices spread evenly over the body, by farthest-point sampling: paws count like flanks."""
    points = rig.vertices.astype(np.float64)
    chosen = [int(np.argmax(points[:, 2]))]
    distance = np.linalg.norm(points - points[chosen[0]], axis=1)
    while len(chosen) < min(count, len(points)):
        chosen.append(int(np.argmax(distance)))
        distance = np.minimum(distance, np.linalg.norm(points - points[chosen[-1]], axis=1))
    return np.array(chosen)
