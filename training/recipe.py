"""A recipe: rigs in, category model out, in one resumable run folder.

model_folder = cook(Recipe("dog", rigs, minutes=60), run_folder, out_folder, writer)

learn what is frozen  ->  pack crops  ->  fit the student  ->  ship
"""

import dataclasses
import json
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from core.errors import ModelError
from core.model import MODELS_FOLDER
from training.crop_store import CropStore
from training.fit_student import FitConfig, StudentFit, fit_student
from training.knowledge_files import load_knowledge, save_knowledge
from training.rig_teacher import Knowledge, RigTeacher, RigTeacherConfig
from training.ship import ShipJob, ship_model
from training.synth.crops import CropConfig
from training.synth.pack import PackJob, pack_crops

Progress = Callable[[str, float, float], None]


@dataclass(frozen=True)
class Recipe:
    """Everything that decides what a model becomes; kept in the run folder."""

    name: str
    category: str
    rigs: tuple[Path, ...]
    """The first is the template."""
    body_share: tuple[float, ...] = ()
    body_length_m: float | None = None
    """Longest side of the rest body in metres; the rig's own where None (game rigs are giants)."""
    shard_count: int = 36
    shard_size: int = 4096
    licence: str = "CC0-1.0"
    sources: tuple[str, ...] = ()
    """Whom the rigs come from, for the card."""
    teacher: RigTeacherConfig = field(default_factory=RigTeacherConfig)
    crops: CropConfig = field(default_factory=CropConfig)
    fit: FitConfig = field(default_factory=FitConfig)

    def __post_init__(self) -> None:
        if not self.rigs:
            raise ValueError("a recipe needs at least one rig")


def cook(recipe: Recipe, run: Path, out: Path, progress: Progress) -> Path:
    """Run or resume every step; returns the model's folder."""
    knowledge = draw_crops(recipe, run, progress)
    store = CropStore.open(run / "crops")
    config = student_config(recipe, knowledge)
    network = fit_student(
        config, knowledge, store, run, lambda share, row: progress("fit student", share, 1.0)
    )
    ship_model(ShipJob(recipe.name, knowledge, network, card(recipe, len(store))), out)
    return out


def draw_crops(recipe: Recipe, run: Path, progress: Progress) -> Knowledge:
    """Everything before the student: what is frozen, and the pictures; what is there is kept."""
    teacher = _teacher(recipe)  # first: a rig that cannot be read leaves no run behind
    run.mkdir(parents=True, exist_ok=True)
    (run / "recipe.json").write_text(json.dumps(_plain(recipe), indent=1))
    (run / "commit.txt").write_text(_commit())
    knowledge = learn(teacher, recipe, run, progress)
    job = pack_job(recipe, run)
    pack_crops(job, knowledge, lambda done, total: progress("draw crops", done, total))
    return knowledge


def learn(teacher: RigTeacher, recipe: Recipe, run: Path, progress: Progress) -> Knowledge:
    """The frozen decoders: learned once for a run."""
    known = load_knowledge(teacher, run)
    if known is None:
        known = teacher.learn(lambda stage, done, total: progress(f"learn {stage}", done, total))
        save_knowledge(known, run)
    if recipe.body_length_m is None:
        return known
    return replace(known, rig=replace(known.rig, metres_per_unit=recipe.body_length_m))


def _teacher(recipe: Recipe) -> RigTeacher:
    return RigTeacher.from_files(list(recipe.rigs), recipe.teacher)


def ship_checkpoint(recipe: Recipe, run: Path, out: Path) -> Path:
    """Ship what a run has reached so far."""
    knowledge = learn(_teacher(recipe), recipe, run, lambda stage, done, total: None)
    fit = StudentFit(student_config(recipe, knowledge), knowledge)
    if not fit.load(run):
        raise ModelError(f"There is nothing to ship in {run} yet: train first.")
    facts = card(recipe, len(CropStore.open(run / "crops")))
    facts["training"]["minutes"] = round(fit.used_s / 60, 1)
    ship_model(ShipJob(recipe.name, knowledge, fit.average, facts), out)
    return out


def student_config(recipe: Recipe, knowledge: Knowledge) -> FitConfig:
    """The fit's configuration with the sizes that the teacher decides."""
    shape = len(knowledge.space.names)
    return replace(recipe.fit, student=replace(recipe.fit.student, shape=shape))


def pack_job(recipe: Recipe, run: Path) -> PackJob:
    """The crops of a recipe."""
    return PackJob(
        recipe.rigs, run / "crops", recipe.shard_count, recipe.shard_size, recipe.body_share,
        teacher=recipe.teacher, crops=recipe.crops,
    )  # fmt: skip


def card(recipe: Recipe, crop_count: int) -> dict[str, Any]:
    """Facts for model.json."""
    start = recipe.fit.start_from
    begun = {} if start is None else {"started_from": Path(start).name}
    return {
        "category": recipe.category,
        "licence": recipe.licence,
        "training": {
            "rigs": [path.stem for path in recipe.rigs],
            "sources": list(recipe.sources),
            "synthetic_crops": crop_count,
            "minutes": recipe.fit.minutes,
            **begun,
            "real_footage": "none",
            "commit": _commit().strip(),
        },
    }


def default_out(name: str) -> Path:
    """Where a model of this name ships."""
    return MODELS_FOLDER / name


def _commit() -> str:
    """The project's commit, if this is a checkout."""
    try:
        command = ["git", "-C", str(MODELS_FOLDER.parent), "rev-parse", "HEAD"]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return "unknown\n"


def _plain(value: Any) -> Any:
    """Dataclasses, paths and tuples as JSON."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: _plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    return str(value) if isinstance(value, Path) else value
