"""The world around the body: a ground, what stands at the horizon, the sky. It moves as the camera does.

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
    panorama: Texture
    ground_units: float
    """Rig units that one ground picture covers."""
    wall_units: float
    """Where the ground ends: the panorama begins at this distance."""

    @classmethod
    def sample(cls, rng: np.random.Generator) -> "Surroundings":
        """Random textures."""
        ground = ground_texture(rng, _GROUND_PX)
        blurred = cv2.blur(np.pad(ground, ((16, 16), (16, 16), (0, 0)), mode="wrap"), (13, 13))
        panorama = panorama_texture(rng, *_PANORAMA_PX)
        return cls(
            (ground, blurred[16:-16, 16:-16].copy()),
            ground.mean((0, 1)),
            panorama,
            float(rng.uniform(1.5, 4.0)),
            float(np.exp(rng.uniform(np.log(12), np.log(80)))),
        )

    def draw(
        self, camera: Camera, world_to_cam: Float[np.ndarray, "4 4"]
    ) -> Float32[np.ndarray, "height width 3"]:
        """What the camera sees, sRGB 0..1."""
        turn = world_to_cam[:3, :3].T
        eye = -turn @ world_to_cam[:3, 3]
        x, y, z = _rays(camera, turn)
        with np.errstate(divide="ignore"):
            along = np.where(y < -1e-4, -np.float32(eye[1]) / y, np.float32(1e6))
        flat = np.sqrt(x * x + z * z)
        distance = along * flat
        is_ground = distance < self.wall_units
        picture = self._far(x, y, z, flat, float(eye[1]))
        ground = self._near(eye, x, z, along, camera.K[0, 0])
        picture[is_ground] = ground[is_ground]
        return picture

    def _near(self, eye, x, z, along, focal_px: float) -> np.ndarray:  # noqa: ANN001
        scale = np.float32(_GROUND_PX / self.ground_units)
        along = np.minimum(along, self.wall_units)
        u, v = (eye[0] + along * x) * scale, (eye[2] + along * z) * scale
        u, v = np.mod(u, _GROUND_PX).astype(np.float32), np.mod(v, _GROUND_PX).astype(np.float32)
        sharp, blurred = (
            cv2.remap(each, u, v, cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP) for each in self.ground
        )
        # Texels under one pixel, across and along the view: more than a few would flicker.
        texels = along * scale / focal_px * np.sqrt(1 + along / max(float(eye[1]), 0.05))
        soft = np.clip((texels - 1.0) / 4, 0, 1)[..., None]
        even = np.clip((texels - 8.0) / 32, 0, 1)[..., None]
        color = sharp + soft * (blurred - sharp)
        return color + even * (self.mean_color - color)

    def _far(self, x, y, z, flat, eye_y: float) -> np.ndarray:  # noqa: ANN001
        """The panorama stands on the ground's end, so its foot is a little below the horizon."""
        columns, rows = _PANORAMA_PX
        u = (np.arctan2(x, z) / (2 * np.pi) % 1.0 * columns).astype(np.float32)
        rise = (y / np.maximum(flat, 1e-6) + eye_y / self.wall_units) / (1 + eye_y / self.wall_units)
        v = (1 - np.arctan(np.maximum(rise, 0)) / (np.pi / 2)) * (rows - 1)
        return cv2.remap(self.panorama, u, v.astype(np.float32), cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP)


def _rays(camera: Camera, turn: Float[np.ndarray, "3 3"]) -> Float32[np.ndarray, "3 height width"]:
    """World directions through the pixels' centres, camera depth 1."""
    K = camera.K
    across = (np.arange(camera.width_px) + 0.5 - K[0, 2]) / K[0, 0]
    down = (np.arange(camera.height_px) + 0.5 - K[1, 2]) / K[1, 1]
    turn = turn.astype(np.float32)
    grid = turn[:, :1, None] * across.astype(np.float32) + turn[:, 1:2, None] * (
        down.astype(np.float32)[:, None]
    )
    return grid + turn[:, 2:3, None]
