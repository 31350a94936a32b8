"""Joint transforms as the vertex shader reads them (`skin.glsl`).

buffer.write(joint_block(skin_transforms, "dual-quaternion"))
"""

import numpy as np
from jaxtyping import Float, Float32

from core.skin import to_dual_quaternions
from render.scene import Skinning

MAX_JOINTS = 256
BLOCK_BYTES = 16 * 3 * MAX_JOINTS
"""12 KiB; OpenGL 3.3 promises 16."""


def joint_block(
    skin_transforms: Float[np.ndarray, "joints 4 4"], skinning: Skinning
) -> Float32[np.ndarray, "rows 4"]:
    """Three matrix rows per joint, or a real and a dual quaternion (xyzw, as GLSL likes)."""
    if skinning == "linear":
        return np.ascontiguousarray(skin_transforms[:, :3].reshape(-1, 4), np.float32)
    pairs = np.stack(to_dual_quaternions(skin_transforms), axis=1)
    return np.ascontiguousarray(pairs[..., [1, 2, 3, 0]].reshape(-1, 4), np.float32)
