"""A student distilled from a fitted teacher: real frames with its words, and drawings of its body.

distil(DistilJob("shiba", teacher_folder, out), report)
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from core.errors import ExplainedError, SourceError
from training.banmo.banmo_teacher import BanmoTeacher
from training.banmo.drawn_crops import write_drawn_crops
from training.banmo.knowledge import PseudoTruth
from training.banmo.real_crops import write_real_crops
from training.banmo.teacher_files import read_start
from training.crop_store import CropStore
from training.fit_student import FitConfig, fit_student
from training.knowledge_files import load_knowledge, save_knowledge
from training.prepare.prepared_clip import PreparedClip, read_prepared
from training.rig_teacher import Knowledge
from training.ship import ShipJob, ship_model

Progress = Callable[[str, float, float], None]
DRAWN_FROM = 1000
"""Number of the first shard of drawings; those of real frames come before."""
DRAWINGS = 8192
REAL_VARIANTS = 16
"""Crops of each real frame: with the drawings above, some hundred frames are a fourth of all."""


@dataclass(frozen=True, eq=False)
class DistilJob:
    """Which teacher, into which model."""

    name: str
    teacher: Path
    out: Path
    run: Path | None = None
    """Where crops and checkpoints lie; TEACHER/student where None. The same folder resumes."""
    clips: Sequence[Path] | None = None
    """Folders of the clips that it was fitted to; where they were, where None."""
    minutes: float = 30.0
    threads: int = 2
    start_from: str | None = None
    """A run whose network to begin with."""
    shards: int = 2
    shard_size: int = DRAWINGS // 2
    with_real: bool = True
    """False: drawings alone, to see what real frames bring."""


def distil(job: DistilJob, progress: Progress = lambda stage, done, total: None) -> None:
    """Write crops, fit a student to the teacher's words, ship it.

    Raises:
        ModelError: The teacher is not fitted.
        SourceError: Its clips are gone or have changed.
    """
    run = job.run or job.teacher / "student"
    knowledge, truth, clips = teacher_words(job, run)
    count = write_drawn_crops(
        knowledge, truth, run / "crops", (DRAWN_FROM, job.shards, job.shard_size)
    )
    progress("draw crops", 1, 1)
    real = 0
    if job.with_real:
        real = write_real_crops(clips, truth, knowledge, run / "crops", REAL_VARIANTS)
    # Real frames are few: none is left out for being unusual.
    config = FitConfig(
        minutes=job.minutes, threads=job.threads, hard_share=0.0, start_from=job.start_from
    )
    config = replace(config, student=replace(config.student, shape=len(knowledge.space.names)))
    network = fit_student(
        config, knowledge, CropStore.open(run / "crops"), run,
        lambda share, row: progress("fit student", share, 1.0),
    )  # fmt: skip
    ship_model(ShipJob(job.name, knowledge, network, _card(job, clips, (real, count))), job.out)


def teacher_words(job: DistilJob, run: Path) -> tuple[Knowledge, PseudoTruth, list[PreparedClip]]:
    """What is frozen, kept in the run's folder so that a resumed run goes on with the same."""
    teacher, clips = BanmoTeacher.open(job.teacher), _clips(job)
    run.mkdir(parents=True, exist_ok=True)
    knowledge = load_knowledge(teacher, run)
    if knowledge is None:
        knowledge = teacher.learn()
        save_knowledge(knowledge, run)
    return knowledge, teacher.pseudo_truth(knowledge), clips


def _clips(job: DistilJob) -> list[PreparedClip]:
    _, facts = read_start(job.teacher)
    folders = [Path(path) for path in facts["clips"]] if job.clips is None else list(job.clips)
    gone = [folder for folder in folders if not folder.is_dir()]
    if gone:
        raise ExplainedError(
            f"The clip {gone[0].name} that {job.teacher} was fitted to is no longer in "
            f"{gone[0].parent}; say with --clips-in where the clips are."
        )
    clips = [read_prepared(folder) for folder in folders]
    if [len(clip.rgb) for clip in clips] != facts["frames"]:
        raise SourceError(f"The clips of {job.teacher} have changed since it was fitted.")
    return clips


def _card(job: DistilJob, clips: Sequence[PreparedClip], crops: tuple[int, int]) -> dict[str, Any]:
    return {
        "category": "quadruped",
        "licence": "of the footage it was fitted to",
        "training": {
            "teacher": "banmo",
            "clips": [clip.name for clip in clips],
            "real_crops": crops[0],
            "synthetic_crops": crops[1],
            "minutes": job.minutes,
        },
    }
