"""What moved between two frames: the subject's mask along the flow, and the camera."""

import cv2
import numpy as np
from jaxtyping import Float, Float32, UInt8

from core.segment.small_frame import SmallFrame

_GRID_PX = 8
_LEAST_POINTS = 20
_STILL_PX = 0.35
"""Corner shifts below this are noise of the estimate: the camera stands still."""


def flow_back(now: SmallFrame, before: SmallFrame) -> Float32[np.ndarray, "h w 2"]:
    """Where each pixel of `now` was in `before`, as an offset in small pixels.

    Source: Kroeger et al., "Fast Optical Flow using Dense Inverse Search", ECCV 2016.
    """
    # A new object for each call: it keeps buffers and must not be shared between threads.
    search = cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_FAST)
    return search.calc(now.grey, before.grey, None)


def carried(
    alpha: UInt8[np.ndarray, "h w"], flow: Float32[np.ndarray, "h w 2"]
) -> UInt8[np.ndarray, "h w"]:
    """The mask of the frame before, moved along the flow to this one."""
    height, width = alpha.shape
    x = flow[..., 0] + np.arange(width, dtype=np.float32)
    y = flow[..., 1] + np.arange(height, dtype=np.float32)[:, None]
    return cv2.remap(alpha, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)


def camera_motion(
    flow: Float32[np.ndarray, "h w 2"], subject: UInt8[np.ndarray, "h w"]
) -> Float[np.ndarray, "2 3"] | None:
    """The affine motion of the background: pixels of now to pixels of before.

    Returns:
        None if the camera stands still, or if too little background is in sight to tell.
    """
    height, width = subject.shape
    outside = cv2.dilate(subject, np.ones((7, 7), np.uint8)) < 10
    y, x = np.mgrid[_GRID_PX // 2 : height : _GRID_PX, _GRID_PX // 2 : width : _GRID_PX]
    is_background = outside[y, x]
    y, x = y[is_background], x[is_background]
    if len(y) < _LEAST_POINTS:
        return None
    now = np.stack([x, y], axis=1).astype(np.float32)
    matrix, _ = cv2.estimateAffine2D(
        now, now + flow[y, x], method=cv2.RANSAC, ransacReprojThreshold=0.7, maxIters=200
    )
    if matrix is None:
        return None
    corners = np.array([[0, width, 0, width], [0, 0, height, height], [1, 1, 1, 1.0]])
    is_still = np.abs(matrix @ corners - corners[:2]).max() < _STILL_PX
    return None if is_still else matrix
