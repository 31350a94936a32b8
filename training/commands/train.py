"""Distil a teacher into a real-time student: a recipe's, any rigged glTF, or a fitted one."""

import argparse
from dataclasses import replace
from pathlib import Path
from typing import Any

from core.errors import ExplainedError
from core.progress import Writer

RECIPES = Path(__file__).resolve().parent.parent / "recipes"
ABLATION_TABLE = Path(__file__).resolve().parents[2] / "docs" / "ablation.md"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options, by topic."""
    _add_source(parser)
    _add_run(parser)
    _add_budget(parser)
    _add_temporal(parser)
    _add_finder(parser)
    _add_ablation(parser)
    parser.add_argument("--json", action="store_true", help="progress as JSON lines")


def _add_source(parser: argparse.ArgumentParser) -> None:
    """What is learned from."""
    parser.add_argument(
        "config", nargs="?", help="a recipe: one of " + ", ".join(known_recipes()) + ", or a .json"
    )
    parser.add_argument(
        "--rig", type=Path, action="append", default=[],
        help="a rigged .glb, animated or not; repeat for siblings, the template first",
    )  # fmt: skip
    parser.add_argument(
        "--teacher", type=Path, metavar="TEACHER",
        help="a folder of `fit banmo`: its frames with its words, and drawings of its body",
    )  # fmt: skip
    parser.add_argument(
        "--clips-in", type=Path, metavar="DIR", help="the --teacher's clips, if they were moved"
    )
    parser.add_argument(
        "--length", type=float, metavar="M",
        help="longest side of a --rig's body at rest in metres (default: the file's, if likely)",
    )  # fmt: skip
    parser.add_argument(
        "--rigs", type=Path, default=Path("../shared/data/rigs"),
        help="folder that a recipe's rigs lie in (default: %(default)s)",
    )  # fmt: skip


def _add_run(parser: argparse.ArgumentParser) -> None:
    """Where a run lies, where it begins and where it stops."""
    parser.add_argument("-o", "--output", type=Path, help="model folder to write")
    parser.add_argument("--run", type=Path, help="folder of this run; the same folder resumes it")
    parser.add_argument(
        "--start-from", type=Path, metavar="RUN|MODEL", help="begin with the network of another"
    )
    parser.add_argument(
        "--crops-only", action="store_true", help="stop when the training pictures are drawn"
    )
    parser.add_argument(
        "--ship", action="store_true",
        help="do not train: write the model that the run has reached so far",
    )  # fmt: skip


def _add_budget(parser: argparse.ArgumentParser) -> None:
    """How much time, how many pictures, how many cores."""
    parser.add_argument(
        "--minutes", type=float, help="time to fit the student (default: 46 for a rig)"
    )
    parser.add_argument("--shards", type=int, help="how many shards of 4096 crops to draw")
    parser.add_argument(
        "--shard-size", type=int, metavar="N", help="crops in a shard (default: 4096)"
    )
    parser.add_argument("--threads", type=int, help="cores for the network (default: 2)")


def _add_temporal(parser: argparse.ArgumentParser) -> None:
    """The second stage."""
    parser.add_argument(
        "--stage", choices=("student", "temporal", "finder"), default="student",
        help="give the model that is there already a temporal encoder, or a finder that starts "
        "without a prompt",
    )  # fmt: skip
    parser.add_argument(
        "--clips", type=int, default=160, help="clips for the temporal stage (default: %(default)s)"
    )
    parser.add_argument(
        "--steps", type=int, default=4000, help="of the temporal stage (default: %(default)s)"
    )
    parser.add_argument(
        "--kind", choices=("transformer", "conv"), default="transformer",
        help="of the temporal encoder",
    )  # fmt: skip
    parser.add_argument(
        "--steadiness", type=float, default=3.0, metavar="W",
        help="of the temporal encoder: how much a tremble counts against a distance "
        "(default: %(default)s)",
    )  # fmt: skip


def _add_finder(parser: argparse.ArgumentParser) -> None:
    """What the finder's pictures are pasted together from."""
    parser.add_argument(
        "--photos", type=Path, action="append", default=[], metavar="FOLDER",
        help="for the finder: pictures that do not show the subject; those with transparency are "
        "pasted in as things; repeat for more",
    )  # fmt: skip
    parser.add_argument(
        "--others", type=Path, action="append", default=[], metavar="RUN",
        help="for the finder: another category's run, whose bodies are not the subject; repeat",
    )  # fmt: skip


