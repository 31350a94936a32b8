"""Refinement for recorded video: fit bodies to masks by gradient, starting from the pipeline.

    refined = refine_results(model, results)             # FrameResults in, FrameResults out

    refiner = Refiner(model)                             # the same for long clips
    for result in results:
        refiner.add(result)
    refined = refiner.finish()

Torch is imported when this runs, not before: the window and the commands stay light.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from core.fit_item import FitItem
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
    points: float = 1.0
    """Weight of the student's points, where it finds some: mean distance in half crops."""
    point_depth: float = 0.5
    """Weight of their depth."""
    pose_prior: float = 0.004
    """Weight of |z|^2, per number of the articulation code, in standard deviations."""
    pose_stay: float = 0.004
    """Weight of leaving the student's articulation code."""
    shape_prior: float = 0.002
    """Weight of |z|^2 of the proportions."""
    shape_stay: float = 0.002
    turn_stay: float = 0.5
    """Weight of leaving the student's root rotation, per radian squared."""
    joint_stay: float = 0.05
    """Weight of joint rotations that no code expresses, per radian squared; 0 allows none."""
    blend_s: float = 0.1
    """Standard deviation in time over which corrections blend."""
    smooth: float = 0.3
    """Weight of changes of the correction from frame to frame, at 30 frames a second."""
    tries_turned: bool = False
    """Also start the whole clip facing the other way; what scores better stays."""
    turned_logit: float = 0.03
    """IoU that a factor e in the student's probability of a heading is worth."""


class Refiner:
    """Gathers a clip's results as they come, then refines them; holds no full masks."""

    def __init__(self, model: CategoryModel, config: RefineConfig | None = None) -> None:
        self._model, self._config = model, config or RefineConfig()
        self._items: list[FitItem] = []

    def add(self, result: FrameResult) -> None:
        """Take the next frame, with its mask."""
        self._items.append(FitItem.of(self._model, result, self._config.size_px))

    def finish(
        self,
        progress: Progress = lambda done, total: None,
        should_stop: Callable[[], bool] = lambda: False,
    ) -> list[FrameResult]:
        """All frames refined, without their masks; see `refine_results`."""
        from core.refine_torch import ClipRefinement

        refinement = ClipRefinement(self._model, self._config, should_stop)
        return refinement.run(self._items, progress)


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
    refiner = Refiner(model, config)
    for result in results:
        refiner.add(result)
    refined = refiner.finish(progress, should_stop)
    return [replace(new, mask=old.mask) for new, old in zip(refined, results, strict=True)]
