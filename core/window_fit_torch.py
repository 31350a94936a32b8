"""Fits the bodies of a window of frames to their masks by gradient.

    fit = WindowFit(model, config).run(state, results, targets)
    fit.bodies, fit.score

The best step is kept for the window as a whole, so that its frames go together; which frames are
really better than their start is for the caller to ask.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from core.adam_torch import Adam
from core.body_state_torch import Bodies, BodyState
from core.body_torch import BodyTorch
from core.coverage import Drawn
from core.fit_target import FitTarget
from core.model import CategoryModel
from core.outline_pull_torch import outline_distance
from core.point_pull_torch import PointPull
from core.refine import RefineConfig
from core.results import FrameResult
from core.silhouette_torch import draw_points, make_silhouettes

RATES = {"turn": 0.02, "move": 0.015, "code": 0.08, "bend": 0.02, "shape": 0.08}
"""Adam's step sizes, in the units of `BodyState`."""
LEAST_DEPTH = 1e-2
GAP_S = 0.7
"""Frames further apart do not smooth each other."""


@dataclass(frozen=True, eq=False)
class Fit:
    """The best step of a window."""

    bodies: Bodies
    score: Float[np.ndarray, " frames"]
    """IoU less the whole regulariser and the distance from the student's points."""


class _Views:
    """Constants of a window: cameras and targets as tensors."""

    def __init__(self, results: Sequence[FrameResult], targets: Sequence[FitTarget]) -> None:
        K = np.stack([result.K for result in results])
        scale = np.array([target.scale for target in targets])[:, None]
        shift = np.stack([target.shift_px for target in targets])
        self.focal = _tensor(K[:, [0, 1], [0, 1]] * scale)[:, None]
        self.middle = _tensor(K[:, :2, 2] * scale + shift)[:, None]
        cost = [target.distance / target.mask.sum() for target in targets]
        self.pixel_cost = _tensor(np.stack(cost))
        # The cost of a perfect silhouette, so that the loss falls to 0.
        least = [np.minimum(one, 0).sum() for one in cost]
        self.least_cost = _tensor(np.array(least))

    def project(self, vertices: Float[Tensor, "frames verts 3"]) -> Float[Tensor, "frames verts 3"]:
        """To pixels of the small pictures, with depth."""
        depth = vertices[..., 2:].clamp_min(LEAST_DEPTH)
        return torch.cat([vertices[..., :2] / depth * self.focal + self.middle, depth], -1)


class WindowFit:
    """A way to fit windows of one model's frames."""

    def __init__(self, model: CategoryModel, config: RefineConfig) -> None:
        self.config, self.faces = config, model.rig.faces
        self.points = model.point_vertices
        self.body = BodyTorch.of(model)
        self.silhouettes = make_silhouettes(config.backend, model.rig.faces, config.size_px)

    def run(
        self,
        state: BodyState,
        results: Sequence[FrameResult],
        targets: Sequence[FitTarget],
        fits_shape: bool = True,
        should_stop: Callable[[], bool] = lambda: False,
    ) -> Fit:
        """Take gradient steps; `state` changes on the way.

        Args:
            state: The start.
            results: The frames.
            targets: What their masks ask.
            fits_shape: Whether the proportions may change.
            should_stop: Asked before each step.
        """
        config, views = self.config, _Views(results, targets)
        pull = PointPull.of(self.points, results, config.points, config.point_depth)
        adam = _adam(state, config, fits_shape)
        best, best_step = None, 0
        for step in range(config.steps + 1):
            bodies = state.bodies(self.body)
            points = views.project(bodies.vertices)
            drawn = draw_points(points, self.faces, config.size_px)
            held = self._regulariser(state)
            if pull is not None:
                held = held + pull(bodies.vertices, bodies.place)
            score = _score(drawn, targets, held)
            if best is None or score.mean() > best.score.mean():
                best, best_step = Fit(bodies.detached(), score), step
            if step == config.steps or step - best_step > config.patience or should_stop():
                break
            loss = self._misfit(points, drawn, targets, views).sum() + held.sum()
            loss = loss + self._roughness(state)
            loss.backward()
            adam.step(_fade(step / config.steps))
        assert best is not None
        return best

    def _misfit(
        self, points: Tensor, drawn: Drawn, targets: Sequence[FitTarget], views: _Views
    ) -> Float[Tensor, " frames"]:
        coverage = self.silhouettes(points, drawn)
        region = (coverage * views.pixel_cost).sum((1, 2)) - views.least_cost
        outline = outline_distance(points, drawn, targets)
        return self.config.region * region + self.config.outline * outline

    def _regulariser(self, state: BodyState) -> Float[Tensor, " frames"]:
        config, change = self.config, state.changes()
        pose = config.pose_prior * (state.start_sigmas + change.code).square().sum(1)
        stay = config.pose_stay * change.code.square().sum(1)
        turn = config.turn_stay * change.turn.square().sum(1)
        bend = config.joint_stay * change.bend.square().sum((1, 2))
        shape = config.shape_prior * state.shape.square().sum()
        shape_stay = config.shape_stay * (state.shape - state.start_shape).square().sum()
        return pose + stay + turn + bend + shape + shape_stay

    def _roughness(self, state: BodyState) -> Float[Tensor, ""]:
        """Corrections are a random walk: the longer between frames, the more they may differ."""
        changes, times_s = state.changes().weighed(), state.times_s
        if state.past is not None:
            changes = torch.cat([state.past.last[None], changes])
            times_s = np.concatenate([state.past.times_s[-1:], times_s])
        passed = np.diff(times_s)
        weight = np.where((passed > 0) & (passed < GAP_S), 1 / (30 * np.maximum(passed, 1e-3)), 0.0)
        steps = (changes[1:] - changes[:-1]).square().sum(1)
        return self.config.smooth * (_tensor(weight) * steps).sum()


def _score(
    drawn: Drawn, targets: Sequence[FitTarget], held: Float[Tensor, " frames"]
) -> Float[np.ndarray, " frames"]:
    covered = drawn.is_covered
    iou = [target.iou(covered[frame]) for frame, target in enumerate(targets)]
    return np.array(iou) - held.detach().double().numpy()


def _adam(state: BodyState, config: RefineConfig, fits_shape: bool) -> Adam:
    learned = state.learned._asdict()
    if config.joint_stay <= 0:
        del learned["bend"]
    if fits_shape and len(state.shape):
        learned["shape"] = state.shape
    return Adam(list(learned.values()), [RATES[name] for name in learned])


def _fade(share: float) -> float:
    """Cosine from 1 to 0.05."""
    return 0.05 + 0.475 * (1 + float(np.cos(np.pi * share)))


def _tensor(values: np.ndarray) -> Tensor:
    return torch.from_numpy(np.array(values, dtype=np.float32))
