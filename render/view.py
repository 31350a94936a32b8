"""Where the viewer stands: projections, and cameras as values.

    camera = OrbitCamera().framed(low, high)
    camera = camera.orbited(dx_px, dy_px)          # returns a new one
    view = camera.view(width_px, height_px)        # matrices for the shaders

World space is rig space seen as a room: y up, the ground at y = 0, the body facing +z. Camera
space is OpenCV's everywhere; OpenGL's axes exist in `cam_to_clip` and nowhere else.
"""

from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
from jaxtyping import Float

from core.camera import Camera

StandardView = Literal["front", "back", "left", "right", "top", "bottom"]
STANDARD_VIEWS: dict[StandardView, tuple[float, float]] = {
    "front": (0.0, 0.0),
    "back": (np.pi, 0.0),
    "left": (np.pi / 2, 0.0),
    "right": (-np.pi / 2, 0.0),
    "top": (0.0, np.pi / 2),
    "bottom": (0.0, -np.pi / 2),
}
"""Yaw and pitch. Left shows the body's left side: a body facing +z has its left at +x."""

ORBIT_RAD_PER_PX = np.deg2rad(0.4)
"""Blender's turntable: 0.4 degrees per pixel of mouse movement."""
DOLLY_PER_STEP = 1.15
"""One notch of the wheel brings the camera this much nearer."""
MARGIN = 1.06
"""Room left around a framed subject."""


def cam_to_clip(
    K: Float[np.ndarray, "*batch 3 3"],
    width_px: int,
    height_px: int,
    near: Float[np.ndarray, "*batch"] | float,
    far: Float[np.ndarray, "*batch"] | float,
    is_top_first: bool = False,
) -> Float[np.ndarray, "*batch 4 4"]:
    """Camera space (OpenCV: y down, z ahead) to OpenGL's clip space (y up, z in [-w, w]).

    The point that K puts at pixel position (u, v), origin at the image's top left corner, lands
    there in the viewport.

    Args:
        near, far: Camera z of the planes between which depth is kept.
        is_top_first: Turn the picture upside down for OpenGL, so that memory read back from the
            framebuffer starts with the image's top row.
    """
    clip = np.zeros((*K.shape[:-2], 4, 4))
    clip[..., 0, :3] = 2 / width_px * K[..., 0, :]
    clip[..., 1, :3] = 2 / height_px * K[..., 1, :]
    clip[..., :2, 2] -= 1
    if not is_top_first:
        clip[..., 1, :] *= -1
    near, far = np.asarray(near), np.asarray(far)
    clip[..., 2, 2] = (far + near) / (far - near)
    clip[..., 2, 3] = -2 * far * near / (far - near)
    clip[..., 3, 2] = 1
    return clip


def _orthographic(
    scale_px: float, width_px: int, height_px: int, near: float, far: float
) -> Float[np.ndarray, "4 4"]:
    """As `cam_to_clip`, for parallel rays: `scale_px` pixels per unit, axis in the centre."""
    flat = np.zeros((3, 3))
    flat[0, 2], flat[1, 2] = width_px / 2, height_px / 2
    clip = cam_to_clip(flat, width_px, height_px, 1.0, 2.0)
    clip[0] = [2 * scale_px / width_px, 0, 0, 0]
    clip[1] = [0, -2 * scale_px / height_px, 0, 0]
    clip[2] = [0, 0, 2 / (far - near), -(far + near) / (far - near)]
    clip[3] = [0, 0, 0, 1]
    return clip


@dataclass(frozen=True, eq=False)
class View:
    """A camera resolved for a picture of some size."""

    world_to_cam: Float[np.ndarray, "4 4"]
    """Rigid."""
    cam_to_clip: Float[np.ndarray, "4 4"]
    focus: Float[np.ndarray, "3"]
    """The point in the world that the viewer cares for, straight ahead of the camera."""
    is_orthographic: bool = False

    @property
    def world_to_clip(self) -> Float[np.ndarray, "4 4"]:
        return self.cam_to_clip @ self.world_to_cam

    @property
    def eye(self) -> Float[np.ndarray, "3"]:
        """The camera's place in the world."""
        return -self.world_to_cam[:3, :3].T @ self.world_to_cam[:3, 3]


@dataclass(frozen=True, eq=False)
class FixedCamera:
    """The camera of an input frame, so that the mesh lies over the picture.

    At another size the picture is stretched with it; keep the aspect for a true overlay.
    """

    camera: Camera
    world_to_cam: Float[np.ndarray, "4 4"] = field(default_factory=lambda: np.eye(4))
    near: float = 0.02
    far: float = 200.0

    def view(self, width_px: int, height_px: int) -> View:
        source = self.camera
        projection = cam_to_clip(source.K, source.width_px, source.height_px, self.near, self.far)
        cam_to_world = np.linalg.inv(self.world_to_cam)
        return View(self.world_to_cam, projection, (cam_to_world @ [0, 0, 3, 1])[:3])


