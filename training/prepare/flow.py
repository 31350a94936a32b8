"""Dense optical flow between neighbouring frames, and how far to believe it.

pair = flow_pair(first_rgb, second_rgb)            # DIS; another `FlowMethod` plugs in
pair.forward, pair.forward_confidence

A flow is believed where going there and coming back ends near the start (METHODS 2.1).
"""

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Float32, UInt8

FlowMethod = Callable[
    [UInt8[np.ndarray, "height width"], UInt8[np.ndarray, "height width"]],
    Float32[np.ndarray, "height width 2"],
]
"""Grey pictures to the movement of each pixel of the first, in pixels: x right, y down."""
SHARPNESS = 12.5
"""Confidence is exp(-SHARPNESS * error / image side): BANMo's exp(-25 e), e in half images."""
LEAST_CONFIDENCE = 0.25


@dataclass(frozen=True, eq=False)
class FlowPair:
    """Flow from one frame to the next and back."""

    forward: Float32[np.ndarray, "height width 2"]
    backward: Float32[np.ndarray, "height width 2"]
    forward_confidence: Float32[np.ndarray, "height width"]
    """0..1; 0 where the way there and back does not close."""
    backward_confidence: Float32[np.ndarray, "height width"]


def dis_flow(
    first: UInt8[np.ndarray, "height width"], second: UInt8[np.ndarray, "height width"]
) -> Float32[np.ndarray, "height width 2"]:
    """Dense inverse search (Kroeger et al., ECCV 2016), as OpenCV has it."""
    engine = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    return np.asarray(engine.calc(first, second, None), np.float32)  # pyright: ignore[reportCallIssue, reportArgumentType]


def flow_pair(
    first_rgb: UInt8[np.ndarray, "height width 3"],
    second_rgb: UInt8[np.ndarray, "height width 3"],
    method: FlowMethod = dis_flow,
) -> FlowPair:
    """Flow both ways with its confidence.

    Raises:
        ValueError: The pictures differ in size.
    """
    if first_rgb.shape != second_rgb.shape:
        raise ValueError(f"pictures are {first_rgb.shape} and {second_rgb.shape}")
    first = cv2.cvtColor(first_rgb, cv2.COLOR_RGB2GRAY)
    second = cv2.cvtColor(second_rgb, cv2.COLOR_RGB2GRAY)
    forward, backward = method(first, second), method(second, first)
    return FlowPair(
        forward,
        backward,
        confidence(there_and_back(forward, backward)),
        confidence(there_and_back(backward, forward)),
    )


def there_and_back(
    there: Float32[np.ndarray, "height width 2"], back: Float32[np.ndarray, "height width 2"]
) -> Float32[np.ndarray, "height width"]:
    """Distance in pixels between each pixel and where the way there and back ends.

    Infinite where the way there leaves the picture.
    """
    height, width = there.shape[:2]
    row, column = np.indices((height, width), dtype=np.float32)
    x, y = column + there[..., 0], row + there[..., 1]
    returned = cv2.remap(back, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    error = np.linalg.norm(there + returned, axis=-1).astype(np.float32)
    is_outside = (x < 0) | (y < 0) | (x > width - 1) | (y > height - 1)
    error[is_outside] = np.inf
    return error


def there_and_back_reference(
    there: Float32[np.ndarray, "height width 2"], back: Float32[np.ndarray, "height width 2"]
) -> Float32[np.ndarray, "height width"]:
    """The slow, obvious twin of `there_and_back`, for whole-pixel flows."""
    height, width = there.shape[:2]
    error = np.full((height, width), np.inf, np.float32)
    for row in range(height):
        for column in range(width):
            x, y = np.array([column, row]) + there[row, column]
            if 0 <= x <= width - 1 and 0 <= y <= height - 1:
                way_back = back[int(y), int(x)]
                error[row, column] = np.linalg.norm(there[row, column] + way_back)
    return error


def confidence(
    error_px: Float32[np.ndarray, "height width"],
) -> Float32[np.ndarray, "height width"]:
    """How far to believe a flow with these errors, 0..1."""
    side = max(error_px.shape)
    believed = np.exp(-SHARPNESS * 2 * error_px / side).astype(np.float32)
    believed[believed < LEAST_CONFIDENCE] = 0
    return believed
