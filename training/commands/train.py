"""Distil a teacher into a real-time student: from a recipe, or from any rigged glTF."""

import argparse
from dataclasses import replace
from pathlib import Path
from typing import Any

from core.errors import ExplainedError
from core.progress import Writer

RECIPES = Path(__file__).resolve().parent.parent / "recipes"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument(
        "config", nargs="?", help="a recipe: one of " + ", ".join(known_recipes()) + ", or a .json"
    )
    parser.add_argument(
        "--rig",
        type=Path,
        action="append",
        default=[],
        help="a rigged, animated .glb; repeat for siblings, the template first",
    )
    parser.add_argument(
        "--rigs",
        type=Path,
        default=Path("../shared/data/rigs"),
        help="folder that a recipe's rigs lie in (default: %(default)s)",
    )
    parser.add_argument("-o", "--output", type=Path, help="model folder to write")
    parser.add_argument("--run", type=Path, help="folder of this run; the same folder resumes it")
    parser.add_argument(
        "--minutes", type=float, help="time to fit the student (default: 40 for a rig)"
    )
    parser.add_argument("--shards", type=int, help="how many shards of 4096 crops to draw")
    parser.add_argument(
        "--start-from", type=Path, metavar="RUN", help="begin with another run's network"
    )
    parser.add_argument("--threads", type=int, help="cores for the network (default: 2)")
    parser.add_argument(
        "--crops-only", action="store_true", help="stop when the training pictures are drawn"
    )
    parser.add_argument(
        "--ship",
        action="store_true",
        help="do not train: write the model that the run has reached so far",
    )
    parser.add_argument("--json", action="store_true", help="progress as JSON lines")


def run(arguments: argparse.Namespace, out: Writer) -> int:
    """Train, or go on with a run that was stopped."""
    from training.recipe import cook, draw_crops, ship_checkpoint

    recipe = _recipe(arguments)
    folder = arguments.run or Path("runs") / recipe.name
    target = arguments.output or folder / "model"
    if arguments.crops_only:
        draw_crops(recipe, folder, out.progress)
        out.line(f"The crops are in {folder}.")
        out.result({"run": str(folder)})
        return 0
    if arguments.ship:
        made = ship_checkpoint(recipe, folder, target)
    else:
        made = cook(recipe, folder, target, out.progress)
    out.line(f"The model is in {made}; the run is in {folder}.")
    out.result({"model": str(made), "run": str(folder)})
    return 0


def known_recipes() -> list[str]:
    """Names of the recipes that ship."""
    return sorted(path.stem for path in RECIPES.glob("*.json"))


def _recipe(arguments: argparse.Namespace) -> Any:
    from training.recipe import Recipe

    if arguments.rig:
        name = (arguments.output or arguments.rig[0]).stem
        recipe = Recipe(name, "custom", tuple(arguments.rig), shard_count=24)
        minutes = arguments.minutes or 40.0
    elif arguments.config:
        recipe = _named(arguments.config, arguments.rigs)
        minutes = arguments.minutes or recipe.fit.minutes
    else:
        raise ExplainedError("Nothing to train from: give a recipe or --rig FILE.glb.")
    for path in recipe.rigs:
        if not path.is_file():
            raise ExplainedError(f"There is no rig at {path}: give its folder with --rigs.")
    shards = arguments.shards or recipe.shard_count
    fit = replace(
        recipe.fit,
        minutes=minutes,
        threads=arguments.threads or recipe.fit.threads,
        start_from=str(arguments.start_from) if arguments.start_from else recipe.fit.start_from,
    )
    return replace(recipe, shard_count=shards, fit=fit)


def _named(name: str, rigs: Path) -> Any:
    """A recipe that ships, by its name, or a recipe file."""
    from training.recipe_file import read_recipe

    path = RECIPES / f"{name}.json" if name in known_recipes() else Path(name)
    return read_recipe(path, rigs)