@dataclass(frozen=True, eq=False)
class OrbitCamera:
    """A camera that looks at a target and turns about it, y staying up."""

    target: Float[np.ndarray, "3"] = field(default_factory=lambda: np.array([0.0, 0.4, 0.0]))
    distance: float = 2.6
    yaw_rad: float = 0.6
    """0 looks at the front (from +z); grows towards +x."""
    pitch_rad: float = 0.25
    """Above the horizon; pi/2 looks straight down."""
    fov_rad: float = float(np.deg2rad(32.0))
    """On the short side."""
    is_orthographic: bool = False

    def view(self, width_px: int, height_px: int) -> View:
        near, far = self.distance / 50, self.distance * 40
        focal_px = 0.5 * min(width_px, height_px) / np.tan(self.fov_rad / 2)
        if self.is_orthographic:
            scale_px = float(focal_px / self.distance)
            clip = _orthographic(scale_px, width_px, height_px, -far, far)
        else:
            K = np.array([[focal_px, 0, width_px / 2], [0, focal_px, height_px / 2], [0, 0, 1]])
            clip = cam_to_clip(K, width_px, height_px, near, far)
        return View(self.world_to_cam, clip, self.target, self.is_orthographic)

    @property
    def world_to_cam(self) -> Float[np.ndarray, "4 4"]:
        right, down, ahead = self._axes()
        world_to_cam = np.eye(4)
        world_to_cam[:3, :3] = [right, down, ahead]
        world_to_cam[:3, 3] = -world_to_cam[:3, :3] @ self.target
        world_to_cam[2, 3] += self.distance
        return world_to_cam

    def orbited(self, dx_px: float, dy_px: float) -> "OrbitCamera":
        """Turned as if the scene were dragged: right drags its front right, down tips it over."""
        pitch_rad = self.pitch_rad + dy_px * ORBIT_RAD_PER_PX
        return replace(
            self,
            yaw_rad=_wrapped(self.yaw_rad - dx_px * ORBIT_RAD_PER_PX),
            pitch_rad=float(np.clip(pitch_rad, -np.pi / 2, np.pi / 2)),
        )

    def panned(self, dx_px: float, dy_px: float, short_side_px: int) -> "OrbitCamera":
        """Moved sideways so that the target follows the mouse over a picture of that size."""
        units_per_px = 2 * self.distance * np.tan(self.fov_rad / 2) / short_side_px
        right, down, _ = self._axes()
        return replace(self, target=self.target - units_per_px * (dx_px * right + dy_px * down))

    def dollied(self, steps: float) -> "OrbitCamera":
        """Nearer by notches of the wheel; negative goes away. The target is never reached."""
        distance = self.distance * DOLLY_PER_STEP**-steps
        return replace(self, distance=float(np.clip(distance, 0.05, 1000.0)))

    def framed(
        self, low: Float[np.ndarray, "3"], high: Float[np.ndarray, "3"], aspect: float = 1.0
    ) -> "OrbitCamera":
        """Looking at the middle of a box from where all of it is seen, whatever the yaw.

        Args:
            low, high: Corners of the box.
            aspect: Width by height of the picture.
        """
        size = np.maximum(np.subtract(high, low), 1e-3)
        angle = np.linspace(0, 2 * np.pi, 32, endpoint=False)
        # The upright cylinder around the box, in the camera's axes.
        rim = np.stack([np.cos(angle), np.zeros(32), np.sin(angle)], 1) * np.hypot(*size[[0, 2]])
        up = np.array([0, size[1], 0])
        points = 0.5 * np.concatenate([rim - up, rim + up])
        right, down, ahead = self._axes() @ points.T
        tangent = np.tan(self.fov_rad / 2) * np.array([max(aspect, 1), max(1 / aspect, 1)])
        fitting = np.maximum(np.abs(right) / tangent[0], np.abs(down) / tangent[1])
        in_front = 0 if self.is_orthographic else -ahead
        distance = float((MARGIN * fitting + in_front).max())
        return replace(self, target=np.add(low, high) / 2, distance=distance)

    def looking(self, side: StandardView) -> "OrbitCamera":
        """At the same target from a standard side."""
        yaw_rad, pitch_rad = STANDARD_VIEWS[side]
        return replace(self, yaw_rad=yaw_rad, pitch_rad=pitch_rad)

    def _axes(self) -> Float[np.ndarray, "3 3"]:
        """The camera's right, down and ahead in the world, rows."""
        sin_yaw, cos_yaw = np.sin(self.yaw_rad), np.cos(self.yaw_rad)
        sin_pitch, cos_pitch = np.sin(self.pitch_rad), np.cos(self.pitch_rad)
        right = [cos_yaw, 0.0, -sin_yaw]
        down = [sin_pitch * sin_yaw, -cos_pitch, sin_pitch * cos_yaw]
        ahead = [-cos_pitch * sin_yaw, -sin_pitch, -cos_pitch * cos_yaw]
        return np.array([right, down, ahead])


ViewCamera = OrbitCamera | FixedCamera
"""Anything a scene can be looked at with."""


def _wrapped(angle_rad: float) -> float:
    """The same angle in [-pi, pi)."""
    return float((angle_rad + np.pi) % (2 * np.pi) - np.pi)
