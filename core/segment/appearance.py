"""What the subject looks like, learned from the clip itself, pixel by pixel.

Ridge regression on random ReLU features of colour and place. Colour histograms cannot know that
brown is dog above and floor below; this can. It costs two matrix products a frame, and its
normal equations can be averaged over time, so that it learns on without forgetting its start.

Source: Rahimi & Recht, "Weighted Sums of Random Kitchen Sinks", NIPS 2008.
"""

from dataclasses import dataclass, replace

import cv2
import numpy as np
from jaxtyping import Bool, Float32, UInt8

from core.segment.subject_view import SubjectView

FEATURES = 128
_RECENT_RATE = 0.15
"""Share of the newest frame in the running average."""
_ROWS_AT_ONCE = 2048
"""Features of so many pixels stay in the processor's cache."""
_PLACE_WEIGHT = 3.0


@dataclass(frozen=True)
class LearnOptions:
    """How carefully to learn."""

    samples: int = 1200
    """Pixels looked at, half of them of the subject."""
    ridge: float = 1e-3
    """Pull of the answer to 0, as a share of the features' mean square."""


QUICK = LearnOptions()
"""For each frame."""
CAREFUL = LearnOptions(samples=4000, ridge=1e-2)
"""For labels that are partly wrong."""

Features = Float32[np.ndarray, "pixels inputs"]
Moments = tuple[Float32[np.ndarray, "features features"], Float32[np.ndarray, " features"]]


def colour_and_place(
    rgb: UInt8[np.ndarray, "h w 3"], view: SubjectView
) -> Float32[np.ndarray, "pixels 5"]:
    """Lab, and the place relative to the view's middle in box sides; about -2..4 each."""
    height, width = rgb.shape[:2]
    inputs = np.empty((height, width, 5), np.float32)
    inputs[..., :3] = cv2.cvtColor(rgb, cv2.COLOR_RGB2Lab)
    inputs[..., :3] *= np.float32([1 / 64, 1 / 32, 1 / 32])
    step = _PLACE_WEIGHT / view.length
    inputs[..., 3] = (np.arange(width) - (width - 1) / 2) * step
    inputs[..., 4] = ((np.arange(height) - (height - 1) / 2) * step)[:, None]
    return inputs.reshape(-1, 5)


@dataclass(frozen=True, eq=False)
class Appearance:
    """A pixel classifier: above 0 is subject."""

    weights: Float32[np.ndarray, "inputs features"]
    offsets: Float32[np.ndarray, " features"]
    start: Moments
    """Normal equations of the frame that was prompted."""
    recent: Moments
    """Their running average since."""
    start_share: float
    """How much the start counts for ever: it is what a person has said."""
    answer: Float32[np.ndarray, " features"]

    @classmethod
    def first(
        cls,
        inputs: Features,
        is_subject: Bool[np.ndarray, " pixels"],
        is_inside: Bool[np.ndarray, " pixels"],
        start_share: float,
        options: LearnOptions = QUICK,
    ) -> "Appearance | None":
        """Learn from one frame; None if it shows too little of the subject or around it."""
        random = np.random.default_rng(0)
        chosen = _sample(is_subject, is_inside, options.samples, random)
        if chosen is None:
            return None
        mean, spread = inputs[chosen].mean(0), inputs[chosen].std(0) + 0.05
        weights = random.normal(size=(inputs.shape[1], FEATURES)) * 1.5 / np.sqrt(inputs.shape[1])
        # The last feature is constant: weight 0, offset 1.
        weights[:, -1] = 0
        offsets = random.uniform(-2, 2, FEATURES) - (mean / spread) @ weights
        offsets[-1] = 1
        weights = (weights / spread[:, None]).astype(np.float32)
        offsets = offsets.astype(np.float32)
        moments = _moments(inputs[chosen], is_subject[chosen], weights, offsets)
        return cls(weights, offsets, moments, moments, start_share, _solve(moments, options.ridge))

    def score(self, inputs: Features) -> Float32[np.ndarray, " pixels"]:
        """About +1 for the subject, -1 for the rest, 0 where unsure."""
        scores = np.empty(len(inputs), np.float32)
        for start in range(0, len(inputs), _ROWS_AT_ONCE):
            rows = slice(start, start + _ROWS_AT_ONCE)
            scores[rows] = _features(inputs[rows], self.weights, self.offsets) @ self.answer
        return scores

    def taught(
        self,
        inputs: Features,
        is_subject: Bool[np.ndarray, " pixels"],
        is_inside: Bool[np.ndarray, " pixels"],
        seed: int,
        rate: float = _RECENT_RATE,
    ) -> "Appearance":
        """The classifier after one more frame."""
        chosen = _sample(is_subject, is_inside, QUICK.samples, np.random.default_rng(seed))
        if chosen is None:
            return self
        new = _moments(inputs[chosen], is_subject[chosen], self.weights, self.offsets)
        recent = _mixed(self.recent, new, rate)
        answer = _solve(_mixed(recent, self.start, self.start_share), QUICK.ridge)
        return replace(self, recent=recent, answer=answer)


def _features(
    inputs: Features, weights: Float32[np.ndarray, "inputs features"], offsets: np.ndarray
) -> Float32[np.ndarray, "pixels features"]:
    features = inputs @ weights
    features += offsets
    return np.maximum(features, 0, out=features)


def _sample(
    is_subject: Bool[np.ndarray, " pixels"],
    is_inside: Bool[np.ndarray, " pixels"],
    samples: int,
    random: np.random.Generator,
) -> np.ndarray | None:
    """As many pixels of the subject as of the rest, so that small subjects count."""
    subject = np.flatnonzero(is_subject & is_inside)
    rest = np.flatnonzero(~is_subject & is_inside)
    if min(len(subject), len(rest)) < 20:
        return None
    half = samples // 2
    return np.concatenate(
        [subject[random.integers(0, len(subject), half)], rest[random.integers(0, len(rest), half)]]
    )


def _moments(
    inputs: Features,
    is_subject: Bool[np.ndarray, " pixels"],
    weights: np.ndarray,
    offsets: np.ndarray,
) -> Moments:
    features = _features(inputs, weights, offsets)
    target = np.where(is_subject, np.float32(1), np.float32(-1))
    count = np.float32(len(inputs))
    return features.T @ features / count, target @ features / count


def _mixed(old: Moments, new: Moments, share: float) -> Moments:
    keep, take = np.float32(1 - share), np.float32(share)
    return old[0] * keep + new[0] * take, old[1] * keep + new[1] * take


def _solve(moments: Moments, share: float) -> Float32[np.ndarray, " features"]:
    square, right = moments
    ridge = np.float32(share * np.trace(square) / len(square))
    return np.linalg.solve(square + ridge * np.eye(len(square), dtype=np.float32), right)
