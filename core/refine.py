"""Refinement for recorded video: fit bodies to masks by gradient, starting from the pipeline.

    refined = refine_results(model, results)             # FrameResults in, FrameResults out

Torch is imported when this runs, not before: the window and the commands stay light.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from core.model import CategoryModel
from core.results import FrameResult

Progress = Callable[[int, int], None]
"""Told frames done and frames in all."""


@dataclass(frozen=True)
class RefineConfig:
    """How to refine. The weights were chosen on development clips only (docs/refinement.md).

    A loss of 1 is an outline one side of the mask away; the score that decides is the silhouette's
    IoU less the weighted regulariser.
    """

    steps: int = 50
    """Gradient steps per window, at most."""
    patience: int = 15
    """Steps without a better score after which a window is done."""
    window: int = 32
    """Frames fitted together."""
    size_px: int = 96
    """Side of the small pictures in which silhouettes are compared."""
    backend: Literal["builtin", "pytorch3d", "auto"] = "builtin"
    """Differentiable silhouettes (core/silhouette_torch.py)."""
    outline: float = 1.0
    """Weight of the distance between outlines, both ways."""
    region: float = 6.0
    """Weight of what is covered wrongly or not covered, by how far inside or outside it lies."""
    pose_prior: float = 0.004
    """Weight of |z|^2, per number of the articulation code, in standard deviations."""
    pose_stay: float = 0.004
    """Weight of leaving the student's articulation code."""
    shape_prior: float = 0.002
    """Weight of |z|^2 of the proportions."""
    shape_stay: float = 0.002
    turn_stay: float = 0.2
    """Weight of leaving the student's root rotation, per radian squared."""
    joint_stay: float = 0.05
    """Weight of joint rotations that no code expresses, per radian squared; 0 allows none."""
    smooth: float = 0.05
    """Weight of changes of the correction from frame to frame, at 30 frames a second."""
    tries_turned: bool = False
    """Also start the whole clip facing the other way; what scores better stays."""
    turned_logit: float = 0.03
    """IoU that a factor e in the student's probability of a heading is worth."""


def refine_results(
    model: CategoryModel,
    results: Sequence[FrameResult],
    config: RefineConfig | None = None,
    progress: Progress = lambda done, total: None,
    should_stop: Callable[[], bool] = lambda: False,
) -> list[FrameResult]:
    """Fit root poses, proportions and articulation of a clip to its masks.

    Proportions are one per clip, the rest one per frame. Scale lies in the depth: one camera cannot
    tell a small body from a distant one. No frame gets worse by its own score; frames without a
    mask or a subject come back as they are. What lies beyond the picture's border costs nothing.

    Args:
        model: The model that made the results.
        results: A clip's frames in order, with their masks.
        config: Steps and weights.
        progress: Told after each window of frames.
        should_stop: Asked between steps; the frames not yet done then stay as they were.

    Raises:
        ImportError: `config.backend` is not installed.
    """
    from core.refine_torch import refine_clip

    return refine_clip(model, results, config or RefineConfig(), progress, should_stop)
