"""Skinning weights as vertex attributes: a few joints per vertex.

attributes = SkinAttributes.upload(ctx, rig.weights)
array = ctx.vertex_array(program, [*others, *attributes.content], index_buffer=indices)
"""

from dataclasses import dataclass

import moderngl
import numpy as np
from jaxtyping import Float

from core.influences import Influences

MAX_INFLUENCES = 8
"""glTF's two weight sets; also what two vec4 attributes hold."""


@dataclass(frozen=True, eq=False)
class SkinAttributes:
    """Buffers for the inputs of `skin.glsl` and `tile.vert`, on the GPU."""

    influences: int
    """4 or 8: the shaders' define INFLUENCES."""
    content: tuple[tuple[moderngl.Buffer, str, str], ...]
    """As `Context.vertex_array` takes it."""

    @classmethod
    def upload(
        cls, ctx: moderngl.Context, weights: Float[np.ndarray, "verts joints"]
    ) -> "SkinAttributes":
        """Keep the strongest 4 joints of each vertex, or 8 if any vertex listens to more than 4."""
        busiest = int(np.count_nonzero(weights, axis=1).max(initial=0))
        influences = 4 if busiest <= 4 else MAX_INFLUENCES
        kept = Influences.from_dense(weights, min(influences, weights.shape[1]))
        missing = ((0, 0), (0, influences - kept.indices.shape[1]))
        joints = np.pad(kept.indices, missing).astype("u2")
        shares = np.pad(kept.weights, missing).astype("f4")
        content: list[tuple[moderngl.Buffer, str, str]] = []
        for first, suffix in ((0, ""), (4, "_b"))[: influences // 4]:
            part = slice(first, first + 4)
            packed_joints = ctx.buffer(np.ascontiguousarray(joints[:, part]))
            packed_shares = ctx.buffer(np.ascontiguousarray(shares[:, part]))
            content += [(packed_joints, "4u2", "in_joints" + suffix)]
            content += [(packed_shares, "4f", "in_shares" + suffix)]
        return cls(influences, tuple(content))

    def release(self) -> None:
        for buffer, _, _ in self.content:
            buffer.release()
