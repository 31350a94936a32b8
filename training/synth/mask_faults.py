"""Masks as a segmenter would give them: wobbling, with holes and leaks, lagging over time.

    masks = faulty_masks(rng, true_masks, MaskFaults())

The faults of `training/augment.py` in numpy, for whole frames: they drift instead of jumping.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Float32, UInt8

_CROP_PX = 128
"""The faults' sizes are told for a crop of this side around the subject, 1.2 times its box."""


@dataclass(frozen=True)
class MaskFaults:
    """Strength of each fault; those of `AugmentConfig`."""

    wobble: float = 0.5
    hole_share: float = 0.25
    leak_share: float = 0.2
    change_s: float = 0.5
    """How long until the faults are others."""


def faulty_masks(
    rng: np.random.Generator,
    masks: UInt8[np.ndarray, "frames height width"],
    fps: float,
    config: MaskFaults | None = None,
) -> UInt8[np.ndarray, "frames height width"]:
    """Faulty versions, 0 or 255; empty masks stay empty."""
    config = config or MaskFaults()
    count = len(masks)
    every = max(1.0, config.change_s * fps)
    keys = int(count / every) + 2
    fine, large = (rng.normal(size=(keys, side, side)).astype(np.float32) for side in (16, 5))
    strength = config.wobble * 0.45 * rng.random()
    holes = 1.6 * float(rng.random() < config.hole_share)
    leaks = 2.2 * float(rng.random() < config.leak_share)
    offset = 0.12 * float(rng.normal())
    made = np.zeros_like(masks)
    for frame, mask in enumerate(masks):
        box = _box(mask)
        if box is None:
            continue
        x, y, side = box
        cut = _cut(mask, x, y, side)
        place = frame / every
        fine_field, large_field = _field(fine, place), _field(large, place)
        soft = cv2.blur(cut, (7, 7), borderType=cv2.BORDER_CONSTANT)
        near = cv2.blur(soft, (15, 15), borderType=cv2.BORDER_CONSTANT)
        value = soft + fine_field * strength * np.minimum(4 * near, 1) + offset * near
        value -= holes * np.maximum(large_field - 1.5, 0)
        value += leaks * np.maximum(-large_field - 1.6, 0) * np.minimum(3 * near, 1)
        made[frame] = _pasted(value, mask.shape, x, y, side)
    return made


def _field(keys: Float32[np.ndarray, "keys side side"], place: float) -> np.ndarray:
    """A smooth field between two keys, about unit variance."""
    index, share = int(place), 0.5 - 0.5 * np.cos(np.pi * (place % 1.0))
    a, b = (1 - share), share
    coarse = (a * keys[index] + b * keys[index + 1]) / np.hypot(a, b)
    return 1.4 * cv2.resize(coarse, (_CROP_PX, _CROP_PX), interpolation=cv2.INTER_LINEAR)


def _box(mask: UInt8[np.ndarray, "height width"]) -> tuple[float, float, float] | None:
    """Corner and side of the square around the subject."""
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    if len(rows) == 0:
        return None
    low = np.array([columns[0], rows[0]], float)
    high = np.array([columns[-1], rows[-1]], float) + 1
    side = 1.2 * float((high - low).max())
    x, y = 0.5 * (low + high - side)
    return float(x), float(y), side


def _cut(mask: np.ndarray, x: float, y: float, side: float) -> np.ndarray:
    scale = _CROP_PX / side
    move = np.array([[scale, 0, (0.5 - x) * scale - 0.5], [0, scale, (0.5 - y) * scale - 0.5]])
    alpha = mask.astype(np.float32) / 255
    return cv2.warpAffine(alpha, move, (_CROP_PX, _CROP_PX), flags=cv2.INTER_LINEAR)


def _pasted(
    value: np.ndarray, shape: tuple[int, ...], x: float, y: float, side: float
) -> np.ndarray:
    scale = side / _CROP_PX
    move = np.array([[scale, 0, 0.5 * scale + x - 0.5], [0, scale, 0.5 * scale + y - 0.5]])
    size = (shape[1], shape[0])
    alpha = cv2.warpAffine(value.astype(np.float32), move, size, flags=cv2.INTER_LINEAR)
    return np.where(alpha > 0.5, 255, 0).astype(np.uint8)
