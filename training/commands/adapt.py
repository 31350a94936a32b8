"""Tune a model's student to one video, as a new model beside the old one.

main.py adapt walk.mp4 -o models/walk-dog --box 120,60,420,330
main.py adapt walk.session -o models/walk-dog        # with that session's masks, box and model

A quarter of the frames is held out: it stops when these get no better. Ctrl-C keeps the best so
far.
"""

import argparse
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.errors import ExplainedError, SessionError
from core.progress import Writer
from core.results import Box


@dataclass(frozen=True)
class _Order:
    """What to tune, to what."""

    video: str
    model: str
    segmenter: str
    masks: Path | None
    box: Box | None
    fov_degrees: float


SEGMENTERS = ("auto", "grabcut", "background")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("source", metavar="VIDEO|SESSION", help="a video file, or a session of one")
    parser.add_argument(
        "-o", "--output", type=Path, required=True, metavar="MODEL", help="model folder to write"
    )
    parser.add_argument("--model", help="base model (default: the session's, or dog)")
    parser.add_argument("--segmenter", choices=SEGMENTERS, help="finds the subject")
    parser.add_argument("--masks", type=Path, metavar="DIR|FILE", help="masks, as for reconstruct")
    parser.add_argument("--box", metavar="X0,Y0,X1,Y1", help="the subject on the first frame")
    parser.add_argument("--fov", type=float, metavar="DEGREES", help="of the image's long side")
    parser.add_argument("--minutes", type=float, default=4.0, help="at most (default: %(default)s)")
    parser.add_argument("--threads", type=int, default=2, help="cores (default: %(default)s)")
    parser.add_argument("--json", action="store_true", help="progress as JSON lines")


def run(arguments: argparse.Namespace, out: Writer) -> int:
    """Gather, tune, write."""
    from core.model import load_model
    from core.sources.open_source import open_source
    from training.online.adapt import AdaptConfig, adapt, facts_of, ship_adapted
    from training.online.video_crops import GatherConfig, gather_crops

    order = _order(arguments)
    model = load_model(order.model)
    if model.folder is not None and arguments.output.resolve() == model.folder.resolve():
        raise ExplainedError("The base model is never overwritten: give another folder with -o.")
    gather = GatherConfig(box=order.box, fov_rad=math.radians(order.fov_degrees))
    with open_source(order.video) as source:
        if source.is_live:
            raise ExplainedError(f"{source.name} is live: record it first, then adapt to the take.")
        crops = gather_crops(model, _segmenter(order, model), source, gather, out.progress)
    config = AdaptConfig(minutes=arguments.minutes, threads=arguments.threads)

    def report(share: float, row: dict[str, float]) -> None:
        out.progress("tuning", share, 1.0)
        # Its overlap is that of frames held out: nothing else is worth a curve.
        out.event("measure", {"step": row["step"], "check_iou": row["iou"]})

    adapted = adapt(model, crops, config, report)
    ship_adapted(model, adapted, arguments.output, Path(order.video).name, config)
    out.line(
        f"Bodies cover {adapted.after_iou:.1%} of frames held out, {adapted.before_iou:.1%} before:"
        f" {arguments.output}"
    )
    out.result({"model": str(arguments.output)} | facts_of(adapted))
    return 0


def _order(arguments: argparse.Namespace) -> _Order:
    """The options, and what a session adds to them."""
    source, settings, model = arguments.source, {}, "dog"
    if source.rstrip("/").endswith(".session"):
        source, settings, model = _of_session(Path(source))
    masks = arguments.masks or (Path(settings["masks"]) if settings.get("masks") else None)
    segmenter = arguments.segmenter or settings.get("segmenter") or "auto"
    return _Order(
        source,
        arguments.model or model,
        segmenter if segmenter in SEGMENTERS else "auto",
        masks,
        _box(arguments.box) if arguments.box else _box_of(settings.get("box")),
        arguments.fov or settings.get("fov_degrees") or 55.0,
    )


def _of_session(folder: Path) -> tuple[str, dict[str, Any], str]:
    from core.session_store import find_source, read_session

    record = read_session(folder)
    link = record.header.source
    video = find_source(link, folder) if link is not None else None
    if video is None:
        raise SessionError(
            f"The video of {folder} is not where it was: relink it (main.py sessions relink), or "
            "give the video itself."
        )
    return str(video), record.header.settings, record.header.model_name


def _box(text: str) -> Box:
    try:
        x0, y0, x1, y1 = (float(part) for part in text.split(","))
    except ValueError as error:
        raise ExplainedError(
            f"--box {text!r} is no box: give X0,Y0,X1,Y1 in pixels, such as 120,60,420,330."
        ) from error
    if x1 <= x0 or y1 <= y0:
        raise ExplainedError(f"--box {text!r} is empty: X1 and Y1 must be the larger ones.")
    return x0, y0, x1, y1


def _box_of(value: Any) -> Box | None:
    return (float(value[0]), float(value[1]), float(value[2]), float(value[3])) if value else None


def _segmenter(order: _Order, model: Any) -> Any:
    from core.segment.make_segmenter import make_segmenter

    if order.masks is None:
        return make_segmenter(order.segmenter, model)
    stem = Path(order.video).stem
    clip = stem if order.masks.is_dir() and any(order.masks.glob(f"{stem}_*.png")) else None
    return make_segmenter("masks", model, path=order.masks, clip=clip, fallback=order.segmenter)
