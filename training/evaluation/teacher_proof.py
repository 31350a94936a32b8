"""A teacher against the truth of the clips it was fitted to.

    python -m training.evaluation.teacher_proof TEACHER CLIPS TRUTH [--stride 5]

CLIPS is what `prepare` made of the clips in TRUTH (folders of `synthesize`), by the same names. The
teacher has seen frames and masks only. Similarity per sequence: see training/metrics/align.py.
"""

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
import torch

from core.progress import Writer
from training.banmo.config import TeacherConfig
from training.banmo.extract import frame_vertices, rest_surface
from training.banmo.fit_teacher import TeacherFit
from training.banmo.knowledge import silhouette_ious
from training.banmo.ray_pool import RayPool
from training.banmo.teacher import Teacher
from training.banmo.teacher_files import CONFIG, read_start
from training.clip import read_clip
from training.evaluation.bodies import true_bodies
from training.metrics.align import align
from training.metrics.surface import surface_distances
from training.metrics.triangle_mesh import TriangleMesh
from training.prepare.prepared_clip import PreparedClip, prepared_folders, read_prepared


def main() -> None:
    """Score a fit before its first step and as far as it has come."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("teacher", type=Path)
    parser.add_argument("clips", type=Path)
    parser.add_argument("truth", type=Path)
    parser.add_argument("--stride", type=int, default=5)
    arguments = parser.parse_args()
    clips = [read_prepared(folder) for folder in prepared_folders(arguments.clips)]
    start, _ = read_start(arguments.teacher)
    config = TeacherConfig.read(arguments.teacher / CONFIG)
    torch.set_num_threads(config.threads)
    fit = TeacherFit(config, start, RayPool.of_clips(clips, config.seed))
    rows = {"start": scores(fit.teacher, clips, arguments.truth, arguments.stride)}
    if fit.load(arguments.teacher):
        rows[f"{fit.step} steps"] = scores(fit.teacher, clips, arguments.truth, arguments.stride)
    Writer().line(json.dumps(rows, indent=1))


def scores(
    teacher: Teacher, clips: list[PreparedClip], truth: Path, stride: int
) -> dict[str, dict[str, Any]]:
    """Chamfer and F-scores in percent of the body's length, silhouette IoU; by clip."""
    rest = rest_surface(teacher, 64)
    ious, rows, first = silhouette_ious(teacher, rest, clips), {}, 0
    for clip in clips:
        known = read_clip(truth / clip.name)
        frames = np.arange(0, len(clip.rgb), stride)
        ours = [
            TriangleMesh(vertices, rest.faces)
            for vertices in frame_vertices(teacher, rest, first + frames)
        ]
        bodies = true_bodies(known)
        theirs = [bodies.meshes[int(clip.frame_index[frame])] for frame in frames]
        rows[clip.name] = _clip_scores(ours, theirs, known.truth.body_length if known.truth else 1)
        rows[clip.name]["iou"] = round(float(np.nanmean(ious[first : first + len(clip.rgb)])), 4)
        first += len(clip.rgb)
    return rows


def _clip_scores(
    ours: list[TriangleMesh], theirs: list[TriangleMesh], length: float
) -> dict[str, Any]:
    row: dict[str, Any] = {}
    for protocol in ("similarity", "scale_centroid"):
        moves = align(protocol, ours, theirs)
        apart = [
            surface_distances(TriangleMesh(move.apply(mesh.vertices), mesh.faces), truth)
            for move, mesh, truth in zip(moves, ours, theirs, strict=True)
        ]
        row[protocol] = {
            "chamfer_percent": round(100 * float(np.mean([d.chamfer for d in apart])) / length, 2),
            "f5": round(float(np.mean([d.f_score(0.05 * length) for d in apart])), 3),
            "f2": round(float(np.mean([d.f_score(0.02 * length) for d in apart])), 3),
        }
    return row


if __name__ == "__main__":
    main()
