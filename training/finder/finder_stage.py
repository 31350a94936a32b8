"""One more stage of training: a finder for a category, so that a frame needs no prompt.

figures = cook_finder(recipe, model_folder, run_folder, FinderStage(photos=(folder,)), progress)
"""

import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import torch

from core.errors import ExplainedError
from core.model import load_model
from core.segment.finder import CAREFUL
from training.finder.fit_finder import FinderFitConfig, fit_finder, score
from training.finder.picture_store import PicturePlan, PictureStore, draw_pictures
from training.finder.pictures import PictureConfig, PictureMaker
from training.finder.ship_finder import ship_finder
from training.finder.sprites import Sprites, Stock
from training.recipe import Recipe, draw_crops, pack_job
from training.synth.pack import PackJob, pack_crops

Progress = Callable[[str, float, float], None]

_BODIES = 20000
_OTHERS = 8000


@dataclass(frozen=True)
class FinderStage:
    """How much to draw, of what, and how to fit."""

    photos: tuple[Path, ...] = ()
    """Folders of photographs without the subject: backdrops, and cut-out things (with alpha)."""
    others: tuple[Path, ...] = ()
    """Folders of other categories' runs, whose crops show what the subject is not."""
    plan: PicturePlan = field(default_factory=PicturePlan)
    pictures: PictureConfig = field(default_factory=PictureConfig)
    fit: FinderFitConfig = field(default_factory=FinderFitConfig)
    drawn: int = 800
    """Drawn surroundings."""
    large_shards: int = 3
    """Of bodies drawn larger, 2048 each."""
    threads: int = 2
    careful: float = 1.0
    """`core.segment.finder.CAREFUL`."""


def cook_finder(
    recipe: Recipe, model_folder: Path, run: Path, stage: FinderStage, progress: Progress
) -> dict[str, float]:
    """Paste pictures (kept in the run folder), fit, and write `finder.onnx` into the model.

    Returns:
        `training.finder.fit_finder.score` on held-out pictures.

    Raises:
        ModelError: There is no model yet: its student comes first.
        SourceError: A folder holds nothing of what it is said to hold.
    """
    load_model(model_folder)
    for other in stage.others:
        if not (other / "crops").is_dir():
            raise ExplainedError(f"{other} is no run with crops: give a run's folder to --others.")
    torch.set_num_threads(stage.threads)
    knowledge = draw_crops(recipe, run, progress)
    large = large_crops(recipe, run, stage.large_shards)
    pack_crops(large, knowledge, lambda done, total: progress("draw large crops", done, total))
    bodies = (
        Sprites.of_crops(run / "crops", _BODIES),
        Sprites.of_crops(large.folder, _BODIES),
    )
    others = [Sprites.of_crops(other / "crops", _OTHERS) for other in stage.others]
    folder = run / "pictures"
    if len(list(folder.glob("shard_???.npz"))) < stage.plan.shards:
        stock = Stock.gather(
            bodies, others, stage.photos, stage.drawn, stage.plan.seed,
            lambda done, total: progress("draw surroundings", done, total),
        )  # fmt: skip
        maker = PictureMaker(stock, stage.pictures)
        draw_pictures(
            maker, folder, stage.plan, lambda done, total: progress("paste pictures", done, total)
        )
    store = PictureStore.open(folder)
    with (run / "finder.jsonl").open("a") as log:

        def tell(done: float, total: float, row: dict[str, float]) -> None:
            log.write(json.dumps({"minutes": done, "at": time.time()} | row) + "\n")
            log.flush()
            progress("fit finder", done, total)

        network = fit_finder(stage.fit, store, run, tell)
        figures = score(network, store, stage.fit.seed)
        log.write(json.dumps(figures) + "\n")
    facts = {
        "fit": asdict(stage.fit),
        "pictures": len(store),
        "held_out": figures,
        CAREFUL: stage.careful,
    }
    ship_finder(network, model_folder, facts)
    return figures


def large_crops(recipe: Recipe, run: Path, shards: int) -> PackJob:
    """Bodies at twice the size and nearly whole, for close-ups."""
    size_px = 2 * recipe.crops.size_px
    crops = replace(recipe.crops, size_px=size_px, supersampling=1.25)
    return replace(
        pack_job(recipe, run), folder=run / "large_crops", shard_count=shards, shard_size=2048,
        seed=2, crops=crops,
    )  # fmt: skip
