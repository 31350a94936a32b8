"""From what the student says of a crop to root_to_cam.

The student speaks weak perspective in the crop's virtual camera: `exp(log_scale)` is the apparent
size of one rig unit in half crops, (tx, ty) the place of the body's centre in half crops from the
crop's middle (x right, y down). With the half field of view, depth follows: z = 1 / (scale * tan).
This is the own translation path that the official student lacks (METHODS 0.2).
"""

import numpy as np
from jaxtyping import Float


def root_to_crop(
    rotations: Float[np.ndarray, "*batch 3 3"],
    weak: Float[np.ndarray, "*batch 3"],
    crop_tan: float,
    centre: Float[np.ndarray, " 3"],
) -> Float[np.ndarray, "*batch 4 4"]:
    """Root poses in the crop's virtual camera.

    Args:
        rotations: Rig to crop camera.
        weak: log scale, tx, ty.
        crop_tan: Tangent of half the crop's field of view.
        centre: The point of rig space that (tx, ty) places.
    """
    depth = np.exp(-weak[..., 0]) / crop_tan
    place = np.stack([weak[..., 1] * crop_tan * depth, weak[..., 2] * crop_tan * depth, depth], -1)
    pose = np.zeros((*weak.shape[:-1], 4, 4))
    pose[..., :3, :3] = rotations
    pose[..., :3, 3] = place - rotations @ centre
    pose[..., 3, 3] = 1.0
    return pose


def weak_perspective(
    root_to_crop: Float[np.ndarray, "*batch 4 4"],
    crop_tan: float | Float[np.ndarray, "*batch"],
    centre: Float[np.ndarray, " 3"],
) -> Float[np.ndarray, "*batch 3"]:
    """The inverse of `root_to_crop`: log scale, tx, ty of a root pose."""
    place = root_to_crop[..., :3, :3] @ centre + root_to_crop[..., :3, 3]
    depth = place[..., 2]
    log_scale = -np.log(depth * crop_tan)
    return np.stack(
        [log_scale, place[..., 0] / (depth * crop_tan), place[..., 1] / (depth * crop_tan)], -1
    )
