"""Agreement of depth maps: DASR's table 3 and KeyTr's three errors.

Depth maps are (frames, height, width); NaN or 0 where there is no surface. Only pixels with both
depths count, and `covered_share` says how many of the truth's those are.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

ACCURACY_SHARES = (0.01, 0.02, 0.05)


@dataclass(frozen=True)
class MedianScaledDepth:
    """DASR table 3: after one median scale per frame."""

    rmse: float
    """In the unit of the depth maps."""
    relative_accuracy: tuple[float, float, float]
    """Share of pixels wrong by less than 1, 2, 5 % of their depth. The paper does not say whether
    its Acc is relative or absolute; both are given (METHODS 1.10)."""
    absolute_accuracy: tuple[float, float, float]
    """Share of pixels wrong by less than 0.01, 0.02, 0.05 of the depth maps' unit."""
    covered_share: float


@dataclass(frozen=True)
class KeyTrDepth:
    """KeyTr's mean absolute depth errors, in the unit of the depth maps."""

    raw: float
    scaled_per_frame: float
    scaled_per_sequence: float


def median_scaled_depth(
    predicted: Float[np.ndarray, "frames height width"],
    truth: Float[np.ndarray, "frames height width"],
) -> MedianScaledDepth:
    """Divide each frame's prediction by median(predicted / truth), then compare."""
    both, covered = _shared(predicted, truth)
    errors, relative = [], []
    for ours, theirs, mask in zip(predicted, truth, both, strict=True):
        if mask.any():
            scaled = ours[mask] / np.median(ours[mask] / theirs[mask])
            errors.append(np.abs(scaled - theirs[mask]))
            relative.append(errors[-1] / theirs[mask])
    if not errors:
        nothing = (0.0, 0.0, 0.0)
        return MedianScaledDepth(float("nan"), nothing, nothing, covered)
    error, share = np.concatenate(errors), np.concatenate(relative)
    return MedianScaledDepth(
        rmse=float(np.sqrt((error**2).mean())),
        relative_accuracy=_within(share),
        absolute_accuracy=_within(error),
        covered_share=covered,
    )


def keytr_depth(
    predicted: Float[np.ndarray, "frames height width"],
    truth: Float[np.ndarray, "frames height width"],
) -> KeyTrDepth:
    """Mean absolute depth error over the foreground: raw, per-frame scale, per-sequence scale.

    The scale is fitted by least squares, then the absolute error reported. The paper's argmin
    leaves open which norm it fits.

    Source:
        Novotny et al., "Keypoint Transporter", CVPR 2022, section 5.
    """
    both, _ = _shared(predicted, truth)
    ours = [frame[mask] for frame, mask in zip(predicted, both, strict=True) if mask.any()]
    theirs = [frame[mask] for frame, mask in zip(truth, both, strict=True) if mask.any()]
    if not ours:
        return KeyTrDepth(float("nan"), float("nan"), float("nan"))
    of_sequence = _least_squares(np.concatenate(ours), np.concatenate(theirs))
    pairs = list(zip(ours, theirs, strict=True))
    per_frame = [np.abs(_least_squares(p, t) * p - t) for p, t in pairs]
    return KeyTrDepth(
        raw=_mean([np.abs(p - t) for p, t in pairs]),
        scaled_per_frame=_mean(per_frame),
        scaled_per_sequence=_mean([np.abs(of_sequence * p - t) for p, t in pairs]),
    )


def _shared(
    predicted: np.ndarray, truth: np.ndarray
) -> tuple[Bool[np.ndarray, "frames height width"], float]:
    there = np.isfinite(truth) & (truth > 0)
    both = there & np.isfinite(predicted) & (predicted > 0)
    return both, float(both.sum() / max(1, there.sum()))


def _within(errors: np.ndarray) -> tuple[float, float, float]:
    one, two, five = (float((errors < share).mean()) for share in ACCURACY_SHARES)
    return one, two, five


def _least_squares(predicted: np.ndarray, truth: np.ndarray) -> float:
    return float((predicted * truth).sum() / (predicted**2).sum())


def _mean(errors: list[np.ndarray]) -> float:
    return float(np.concatenate(errors).mean())
