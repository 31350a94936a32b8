"""Training as jobs: a model of a new category from a rigged file, or tuned to one video."""

import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from app.job_runner import MAIN, JobOrder
from app.model_shelf import runs_folder, shelf_folder

if TYPE_CHECKING:
    from app.session import Session

CHECKPOINT = "checkpoint.safetensors"


@dataclass(frozen=True)
class Training:
    """What to train."""

    name: str
    rigs: tuple[Path, ...]
    """The template first, then its siblings."""
    minutes: float
    length_m: float | None = None
    """Of the body; None is as the file says, which is often wrong by a hundred."""


def train_order(training: Training) -> JobOrder:
    """A job that ends with a model on the shelf."""
    run, model = runs_folder() / training.name, shelf_folder() / training.name
    rigs = tuple(word for path in training.rigs for word in ("--rig", str(path)))
    minutes = ("--minutes", f"{training.minutes:g}")
    length = () if training.length_m is None else ("--length", f"{training.length_m:g}")
    words = ("train", *rigs, "-o", str(model), "--run", str(run), *minutes, *length)
    title = f"Train {training.name}"
    return JobOrder(
        title,
        words,
        result_path=model,
        prepare=lambda: model.parent.mkdir(parents=True, exist_ok=True),
        keep=JobOrder(title, (*words, "--ship")),
        can_keep=(run / CHECKPOINT).is_file,
        figure="total",
        measures_path=run / "log.jsonl",
        discard=lambda: shutil.rmtree(run, ignore_errors=True),
    )


def adapt_order(session: "Session", name: str) -> JobOrder:
    """A job that tunes the model to the video that is open, as a new model on the shelf."""
    assert session.facts is not None
    text, made = session.facts.text, shelf_folder() / name
    model = str(session.model.folder or session.model_name)
    return JobOrder(
        f"Adapt to {Path(text).name}",
        ("adapt", text, "-o", str(made), "--model", model, *subject_words(session)),
        result_path=made,
        prepare=lambda: made.parent.mkdir(parents=True, exist_ok=True),
        keeps_itself=True,
        tunes=session.model,
        figure="iou",
    )


def subject_words(session: "Session") -> tuple[str, ...]:
    """How commands find the subject that the person has said."""
    first = next((box for frame, box in session.editor.prompts if frame == 0), None)
    box = () if first is None else ("--box", ",".join(f"{side:.0f}" for side in first))
    return ("--segmenter", session.segmenter, *box)


def has_command(name: str) -> bool:
    """Whether `main.py` has a training command of that name in this installation."""
    return (MAIN.parent / "training" / "commands" / f"{name}.py").is_file()


def plain_name(text: str) -> str:
    """A name for a folder: lower case, words joined by dashes."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-") or "model"