def _add_ablation(parser: argparse.ArgumentParser) -> None:
    """What each part is worth."""
    parser.add_argument(
        "--ablation", type=Path, metavar="FILE", nargs="?", const=ABLATION_TABLE,
        help="train the variants of DASR's table 2, --minutes each, and write the table to FILE "
        "(default: docs/ablation.md)",
    )  # fmt: skip
    parser.add_argument(
        "--finished", metavar="MODEL",
        help="of the ablation: a model trained in full, to compare temporal encoders and templates",
    )  # fmt: skip


def run(arguments: argparse.Namespace, out: Writer) -> int:
    """Train, or go on with a run that was stopped."""
    from training.recipe import cook, draw_crops, ship_checkpoint

    if arguments.teacher is not None:
        return _distil(arguments, out)
    recipe = _recipe(arguments, out)
    folder = arguments.run or Path("runs") / recipe.name
    if arguments.ablation is not None:
        return _ablation(arguments, recipe, folder, out)
    target = arguments.output or folder / "model"
    if arguments.crops_only:
        draw_crops(recipe, folder, out.progress)
        out.line(f"The crops are in {folder}.")
        out.result({"run": str(folder)})
        return 0
    if arguments.stage == "temporal":
        return _temporal(arguments, recipe, folder, target, out)
    if arguments.stage == "finder":
        return _finder(arguments, recipe, folder, target, out)
    if arguments.ship:
        made = ship_checkpoint(recipe, folder, target)
    else:
        made = cook(recipe, folder, target, out.progress)
    out.line(f"The model is in {made}; the run is in {folder}.")
    facts = {"model": str(made), "run": str(folder)}
    if arguments.rig and not arguments.ship:  # who stops a run wants the model, not to wait
        facts |= {"scores": _score(recipe, made, folder, out)}
    out.result(facts)
    return 0


def _distil(arguments: argparse.Namespace, out: Writer) -> int:
    """A student of a fitted teacher."""
    from training.banmo.distil import DistilJob, distil
    from training.prepare.prepared_clip import prepared_folders

    if arguments.rig or arguments.config:
        raise ExplainedError("Give either --teacher or a rig or recipe, not both.")
    clips = None if arguments.clips_in is None else prepared_folders(arguments.clips_in)
    default = DistilJob("", arguments.teacher, Path())
    target = arguments.output or arguments.teacher / "model"
    job = replace(
        default,
        name=target.resolve().stem,
        out=target,
        run=arguments.run,
        clips=clips,
        minutes=arguments.minutes or default.minutes,
        threads=arguments.threads or default.threads,
        start_from=str(arguments.start_from) if arguments.start_from else None,
        shards=arguments.shards or default.shards,
        shard_size=arguments.shard_size or default.shard_size,
    )
    distil(job, out.progress)
    run = job.run or job.teacher / "student"
    out.line(f"The model is in {target}; the run is in {run}.")
    out.result({"model": str(target), "run": str(run)})
    return 0


def _score(recipe: Any, model: Path, run: Path, out: Writer) -> dict[str, Any]:
    """How the new model does on unseen performances of its own rigs, as tables and facts."""
    from core.model import load_model
    from training.evaluation.rig_score import score_on_rigs

    evaluation = score_on_rigs(load_model(model), recipe.rigs, run / "score", report=out.progress)
    for line in evaluation.lines():
        out.line(line)
    return evaluation.facts()


def _temporal(
    arguments: argparse.Namespace, recipe: Any, folder: Path, target: Path, out: Writer
) -> int:
    from training.fit_temporal import TemporalFitConfig
    from training.temporal_stage import TemporalStage, cook_temporal

    if not 0 <= arguments.steadiness <= 100:
        raise ExplainedError(f"--steadiness {arguments.steadiness:g} is not between 0 and 100.")
    if min(arguments.clips, arguments.steps) < 1:
        raise ExplainedError("--clips and --steps must be at least 1.")
    fit = TemporalFitConfig(
        kind=arguments.kind, steps=arguments.steps, steadiness=arguments.steadiness
    )
    stage = TemporalStage(arguments.clips, fit=fit, threads=recipe.fit.threads)
    folder.mkdir(parents=True, exist_ok=True)
    figures = cook_temporal(recipe, target, folder, stage, out.progress)
    for who in ("raw", "live", "offline"):
        distance, angle, jitter = (
            figures[f"{who}_{k}"] for k in ("distance", "root_deg", "jitter")
        )
        out.line(
            f"{who:8} {100 * distance:5.2f} % off, root {angle:4.1f} degrees, jitter {jitter:.2f}"
        )
    out.line(f"The temporal encoder is in {target}.")
    out.result({"model": str(target), "held_out": figures})
    return 0


