"""All scores of bodies against the truth of a clip.

scores = score_against_truth(predicted, clip, "scale_centroid")
scores.chamfer_percent
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from training.clip import Clip
from training.evaluation.bodies import Bodies, true_bodies
from training.metrics.align import AlignmentName, align
from training.metrics.depth import keytr_depth, median_scaled_depth
from training.metrics.motion import covered_share, jitter_ratio
from training.metrics.pose import mpjpe, pa_mpjpe, rotation_angles_rad
from training.metrics.silhouette import boundary_f, silhouette_iou
from training.metrics.similarity import Similarity
from training.metrics.surface import SAMPLES, surface_distances, vertex_error
from training.metrics.triangle_mesh import TriangleMesh
from training.rasterize import rasterize

THRESHOLDS_PERCENT = (1, 2, 5, 10)
THRESHOLDS_CM = (2, 5, 10)


@dataclass(frozen=True)
class TruthScores:
    """Scores of one clip. Percent: of the body's length. None: does not apply."""

    alignment: str
    frames: int
    covered_share: float
    chamfer_percent: float | None
    """Both directed means added, point to surface."""
    f_scores: dict[str, float]
    """F at 1, 2, 5, 10 % of the body's length, 0..1."""
    iou: float
    """Mean over all frames; 0 where nothing was found."""
    boundary_f: float
    vertex_error_percent: float | None
    """Only for the truth's own topology."""
    root_rotation_median_deg: float | None
    root_beyond_90_share: float | None
    mpjpe_percent: float | None
    """Over joints of the same name, after the alignment."""
    pa_mpjpe_percent: float | None
    jitter_ratio: float | None
    """Acceleration of joints (vertices without common joints) by the truth's, in camera space
    after one scale: steadiness of place counts."""
    pose_jitter_ratio: float | None
    """The same with each frame's centroid taken out: steadiness of pose alone."""
    chamfer_cm: float | None = None
    f_scores_cm: dict[str, float] | None = None
    depth_rmse_percent: float | None = None
    """DASR table 3, median scale per frame."""
    depth_relative_accuracy: tuple[float, float, float] | None = None
    depth_absolute_accuracy: tuple[float, float, float] | None = None
    """Within 1, 2, 5 % of the body's length."""
    depth_keytr_percent: tuple[float, float, float] | None = None
    """Raw, one scale per frame, one scale per sequence."""


@dataclass(frozen=True, eq=False)
class _Case:
    """What is compared, over the covered frames only."""

    ours: Bodies
    theirs: Bodies
    clip: Clip
    length: float
    covered: np.ndarray
    moves: dict[int, Similarity]
    samples: int

    def aligned(self, frame: int) -> TriangleMesh:
        mesh = self.ours.meshes[frame]
        return mesh.moved(self.moves[frame].apply(mesh.vertices.astype(np.float64)))


def score_against_truth(
    predicted: Bodies,
    clip: Clip,
    alignment: AlignmentName = "scale_centroid",
    stride: int = 1,
    with_depth: bool = False,
    samples: int = SAMPLES,
) -> TruthScores:
    """Score a prediction of every frame of a clip.

    Args:
        predicted: One body per frame of the clip.
        clip: A clip with truth.
        alignment: What is forgiven before surfaces and joints are compared.
        stride: Surfaces, silhouettes and depth only in every stride-th frame; poses in all.
        with_depth: Also draw depth maps and compare them.
        samples: Points taken from each surface.

    Raises:
        ValueError: The prediction has another number of frames than the clip.
    """
    truth = true_bodies(clip)
    assert clip.truth is not None
    if predicted.frame_count != truth.frame_count:
        raise ValueError(f"{predicted.frame_count} bodies, clip has {truth.frame_count} frames")
    covered = np.flatnonzero(predicted.is_covered)
    moves = align(
        alignment, [predicted.meshes[f] for f in covered], [truth.meshes[f] for f in covered]
    )
    by_frame = dict(zip(covered.tolist(), moves, strict=True))
    case = _Case(predicted, truth, clip, clip.truth.body_length, covered, by_frame, samples)
    frames = range(0, truth.frame_count, stride)
    shapes = [(predicted.silhouette(frame), truth.silhouette(frame)) for frame in frames]
    return TruthScores(
        alignment=alignment,
        frames=truth.frame_count,
        covered_share=covered_share(predicted.is_covered),
        iou=float(np.mean([silhouette_iou(*pair) for pair in shapes])),
        boundary_f=float(np.mean([boundary_f(*pair) for pair in shapes])),
        **_surface_scores(case, [f for f in frames if predicted.is_covered[f]]),
        **_root_scores(case),
        **_joint_scores(case),
        **_jitter_scores(case),
        **(_depth_scores(case, list(frames)) if with_depth else {}),
    )


