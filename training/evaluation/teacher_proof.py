"""A teacher, and its student, against the truth of clips.

    python -m training.evaluation.teacher_proof TEACHER CLIPS TRUTH [--stride 5]
        [--student MODEL] [--held CLIPS] [--start]

CLIPS is what `prepare` made of the clips in TRUTH (folders of `synthesize` or `teacher_clips`), by
the same names. The teacher has seen frames and masks only; clips in --held it has never seen, and
its student is given frame by frame the picture and the mask. Similarity per sequence: see
training/metrics/align.py. Keypoints are carried from frame to frame over the surface (as on real
key frames), against vertices of the truth that both frames show.
"""

import argparse
import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from core.model import CategoryModel, load_model
from core.progress import Writer
from training.banmo.config import TeacherConfig
from training.banmo.extract import rest_surface
from training.banmo.fit_teacher import TeacherFit
from training.banmo.ray_pool import RayPool
from training.banmo.start import live_results
from training.banmo.teacher import Teacher
from training.banmo.teacher_files import CONFIG, read_start
from training.clip import Clip, read_clip
from training.evaluation.bodies import Bodies, predicted_bodies, true_bodies
from training.evaluation.teacher_bodies import teacher_bodies
from training.evaluation.truth_scores import TruthScores, score_against_truth
from training.metrics.keypoints import keypoint_hits, transfer_keypoints
from training.metrics.triangle_mesh import TriangleMesh
from training.prepare.prepared_clip import PreparedClip, prepared_folders, read_prepared
from training.rasterize import rasterize

KEYPOINTS = 40
"""Vertices of the truth that stand for keypoints."""
PAIRS = 12
Rows = dict[str, dict[str, Any]]


@dataclass(frozen=True, eq=False)
class Case:
    """A prepared clip beside its truth in the same frames and pixels."""

    clip: PreparedClip
    truth: Clip

    @classmethod
    def read(cls, folder: Path, truth: Path) -> "Case":
        """The truth's frames are those that were kept, its camera and masks the kept pictures'."""
        clip = read_prepared(folder)
        known = read_clip(truth / clip.name)
        chosen, scale = clip.frame_index, clip.image_size[0] / known.image_size[0]
        assert known.truth is not None
        parts = {
            name: getattr(known.truth, name)[chosen]
            for name in ("vertices", "joints", "root_to_cam")
        }
        kept = replace(known.truth, **parts, depth=None)
        K = np.diag([scale, scale, 1.0]) @ known.K
        return cls(
            clip, replace(known, truth=kept, masks=clip.alphas, K=K, image_size=clip.image_size)
        )


def main() -> None:
    """Score a fit before its first step, as far as it has come, and its student."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("teacher", type=Path)
    parser.add_argument("clips", type=Path)
    parser.add_argument("truth", type=Path)
    parser.add_argument("--stride", type=int, default=5)
    parser.add_argument("--student", type=Path)
    parser.add_argument("--held", type=Path)
    parser.add_argument("--start", action="store_true", help="also before the first step")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    cases = [Case.read(f, arguments.truth) for f in prepared_folders(arguments.clips)]
    start, _ = read_start(arguments.teacher)
    config = replace(TeacherConfig.read(arguments.teacher / CONFIG), device="cpu")
    fit = TeacherFit(config, start, RayPool.of_clips([case.clip for case in cases], config.seed))
    rows: dict[str, Rows] = {}
    if arguments.start:
        rows["start"] = teacher_rows(fit.teacher, cases, arguments.stride)
    if fit.load(arguments.teacher):
        rows[f"{fit.step} steps"] = teacher_rows(fit.teacher, cases, arguments.stride)
    if arguments.student is not None:
        model = load_model(str(arguments.student))
        rows["student"] = student_rows(model, cases, arguments.stride)
        if arguments.held is not None:
            held = [Case.read(f, arguments.truth) for f in prepared_folders(arguments.held)]
            rows["student, held out"] = student_rows(model, held, arguments.stride)
    Writer().line(json.dumps(rows, indent=1))


def teacher_rows(teacher: Teacher, cases: list[Case], stride: int) -> Rows:
    """Scores of a teacher's frames, by clip, and their mean."""
    rest, rows, first = rest_surface(teacher, 64), {}, 0
    for case in cases:
        bodies = teacher_bodies(teacher, rest, case.clip, first)
        rows[case.clip.name] = scores(bodies, case.truth, stride)
        first += len(case.clip.rgb)
    return with_mean(rows)


