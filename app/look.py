"""How things are shown. Values only; `Session.look` holds the present one."""

from dataclasses import dataclass, fields, replace
from typing import Literal, get_args, get_origin, get_type_hints

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
Motion = Literal["turning", "travelling", "still"]
MOTIONS: tuple[tuple[Motion, str], ...] = (
    ("turning", "Turning on the spot"),
    ("travelling", "Travelling as filmed"),
    ("still", "Facing one way"),
)
ViewCamera = Literal["orbit", "input"]
MousePreset = Literal["simple", "blender", "maya"]
MOUSE_PRESETS: tuple[tuple[MousePreset, str], ...] = (
    ("simple", "Drag orbits"),
    ("blender", "As in Blender"),
    ("maya", "As in Maya"),
)


@dataclass(frozen=True)
class Look:
    """Everything about the picture that is not the reconstruction itself."""

    mode: DisplayMode = "color"
    skinning: Skinning = "dual-quaternion"
    motion: Motion = "turning"
    """In the orbit view the body stands on the ground; it turns and travels with the video, or
    not."""
    follows: bool = False
    """The orbiting camera goes along with a body that travels."""
    mouse: MousePreset = "simple"
    """What drags do in the view."""
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
    is_xray: bool = False
    """The body is glass and its skeleton shows."""
    has_ghosts: bool = False
    """The competing root poses, each as faint as it is unlikely."""
    has_uncertainty: bool = False
    """Colours say how far the competing root poses disagree."""
    has_reference: bool = True
    """While the sliders are frozen, the frame's own pose stands behind as a ghost."""
    has_outline: bool = False
    """Over the video: the outline of the mask, or of the body where none was kept."""
    has_wipe: bool = False
    """Over the video: the bare frame left of a line that can be dragged."""
    wipe: float = 0.5
    """Where that line is, 0..1 of the picture."""
    has_difference: bool = False
    """Over the video: colours where only the body or only the mask is, and their overlap."""
    shows_before: bool = False
    """The first results in place of the improved ones, to compare."""
    has_gizmo: bool = True
    """The world's axes in a corner."""
    mirrors_preview: bool = False
    """The small input picture as in a mirror; nothing else is."""
    input_has_skeleton: bool = True
    """Draw the joints over the small input picture."""
    input_has_mask: bool = True
    input_has_box: bool = True

    def checked(self) -> "Look":
        """With choices that there are not, and shares outside 0..1, as they are at first."""
        plain, hints = Look(), get_type_hints(Look)
        wrong = {
            field.name: getattr(plain, field.name)
            for field in fields(self)
            if not _is_possible(getattr(self, field.name), hints[field.name])
        }
        return replace(self, **wrong)


def _is_possible(value: object, hint: object) -> bool:
    if get_origin(hint) is Literal:
        return value in get_args(hint)
    return not isinstance(value, float) or 0 <= value <= 1
