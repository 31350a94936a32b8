"""A teacher of real clips against their annotated key frames, which it has never seen.

    python -m training.evaluation.teacher_real TEACHER CLIPS DATA [--start]

DATA holds annotations/ and videos/. IoU and keypoint transfer need nothing but the posed surface;
for PCK the surface's own nose, paws and so on are found by its joints, as on a rig. Key frames that
`prepare` was not told to keep (--also) are shown by a kept neighbour.
"""

import argparse
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from core.progress import Writer
from training.banmo.config import TeacherConfig
from training.banmo.extract import rest_surface
from training.banmo.fit_teacher import TeacherFit
from training.banmo.knowledge import teacher_rig
from training.banmo.ray_pool import RayPool
from training.banmo.teacher import Teacher
from training.banmo.teacher_files import CONFIG, read_start
from training.evaluation.annotations import load_real_clip
from training.evaluation.keypoint_map import keypoint_map
from training.evaluation.real_scores import score_real
from training.evaluation.teacher_bodies import key_frame_bodies
from training.evaluation.teacher_proof import with_mean
from training.prepare.prepared_clip import PreparedClip, prepared_folders, read_prepared


def main() -> None:
    """Score a teacher as far as it has come, and before its first step if asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("teacher", type=Path)
    parser.add_argument("clips", type=Path)
    parser.add_argument("data", type=Path)
    parser.add_argument("--start", action="store_true")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    clips = [read_prepared(folder) for folder in prepared_folders(arguments.clips)]
    start, _ = read_start(arguments.teacher)
    config = replace(TeacherConfig.read(arguments.teacher / CONFIG), device="cpu")
    fit = TeacherFit(config, start, RayPool.of_clips(clips, config.seed))
    rows = {"start": real_rows(fit.teacher, clips, arguments.data)} if arguments.start else {}
    if fit.load(arguments.teacher):
        rows[f"{fit.step} steps"] = real_rows(fit.teacher, clips, arguments.data)
    Writer().line(json.dumps(rows, indent=1))


def real_rows(teacher: Teacher, clips: list[PreparedClip], data: Path) -> dict[str, dict[str, Any]]:
    """IoU, transfer and PCK of every clip that has annotations, and their mean."""
    rest, rows, first = rest_surface(teacher, 64), {}, 0
    places = keypoint_map(teacher_rig(teacher, rest, 1.0), "quadruped")
    for clip in clips:
        annotation = data / "annotations" / f"{clip.name}.json"
        if annotation.is_file():
            real = load_real_clip(annotation, data / "videos")
            found = score_real(key_frame_bodies(teacher, rest, clip, first, real), real, places)
            rows[clip.name] = {
                "iou": round(found.iou, 3),
                "boundary_f": round(found.boundary_f, 3),
                "transfer": None if found.transfer is None else round(found.transfer, 3),
                "pck": None if found.pck is None else round(found.pck, 3),
                "flips": found.flips,
            }
        first += len(clip.rgb)
    return with_mean(rows)


if __name__ == "__main__":
    main()
