"""Training as jobs: a model of a new category from a rigged file, or tuned to one video."""

import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from app.job_runner import MAIN, JobOrder
from app.model_shelf import runs_folder, shelf_folder

CHECKPOINT = "checkpoint.safetensors"


@dataclass(frozen=True)
class Training:
    """What to train."""

    name: str
    rigs: tuple[Path, ...]
    """The template first, then its siblings."""
    minutes: float


def train_order(training: Training) -> JobOrder:
    """A job that ends with a model on the shelf."""
    run, model = runs_folder() / training.name, shelf_folder() / training.name
    rigs = tuple(word for path in training.rigs for word in ("--rig", str(path)))
    minutes = ("--minutes", f"{training.minutes:g}")
    words = ("train", *rigs, "-o", str(model), "--run", str(run), *minutes)
    title = f"Train {training.name}"
    return JobOrder(
        title,
        words,
        result_path=model,
        prepare=lambda: model.parent.mkdir(parents=True, exist_ok=True),
        keep=JobOrder(title, (*words, "--ship")),
        can_keep=(run / CHECKPOINT).is_file,
        discard=lambda: shutil.rmtree(run, ignore_errors=True),
    )


def adapt_order(source: str, model: str, name: str) -> JobOrder:
    """A job that tunes a model to one video or session, as a new model on the shelf."""
    made = shelf_folder() / name
    words = ("adapt", source, "-o", str(made), "--model", model)
    return JobOrder(
        f"Adapt to {Path(source).name}",
        words,
        result_path=made,
        prepare=lambda: made.parent.mkdir(parents=True, exist_ok=True),
    )


def has_command(name: str) -> bool:
    """Whether `main.py` has a training command of that name in this installation."""
    return (MAIN.parent / "training" / "commands" / f"{name}.py").is_file()


def plain_name(text: str) -> str:
    """A name for a folder: lower case, words joined by dashes."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-") or "model"
