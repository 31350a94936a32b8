"""Cameras that film a performance: walking around it, panning after it, standing still, shaking.

shot = sample_shot(rng, performance.vertices, times_s, (256, 256), ShotConfig())
shot.world_to_cam                          # (frames, 4, 4)
"""

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float

from core.camera import Camera
from core.rotations import matrix_from_axis_angle
from training.synth.wander import smoothed, wander

_TRIES = 25
_LEAST_HEIGHT = 0.12
"""Of the eye above the ground, in rig units."""


@dataclass(frozen=True)
class ShotConfig:
    """Distribution of cameras."""

    fov_rad: tuple[float, float] = (0.35, 1.2)
    """On the long side, log-uniform: tele to wide angle; a clip's zoom is constant."""
    elevation_rad: tuple[float, float] = (-0.05, 0.8)
    fill: tuple[float, float] = (0.45, 1.0)
    """The body's length over the frame's shorter side, were it seen from the side."""
    walk_share: float = 0.45
    """Shots that go around the body; the others stand in one place and pan, or do not even pan."""
    still_share: float = 0.2
    orbit_rad_per_s: float = 0.3
    shake_rad: tuple[float, float] = (0.0, 0.012)
    truncated_share: float = 0.2
    """Shots in which the body hangs over the frame's border for a while."""
    seen: tuple[float, float] = (0.3, 0.6)
    """Least share of the body inside the frame: in any frame, on the mean."""


@dataclass(frozen=True, eq=False)
class Shot:
    """One camera over time."""

    camera: Camera
    world_to_cam: Float[np.ndarray, "frames 4 4"]


@dataclass(frozen=True, eq=False)
class _Subject:
    """What a person behind the camera follows."""

    centre: Float[np.ndarray, "frames 3"]
    """Smooth over time, as people follow."""
    reach: float
    """Half the body's longest side."""


