"""Pictures of a session's frames: over the input, from the side, all around.

pictures = SessionPictures(take_of(record, model), renderer, height_px=360)
rgb = pictures.overlay(row, frame.rgb)
rgb = pictures.around(row, yaw_rad=0.6)
"""

from dataclasses import dataclass, replace

import cv2
import numpy as np
from jaxtyping import Float, UInt8
from scipy.ndimage import uniform_filter1d

from core.camera import Camera
from core.export.motion import CAMERA_TO_FILE, file_motion
from core.export.options import ExportOptions
from core.export.take import Take
from core.kinematics import forward_kinematics, skin_transforms
from render.picture import overlay_image, render_image, transparent
from render.renderer import Renderer
from render.scene import Body, Scene
from render.turntable import tiled
from render.view import FixedCamera, OrbitCamera

FOLLOW_S = 1.5
"""The orbiting camera follows the body's mean place over this time."""
OVERLAY_OPACITY = 0.85
OTHER_SIDE_RAD = np.deg2rad(50.0)
"""How far the side-by-side view's third panel is turned from the front."""
OUTLINE_RGB = (255, 200, 40)
OUTLINE_SHARE = 1 / 240
"""Width of the outline over the picture's height."""
SPLIT_RGB = (255, 255, 255)


@dataclass(frozen=True)
class Overlay:
    """How the mesh lies over its video."""

    has_outline: bool = False
    """Draw the silhouette's edge instead of the mesh."""
    split: float | None = None
    """Left of this share of the width the video stays as it is."""


class SessionPictures:
    """Draws the rows of a take; the renderer's context must be current."""

    def __init__(
        self,
        take: Take,
        renderer: Renderer,
        height_px: int,
        samples: int = 4,
        overlay: Overlay | None = None,
    ) -> None:
        self._take = take
        self._style = overlay or Overlay()
        self._renderer = renderer
        self._samples = samples
        width_px, source_height_px = take.image_size
        self.height_px = height_px
        self.width_px = max(1, round(width_px * height_px / source_height_px))
        joint_to_rig = forward_kinematics(take.body.skeleton, take.joint_rotations)
        self._transforms = skin_transforms(take.body.skeleton, joint_to_rig)
        # With this body length one file unit is one rig unit.
        options = ExportOptions(body_length_m=take.body_length)
        self._rig_to_world = file_motion(take, options).rig_to_file
        self._targets = _followed(take, self._rig_to_world)

    def fitted(
        self, rgb: UInt8[np.ndarray, "frame_height frame_width 3"]
    ) -> UInt8[np.ndarray, "height width 3"]:
        """An input frame at the pictures' size."""
        size = (self.width_px, self.height_px)
        if (rgb.shape[1], rgb.shape[0]) == size:
            return rgb
        return cv2.resize(rgb, size, interpolation=cv2.INTER_AREA)

    def overlay(
        self, row: int, rgb: UInt8[np.ndarray, "frame_height frame_width 3"]
    ) -> UInt8[np.ndarray, "height width 3"]:
        """The mesh over its input frame; the frame alone where no subject was found."""
        picture = self.fitted(rgb)
        if not self._take.is_covered[row]:
            return picture
        if self._style.has_outline:
            over = self._outlined(row, picture)
        else:
            scene = self._seen_by_camera(row)
            over = overlay_image(self._renderer, picture, scene, OVERLAY_OPACITY, self._samples)
        return over if self._style.split is None else _split(picture, over, self._style.split)

    def alone(self, row: int) -> UInt8[np.ndarray, "height width 4"]:
        """The mesh where the camera saw it, on nothing: to be laid over the video elsewhere."""
        if not self._take.is_covered[row]:
            return np.zeros((self.height_px, self.width_px, 4), np.uint8)
        scene = transparent(self._seen_by_camera(row))
        return render_image(
            self._renderer, scene, self.width_px, self.height_px, samples=self._samples
        )

    def around(
        self, row: int, yaw_rad: float, *, is_transparent: bool = False
    ) -> UInt8[np.ndarray, "height width channels"]:
        """The mesh on the ground, or on nothing, seen by a camera that orbits and follows it."""
        rest = self._take.body.vertices
        half = 0.5 * np.ptp(rest, 0)
        target = self._targets[row]
        camera = OrbitCamera(yaw_rad=yaw_rad).framed(target - half, target + half)
        scene = Scene((self._body(row, self._rig_to_world[row]),), camera)
        size = (self.width_px, self.height_px)
        if is_transparent:
            return render_image(self._renderer, transparent(scene), *size, samples=self._samples)
        rgba = render_image(self._renderer, scene, *size, samples=self._samples)
        return np.ascontiguousarray(rgba[..., :3])

    def side_by_side(
        self, row: int, rgb: UInt8[np.ndarray, "frame_height frame_width 3"]
    ) -> UInt8[np.ndarray, "height three_widths 3"]:
        """Input, mesh over it, and the mesh from another side."""
        panels = [self.fitted(rgb), self.overlay(row, rgb), self.around(row, OTHER_SIDE_RAD)]
        return tiled(panels, columns=3)

    def _seen_by_camera(self, row: int) -> Scene:
        # A world that is the camera's space with y up, so that light falls from above.
        camera = FixedCamera(Camera(self._take.K, *self._take.image_size), CAMERA_TO_FILE)
        return Scene((self._body(row, CAMERA_TO_FILE @ self._take.root_to_cam[row]),), camera)

    def _outlined(
        self, row: int, picture: UInt8[np.ndarray, "height width 3"]
    ) -> UInt8[np.ndarray, "height width 3"]:
        inside = (self.alone(row)[..., 3] > 127).astype(np.uint8)
        found, _ = cv2.findContours(inside, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
        width = max(1, round(OUTLINE_SHARE * self.height_px))
        return cv2.drawContours(picture.copy(), found, -1, OUTLINE_RGB, width, cv2.LINE_AA)

    def _body(self, row: int, root_to_world: Float[np.ndarray, "4 4"]) -> Body:
        body = Body(self._take.body, self._transforms[row], root_to_world.astype(np.float64))
        return replace(body, colors=self._take.body.colors)


def _split(left: np.ndarray, right: np.ndarray, share: float) -> np.ndarray:
    """One picture left of a line, the other right of it."""
    column = int(np.clip(round(share * left.shape[1]), 0, left.shape[1] - 1))
    both = np.concatenate([left[:, :column], right[:, column:]], axis=1)
    both[:, column] = SPLIT_RGB
    return both


def _followed(
    take: Take, rig_to_world: Float[np.ndarray, "frames 4 4"]
) -> Float[np.ndarray, "frames 3"]:
    """Where to look: the middle of the body, its way smoothed over time."""
    rest = take.body.vertices
    middle = 0.5 * (rest.min(0) + rest.max(0))
    places = rig_to_world[:, :3, :3] @ middle + rig_to_world[:, :3, 3]
    if take.frame_count < 3:
        return places
    frames = max(1, round(FOLLOW_S / float(np.median(np.diff(take.times_s)))))
    return uniform_filter1d(places, frames, axis=0, mode="nearest")
