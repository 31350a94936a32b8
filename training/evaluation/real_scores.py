"""Scores on the annotated key frames of real clips.

scores = score_real(predicted_bodies(model, results), clip, keypoint_map(model.rig, category))
scores.iou, scores.pck, scores.flips
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

from training.evaluation.annotations import KeyFrame, RealClip
from training.evaluation.bodies import Bodies
from training.evaluation.heading import is_flipped
from training.evaluation.keypoint_map import KeypointMap
from training.metrics.keypoints import keypoint_hits, transfer_keypoints
from training.metrics.silhouette import boundary_f, silhouette_iou
from training.rasterize import rasterize

Keypoints = dict[str, Float[np.ndarray, " 2"]]


@dataclass(frozen=True)
class RealFrameScores:
    """One key frame."""

    index: int
    is_covered: bool
    iou: float
    boundary_f: float
    hits: dict[str, bool]
    """Per annotated keypoint that the rig has: within 0.2 sqrt(mask area)."""
    is_flipped: bool | None
    """Facing backwards; None if the annotations cannot tell or nothing was found."""


@dataclass(frozen=True)
class RealScores:
    """A clip, or several together. Frames where nothing was found count as 0, hits as misses."""

    frames: tuple[RealFrameScores, ...]
    transfer: float | None
    """Keypoint transfer accuracy between all pairs of key frames, 0..1."""
    transfer_count: int

    @property
    def iou(self) -> float:
        return float(np.mean([frame.iou for frame in self.frames]))

    @property
    def boundary_f(self) -> float:
        return float(np.mean([frame.boundary_f for frame in self.frames]))

    @property
    def pck(self) -> float | None:
        """Share of all keypoints of all frames that were hit."""
        hits = [hit for frame in self.frames for hit in frame.hits.values()]
        return float(np.mean(hits)) if hits else None

    @property
    def flips(self) -> int:
        return sum(frame.is_flipped is True for frame in self.frames)

    @property
    def undecided(self) -> int:
        """Frames in which nobody can say whether the body is turned about."""
        return sum(frame.is_flipped is None for frame in self.frames)

    @property
    def covered_share(self) -> float:
        return float(np.mean([frame.is_covered for frame in self.frames]))

    def facts(self) -> dict:
        """As JSON values."""
        return {
            "frames": len(self.frames),
            "covered_share": self.covered_share,
            "iou": self.iou,
            "boundary_f": self.boundary_f,
            "pck": self.pck,
            "transfer": self.transfer,
            "flips": self.flips,
            "undecided": self.undecided,
            "per_frame": [vars(frame) for frame in self.frames],
        }


def score_real(bodies: Bodies, clip: RealClip, places: KeypointMap) -> RealScores:
    """Score one body per key frame of a clip.

    Raises:
        ValueError: There is another number of bodies than key frames.
    """
    if bodies.frame_count != len(clip.key_frames):
        raise ValueError(f"{bodies.frame_count} bodies, {len(clip.key_frames)} key frames")
    frames = tuple(
        _score_frame(bodies, position, key, places) for position, key in enumerate(clip.key_frames)
    )
    hits = _transfer_hits(bodies, clip.key_frames)
    return RealScores(frames, float(np.mean(hits)) if len(hits) else None, len(hits))


def _score_frame(
    bodies: Bodies, position: int, key: KeyFrame, places: KeypointMap
) -> RealFrameScores:
    silhouette, truth = bodies.silhouette(position), key.mask > 0
    seen = project_keypoints(bodies, position, places)
    known = {name: np.array(key.keypoints[name]) for name in key.keypoints if name in seen}
    is_covered = bool(bodies.is_covered[position])
    return RealFrameScores(
        index=key.index,
        is_covered=is_covered,
        iou=silhouette_iou(silhouette, truth),
        boundary_f=boundary_f(silhouette, truth),
        hits=_hits(seen, known, key.area_px, is_covered),
        is_flipped=is_flipped(seen, known, np.sqrt(key.area_px)) if is_covered else None,
    )


def project_keypoints(bodies: Bodies, position: int, places: KeypointMap) -> Keypoints:
    """Where the body's keypoints are seen, in pixels; those behind the camera are left out."""
    joints = bodies.joints
    assert joints is not None
    points = places.positions(bodies.vertices[position], joints[position])
    return {name: bodies.camera.project(point) for name, point in points.items() if point[2] > 1e-6}


def _hits(seen: Keypoints, known: Keypoints, area_px: float, is_covered: bool) -> dict[str, bool]:
    if not known:
        return {}
    if not is_covered:
        return dict.fromkeys(known, False)
    names = list(known)
    ours, theirs = np.stack([seen[n] for n in names]), np.stack([known[n] for n in names])
    hits = keypoint_hits(ours, theirs, area_px)
    return dict(zip(names, hits.tolist(), strict=True))


def _transfer_hits(bodies: Bodies, keys: tuple[KeyFrame, ...]) -> Bool[np.ndarray, " pairs"]:
    """Every keypoint seen in two key frames, carried from each to the other."""
    drawn = [rasterize(vertices, bodies.faces, bodies.camera) for vertices in bodies.vertices]
    hits: list[np.ndarray] = []
    for i, source in enumerate(keys):
        for j, target in enumerate(keys):
            names = sorted(source.keypoints.keys() & target.keypoints.keys())
            if i == j or not names:
                continue
            if not (bodies.is_covered[i] and bodies.is_covered[j] and drawn[i].silhouette.any()):
                hits.append(np.zeros(len(names), bool))
                continue
            from_px = np.array([source.keypoints[name] for name in names])
            to_px = np.array([target.keypoints[name] for name in names])
            vertices_px = bodies.camera.project(bodies.vertices[j].astype(np.float64))
            carried = transfer_keypoints(from_px, drawn[i], bodies.faces, vertices_px)
            hits.append(keypoint_hits(carried, to_px, target.area_px))
    return np.concatenate(hits) if hits else np.zeros(0, bool)
