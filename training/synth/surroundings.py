"""The world around the body: a ground, what stands at the horizon, the sky.

world = Surroundings.sample(rng)
picture = world.draw(shot.camera, shot.world_to_cam[0])       # (height, width, 3) float32
"""

from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Float, Float32

from core.camera import Camera
from training.synth.tile_textures import Texture, ground_texture, panorama_texture

_GROUND_PX, _PANORAMA_PX = 512, (1024, 384)


@dataclass(frozen=True, eq=False)
class Surroundings:
    """A textured ground plane y = 0 under a panorama at infinity."""

    ground: tuple[Texture, Texture]
    """Sharp, and blurred for afar."""
    mean_color: Float32[np.ndarray, " 3"]
    panorama: Float32[np.ndarray, "elevations azimuths 3"]
    ground_units: float
    """Rig units that one ground picture covers."""
    wall_units: float
    """Where the ground ends: the panorama begins at this distance."""

    @classmethod
    def sample(cls, rng: np.random.Generator) -> "Surroundings":
        """Random textures."""
        is_indoors = bool(rng.random() < 0.35)
        ground = ground_texture(rng, _GROUND_PX, is_indoors)
        blurred = cv2.blur(np.pad(ground, ((16, 16), (16, 16), (0, 0)), mode="wrap"), (13, 13))
        panorama = panorama_texture(rng, *_PANORAMA_PX, is_indoors)
        wall = (5, 15) if is_indoors else (15, 80)
        return cls(
            (ground, blurred[16:-16, 16:-16].copy()),
            ground.mean((0, 1)),
            panorama,
            float(rng.uniform(1.5, 4.0)),
            float(np.exp(rng.uniform(*np.log(wall)))),
        )

    def draw(
        self, camera: Camera, world_to_cam: Float[np.ndarray, "4 4"]
    ) -> Float32[np.ndarray, "height width 3"]:
        """What the camera sees, sRGB 0..1."""
        turn = world_to_cam[:3, :3].T
        eye = -turn @ world_to_cam[:3, 3]
        rays = _rays(camera, turn)
        # Above this slope a ray meets the wall before the ground.
        flat = np.sqrt(rays[0] * rays[0] + rays[2] * rays[2])
        is_ground = rays[1] * np.float32(self.wall_units) < -np.float32(eye[1]) * flat
        picture = np.empty((camera.height_px, camera.width_px, 3), np.float32)
        picture[is_ground] = self._near(eye, rays[:, is_ground], float(camera.K[0, 0]))
        is_far = ~is_ground
        picture[is_far] = self._far(rays[:, is_far], float(eye[1]))
        return picture

    def _near(
        self, eye: Float[np.ndarray, " 3"], rays: Float32[np.ndarray, "3 pixels"], focal_px: float
    ) -> Float32[np.ndarray, "pixels 3"]:
        scale = np.float32(_GROUND_PX / self.ground_units)
        along = np.float32(-eye[1]) / rays[1]
        u = (np.float32(eye[0]) + along * rays[0]) * scale
        v = (np.float32(eye[2]) + along * rays[2]) * scale
        u -= np.floor(u / _GROUND_PX) * _GROUND_PX
        v -= np.floor(v / _GROUND_PX) * _GROUND_PX
        sharp, blurred = (_looked_up(each, u, v) for each in self.ground)
        # Texels under one pixel, across and along the view: more than a few would flicker.
        texels = along * (scale / focal_px) * np.sqrt(1 + along / max(float(eye[1]), 0.05))
        soft = np.clip((texels - 1.0) / 4, 0, 1)[:, None]
        even = np.clip((texels - 8.0) / 32, 0, 1)[:, None]
        color = sharp + soft * (blurred - sharp)
        return (color + even * (self.mean_color - color)).astype(np.float32)

    def _far(
        self, rays: Float32[np.ndarray, "3 pixels"], eye_y: float
    ) -> Float32[np.ndarray, "pixels 3"]:
        """The panorama stands on the ground's end, so its foot is a little below the horizon."""
        columns, rows = _PANORAMA_PX
        x, y, z = rays
        u = np.arctan2(x, z) * np.float32(columns / (2 * np.pi)) % columns
        foot = eye_y / self.wall_units
        rise = (y / np.maximum(np.sqrt(x * x + z * z), 1e-6) + foot) / (1 + foot)
        v = (1 - np.arctan(np.maximum(rise, 0)) / (np.pi / 2)) * (rows - 1)
        return _looked_up(self.panorama, u, v)


def _looked_up(texture: Texture, u: np.ndarray, v: np.ndarray) -> Float32[np.ndarray, "pixels 3"]:
    """Colours at texture places; around the edges it goes on at the other side."""
    if len(u) == 0:
        return np.zeros((0, 3), np.float32)
    count, side = len(u), 1024  # cv2 takes no picture longer than 32767
    rows = -(-count // side)
    maps = np.zeros((2, rows * side), np.float32)
    maps[0, :count], maps[1, :count] = u, v
    maps = maps.reshape(2, rows, side)
    found = cv2.remap(texture, maps[0], maps[1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP)
    return found.reshape(-1, 3)[:count]


def _rays(camera: Camera, turn: Float[np.ndarray, "3 3"]) -> Float32[np.ndarray, "3 height width"]:
    """World directions through the pixels' centres, camera depth 1."""
    K = camera.K
    across = (np.arange(camera.width_px) + 0.5 - K[0, 2]) / K[0, 0]
    down = (np.arange(camera.height_px) + 0.5 - K[1, 2]) / K[1, 1]
    turn = turn.astype(np.float32)
    grid = (
        turn[:, :1, None] * across.astype(np.float32)
        + turn[:, 1:2, None] * (down.astype(np.float32)[:, None])
    )
    return grid + turn[:, 2:3, None]
