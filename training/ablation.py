"""The ablation table (DASR, table 2) at a budget: each variant trained alike, scored alike.

    rows = ablate(recipe, folder, AblationConfig(minutes=10), progress)

Everything shares one run's crops and frozen decoders. The temporal variants and templates share one
student: that of a finished model, if one is given, else the small one that the others are held
against. A variant whose figures are in the folder is not done again: an interrupted ablation goes
on.
"""

import json
import os
import shutil
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import onnx
import torch

from core.articulation import ArticulationDecoder
from core.model import CategoryModel, load_model
from core.model_files import WEIGHTS
from core.temporal_encoder import FACTS, FILE
from training.ablation_scores import AblationScores, score_variant
from training.clip import Clip
from training.coarse_template import coarse_model
from training.crop_loader import Batch, CropLoader, MirroredTruth
from training.crop_store import CropStore
from training.fit_student import StudentFit, fit_student, learning_rate, usual_crops
from training.fit_temporal import TemporalFitConfig
from training.losses import LossTerms
from training.recipe import Recipe, card, draw_crops, student_config
from training.rig_teacher import Knowledge
from training.ship import ShipJob, ship_again, ship_model
from training.template_torch import TemplateTorch
from training.temporal_stage import TemporalStage, cook_temporal

Progress = Callable[[str, float, float], None]


@dataclass(frozen=True)
class AblationConfig:
    """How much each variant gets."""

    minutes: float = 10.0
    """Of fitting, for every student."""
    less_data: float = 0.125
    """Share of the shards of the variant with less data."""
    coarse: tuple[float, ...] = (0.25, 0.08)
    """Shares of the template's triangles."""
    temporal: TemporalStage = field(default_factory=TemporalStage)
    score_stride: int = 4
    finished: CategoryModel | None = None
    """A model trained in full; its encoder over time stands in the row of the transformers."""


@dataclass(frozen=True, eq=False)
class _Kitchen:
    """What all variants share."""

    recipe: Recipe
    knowledge: Knowledge
    folder: Path
    config: AblationConfig
    clips: list[Clip]
    progress: Progress


def ablate(
    recipe: Recipe, folder: Path, config: AblationConfig, clips: list[Clip], progress: Progress
) -> dict[str, AblationScores]:
    """Train and score every variant; by name, in the table's order.

    Raises:
        ExplainedError: A rig cannot be read, or there is no OpenGL.
    """
    recipe = replace(recipe, fit=replace(recipe.fit, minutes=config.minutes))
    knowledge = draw_crops(recipe, folder, progress)
    kitchen = _Kitchen(recipe, knowledge, folder, config, clips, progress)
    base = _student(kitchen, "base", recipe)
    whole = _finished(kitchen) or base
    rows = {
        "transformer over time": _scored(
            kitchen, "transformer", _temporal(kitchen, "transformer", whole)
        ),
        "Conv1d over time": _scored(kitchen, "conv", _temporal(kitchen, "conv", whole)),
        "no temporal encoder": _scored(kitchen, "filters", whole),
    }
    for share in config.coarse:
        model = _coarse(kitchen, whole, share)
        name = f"template of {share:.0%} of the triangles"
        rows[name] = _scored(kitchen, f"coarse_{share:g}", model)
    if whole != base:
        rows["small student"] = _scored(kitchen, "base", base)
    return rows | {
        "one hypothesis": _scored(kitchen, "one", _student(kitchen, "one", _one(recipe))),
        "decoder not frozen": _scored(kitchen, "thawed", _thawed_student(kitchen)),
        f"{config.less_data:.0%} of the data": _scored(kitchen, "less", _less(kitchen)),
    }


def _finished(kitchen: _Kitchen) -> Path | None:
    """A copy of the finished model without its temporal encoder."""
    model = kitchen.config.finished
    if model is None or model.folder is None:
        return None
    copy = kitchen.folder / "finished" / "model"
    if not (copy / "model.json").exists():
        copy.mkdir(parents=True, exist_ok=True)
        for name in (WEIGHTS, "student.onnx", "model.json"):
            shutil.copyfile(model.folder / name, copy / name)
    return copy


def _coarse(kitchen: _Kitchen, whole: Path, share: float) -> Path:
    model = kitchen.folder / f"coarse_{share:g}" / "model"
    if not (model / "model.json").exists():
        ship_again(coarse_model(load_model(whole), share), model)
    return model


def _scored(kitchen: _Kitchen, name: str, model_folder: Path) -> AblationScores:
    """Figures of a model, read if they are there."""
    path = kitchen.folder / "scores" / f"{name}.json"
    if path.exists():
        return AblationScores(**json.loads(path.read_text(encoding="utf-8")))
    scores = score_variant(
        load_model(model_folder), kitchen.clips, kitchen.config.score_stride,
        lambda stage, done, total: kitchen.progress(f"{name}: {stage}", done, total or 1.0),
    )  # fmt: skip
    path.parent.mkdir(exist_ok=True)
    part = path.with_suffix(".part")
    part.write_text(json.dumps(vars(scores), indent=1), encoding="utf-8")
    os.replace(part, path)
    return scores


def _student(kitchen: _Kitchen, name: str, recipe: Recipe, crops: Path | None = None) -> Path:
    """A student fitted and shipped, as `train` does it."""
    run = kitchen.folder / name
    if not (run / "model" / "model.json").exists():
        store = CropStore.open(crops or kitchen.folder / "crops")
        network = fit_student(
            student_config(recipe, kitchen.knowledge), kitchen.knowledge, store, run,
            lambda share, row: kitchen.progress(f"{name}: fit student", share, 1.0),
        )  # fmt: skip
        _ship(recipe, kitchen.knowledge, network, len(store), run)
    return run / "model"


