"""A student distilled from a fitted teacher on the frames it was fitted to.

distil(DistilJob("shiba", teacher_folder, clips, out), report)
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from training.banmo.banmo_teacher import BanmoTeacher
from training.banmo.real_crops import write_real_crops
from training.crop_store import CropStore
from training.fit_student import FitConfig, Report, fit_student
from training.prepare.prepared_clip import PreparedClip
from training.ship import ShipJob, ship_model


@dataclass(frozen=True, eq=False)
class DistilJob:
    """Which teacher, on which clips, into which model."""

    name: str
    teacher: Path
    clips: Sequence[PreparedClip]
    out: Path
    minutes: float = 30.0
    threads: int = 2
    start_from: str | None = None
    """A run whose network to begin with: hundreds of frames alone teach no network to see."""
    facts: dict[str, Any] | None = None


def distil(job: DistilJob, report: Report) -> None:
    """Write crops of the real frames, fit a student to the teacher's words, ship it.

    Raises:
        ModelError: The teacher is not fitted.
    """
    teacher = BanmoTeacher.open(job.teacher)
    knowledge = teacher.learn()
    run = job.teacher / "student"
    count = write_real_crops(job.clips, teacher.pseudo_truth(knowledge), knowledge, run / "crops")
    # Real frames are few: none is left out for being unusual.
    config = FitConfig(
        minutes=job.minutes, threads=job.threads, hard_share=0.0, start_from=job.start_from
    )
    config = replace(config, student=replace(config.student, shape=len(teacher.space.names)))
    network = fit_student(config, knowledge, CropStore.open(run / "crops"), run, report)
    ship_model(ShipJob(job.name, knowledge, network, _card(job, count)), job.out)


def _card(job: DistilJob, count: int) -> dict[str, Any]:
    return {
        "category": "quadruped",
        "licence": "of the footage it was fitted to",
        "training": {
            "teacher": "banmo",
            "clips": [clip.name for clip in job.clips],
            "real_crops": count,
            "minutes": job.minutes,
        },
    } | (job.facts or {})
