"""Pictures of a session's frames: over the input, from the side, all around.

pictures = SessionPictures(take_of(record, model), renderer, height_px=360)
rgb = pictures.overlay(row, frame.rgb)
rgb = pictures.around(row, yaw_rad=0.6)
"""

from dataclasses import replace

import cv2
import numpy as np
from jaxtyping import Float, UInt8
from scipy.ndimage import uniform_filter1d

from core.camera import Camera
from core.export.motion import CAMERA_TO_FILE, file_motion
from core.export.options import ExportOptions
from core.export.take import Take
from core.kinematics import forward_kinematics, skin_transforms
from render.picture import overlay_image, render_image
from render.renderer import Renderer
from render.scene import Body, Scene
from render.turntable import tiled
from render.view import FixedCamera, OrbitCamera

FOLLOW_S = 1.5
"""The orbiting camera follows the body's mean place over this time."""
OVERLAY_OPACITY = 0.85
OTHER_SIDE_RAD = np.deg2rad(50.0)
"""How far the side-by-side view's third panel is turned from the front."""


class SessionPictures:
    """Draws the rows of a take; the renderer's context must be current."""

    def __init__(self, take: Take, renderer: Renderer, height_px: int, samples: int = 4) -> None:
        self._take = take
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
        # A world that is the camera's space with y up, so that light falls from above.
        camera = FixedCamera(Camera(self._take.K, *self._take.image_size), CAMERA_TO_FILE)
        body = self._body(row, CAMERA_TO_FILE @ self._take.root_to_cam[row])
        scene = Scene((body,), camera)
        return overlay_image(self._renderer, picture, scene, OVERLAY_OPACITY, self._samples)

    def around(self, row: int, yaw_rad: float) -> UInt8[np.ndarray, "height width 3"]:
        """The mesh on the ground, seen by a camera that orbits and follows it."""
        rest = self._take.body.vertices
        half = 0.5 * np.ptp(rest, 0)
        target = self._targets[row]
        camera = OrbitCamera(yaw_rad=yaw_rad).framed(target - half, target + half)
        scene = Scene((self._body(row, self._rig_to_world[row]),), camera)
        size = (self.width_px, self.height_px)
        return np.ascontiguousarray(
            render_image(self._renderer, scene, *size, samples=self._samples)[..., :3]
        )

    def side_by_side(
        self, row: int, rgb: UInt8[np.ndarray, "frame_height frame_width 3"]
    ) -> UInt8[np.ndarray, "height three_widths 3"]:
        """Input, mesh over it, and the mesh from another side."""
        panels = [self.fitted(rgb), self.overlay(row, rgb), self.around(row, OTHER_SIDE_RAD)]
        return tiled(panels, columns=3)

    def _body(self, row: int, root_to_world: Float[np.ndarray, "4 4"]) -> Body:
        body = Body(self._take.body, self._transforms[row], root_to_world.astype(np.float64))
        return replace(body, colors=self._take.body.colors)


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
