"""Skinning weights in sparse form: the few joints that move each vertex.

influences = Influences.from_dense(rig.weights, count=4)
vertices = skin_linear(rig.vertices, influences, transforms)
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int


@dataclass(frozen=True, eq=False)
class Influences:
    """The joints that move each vertex, the strongest first."""

    indices: Int[np.ndarray, "verts influences"]
    """Joint numbers, int32; 0 where the weight is 0."""
    weights: Float[np.ndarray, "verts influences"]
    """Descending in each row; rows sum to 1."""

    @classmethod
    def from_dense(cls, weights: Float[np.ndarray, "verts joints"], count: int) -> "Influences":
        """Strongest `count` joints of each vertex, their weights scaled to sum to 1.

        Exact where a vertex has at most `count` non-zero weights.

        Raises:
            ValueError: `count` is not between 1 and the number of joints.
        """
        joints = weights.shape[1]
        if not 1 <= count <= joints:
            raise ValueError(f"cannot keep {count} influences of {joints} joints")
        # Stable, so that equal weights keep the lower joint first, as argmax does.
        indices = np.argsort(-weights, axis=1, kind="stable")[:, :count]
        kept = np.take_along_axis(weights, indices, axis=1)
        is_complete = (np.count_nonzero(weights, axis=1) <= count)[:, None]
        # Complete rows are left as they are, to the last bit; rows of zeros among them.
        scaled = kept / np.where(is_complete, 1, kept.sum(1, keepdims=True))
        indices = np.where(kept > 0, indices, 0)
        return cls(indices.astype(np.int32), scaled.astype(weights.dtype))

    def to_dense(self, joint_count: int) -> Float[np.ndarray, "verts joints"]:
        """The same as one row of `joint_count` weights per vertex."""
        dense = np.zeros((len(self.indices), joint_count), self.weights.dtype)
        rows = np.arange(len(self.indices))[:, None]
        np.add.at(dense, (rows, self.indices), self.weights)
        return dense
