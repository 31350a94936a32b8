"""Smoothing with a look at the future: for recorded video, at the price of a stated delay.

    lookahead = Lookahead(model, frames=6)
    for result in results:
        for smooth in lookahead.push(result):      # comes `frames` later
            ...
    for smooth in lookahead.finish():
        ...

Each pose becomes a weighted mean over the window around it. A frame turned far away from the
window's consensus (a flip) counts for nothing, so up to half a window of flipped frames is set
right. Where the model brings a temporal encoder, that settles the pose instead. Proportions and
colours, which do not change within a clip, are averaged over everything seen so far.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float

from core.model import CategoryModel
from core.pipeline import root_pose
from core.results import Codes, FrameResult
from core.rotations import geodesic_angle
from core.temporal_encoder import TemporalEncoder
from core.temporal_window import RADIUS

CONSENSUS_RAD = 0.6
"""Frames turned further from the window's consensus hardly count."""
WIDTH_SHARE = 0.4
"""Standard deviation of the window's weights, as a share of the frames looked ahead."""


@dataclass(frozen=True, eq=False)
class _Clip:
    """Running sums of what does not change within a clip."""

    weight: float
    shape: Float[np.ndarray, " shape"]
    appearance: Float[np.ndarray, " appearance"]

    def plus(self, result: FrameResult) -> "_Clip":
        """With one more frame, counted by its confidence."""
        w = result.confidence
        return _Clip(
            self.weight + w,
            self.shape + w * result.codes.shape,
            self.appearance + w * result.codes.appearance,
        )


class Lookahead:
    """Holds a window of results; gives each one smoothed once its future is known."""

    def __init__(self, model: CategoryModel, frames: int) -> None:
        if frames < 0:
            raise ValueError(f"cannot look ahead {frames} frames")
        self._model, self._frames = model, frames
        self._encoder = TemporalEncoder.of(model) if frames else None
        self._past = frames if self._encoder is None else max(frames, RADIUS)
        self._window: deque[FrameResult] = deque()
        self._next = 0
        """Place in the window of the next result to give."""
        appearance = np.zeros(len(model.appearance.components))
        self._clip = _Clip(0.0, np.zeros(model.shape_count), appearance)

    def push(self, result: FrameResult) -> Iterator[FrameResult]:
        """Take the next result; give those whose future is complete."""
        self._window.append(result)
        if result.is_covered:
            self._clip = self._clip.plus(result)
        while self._next + self._frames < len(self._window):
            yield self._give()

    def finish(self) -> Iterator[FrameResult]:
        """Give the rest, with what future there is."""
        while self._next < len(self._window):
            yield self._give()

    def _give(self) -> FrameResult:
        centre = self._window[self._next]
        smooth = self._smoothed(centre) if centre.is_covered and self._frames else centre
        self._next += 1
        if self._next > self._past:
            self._window.popleft()
            self._next -= 1
        return smooth

    def _smoothed(self, centre: FrameResult) -> FrameResult:
        if self._encoder is not None and centre.hypotheses is not None:
            smooth = self._encoder.refined_at(self._window, self._next, self._frames)
            codes = replace(smooth.codes, **self._lasting())
            return replace(smooth, codes=codes)
        near = [r for r in self._window if r.is_covered]
        offset = np.array([r.frame_index - centre.frame_index for r in near], float)
        width = max(WIDTH_SHARE * self._frames, 1e-6)
        weight = np.exp(-0.5 * (offset / width) ** 2) * [r.confidence + 1e-3 for r in near]
        weight[np.abs(offset) > self._frames] = 0.0
        rotations = np.stack([r.root_to_cam[:3, :3] for r in near])
        weight = weight * consensus(rotations, weight)
        weight /= weight.sum()
        places = np.stack([place_of(r.root_to_cam, self._model.centre) for r in near])
        codes = self._codes(near, weight)
        return replace(
            centre,
            root_to_cam=root_pose(
                mean_rotation(rotations, weight), weight @ places, self._model.centre
            ),
            codes=codes,
            joint_rotations=self._model.joint_rotations(codes.articulation),
        )

    def _codes(self, near: list[FrameResult], weight: np.ndarray) -> Codes:
        articulation = weight @ np.stack([r.codes.articulation for r in near])
        return Codes(articulation, **self._lasting())

    def _lasting(self) -> dict[str, np.ndarray]:
        """Proportions and colours over everything seen so far."""
        total = max(self._clip.weight, 1e-9)
        return {"shape": self._clip.shape / total, "appearance": self._clip.appearance / total}


def consensus(
    rotations: Float[np.ndarray, "frames 3 3"], weight: Float[np.ndarray, " frames"]
) -> Float[np.ndarray, " frames"]:
    """How well each frame agrees with the rotation that most of the window agrees with, 0..1."""
    count = len(rotations)
    pairs = np.broadcast_to(rotations, (count, count, 3, 3))
    angle = geodesic_angle(np.swapaxes(pairs, 0, 1).copy(), pairs.copy())
    middle = int(np.argmin(np.minimum(angle, 1.0) @ weight))
    return np.exp(-((angle[middle] / CONSENSUS_RAD) ** 2))


def mean_rotation(
    rotations: Float[np.ndarray, "frames 3 3"], weight: Float[np.ndarray, " frames"]
) -> Float[np.ndarray, "3 3"]:
    """Weighted chordal mean (Hartley et al., "Rotation averaging", IJCV 2013)."""
    u, _, vt = np.linalg.svd(np.einsum("f,fij->ij", weight, rotations))
    return u @ np.diag([1.0, 1.0, np.linalg.det(u @ vt)]) @ vt


def place_of(
    root_to_cam: Float[np.ndarray, "4 4"], centre: Float[np.ndarray, " 3"]
) -> Float[np.ndarray, " 3"]:
    """log depth, x / z, y / z of the body's centre; the inverse of `core.pipeline.root_pose`."""
    x, y, z = root_to_cam[:3, :3] @ centre + root_to_cam[:3, 3]
    return np.array([np.log(z), x / z, y / z])
