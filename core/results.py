"""What the pipeline says about one frame. Immutable; safe to hand between threads."""

from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float, UInt8

Box = tuple[float, float, float, float]
"""x0, y0, x1, y1 in full-image pixels; x1 and y1 are exclusive."""


@dataclass(frozen=True, eq=False)
class Mask:
    """Where the subject is."""

    alpha: UInt8[np.ndarray, "height width"]
    """0 outside, 255 inside; between where unsure. Full image size."""
    confidence: float
    """0..1; 0 means there is no subject."""


@dataclass(frozen=True, eq=False)
class Codes:
    """Latent description of one frame."""

    articulation: Float[np.ndarray, " articulation"]
    """z_art, 16 numbers."""
    shape: Float[np.ndarray, " shape"]
    """Body proportions in standard deviations of the category's shape space; may be empty."""
    appearance: Float[np.ndarray, " appearance"]
    """z_color, 64 numbers."""


@dataclass(frozen=True, eq=False)
class RootHypotheses:
    """Competing root poses of one frame (the paper's viewpoint multiplex)."""

    root_to_cam: Float[np.ndarray, "hypotheses 4 4"]
    probabilities: Float[np.ndarray, " hypotheses"]


@dataclass(frozen=True, eq=False)
class SeenPoints:
    """Points of the body as the student found them in its crop, seen or hidden.

    Which points: `CategoryModel.point_vertices`.
    """

    places: Float[np.ndarray, "points 3"]
    """Right and down from the crop's middle, and depth behind the body's centre; half crops."""
    crop_to_cam: Float[np.ndarray, "3 3"]
    crop_tan: float
    """Tangent of half the crop's field of view."""


@dataclass(frozen=True, eq=False)
class FrameResult:
    """The reconstruction of one frame.

    When `is_covered` is false no subject was found: codes and poses repeat the last known ones
    (or the rest pose) and `confidence` is 0.
    """

    frame_index: int
    time_s: float
    is_covered: bool
    confidence: float
    box: Box | None
    """Tight box of the mask."""
    mask: Mask | None
    K: Float[np.ndarray, "3 3"]
    image_size: tuple[int, int]
    """Width, height in pixels."""
    root_to_cam: Float[np.ndarray, "4 4"]
    joint_rotations: Float[np.ndarray, "joints 3 3"]
    codes: Codes
    hypotheses: RootHypotheses | None = None
    stage_ms: dict[str, float] = field(default_factory=dict)
    """Milliseconds by stage name: segment, crop, student, temporal, decode, skin."""
    points: SeenPoints | None = None
    """What the student's own eye says; not kept in session files."""