def student_rows(model: CategoryModel, cases: list[Case], stride: int) -> Rows:
    """Scores of a student alone, live, with given masks."""
    rows: Rows = {}
    for case in cases:
        bodies = predicted_bodies(model, live_results(model, case.clip))
        rows[case.clip.name] = scores(bodies, case.truth, stride)
    return with_mean(rows)


def scores(ours: Bodies, truth: Clip, stride: int) -> dict[str, Any]:
    """Surfaces by two alignments, depth, joints, silhouettes, carried keypoints."""
    row: dict[str, Any] = {}
    for protocol in ("similarity", "scale_centroid"):
        found = score_against_truth(ours, truth, protocol, stride, protocol == "similarity", 3000)
        row[protocol] = _surface_row(found)
        if protocol == "similarity":
            row |= _other_row(found)
    row["transfer"] = round(keypoint_transfer(ours, true_bodies(truth), truth.masks), 3)
    return row


def _surface_row(found: TruthScores) -> dict[str, float | None]:
    f_scores = found.f_scores
    return {
        "chamfer_percent": _rounded(found.chamfer_percent, 2),
        "f5": _rounded(f_scores.get("5%"), 3),
        "f2": _rounded(f_scores.get("2%"), 3),
        "mpjpe_percent": _rounded(found.mpjpe_percent, 2),
    }


def _other_row(found: TruthScores) -> dict[str, float | None]:
    return {
        "depth_rmse_percent": _rounded(found.depth_rmse_percent, 2),
        "root_deg": _rounded(found.root_rotation_median_deg, 1),
        "iou": _rounded(found.iou, 3),
        "covered": _rounded(found.covered_share, 3),
    }


def keypoint_transfer(ours: Bodies, theirs: Bodies, masks: np.ndarray) -> float:
    """Share of true points, seen in both of two frames, that our surface carries from one to the
    other within 0.2 sqrt(mask area)."""
    rng = np.random.default_rng(0)
    covered = np.flatnonzero(ours.is_covered)
    marks = rng.choice(theirs.vertices.shape[1], KEYPOINTS, replace=False)
    hits = []
    for _ in range(PAIRS):
        source, target = (int(frame) for frame in rng.choice(covered, 2, replace=False))
        drawn = rasterize(ours.vertices[source], ours.faces, ours.camera)
        seen = _is_seen(theirs, source, marks) & _is_seen(theirs, target, marks)
        if not seen.any() or not drawn.silhouette.any():
            continue
        from_px = theirs.camera.project(theirs.vertices[source, marks[seen]].astype(float))
        to_px = theirs.camera.project(theirs.vertices[target, marks[seen]].astype(float))
        ours_px = ours.camera.project(ours.vertices[target].astype(float))
        carried = transfer_keypoints(from_px, drawn, ours.faces, ours_px)
        area_px = float(np.count_nonzero(masks[target] > 127))
        hits.append(keypoint_hits(carried, to_px, area_px))
    return float(np.mean(np.concatenate(hits))) if hits else float("nan")


def _is_seen(bodies: Bodies, frame: int, marks: np.ndarray) -> np.ndarray:
    """Vertices that nothing of the body hides, within a hundredth of its size."""
    mesh = TriangleMesh(bodies.vertices[frame], bodies.faces)
    depth = rasterize(mesh.vertices, bodies.faces, bodies.camera).depth
    points = mesh.vertices[marks].astype(float)
    column, row = np.floor(bodies.camera.project(points)).astype(int).T
    inside = (row >= 0) & (row < depth.shape[0]) & (column >= 0) & (column < depth.shape[1])
    found = depth[np.clip(row, 0, depth.shape[0] - 1), np.clip(column, 0, depth.shape[1] - 1)]
    return inside & (found > 0) & (points[:, 2] < found + 0.02 * float(np.ptp(mesh.vertices)))


def with_mean(rows: Rows) -> Rows:
    """The rows and the mean of each of their numbers."""
    return rows | {"mean": _mean(list(rows.values()))}


def _mean(rows: list[dict[str, Any]]) -> dict[str, Any]:
    means: dict[str, Any] = {}
    for name, value in rows[0].items():
        values = [row[name] for row in rows]
        if isinstance(value, dict):
            means[name] = _mean(values)
        else:
            known = [v for v in values if v is not None]
            means[name] = round(float(np.mean(known)), 3) if known else None
    return means


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)


if __name__ == "__main__":
    main()
