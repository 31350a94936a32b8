"""Body proportions: a linear space of rest meshes and rest joints.

Codes are in standard deviations. The official student has one fixed body (METHODS 1.3); a real
dog is longer or shorter of leg than the template, and the error cannot be undone by a pose.
"""

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float

from core.rig import Rig


@dataclass(frozen=True, eq=False)
class ShapeSpace:
    """Displacements of vertices and joints per unit of each shape number, rig units."""

    names: tuple[str, ...]
    vertices: Float[np.ndarray, "shape verts 3"]
    joints: Float[np.ndarray, "shape joints 3"]

    @classmethod
    def empty(cls, rig: Rig) -> "ShapeSpace":
        """The space of one body."""
        vertex_count, joint_count = rig.weights.shape
        return cls((), np.zeros((0, vertex_count, 3)), np.zeros((0, joint_count, 3)))

    def padded(self, code: Float[np.ndarray, " known"]) -> Float[np.ndarray, " shape"]:
        """The code with zeros for numbers that a newer space has at its end: a session made with an
        older model of the same kind knows nothing of them.

        Raises:
            ValueError: The code has more numbers than the space.
        """
        if len(code) > len(self.names):
            raise ValueError(f"shape code has {len(code)} numbers, the space {len(self.names)}")
        return np.pad(code, (0, len(self.names) - len(code)))

    def apply(self, rig: Rig, code: Float[np.ndarray, " known"]) -> Rig:
        """The rig with the proportions of `code` (`padded`); joint orientations stay.

        Raises:
            ValueError: The code has more numbers than the space.
        """
        code = self.padded(code)
        if not len(code):
            return rig
        rest = rig.skeleton.rest_joint_to_rig.copy()
        rest[:, :3, 3] += np.tensordot(code, self.joints, 1)
        vertices = rig.vertices + np.tensordot(code, self.vertices, 1)
        skeleton = replace(rig.skeleton, rest_joint_to_rig=rest)
        return replace(rig, skeleton=skeleton, vertices=vertices.astype(np.float32))
