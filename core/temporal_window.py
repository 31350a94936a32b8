"""What a temporal encoder is told: thirteen frames around one, in the words of that one.

    seen = SeenFrames.of(model, results)           # raw results, one after the other
    tokens = window_tokens(seen.window(frame, past=6, future=0))
    pose = corrected(seen.at(frame), correction)

Everything is relative to the anchor, the frame in the middle: turns in the body's own axes, places
in rig units at the anchor's depth, codes as differences. So a window means the same wherever the
body stands and whichever way it faces, and a plain mean over time is a weighted sum of tokens.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import numpy as np
from jaxtyping import Bool, Float

from core.results import FrameResult
from core.rotations import axis_angle_from_matrix, matrix_from_axis_angle

RADIUS = 6
FRAMES = 2 * RADIUS + 1
"""DASR's window (METHODS 1.2)."""
_TIME_UNIT_S = 0.1


@dataclass(frozen=True, eq=False)
class SeenFrames:
    """Raw poses of frames in order; any leading batch."""

    is_seen: Bool[np.ndarray, "*batch frames"]
    """False where nothing was found or nothing is known yet; the rest is meaningless there."""
    time_s: Float[np.ndarray, "*batch frames"]
    rotation: Float[np.ndarray, "*batch frames 3 3"]
    """Rig to camera."""
    place: Float[np.ndarray, "*batch frames 3"]
    """log depth, x / z, y / z of the body's centre."""
    articulation: Float[np.ndarray, "*batch frames articulation"]
    rivals: Float[np.ndarray, "*batch frames hypotheses 3 3"]
    """Rotations of all hypotheses, likeliest first."""
    probabilities: Float[np.ndarray, "*batch frames hypotheses"]
    confidence: Float[np.ndarray, "*batch frames"]

    @classmethod
    def of(
        cls, results: Sequence[FrameResult], centre: Float[np.ndarray, " 3"]
    ) -> "SeenFrames | None":
        """Of results as they come from a pipeline without smoothing.

        Returns:
            None if a covered result brings no hypotheses: a session keeps fewer facts.
        """
        if any(r.is_covered and r.hypotheses is None for r in results):
            return None
        first = next((r.hypotheses for r in results if r.hypotheses is not None), None)
        count = 1 if first is None else len(first.probabilities)
        rivals = np.tile(np.eye(3), (len(results), count, 1, 1))
        probabilities = np.full((len(results), count), 1 / count)
        for index, result in enumerate(results):
            if result.is_covered and result.hypotheses is not None:
                order = np.argsort(-result.hypotheses.probabilities)
                rivals[index] = result.hypotheses.root_to_cam[order, :3, :3]
                probabilities[index] = result.hypotheses.probabilities[order]
        poses = np.stack([r.root_to_cam for r in results])
        return cls(
            np.array([r.is_covered for r in results]),
            np.array([r.time_s for r in results], float),
            poses[:, :3, :3],
            places_of(poses, centre),
            np.stack([r.codes.articulation for r in results]).astype(float),
            rivals,
            probabilities,
            np.array([r.confidence for r in results], float),
        )

    def take(self, index: np.ndarray, is_known: np.ndarray) -> "SeenFrames":
        """Frames by number (of the one leading axis), those not known marked as unseen."""
        clipped = np.clip(index, 0, len(self.time_s) - 1)
        taken = SeenFrames(**{f.name: getattr(self, f.name)[clipped] for f in fields(self)})
        return replace(taken, is_seen=taken.is_seen & is_known & (clipped == index))

    def window(self, frame: int, past: int = RADIUS, future: int = 0) -> "SeenFrames":
        """The window around a frame: what lies further off than `past` or `future` is unseen."""
        offset = np.arange(-RADIUS, RADIUS + 1)
        return self.take(frame + offset, (offset >= -past) & (offset <= future))

    def anchor(self) -> "SeenFrames":
        """The middle frame of windows, with a frames axis of 1."""
        cut = slice(RADIUS, RADIUS + 1)
        axis = self.is_seen.ndim - 1
        picked = (slice(None),) * axis + (cut,)
        return SeenFrames(**{f.name: getattr(self, f.name)[picked] for f in fields(self)})


def token_count(articulation: int, hypotheses: int) -> int:
    """Numbers of one token."""
    return 15 + 2 * articulation + 4 * hypotheses


def correction_count(articulation: int) -> int:
    """Numbers of a correction: turn, place, articulation. Tokens begin with as many differences."""
    return 6 + articulation


def window_tokens(window: SeenFrames) -> Float[np.ndarray, "*batch frames numbers"]:
    """Tokens of windows of thirteen frames; unseen frames are all zeros."""
    anchor = window.anchor()
    from_anchor = np.swapaxes(anchor.rotation, -1, -2)
    turn = axis_angle_from_matrix(from_anchor @ window.rotation)
    to_units = np.exp(anchor.place[..., :1])
    step = window.place - anchor.place
    step = np.concatenate([step[..., :1], step[..., 1:] * to_units], -1)
    rivals = axis_angle_from_matrix(from_anchor[..., None, :, :] @ window.rivals)
    flat = rivals.reshape(*rivals.shape[:-2], -1)
    parts = [
        turn,
        step,
        window.articulation - anchor.articulation,
        window.articulation,
        window.rotation[..., 2, :],  # where the camera looks, in the body's axes
        window.rotation[..., 1, :],  # and where its down is
        flat,
        np.log(window.probabilities + 1e-3) / 3,
        window.confidence[..., None],
        (window.time_s - anchor.time_s)[..., None] / _TIME_UNIT_S,
        window.is_seen[..., None].astype(float),
    ]
    tokens = np.concatenate(parts, -1)
    return np.where(window.is_seen[..., None], tokens, 0.0)


def corrected(
    rotation: Float[np.ndarray, "*batch 3 3"],
    place: Float[np.ndarray, "*batch 3"],
    articulation: Float[np.ndarray, "*batch articulation"],
    correction: Float[np.ndarray, "*batch correction"],
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rotation, place and articulation of an anchor after a network's correction."""
    turned = rotation @ matrix_from_axis_angle(correction[..., :3].astype(float))
    to_units = np.exp(place[..., :1])
    across = place[..., 1:] + correction[..., 4:6] / to_units
    moved = np.concatenate([place[..., :1] + correction[..., 3:4], across], -1)
    return turned, moved, articulation + correction[..., 6:]


def places_of(
    root_to_cam: Float[np.ndarray, "*batch 4 4"], centre: Float[np.ndarray, " 3"]
) -> Float[np.ndarray, "*batch 3"]:
    """log depth, x / z, y / z of the body's centre."""
    point = root_to_cam[..., :3, :3] @ centre + root_to_cam[..., :3, 3]
    depth = np.maximum(point[..., 2:], 1e-3)
    return np.concatenate([np.log(depth), point[..., :2] / depth], -1)
