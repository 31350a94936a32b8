"""Refinement of a clip, window by window; core/refine.py is its front door.

First the proportions are fitted, on frames spread over the clip; then windows of neighbouring
frames, one after the other, each going on smoothly from the one before.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from time import perf_counter

import numpy as np
from jaxtyping import Float

from core.body_state_torch import BodyState, Past
from core.fit_item import FitItem
from core.fit_score import FitPrior, fit_score
from core.fit_target import FitTarget
from core.model import CategoryModel
from core.refine import Progress, RefineConfig
from core.results import FrameResult
from core.rotations import geodesic_angle
from core.window_fit_torch import GAP_S, Fit, WindowFit

HALF_TURN = np.diag([-1.0, 1.0, -1.0])
"""About the rig's vertical axis."""
NEAR_RAD = np.pi / 2
"""Hypotheses within this angle speak for a heading."""
ShouldStop = Callable[[], bool]


@dataclass(frozen=True, eq=False)
class _Fitted:
    """A frame that can be fitted, and where that starts."""

    position: int
    start: FrameResult
    target: FitTarget


class ClipRefinement:
    """One way to refine clips of one model."""

    def __init__(self, model: CategoryModel, config: RefineConfig, should_stop: ShouldStop) -> None:
        self.model, self.config, self.should_stop = model, config, should_stop
        self.fitter = WindowFit(model, config)
        self.prior = FitPrior(
            config.pose_prior, config.shape_prior, config.points, config.point_depth
        )

    def run(self, clip: Sequence[FitItem], progress: Progress) -> list[FrameResult]:
        """Refine a clip's frames, in order; see `core.refine.refine_results`."""
        refined = [item.start for item in clip]
        items = [
            _Fitted(position, item.start, item.target)
            for position, item in enumerate(clip)
            if item.target is not None
        ]
        if not items or self.should_stop():
            return refined
        known = np.mean([item.start.codes.shape for item in items], axis=0)
        shape = self.model.shape.padded(known)
        if self.config.tries_turned:
            items = self._settled(items, shape)
        is_long = len(items) > self.config.window
        if is_long:
            spread = _spread(items, self.config.window)
            shape = self._fit(spread, self._state(spread, shape)).bodies.shape.numpy()
        past: Past | None = None
        for first in range(0, len(items), self.config.window):
            if self.should_stop():
                break
            window = items[first : first + self.config.window]
            state = self._state(window, shape, past)
            for item, result in zip(window, self._window(window, state, is_long), strict=True):
                refined[item.position] = self._better(clip[item.position].start, result, item)
            past = state.as_past(self.config.blend_s)
            progress(window[-1].position + 1, len(clip))
        return refined

    def _window(
        self, items: Sequence[_Fitted], state: BodyState, knows_shape: bool
    ) -> list[FrameResult]:
        began_s = perf_counter()
        fit = self._fit(items, state, fits_shape=not knows_shape)
        spent = {"refine": 1000 * (perf_counter() - began_s) / len(items)}
        fitted = [
            fit.bodies.result(frame, item.start, self.model.centre)
            for frame, item in enumerate(items)
        ]
        return [replace(result, stage_ms=result.stage_ms | spent) for result in fitted]

    def _state(
        self, items: Sequence[_Fitted], shape: Float[np.ndarray, " shape"], past: Past | None = None
    ) -> BodyState:
        starts = [item.start for item in items]
        if past is not None and starts[0].time_s - past.times_s[-1] >= GAP_S:
            past = None
        return BodyState.of(self.model, starts, shape, self.config.blend_s, past)

    def _fit(self, items: Sequence[_Fitted], state: BodyState, fits_shape: bool = True) -> Fit:
        starts, targets = [item.start for item in items], [item.target for item in items]
        return self.fitter.run(state, starts, targets, fits_shape, self.should_stop)

    def _better(self, raw: FrameResult, fitted: FrameResult, item: _Fitted) -> FrameResult:
        was = fit_score(self.model, raw, item.target, self.prior)
        now = fit_score(self.model, fitted, item.target, self.prior)
        return fitted if now > was else raw

    def _settled(self, items: list[_Fitted], shape: np.ndarray) -> list[_Fitted]:
        """The items as they are or all turned about, whichever fits and was believed more."""
        turned = [replace(item, start=_turned(item.start, self.model.centre)) for item in items]
        scores = []
        for way in (items, turned):
            spread = _spread(way, self.config.window)
            belief = np.mean([_log_belief(item) for item in spread])
            fit = self._fit(spread, self._state(spread, shape))
            scores.append(fit.score.mean() + self.config.turned_logit * belief)
        return turned if scores[1] > scores[0] else items


def _spread(items: Sequence[_Fitted], count: int) -> list[_Fitted]:
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


def _log_belief(item: _Fitted) -> float:
    """Log of the student's probability that the subject faces this way."""
    hypotheses = item.start.hypotheses
    if hypotheses is None:
        return 0.0
    angle = geodesic_angle(hypotheses.root_to_cam[:, :3, :3], item.start.root_to_cam[:3, :3])
    return float(np.log(hypotheses.probabilities[angle < NEAR_RAD].sum() + 0.02))
