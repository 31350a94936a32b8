"""How far the body has gone over the ground since its take began."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from core.results import FrameResult


@dataclass
class Travel:
    """Remembers where each take began; a level camera is assumed."""

    _facts: object = None
    _began: Float[np.ndarray, "3"] | None = None

    def of(self, facts: object, result: FrameResult | None) -> Float[np.ndarray, "3"]:
        """From the first place seen of this take to the result's, on the ground, rig units."""
        if facts is not self._facts:
            self._facts, self._began = facts, None
        if result is None or facts is None or not result.is_covered:
            return np.zeros(3)
        x, _, depth = result.root_to_cam[:3, 3]
        place = np.array([x, 0.0, -depth])
        if self._began is None:
            self._began = place
        return place - self._began
