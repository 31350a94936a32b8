"""What to draw, as frozen data that does not know the GPU.

scene = Scene((Body.at_rest(rig),), OrbitCamera(), theme=DARK)
scene = replace(scene, camera=scene.camera.orbited(8, 0))
"""

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from jaxtyping import Float

from core.rig import Rig
from render.view import OrbitCamera, ViewCamera

DisplayMode = Literal["color", "shaded", "normals", "depth", "wireframe", "skeleton", "weights"]
DISPLAY_MODES: tuple[DisplayMode, ...] = (
    "color",
    "shaded",
    "normals",
    "depth",
    "wireframe",
    "skeleton",
    "weights",
)
Skinning = Literal["dual-quaternion", "linear"]
Rgb = tuple[float, float, float]
"""sRGB 0..1."""


@dataclass(frozen=True)
class BodyLook:
    """How a body is shown."""

    mode: DisplayMode = "color"
    skinning: Skinning = "dual-quaternion"
    opacity: float = 1.0
    """0 invisible, 1 solid; below 1 it casts no shadow."""
    has_skeleton: bool = False
    """Whether bones are drawn on top, whatever the mode."""
    joint: int | None = None
    """The picked joint: highlighted, and the one whose weights the mode "weights" shows."""


@dataclass(frozen=True, eq=False)
class Body:
    """A rig in a pose, somewhere in the world."""

    rig: Rig
    """Bodies that share the arrays `faces` and `weights` share their buffers; only then are
    changing proportions (`vertices`) cheap."""
    skin_transforms: Float[np.ndarray, "joints 4 4"]
    """Rest to posed rig space; rigid."""
    root_to_world: Float[np.ndarray, "4 4"] = field(default_factory=lambda: np.eye(4))
    """Rigid. For an overlay the world is the camera's space, so this is root_to_cam."""
    colors: Float[np.ndarray, "verts 3"] | None = None
    """sRGB 0..1; the rig's own when absent."""
    look: BodyLook = BodyLook()

    def __post_init__(self) -> None:
        joints = len(self.rig.skeleton.names)
        if len(self.skin_transforms) != joints:
            raise ValueError(f"pose has {len(self.skin_transforms)} joints, rig has {joints}")
        if self.colors is not None and len(self.colors) != len(self.rig.vertices):
            raise ValueError(
                f"body has {len(self.colors)} colours and {len(self.rig.vertices)} vertices"
            )

    @classmethod
    def at_rest(cls, rig: Rig, look: BodyLook | None = None) -> "Body":
        """The rest mesh, standing on the ground."""
        rest = np.tile(np.eye(4), (len(rig.skeleton.names), 1, 1))
        return cls(rig, rest, look=look or BodyLook())

    @property
    def joint_to_world(self) -> Float[np.ndarray, "joints 4 4"]:
        joint_to_rig = self.skin_transforms @ self.rig.skeleton.rest_joint_to_rig
        return self.root_to_world @ joint_to_rig


@dataclass(frozen=True)
class Theme:
    """Colours of everything that is not a body."""

    top: Rgb
    bottom: Rgb
    """Background gradient."""
    line: Rgb
    line_opacity: float
    """Ground grid."""
    shadow_opacity: tuple[float, float]
    """Of a body that touches the ground, and of one that is above it."""
    clay: Rgb
    """Body in the modes "shaded" and "skeleton"."""
    wire: Rgb
    bone: Rgb
    accent: Rgb
    """The picked joint."""


LIGHT = Theme(
    top=(0.965, 0.970, 0.976),
    bottom=(0.855, 0.870, 0.888),
    line=(0.24, 0.28, 0.34),
    line_opacity=0.22,
    shadow_opacity=(0.42, 0.45),
    clay=(0.78, 0.77, 0.75),
    wire=(0.16, 0.20, 0.27),
    bone=(0.33, 0.45, 0.62),
    accent=(0.95, 0.55, 0.10),
)
DARK = Theme(
    top=(0.205, 0.220, 0.245),
    bottom=(0.115, 0.125, 0.142),
    line=(0.80, 0.86, 0.95),
    line_opacity=0.16,
    shadow_opacity=(0.60, 0.60),
    clay=(0.70, 0.69, 0.67),
    wire=(0.74, 0.82, 0.92),
    bone=(0.52, 0.68, 0.88),
    accent=(1.0, 0.65, 0.20),
)


@dataclass(frozen=True, eq=False)
class Scene:
    """Bodies, where they are seen from, and what is around them."""

    bodies: tuple[Body, ...] = ()
    camera: ViewCamera = field(default_factory=OrbitCamera)
    theme: Theme = LIGHT
    has_background: bool = True
    """Otherwise the picture is transparent where nothing is."""
    has_ground: bool = True
    """Grid and contact shadow on y = 0."""
