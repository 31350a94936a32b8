"""Random curves that are smooth in time: how a hand shakes, a gait varies, a camera drifts.

angle = 0.02 * wander(rng, times_s, rate_hz=2.0)          # (frames,), about unit variance
paths = wander(rng, times_s, 0.7, (joints, 3))            # (frames, joints, 3)
"""

import numpy as np
from jaxtyping import Float
from scipy.ndimage import gaussian_filter1d

_WAVES = 6


def wander(
    rng: np.random.Generator,
    times_s: Float[np.ndarray, " frames"],
    rate_hz: float,
    shape: tuple[int, ...] = (),
) -> Float[np.ndarray, "frames *shape"]:
    """Sums of a few waves of random frequency and phase; mean 0, variance about 1."""
    rates = rng.normal(0, rate_hz, (_WAVES, *shape))
    phases = rng.uniform(0, 2 * np.pi, (_WAVES, *shape))
    times = times_s.reshape(-1, 1, *[1] * len(shape))
    return np.cos(2 * np.pi * rates * times + phases).sum(1) * np.sqrt(2 / _WAVES)


def smoothed(
    curve: Float[np.ndarray, "frames *shape"], std_s: float, fps: float
) -> Float[np.ndarray, "frames *shape"]:
    """A curve without what is faster than about `std_s` seconds."""
    return gaussian_filter1d(curve, std_s * fps, axis=0, mode="nearest")