def _finder(
    arguments: argparse.Namespace, recipe: Any, folder: Path, target: Path, out: Writer
) -> int:
    from training.finder.finder_stage import FinderStage, cook_finder
    from training.finder.fit_finder import FinderFitConfig

    fit = FinderFitConfig(
        minutes=arguments.minutes or FinderFitConfig.minutes, start_from=recipe.fit.start_from or ""
    )
    stage = FinderStage(
        tuple(arguments.photos), tuple(arguments.others), fit=fit, threads=recipe.fit.threads
    )
    folder.mkdir(parents=True, exist_ok=True)
    figures = cook_finder(recipe, target, folder, stage, out.progress)
    out.line(f"IoU {figures['iou']:.3f}, found {100 * figures['found']:.1f} % of pasted subjects.")
    out.line(f"The finder is in {target}.")
    out.result({"model": str(target), "held_out": figures})
    return 0


def _ablation(arguments: argparse.Namespace, recipe: Any, folder: Path, out: Writer) -> int:
    from core.model import load_model
    from training.ablation import AblationConfig, ablate
    from training.ablation_document import write_document
    from training.evaluation.synthetic_set import synthetic_clips
    from training.fit_temporal import TemporalFitConfig
    from training.temporal_stage import TemporalStage

    clips, _ = synthetic_clips(recipe.name, arguments.rigs, True, out.progress)
    fit = TemporalFitConfig(steps=arguments.steps)
    stage = TemporalStage(arguments.clips, fit=fit, threads=recipe.fit.threads)
    finished = load_model(arguments.finished) if arguments.finished else None
    config = AblationConfig(minutes=recipe.fit.minutes, temporal=stage, finished=finished)
    rows = ablate(recipe, folder, config, clips, out.progress)
    for line in write_document(arguments.ablation, recipe, config, clips, rows):
        out.line(line)
    out.result({"table": str(arguments.ablation), "run": str(folder)})
    return 0


def known_recipes() -> list[str]:
    """Names of the recipes that ship."""
    return sorted(path.stem for path in RECIPES.glob("*.json"))


def _recipe(arguments: argparse.Namespace, out: Writer) -> Any:
    if arguments.rig:
        from training.rig_recipe import MINUTES, plan_for_rigs

        plan = plan_for_rigs(arguments.rig, _name(arguments), arguments.length)
        for note in plan.notes:
            out.line(note)
        recipe, minutes = plan.recipe, arguments.minutes or MINUTES
    elif arguments.config:
        recipe = _named(arguments.config, arguments.rigs)
        minutes = arguments.minutes or recipe.fit.minutes
    else:
        raise ExplainedError("Nothing to train from: give a recipe or --rig FILE.glb.")
    shards = arguments.shards or recipe.shard_count
    size = arguments.shard_size or recipe.shard_size
    if size < 64 or shards < 1:
        raise ExplainedError(f"{shards} shards of {size} crops are too few; give 64 or more.")
    fit = replace(
        recipe.fit,
        minutes=minutes,
        threads=arguments.threads or recipe.fit.threads,
        start_from=str(arguments.start_from) if arguments.start_from else recipe.fit.start_from,
    )
    return replace(recipe, shard_count=shards, shard_size=size, fit=fit)


def _name(arguments: argparse.Namespace) -> str:
    """A model's name from its folder's, or its rig's."""
    return (arguments.output or arguments.rig[0]).resolve().stem


def _named(name: str, rigs: Path) -> Any:
    """A recipe that ships, by its name, or a recipe file."""
    from training.recipe_file import read_recipe

    path = RECIPES / f"{name}.json" if name in known_recipes() else Path(name)
    return read_recipe(path, rigs)
