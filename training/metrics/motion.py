"""Steadiness in time."""

import numpy as np
from jaxtyping import Bool, Float


def acceleration(
    points: Float[np.ndarray, "frames points 3"], is_covered: Bool[np.ndarray, " frames"]
) -> float:
    """Mean length of the second differences of points over time, per frame squared.

    Only runs of three covered frames count; NaN if there is none.
    """
    steps = points[2:] - 2 * points[1:-1] + points[:-2]
    whole = is_covered[2:] & is_covered[1:-1] & is_covered[:-2]
    if not whole.any():
        return float("nan")
    return float(np.linalg.norm(steps[whole], axis=-1).mean())


def jitter_ratio(
    predicted: Float[np.ndarray, "frames predicted_points 3"],
    truth: Float[np.ndarray, "frames points 3"],
    is_covered: Bool[np.ndarray, " frames"],
) -> float:
    """Acceleration of the prediction by the truth's over the same frames; 1 is perfect.

    NaN if the truth does not accelerate or there are no three covered frames in a row.
    """
    of_truth = acceleration(truth, is_covered)
    return acceleration(predicted, is_covered) / of_truth if of_truth > 0 else float("nan")


def covered_share(is_covered: Bool[np.ndarray, " frames"]) -> float:
    """Share of frames with a reconstruction."""
    return float(is_covered.mean()) if len(is_covered) else 0.0
