"""The second stage of training: a temporal encoder for a student that is shipped already.

figures = cook_temporal(recipe, model_folder, run_folder, TemporalStage(), progress)
"""

import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path

import torch

from core.errors import ExplainedError
from core.model import load_model
from training.fit_temporal import TemporalFitConfig, fit_temporal
from training.recipe import Recipe
from training.rig_teacher import RigTeacher
from training.ship_temporal import ship_temporal
from training.synth.clips import ClipConfig
from training.template_torch import TemplateTorch
from training.temporal_sequences import (
    SequenceJob,
    gather_sequences,
    read_sequences,
    student_folder,
)

Progress = Callable[[str, float, float], None]

_POINTS = 48
"""Points of the body that the loss compares."""


@dataclass(frozen=True)
class TemporalStage:
    """How much to draw, and how to fit."""

    clip_count: int = 160
    clips: ClipConfig = field(default_factory=lambda: ClipConfig(with_depth=False))
    fit: TemporalFitConfig = field(default_factory=TemporalFitConfig)
    threads: int = 2


def cook_temporal(
    recipe: Recipe, model_folder: Path, run: Path, stage: TemporalStage, progress: Progress
) -> dict[str, float]:
    """Gather sequences (kept in the run folder), fit, and write `temporal.onnx` into the model.

    Returns:
        Figures on held-out sequences (`training.fit_temporal.score`).

    Raises:
        ModelError: There is no model yet: its student comes first.
        ExplainedError: There are too few clips to learn from.
    """
    torch.set_num_threads(stage.threads)
    model = load_model(model_folder)
    teacher = RigTeacher.from_files(list(recipe.rigs), recipe.teacher)
    job = SequenceJob(model, teacher.bodies, run / "sequences", stage.clip_count, stage.clips)
    gather_sequences(job, lambda done, total: progress("draw sequences", done, total))
    sequences = read_sequences(student_folder(job))
    if len(sequences) < 2:
        raise ExplainedError(
            f"The student finds its subject in {len(sequences)} clips; give more with --clips."
        )
    template = TemplateTorch(model.rig, model.shape, model.articulation, model.appearance, _POINTS)
    with (run / "temporal.jsonl").open("a") as log:

        def tell(done: int, total: int, row: dict[str, float]) -> None:
            log.write(json.dumps({"step": done, "at": time.time()} | row) + "\n")
            log.flush()
            progress("fit temporal encoder", done, total)

        network, figures = fit_temporal(stage.fit, sequences, template, tell)
        log.write(json.dumps(figures) + "\n")
    facts = {"fit": asdict(stage.fit), "sequences": len(sequences), "held_out": figures}
    ship_temporal(network, model, facts)
    return figures
