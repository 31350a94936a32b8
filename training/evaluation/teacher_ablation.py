"""What each part of a teacher's fit is worth: short fits of equal steps from the same start.

    python -m training.evaluation.teacher_ablation TEACHER CLIPS TRUTH -o FOLDER [--steps 600]

TEACHER is any teacher fitted to CLIPS with --no-outline (or a folder with such a start): its poses
are the student's, before anything was settled. Variants that are in FOLDER/rows.json are kept.
"""

import argparse
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from core.progress import Writer
from training.banmo.config import TeacherConfig
from training.banmo.fit_teacher import TeacherFit
from training.banmo.outline import OutlineTargets
from training.banmo.poses import PoseStart
from training.banmo.ray_pool import RayPool
from training.banmo.settle import settled
from training.banmo.teacher import TeacherStart
from training.banmo.teacher_files import read_start
from training.evaluation.teacher_proof import Case, teacher_rows
from training.prepare.prepared_clip import prepared_folders

VARIANTS: dict[str, dict[str, Any]] = {
    "everything": {},
    "without outline and settling": {"uses_outline": False},
    "without the search over roots": {"searches": 0},
    "roots stand still at first": {"root_start": "still"},
    "shape starts as bones": {"start": "bones"},
    "without delta skinning": {"delta_skinning": False},
    "without flow": {"uses_flow": False},
}


def main() -> None:
    """Fit and score every variant that is missing."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("teacher", type=Path)
    parser.add_argument("clips", type=Path)
    parser.add_argument("truth", type=Path)
    parser.add_argument("-o", "--out", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=600)
    parser.add_argument("--stride", type=int, default=12)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    cases = [Case.read(f, arguments.truth) for f in prepared_folders(arguments.clips)]
    start, _ = read_start(arguments.teacher)
    arguments.out.mkdir(parents=True, exist_ok=True)
    path, out = arguments.out / "rows.json", Writer()
    rows = json.loads(path.read_text()) if path.is_file() else {}
    for name, change in VARIANTS.items():
        if name in rows:
            continue
        config = replace(TeacherConfig.named("lite"), steps=arguments.steps, threads=1, **change)
        rows[name] = _row(config, start, cases, arguments.stride)
        path.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
        out.line(f"{name}: {json.dumps(rows[name])}")


def _row(
    config: TeacherConfig, start: TeacherStart, cases: list[Case], stride: int
) -> dict[str, Any]:
    clips = [case.clip for case in cases]
    if config.root_start == "still":
        start = replace(start, poses=stilled(start.poses))
    outline = None
    if config.uses_outline:
        start, outline = settled(start, clips, config), OutlineTargets.of_clips(clips)
    fit = TeacherFit(config, start, RayPool.of_clips(clips, config.seed), outline)
    while fit.share < 1:
        fit.learn()
    mean = teacher_rows(fit.teacher, cases, stride)["mean"]
    return {
        "chamfer": mean["similarity"]["chamfer_percent"],
        "f5": mean["similarity"]["f5"],
        "chamfer_by_frame": mean["scale_centroid"]["chamfer_percent"],
        "f5_by_frame": mean["scale_centroid"]["f5"],
        "iou": mean["iou"],
        "root_deg": mean["root_deg"],
        "transfer": mean["transfer"],
        "cpu_s": round(fit.cpu_s),
    }


def stilled(poses: PoseStart) -> PoseStart:
    """Every frame of a clip turned as its middle one; where the body is stays known."""
    rotation, code = poses.rotation.copy(), np.zeros_like(poses.code)
    for clip in np.unique(poses.clip_of):
        rows = np.flatnonzero(poses.clip_of == clip)
        rotation[rows] = poses.rotation[rows[len(rows) // 2]]
    return replace(poses, rotation=rotation, code=code)


if __name__ == "__main__":
    main()
