"""Refinement of a clip, window by window; core/refine.py is its front door.

First the proportions are fitted, on frames spread over the clip; then windows of neighbouring
frames, one after the other, each going on smoothly from the one before.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from time import perf_counter

import numpy as np
from jaxtyping import Float

from core.body_state_torch import BodyState
from core.fit_score import FitPrior, fit_score, seen_vertices
from core.fit_target import FitTarget
from core.model import CategoryModel
from core.refine import Progress, RefineConfig
from core.results import FrameResult
from core.rotations import geodesic_angle
from core.window_fit_torch import Before, Fit, WindowFit

HALF_TURN = np.diag([-1.0, 1.0, -1.0])
"""About the rig's vertical axis."""
NEAR_RAD = np.pi / 2
"""Hypotheses within this angle speak for a heading."""
ShouldStop = Callable[[], bool]


@dataclass(frozen=True, eq=False)
class _Item:
    """A frame that can be fitted, and where it starts."""

    position: int
    start: FrameResult
    target: FitTarget


def refine_clip(
    model: CategoryModel,
    results: Sequence[FrameResult],
    config: RefineConfig,
    progress: Progress,
    should_stop: ShouldStop,
) -> list[FrameResult]:
    """See `core.refine.refine_results`."""
    items = _items(model, results, config.size_px)
    return _ClipRefinement(model, config, should_stop).run(results, items, progress)


class _ClipRefinement:
    def __init__(self, model: CategoryModel, config: RefineConfig, should_stop: ShouldStop) -> None:
        self.model, self.config, self.should_stop = model, config, should_stop
        self.fitter = WindowFit(model, config)
        self.prior = FitPrior(config.pose_prior, config.shape_prior)

    def run(
        self, results: Sequence[FrameResult], items: list[_Item], progress: Progress
    ) -> list[FrameResult]:
        refined = list(results)
        if not items or self.should_stop():
            return refined
        shape = np.mean([item.start.codes.shape for item in items], axis=0)
        if self.config.tries_turned:
            items = self._settled(items, shape)
        is_long = len(items) > self.config.window
        if is_long:
            shape = self._fit(_spread(items, self.config.window), shape).bodies.shape.numpy()
        before: Before | None = None
        for first in range(0, len(items), self.config.window):
            if self.should_stop():
                break
            window = items[first : first + self.config.window]
            began_s = perf_counter()
            fit = self._fit(window, shape, before, fits_shape=not is_long)
            spent_ms = 1000 * (perf_counter() - began_s) / len(window)
            for frame, item in enumerate(window):
                raw = results[item.position]
                better = self._better(raw, fit.bodies.result(frame, raw, self.model.centre), item)
                stage_ms = raw.stage_ms | {"refine": spent_ms}
                refined[item.position] = replace(better, stage_ms=stage_ms)
            before = Before(fit.changes[-1], window[-1].start.time_s)
            progress(window[-1].position + 1, len(results))
        return refined

    def _fit(
        self,
        items: Sequence[_Item],
        shape: Float[np.ndarray, " shape"],
        before: Before | None = None,
        fits_shape: bool = True,
    ) -> Fit:
        starts = [item.start for item in items]
        state = BodyState.of(self.model, starts, shape)
        targets = [item.target for item in items]
        return self.fitter.run(state, starts, targets, before, fits_shape, self.should_stop)

    def _better(self, raw: FrameResult, fitted: FrameResult, item: _Item) -> FrameResult:
        was = fit_score(self.model, raw, item.target, self.prior)
        now = fit_score(self.model, fitted, item.target, self.prior)
        return fitted if now > was else raw

    def _settled(self, items: list[_Item], shape: np.ndarray) -> list[_Item]:
        """The items as they are or all turned about, whichever fits and was believed more."""
        turned = [replace(item, start=_turned(item.start, self.model.centre)) for item in items]
        scores = []
        for way in (items, turned):
            spread = _spread(way, self.config.window)
            belief = np.mean([_log_belief(item) for item in spread])
            fit = self._fit(spread, shape)
            scores.append(fit.score.mean() + self.config.turned_logit * belief)
        return turned if scores[1] > scores[0] else items


def _items(model: CategoryModel, results: Sequence[FrameResult], size_px: int) -> list[_Item]:
    """The frames with a subject, a mask, and a body in front of the camera."""
    items = []
    for position, result in enumerate(results):
        seen = seen_vertices(model, result) if result.is_covered else None
        target = FitTarget.of(result, seen, size_px) if seen is not None else None
        if target is not None:
            items.append(_Item(position, result, target))
    return items


def _spread(items: Sequence[_Item], count: int) -> list[_Item]:
    """At most `count` items, evenly over the clip."""
    chosen = np.unique(np.linspace(0, len(items) - 1, min(count, len(items))).astype(int))
    return [items[index] for index in chosen]


def _turned(result: FrameResult, centre: np.ndarray) -> FrameResult:
    """Facing the other way on the same spot."""
    pose = result.root_to_cam.copy()
    place = pose[:3, :3] @ centre + pose[:3, 3]
    pose[:3, :3] = pose[:3, :3] @ HALF_TURN
    pose[:3, 3] = place - pose[:3, :3] @ centre
    return replace(result, root_to_cam=pose)


def _log_belief(item: _Item) -> float:
    """Log of the student's probability that the subject faces this way."""
    hypotheses = item.start.hypotheses
    if hypotheses is None:
        return 0.0
    angle = geodesic_angle(hypotheses.root_to_cam[:, :3, :3], item.start.root_to_cam[:3, :3])
    return float(np.log(hypotheses.probabilities[angle < NEAR_RAD].sum() + 0.02))