def _surface_scores(case: _Case, frames: list[int]) -> dict:
    if not frames:
        return {"chamfer_percent": None, "f_scores": {}, "vertex_error_percent": None}
    distances = [
        surface_distances(case.aligned(f), case.theirs.meshes[f], case.samples) for f in frames
    ]
    chamfer = float(np.mean([one.chamfer for one in distances]))

    def mean_f(threshold: float) -> float:
        return float(np.mean([one.f_score(threshold) for one in distances]))

    scores: dict = {
        "chamfer_percent": 100 * chamfer / case.length,
        "f_scores": {f"{t}%": mean_f(t / 100 * case.length) for t in THRESHOLDS_PERCENT},
        "vertex_error_percent": None,
    }
    if np.array_equal(case.ours.faces, case.theirs.faces):
        errors = [vertex_error(case.aligned(f).vertices, case.theirs.vertices[f]) for f in frames]
        scores["vertex_error_percent"] = 100 * float(np.mean(errors)) / case.length
    metres = case.clip.metres_per_unit
    if metres is not None:
        scores["chamfer_cm"] = 100 * metres * chamfer
        scores["f_scores_cm"] = {f"{t}cm": mean_f(t / 100 / metres) for t in THRESHOLDS_CM}
    return scores


def _root_scores(case: _Case) -> dict:
    ours, theirs = case.ours.root_to_cam, case.theirs.root_to_cam
    if ours is None or theirs is None or len(case.covered) == 0:
        return {"root_rotation_median_deg": None, "root_beyond_90_share": None}
    angles = rotation_angles_rad(ours[case.covered, :3, :3], theirs[case.covered, :3, :3])
    return {
        "root_rotation_median_deg": float(np.rad2deg(np.median(angles))),
        "root_beyond_90_share": float((angles > np.pi / 2).mean()),
    }


def _joint_scores(case: _Case) -> dict:
    shared = _shared_joints(case)
    if shared is None or len(case.covered) == 0:
        return {"mpjpe_percent": None, "pa_mpjpe_percent": None}
    ours, theirs = shared[0][case.covered], shared[1][case.covered]
    aligned = np.stack(
        [case.moves[f].apply(joints) for f, joints in zip(case.covered, ours, strict=True)]
    )
    return {
        "mpjpe_percent": 100 * mpjpe(aligned, theirs) / case.length,
        "pa_mpjpe_percent": 100 * pa_mpjpe(ours, theirs) / case.length,
    }


def _jitter_scores(case: _Case) -> dict:
    """Of joints of the same name, else of vertices of the same topology, else none."""
    points = _shared_joints(case)
    if points is None and np.array_equal(case.ours.faces, case.theirs.faces):
        points = case.ours.vertices.astype(np.float64), case.theirs.vertices.astype(np.float64)
    if points is None or len(case.covered) == 0:
        return {"jitter_ratio": None, "pose_jitter_ratio": None}
    ours, theirs = points
    size = np.mean(
        [case.theirs.meshes[f].spread / case.ours.meshes[f].spread for f in case.covered]
    )
    ours = float(size) * ours
    in_place = jitter_ratio(ours, theirs, case.ours.is_covered)
    centred = [set_ - set_.mean(1, keepdims=True) for set_ in (ours, theirs)]
    in_pose = jitter_ratio(centred[0], centred[1], case.ours.is_covered)
    return {"jitter_ratio": _number(in_place), "pose_jitter_ratio": _number(in_pose)}


def _shared_joints(
    case: _Case,
) -> tuple[Float[np.ndarray, "frames joints 3"], Float[np.ndarray, "frames joints 3"]] | None:
    """Joints of the same name on both bodies; None if there are fewer than three."""
    ours, theirs = case.ours.joints, case.theirs.joints
    place = {name: index for index, name in enumerate(case.theirs.joint_names)}
    pairs = [(i, place[name]) for i, name in enumerate(case.ours.joint_names) if name in place]
    if ours is None or theirs is None or len(pairs) < 3:
        return None
    mine, other = (list(side) for side in zip(*pairs, strict=True))
    return ours[:, mine].astype(np.float64), theirs[:, other].astype(np.float64)


def _depth_scores(case: _Case, frames: list[int]) -> dict:
    def maps(bodies: Bodies) -> np.ndarray:
        drawn = [rasterize(bodies.vertices[f], bodies.faces, bodies.camera).depth for f in frames]
        shown = bodies.is_covered[frames][:, None, None]
        return np.where(shown, np.stack(drawn), 0).astype(np.float64) / case.length

    ours, theirs = maps(case.ours), maps(case.theirs)
    scaled, keytr = median_scaled_depth(ours, theirs), keytr_depth(ours, theirs)
    if not np.isfinite(scaled.rmse):
        return {}
    errors = (keytr.raw, keytr.scaled_per_frame, keytr.scaled_per_sequence)
    return {
        "depth_rmse_percent": 100 * scaled.rmse,
        "depth_relative_accuracy": scaled.relative_accuracy,
        "depth_absolute_accuracy": scaled.absolute_accuracy,
        "depth_keytr_percent": tuple(100 * error for error in errors),
    }


def _number(value: float) -> float | None:
    return value if np.isfinite(value) else None
