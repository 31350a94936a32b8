"""How much room bodies take.

low, high = bounds_of(scene.bodies)
camera = camera.framed(low, high)
"""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

from render.scene import Body

SAMPLES = 600
"""Vertices looked at per body: enough to miss less than the padding, cheap enough per frame."""
PADDING = 0.03
"""Share of the diagonal added on each side."""

Box3 = tuple[Float[np.ndarray, "3"], Float[np.ndarray, "3"]]


def bounds_of(bodies: Sequence[Body]) -> Box3:
    """Lowest and highest corner in the world, a little padded; a unit cube without bodies."""
    if not bodies:
        return np.array([-0.5, 0.0, -0.5]), np.array([0.5, 1.0, 0.5])
    points = np.concatenate([some_vertices(body) for body in bodies])
    low, high = points.min(0), points.max(0)
    pad = PADDING * np.linalg.norm(high - low)
    return low - pad, high + pad


def some_vertices(body: Body) -> Float[np.ndarray, "samples 3"]:
    """Posed by linear skinning, which stays inside what its joints would do."""
    step = max(1, len(body.rig.vertices) // SAMPLES)
    rest, weights = body.rig.vertices[::step], body.rig.weights[::step]
    moves = (body.root_to_world @ body.skin_transforms)[:, :3].reshape(-1, 12)
    blended = (weights @ moves).reshape(-1, 3, 4)
    return np.einsum("vij,vj->vi", blended[..., :3], rest) + blended[..., 3]