def _ship(recipe: Recipe, knowledge: Knowledge, network: Any, crops: int, run: Path) -> None:
    ship_model(ShipJob(recipe.name, knowledge, network, card(recipe, crops)), run / "model")


def _one(recipe: Recipe) -> Recipe:
    student = replace(recipe.fit.student, hypotheses=1)
    return replace(recipe, fit=replace(recipe.fit, student=student))


def _less(kitchen: _Kitchen) -> Path:
    """The same minutes on fewer pictures: links to some of the shards."""
    crops = kitchen.folder / "less_crops"
    crops.mkdir(exist_ok=True)
    shards = sorted((kitchen.folder / "crops").glob("shard_*.npz"))
    for path in shards[: max(1, round(kitchen.config.less_data * len(shards)))]:
        for each in (path, path.with_suffix(".npy")):
            if not (crops / each.name).exists():
                os.link(each, crops / each.name)
    return _student(kitchen, "less", kitchen.recipe, crops)


def _temporal(kitchen: _Kitchen, kind: str, base: Path) -> Path:
    """A student with a temporal encoder of some kind, in a folder of its own."""
    model, done = kitchen.folder / kind / "model", kitchen.config.finished
    if done is not None and done.folder is not None and _kind_of(done) == kind:
        return done.folder
    if not (model / FILE).exists():
        model.mkdir(parents=True, exist_ok=True)
        for path in base.iterdir():
            if not (model / path.name).exists():
                os.link(path, model / path.name)
        stage = kitchen.config.temporal
        fit: TemporalFitConfig = replace(stage.fit, kind=kind)  # type: ignore[arg-type]
        # The sequences lie in the common folder: both kinds learn from the same.
        cook_temporal(
            kitchen.recipe, model, kitchen.folder, replace(stage, fit=fit), kitchen.progress
        )
    return model


def _kind_of(model: CategoryModel) -> str | None:
    """Of a model's temporal encoder, if it has one."""
    if model.folder is None or not (model.folder / FILE).exists():
        return None
    graph = onnx.load(model.folder / FILE)
    facts = {prop.key: prop.value for prop in graph.metadata_props}
    return json.loads(facts.get(FACTS, "{}")).get("fit", {}).get("kind")


class ThawedFit(StudentFit):
    """A fit whose articulation decoder begins with nothing and learns with the student."""

    def __init__(self, config: Any, knowledge: Knowledge) -> None:
        super().__init__(config, knowledge)
        self.decoder_optimizer = torch.optim.AdamW(thaw(self.template), config.learning_rate)

    def learn(self, batch: Batch) -> LossTerms:
        """One step of student and decoder."""
        self.decoder_optimizer.param_groups[0]["lr"] = learning_rate(self.config, self.share)
        self.decoder_optimizer.zero_grad(set_to_none=True)
        terms = super().learn(batch)
        if torch.isfinite(terms.total):
            self.decoder_optimizer.step()
        return terms

    @property
    def decoder(self) -> ArticulationDecoder:
        """What was learned."""
        names = ("mean", "linear", "hidden_weight", "hidden_bias", "output_weight")
        return ArticulationDecoder(
            **{n: getattr(self.template, f"decoder_{n}").detach().numpy().copy() for n in names}
        )


def thaw(template: TemplateTorch) -> list[torch.nn.Parameter]:
    """Turn the decoder's constants into parameters: the mean pose as it is, the rest small."""
    free = []
    for name in ("linear", "hidden_weight", "hidden_bias", "output_weight"):
        buffer = getattr(template, f"decoder_{name}")
        spread = 0.02 if name != "output_weight" else 0.0
        value = torch.nn.Parameter(spread * torch.randn_like(buffer))
        delattr(template, f"decoder_{name}")
        template.register_parameter(f"decoder_{name}", value)
        free.append(value)
    return free


def _thawed_student(kitchen: _Kitchen) -> Path:
    """As `fit_student`, without resume; codes have no targets when the decoder is free."""
    run = kitchen.folder / "thawed"
    if (run / "model" / "model.json").exists():
        return run / "model"
    config = student_config(kitchen.recipe, kitchen.knowledge)
    config = replace(config, losses=replace(config.losses, code=0.0))
    torch.set_num_threads(config.threads)
    store = CropStore.open(kitchen.folder / "crops")
    fit = ThawedFit(config, kitchen.knowledge)
    truth = MirroredTruth.of(store, kitchen.knowledge)
    order = usual_crops(store, truth, config.hard_share)
    loader = CropLoader(store, truth, order, config.augment, config.batch_size)
    with closing(loader.batches(config.seed + 1000)) as batches:
        while fit.share < 1.0:
            waited = time.perf_counter()
            batch = next(batches)
            fit.used_s += time.perf_counter() - waited  # counts for the other variants too
            fit.learn(batch)
            if fit.step % config.log_steps == 0:
                kitchen.progress("thawed: fit student", fit.share, 1.0)
    articulation = replace(kitchen.knowledge.articulation, decoder=fit.decoder)
    _ship(
        kitchen.recipe, replace(kitchen.knowledge, articulation=articulation), fit.average,
        len(store), run,
    )  # fmt: skip
    return run / "model"
