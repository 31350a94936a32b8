"""How things are shown. Values only; `Session.look` holds the present one."""

from dataclasses import dataclass
from typing import Literal

from render.scene import DisplayMode, Skinning

DISPLAY_MODES: tuple[tuple[DisplayMode, str], ...] = (
    ("color", "Colour"),
    ("shaded", "Shaded grey"),
    ("normals", "Normals"),
    ("depth", "Depth"),
    ("wireframe", "Wireframe"),
    ("skeleton", "Skeleton inside"),
    ("weights", "Bone weights"),
)
SKINNINGS: tuple[tuple[Skinning, str], ...] = (
    ("dual-quaternion", "Dual quaternion"),
    ("linear", "Linear, as exported"),
)
Background = Literal["theme", "dark", "light"]
BACKGROUNDS: tuple[tuple[Background, str], ...] = (
    ("theme", "Follow theme"),
    ("dark", "Dark"),
    ("light", "Light"),
)
Motion = Literal["turning", "still"]
MOTIONS: tuple[tuple[Motion, str], ...] = (
    ("turning", "As in the video"),
    ("still", "Facing one way"),
)
ViewCamera = Literal["orbit", "input"]


@dataclass(frozen=True)
class Look:
    """Everything about the picture that is not the reconstruction itself."""

    mode: DisplayMode = "color"
    skinning: Skinning = "dual-quaternion"
    motion: Motion = "turning"
    """In the orbit view the body stands on the ground; it turns with the video, or not."""
    background: Background = "theme"
    has_grid: bool = True
    has_skeleton: bool = False
    camera: ViewCamera = "orbit"
    """`input`: through the video's camera, over the frame."""
    mesh_opacity: float = 1.0
    """Of the mesh over the frame, 0..1."""
    joint: int | None = None
    """The joint picked in the list: marked, and whose weights are shown."""
    has_hud: bool = False
    input_has_skeleton: bool = True
    """Draw the joints over the small input picture."""
    input_has_mask: bool = True
    input_has_box: bool = True
