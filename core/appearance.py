"""Vertex colours from an appearance code: a linear basis instead of the paper's colour MLP.

The MLP costs 9.6 GFLOPs for 8k vertices (METHODS 7); the basis costs half a million.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float


@dataclass(frozen=True, eq=False)
class AppearanceBasis:
    """Mean colours and their principal components, sRGB 0..1."""

    mean: Float[np.ndarray, "verts 3"]
    components: Float[np.ndarray, "appearance verts 3"]

    def decode(self, code: Float[np.ndarray, " appearance"]) -> Float[np.ndarray, "verts 3"]:
        """Colours of all vertices, clipped to 0..1, float32."""
        colors = self.mean + np.tensordot(code.astype(np.float32), self.components, 1)
        return np.clip(colors, 0.0, 1.0).astype(np.float32)
