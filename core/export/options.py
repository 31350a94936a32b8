"""What a person may choose about an export."""

from dataclasses import dataclass, field
from typing import Literal

Skinning = Literal["refit", "truncate", "8", "morph"]
RootMotion = Literal["ground", "camera", "in_place"]
Colors = Literal["mean", "frame", "video", "morph"]
MOST_COMPONENTS = 16


@dataclass(frozen=True)
class ExportOptions:
    """Choices; each export uses those that its format can hold (docs/exports.md has the table)."""

    name: str | None = None
    """Of the animation; default the session's name."""
    skinning: Skinning = "refit"
    """glTF and USD. refit: four influences a vertex, fitted to the viewport's dual-quaternion
    shapes; truncate: the four strongest, renormalised; 8: the eight strongest, in two sets, which
    some programs ignore; morph: exact shapes without a skeleton (glTF only)."""
    root_motion: RootMotion = "ground"
    """ground: gravity levelled, feet on y = 0; camera: as the camera saw it; in_place: like ground
    but without travel."""
    fps: float | int | None = None
    """Keys at multiples of 1/fps; default the video's own time stamps."""
    body_length_m: float | int | None = None
    """Longest side of the body at rest, in metres; default the model's own scale."""
    has_end_joints: bool = True
    """Add a joint at the tip of each limb, so that Blender draws the last bones full length."""
    colors: Colors = "mean"
    """mean: the model's colours over the take, by confidence; frame: of `appearance_frame`; video:
    gathered from the source video's pictures; morph: the model's colours of every frame (glTF with
    skinning morph, npz, ply)."""
    appearance_frame: int | None = None
    """Frame whose colours the mesh wears; needs colors frame."""
    explorer_components: int | None = None
    """glTF: not the take, but its body with sliders for this many principal components."""
    is_unlit: bool = False
    """glTF: ask for colours as they are, without light (an extension; most programs know it)."""
    has_camera: bool = False
    """glTF with root_motion camera: add the camera, so that the view matches the video."""
    joint_names: dict[str, str] = field(default_factory=dict)
    """New names for joints, by old name; the others stay."""
    morph_tolerance: float = 0.001
    """Largest error that dropping a morph key may cause, as a share of the body length."""

    def __post_init__(self) -> None:
        if self.fps is not None and not 1 <= self.fps <= 1000:
            raise ValueError(f"fps must be between 1 and 1000, not {self.fps}")
        if self.body_length_m is not None and not 0 < self.body_length_m < 1000:
            raise ValueError(f"body_length_m must be between 0 and 1000, not {self.body_length_m}")
        count = self.explorer_components
        if count is not None and not 1 <= count <= MOST_COMPONENTS:
            raise ValueError(f"explorer_components must be 1 to {MOST_COMPONENTS}, not {count}")
        if (self.colors == "frame") != (self.appearance_frame is not None):
            raise ValueError("colors frame needs the number of a frame, and only colors frame")
        if count is not None and self.colors == "morph":
            raise ValueError("the explorer has sliders for shapes, not for colours")
        if self.has_camera and self.root_motion != "camera":
            raise ValueError("has_camera needs root_motion camera")