def sample_shot(
    rng: np.random.Generator,
    vertices: Float[np.ndarray, "frames verts 3"],
    times_s: Float[np.ndarray, " frames"],
    size_px: tuple[int, int],
    config: ShotConfig,
) -> Shot:
    """A random shot in which enough of the body is seen in every frame.

    Args:
        vertices: The body in world space, y up, ground at 0.
        size_px: Width, height.
    """
    few = vertices[:, :: max(1, vertices.shape[1] // 300)].astype(float)
    fps = float(1 / (times_s[1] - times_s[0])) if len(times_s) > 1 else 1.0
    low, high = few.min(1), few.max(1)
    subject = _Subject(
        smoothed(0.5 * (low + high), 0.25, fps), float(0.5 * (high - low).max(1).mean())
    )
    for _ in range(_TRIES):
        shot = _try_shot(rng, subject, times_s, size_px, config)
        if _is_seen(shot, few, config.seen):
            return shot
    safe = replace(config, truncated_share=0.0, still_share=0.0, walk_share=1.0, fill=(0.3, 0.5))
    return _try_shot(rng, subject, times_s, size_px, safe)


def look_at(
    eye: Float[np.ndarray, "frames 3"], target: Float[np.ndarray, "frames 3"]
) -> Float[np.ndarray, "frames 3 3"]:
    """World (y up) to camera axes (y down), level horizon."""
    z = target - eye
    z /= np.linalg.norm(z, axis=1, keepdims=True)
    x = np.cross(z, [0.0, 1.0, 0.0])
    x /= np.linalg.norm(x, axis=1, keepdims=True)
    return np.stack([x, np.cross(z, x), z], 1)


def _try_shot(
    rng: np.random.Generator,
    subject: _Subject,
    times_s: np.ndarray,
    size_px: tuple[int, int],
    config: ShotConfig,
) -> Shot:
    is_cut = rng.random() < config.truncated_share
    fill = rng.uniform(*config.fill) * (1.4 if is_cut else 1.0)
    half_px = 0.5 * min(size_px)
    focal_px = 0.5 * max(size_px) / np.tan(0.5 * np.exp(rng.uniform(*np.log(config.fov_rad))))
    near = focal_px * subject.reach / (fill * half_px) + 0.4 * subject.reach
    eye, target, distance = _eye_and_target(rng, subject.centre, times_s, float(near), config)
    # Who films a long run from one place stands back and zooms in.
    fov_rad = 2 * np.arctan(0.5 * max(size_px) / (focal_px * distance / near))
    camera = Camera.from_fov(*size_px, float(fov_rad))
    # Not in the middle: a place in the frame that wanders, off by more if the body is to be cut.
    off = rng.uniform(-1, 1, 2) * max(1 - fill, 0.1) * half_px
    if is_cut:
        off += (
            rng.choice([-1, 1], 2) * rng.uniform(0.2, 0.8, 2) * half_px * rng.permutation([1, 0.3])
        )
    place = off + 0.08 * half_px * wander(rng, times_s, 0.25, (2,))
    shake = rng.uniform(*config.shake_rad) * wander(rng, times_s, 1.2, (3,))
    tilt = np.stack([-place[:, 1], place[:, 0], np.zeros(len(times_s))], 1) / camera.K[0, 0]
    lasting_roll = [0, 0, rng.normal(0, 0.04)]
    rotation = matrix_from_axis_angle(tilt + shake + lasting_roll) @ look_at(eye, target)
    world_to_cam = np.tile(np.eye(4), (len(times_s), 1, 1))
    world_to_cam[:, :3, :3] = rotation
    world_to_cam[:, :3, 3] = -np.einsum("fij,fj->fi", rotation, eye)
    return Shot(camera, world_to_cam)


def _eye_and_target(
    rng: np.random.Generator,
    centre: Float[np.ndarray, "frames 3"],
    times_s: np.ndarray,
    near: float,
    config: ShotConfig,
) -> tuple[Float[np.ndarray, "frames 3"], Float[np.ndarray, "frames 3"], float]:
    """Where the camera is, what it looks at, and their usual distance, at least `near`."""
    kind = rng.random()
    azimuth = rng.uniform(-np.pi, np.pi) + np.zeros(len(times_s))
    low, high = config.elevation_rad
    elevation = low + (high - low) * rng.random(2).mean() + np.zeros(len(times_s))
    around, target = centre, centre
    if kind < config.walk_share:
        azimuth = azimuth + rng.normal(0, config.orbit_rad_per_s) * times_s
        azimuth = azimuth + 0.08 * wander(rng, times_s, 0.3)
        elevation = elevation + 0.04 * wander(rng, times_s, 0.3)
        usual, distance = near, near * np.exp(0.06 * wander(rng, times_s, 0.3))
    else:
        middle = 0.5 * (centre.min(0) + centre.max(0))
        around = np.broadcast_to(middle, centre.shape)
        target = around if kind > 1 - config.still_share else centre
        usual = max(near, 0.8 * float(np.ptp(centre, axis=0).max()))
        distance = np.full(len(times_s), usual)
    flat = distance * np.cos(elevation)
    away = np.stack(
        [flat * np.sin(azimuth), distance * np.sin(elevation), flat * np.cos(azimuth)], 1
    )
    eye = around + away
    eye[:, 1] = np.maximum(eye[:, 1], _LEAST_HEIGHT)
    return eye, target, usual


def _is_seen(shot: Shot, points: np.ndarray, least: tuple[float, float]) -> bool:
    to_cam = shot.world_to_cam
    in_cam = points @ to_cam[:, :3, :3].swapaxes(1, 2) + to_cam[:, None, :3, 3]
    if in_cam[..., 2].min() < 0.2:
        return False
    pixels = shot.camera.project(in_cam)
    inside = ((pixels > 0) & (pixels < [shot.camera.width_px, shot.camera.height_px])).all(2)
    share = inside.mean(1)
    return bool(share.min() >= least[0] and share.mean() >= least[1])
