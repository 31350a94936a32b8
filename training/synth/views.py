"""Random viewpoints, and the crop a tracker would cut: what the camera of a training crop is.

    view = sample_view(rng, points, ViewConfig())     # points of the posed body, rig space

A person films from standing or kneeling height, near or far; the box is never exact; animals walk
out of the frame. The crop is the rotated virtual camera of `core/crop.py`: here it is built
straight from the true geometry, in normalised image coordinates.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float


@dataclass(frozen=True)
class ViewConfig:
    """Distribution of viewpoints."""

    elevation_rad: tuple[float, float] = (-0.2, 1.05)
    roll_std_rad: float = 0.12
    steep_share: float = 0.05
    """Share of views from any direction at all."""
    lying_share: float = 0.06
    """Share of views of a body turned any way: animals lie on their side and roll on their back."""
    distance: tuple[float, float] = (1.5, 14.0)
    """Rig units, log-uniform: near ones have strong perspective."""
    box_scale: float = 1.2
    """The crop's side over the box's longer side (METHODS 6b)."""
    scale_noise: float = 0.09
    shift_noise: float = 0.05
    truncated_share: float = 0.22
    close_frame_share: float = 0.25
    """Share of untruncated views whose crop hangs over the frame border."""


@dataclass(frozen=True, eq=False)
class View:
    """One viewpoint with its crop."""

    rig_to_cam: Float[np.ndarray, "4 4"]
    """Rig space to the filming camera."""
    crop_to_cam: Float[np.ndarray, "3 3"]
    crop_tan: float
    frame: Float[np.ndarray, " 4"]
    """The filmed frame: x0, y0, x1, y1 in the camera's normalised plane."""

    @property
    def rig_to_crop(self) -> Float[np.ndarray, "4 4"]:
        turned = self.rig_to_cam.copy()
        turned[:3] = self.crop_to_cam.T @ self.rig_to_cam[:3]
        return turned

    def crop_K(self, size_px: int) -> Float[np.ndarray, "3 3"]:
        """Intrinsics of the crop at a size."""
        focal = 0.5 * size_px / self.crop_tan
        return np.array([[focal, 0, size_px / 2], [0, focal, size_px / 2], [0, 0, 1.0]])


def sample_view(
    rng: np.random.Generator, points: Float[np.ndarray, "points 3"], config: ViewConfig
) -> View:
    """A random view in which at least a third of the body is inside the frame."""
    for _ in range(20):
        view = _try_view(rng, points, config)
        if view is not None:
            return view
    return sample_view(rng, points, ViewConfig(truncated_share=0.0))


def look_rotation(
    yaw_rad: float, elevation_rad: float, roll_rad: float
) -> Float[np.ndarray, "3 3"]:
    """Rig space (y up) to camera axes (y down): yaw 0 sees the animal's face."""
    cy, sy = np.cos(yaw_rad), np.sin(yaw_rad)
    ce, se = np.cos(elevation_rad), np.sin(elevation_rad)
    cr, sr = np.cos(roll_rad), np.sin(roll_rad)
    turn = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    flip = np.diag([1.0, -1.0, -1.0])
    tilt = np.array([[1, 0, 0], [0, ce, -se], [0, se, ce]])
    roll = np.array([[cr, -sr, 0], [sr, cr, 0], [0, 0, 1]])
    return roll @ tilt @ flip @ turn


def aim(direction: Float[np.ndarray, " 3"]) -> Float[np.ndarray, "3 3"]:
    """crop_to_cam of a virtual camera that looks along `direction`, as `CropCamera.around`."""
    z = direction / np.linalg.norm(direction)
    x = np.array([1.0, 0, 0]) - z[0] * z
    x /= np.linalg.norm(x)
    return np.stack([x, np.cross(z, x), z], 1)


def _rotation(rng: np.random.Generator, config: ViewConfig) -> Float[np.ndarray, "3 3"]:
    kind = rng.random()
    if kind < config.lying_share:
        elevation, roll = np.arcsin(rng.uniform(-1, 1)), rng.uniform(-np.pi, np.pi)
    elif kind < config.lying_share + config.steep_share:
        elevation, roll = np.arcsin(rng.uniform(-1, 1)), rng.uniform(-0.6, 0.6)
    else:
        low, high = config.elevation_rad
        # Two draws' mean: most footage is between level and 40 degrees from above.
        elevation = low + (high - low) * rng.random(2).mean() * 0.95
        roll = rng.normal(0, config.roll_std_rad)
    return look_rotation(rng.uniform(-np.pi, np.pi), elevation, roll)


def _try_view(
    rng: np.random.Generator, points: Float[np.ndarray, "points 3"], config: ViewConfig
) -> View | None:
    rotation = _rotation(rng, config)
    distance = np.exp(rng.uniform(*np.log(config.distance)))
    off_axis = rng.uniform(-0.45, 0.45, 2)  # place in the frame, normalised plane
    middle = 0.5 * (points.min(0) + points.max(0))
    pose = np.eye(4)
    pose[:3, :3] = rotation
    pose[:3, 3] = distance * np.array([*off_axis, 1.0]) - rotation @ middle
    in_cam = points @ rotation.T + pose[:3, 3]
    if in_cam[:, 2].min() < 0.15 * distance:
        return None
    plane = in_cam[:, :2] / in_cam[:, 2:]
    frame = _frame(rng, plane, config)
    seen = np.all((plane > frame[:2]) & (plane < frame[2:]), 1)
    if seen.mean() < 0.34:
        return None
    return _crop(rng, pose, plane[seen], frame, config)


def _frame(
    rng: np.random.Generator, plane: Float[np.ndarray, "points 2"], config: ViewConfig
) -> Float[np.ndarray, " 4"]:
    """Borders of the frame: far, close to the body, or cutting it."""
    low, high = plane.min(0), plane.max(0)
    size = (high - low).max()
    frame = np.array([*(low - 3 * size), *(high + 3 * size)])
    kind = rng.random()
    if kind < config.truncated_share:
        for side in rng.choice(4, rng.choice([1, 1, 2]), replace=False):
            axis, cut = side % 2, rng.uniform(0.02, 0.5) * (high - low)[side % 2]
            frame[side] = low[axis] + cut if side < 2 else high[axis] - cut
    elif kind < config.truncated_share + config.close_frame_share:
        for side in rng.choice(4, rng.choice([1, 2]), replace=False):
            axis, gap = side % 2, rng.uniform(0.0, 0.12) * size
            frame[side] = low[axis] - gap if side < 2 else high[axis] + gap
    return frame


def _crop(
    rng: np.random.Generator,
    pose: Float[np.ndarray, "4 4"],
    seen: Float[np.ndarray, "seen 2"],
    frame: Float[np.ndarray, " 4"],
    config: ViewConfig,
) -> View:
    """The square around what is seen, with a tracker's errors."""
    low, high = np.maximum(seen.min(0), frame[:2]), np.minimum(seen.max(0), frame[2:])
    size = high - low
    centre = 0.5 * (low + high) + size.max() * rng.normal(0, config.shift_noise, 2)
    ray = np.array([*centre, 1.0])
    crop_to_cam = aim(ray)
    # Tangents per unit of the plane, right and down, at the centre (CropCamera.around).
    tangents = np.linalg.norm(crop_to_cam.T[:2, :2], axis=0) / np.linalg.norm(ray)
    half = (
        0.5 * config.box_scale * (size * tangents).max() * np.exp(rng.normal(0, config.scale_noise))
    )
    return View(pose, crop_to_cam, float(half), frame)
