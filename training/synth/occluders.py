"""Things that stand in front: posts, boards, stones, bushes, as flat pictures in the world.

things = sample_occluders(rng, count, eye, centre, size)
rgba, depth = things[0].draw(camera, world_to_cam)
"""

from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Float, Float32, UInt8

from core.camera import Camera
from training.synth.tile_textures import noise_octaves, noise_profile

_PX = 96


@dataclass(frozen=True, eq=False)
class Occluder:
    """A picture on an upright rectangle that stands on the ground."""

    picture: UInt8[np.ndarray, "px px 4"]
    """sRGB times alpha, and alpha; first row on top."""
    foot: Float[np.ndarray, " 3"]
    """Left lower corner in the world."""
    across: Float[np.ndarray, " 3"]
    """From there to the right lower corner."""
    height: float

    def draw(
        self, camera: Camera, world_to_cam: Float[np.ndarray, "4 4"]
    ) -> tuple[UInt8[np.ndarray, "height width 4"], Float32[np.ndarray, "height width"]] | None:
        """Its picture, premultiplied, and its plane's depth; None if it reaches behind us."""
        turn, shift = world_to_cam[:3, :3], world_to_cam[:3, 3]
        top_left = turn @ (self.foot + np.array([0, self.height, 0])) + shift
        right, down = turn @ self.across, turn @ [0, -self.height, 0]
        corners = np.stack([top_left, top_left + right, top_left + down, top_left + right + down])
        if corners[:, 2].min() < 0.05:
            return None
        # (u, v, 1) on the rectangle's unit square to camera space; to that square from pixels.
        plane = np.stack([right, down, top_left], 1)
        place = camera.K @ plane @ np.diag([1 / _PX, 1 / _PX, 1.0])
        half = np.array([[1, 0, -0.5], [0, 1, -0.5], [0, 0, 1.0]])  # cv2: centres at whole numbers
        warp = half @ place @ np.linalg.inv(half)
        size = (camera.width_px, camera.height_px)
        drawn = cv2.warpPerspective(self.picture, warp, size, flags=cv2.INTER_LINEAR)
        return drawn, _plane_depth(camera, top_left, np.cross(right, down))


def sample_occluders(
    rng: np.random.Generator,
    count: int,
    eye: Float[np.ndarray, "frames 3"],
    centre: Float[np.ndarray, "frames 3"],
    reach: float,
) -> list[Occluder]:
    """Things between the camera and the body, each before a part of it at some moment.

    Args:
        eye: The camera's place in the world.
        centre: The body's place.
        reach: Half the body's length.
    """
    things = []
    for _ in range(count):
        moment = int(rng.integers(len(eye)))
        towards = (eye[moment] - centre[moment]) * [1, 0, 1]
        distance = float(np.linalg.norm(towards))
        towards /= max(distance, 1e-6)
        side = np.array([towards[2], 0, -towards[0]])
        ahead = min(rng.uniform(1.0, 1.6) * reach, 0.5 * distance)
        picture, wide, high = _thing(rng)
        middle = centre[moment] + ahead * towards + rng.normal(0, 0.5) * reach * side
        middle[1] = 0
        across = side * wide * 2 * reach
        things.append(Occluder(picture, middle - 0.5 * across, across, high * 2 * reach))
    return things


def _thing(rng: np.random.Generator) -> tuple[np.ndarray, float, float]:
    """A picture with width and height in body lengths."""
    kind = rng.choice(["post", "board", "stone", "bush"])
    x, y = np.meshgrid((np.arange(_PX) + 0.5) / _PX * 2 - 1, 1 - (np.arange(_PX) + 0.5) / _PX)
    rough = noise_octaves(rng, _PX, _PX, (3, 8, 20))
    if kind == "post":
        wide, high, alpha = rng.uniform(0.04, 0.14), 1.6, np.ones((_PX, _PX))
        shade = 1 - 0.5 * np.abs(x + 0.3)
    elif kind == "board":
        wide, high, alpha = rng.uniform(0.3, 1.2), rng.uniform(0.08, 0.3), np.ones((_PX, _PX))
        shade = np.ones((_PX, _PX))
    elif kind == "stone":
        wide, high = rng.uniform(0.2, 0.6), rng.uniform(0.12, 0.35)
        alpha = np.clip((0.8 - x**2 - y**2 + 0.12 * rough) * 14, 0, 1)
        shade = 0.6 + 0.5 * y
    else:
        wide, high = rng.uniform(0.2, 0.6), rng.uniform(0.15, 0.4)
        blades = 0.15 * noise_profile(rng, _PX, 5) + rng.uniform(0.25, 1, _PX)
        alpha = np.clip((blades * (1 - x[0] ** 2) - y) * 20, 0, 1)
        shade = 0.5 + 0.6 * y
    color = np.array([0.25, 0.38, 0.14]) if kind == "bush" else rng.uniform(0.2, 0.75)
    color = np.clip(color + rng.normal(0, 0.06, 3), 0, 1)
    painted = np.clip(color * (shade * (1 + 0.15 * rough))[..., None], 0, 1)
    rgba = np.concatenate([painted * alpha[..., None], alpha[..., None]], 2)
    return (255 * rgba + 0.5).astype(np.uint8), float(wide), float(high)


def _plane_depth(
    camera: Camera, point: Float[np.ndarray, " 3"], normal: Float[np.ndarray, " 3"]
) -> Float32[np.ndarray, "height width"]:
    """Depth of a plane in every pixel; far away where it is seen from its edge."""
    row = normal @ np.linalg.inv(camera.K)
    x, y = np.arange(camera.width_px) + 0.5, np.arange(camera.height_px) + 0.5
    facing = row[0] * x + row[1] * y[:, None] + row[2]
    with np.errstate(divide="ignore"):
        depth = (normal @ point) / facing
    return np.where(depth > 0, depth, np.inf).astype(np.float32)
