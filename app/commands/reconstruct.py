"""Turn a video, a folder of images, a camera or a stream into a session.

    main.py reconstruct walk.mp4 -o walk.session --box 120,60,420,330
    main.py reconstruct a.mp4 'clips/*.mp4' archive -o out --batch --workers 2 --resume

A live source is recorded until Ctrl-C or --end. Recorded video is refined unless --no-refine says
otherwise. A batch writes OUT/NAME.session for each video and a table of them, OUT/results.csv.
"""

import argparse
import math
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.commands.argument_types import box, count_from, number_between, session_or_folder
from core.errors import ExplainedError
from core.progress import Writer, clock_text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from app.commands.take_summary import TakeSummary
    from core.frame import Frame
    from core.pipeline import Pipeline
    from core.refine import Refiner
    from core.results import FrameResult
    from core.session_store import SessionHeader, SessionWriter
    from core.sources.source import Source

SEGMENTERS = ("auto", "grabcut", "background", "none")
MOST_REFINED = 9000
"""Frames that are refined unasked: five minutes at 30 a second, half a gigabyte."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "inputs",
        nargs="+",
        metavar="INPUT",
        help="video, folder of images, camera:0 or URL; with --batch several, globs and folders",
    )
    parser.add_argument(
        "-o", "--out", required=True, type=session_or_folder, metavar="OUT.session|FOLDER"
    )
    parser.add_argument("--overwrite", action="store_true", help="replace OUT if it is a session")
    _add_batch(parser)
    parser.add_argument("--model", default="dog", help="name of a model, a folder or .zip")
    parser.add_argument(
        "--masks", metavar="DIR|FILE", type=Path, help="folder of 00012.png, or a masks.npz"
    )
    parser.add_argument(
        "--segmenter",
        choices=SEGMENTERS,
        default="auto",
        help="finds the subject on frames without a given mask: auto, by itself if the model can; "
        "grabcut, from a box or a guess; none: those are not covered (default: %(default)s)",
    )
    parser.add_argument(
        "--box", type=box, metavar="X0,Y0,X1,Y1", help="the subject on the first frame, pixels"
    )
    parser.add_argument("--start", type=count_from(0), default=0, metavar="N", help="first frame")
    parser.add_argument(
        "--end", type=count_from(1), metavar="N", help="frame to stop before; default: all"
    )
    parser.add_argument(
        "--lookahead",
        type=count_from(0),
        default=6,
        metavar="N",
        help="future frames to smooth over; 0 is what live does (default: %(default)s)",
    )
    parser.add_argument(
        "--fov",
        type=number_between(5, 150),
        default=55.0,
        metavar="DEGREES",
        help="field of view of the image's long side",
    )
    parser.add_argument(
        "--refine",
        action=argparse.BooleanOptionalAction,
        help="then fit bodies to the masks: 0.1 to 0.3 s more per frame (default: yes, except for "
        f"live sources and beyond {MOST_REFINED} frames)",
    )
    parser.add_argument("--keep-masks", action="store_true", help="store the masks too")


def _add_batch(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("many videos")
    group.add_argument(
        "--batch", action="store_true", help="all INPUTs, folders searched; OUT is a folder"
    )
    group.add_argument("--resume", action="store_true", help="go on with the batch in OUT")
    group.add_argument(
        "--workers", type=count_from(1), metavar="N", help="videos at a time; default: cores / 2"
    )
    group.add_argument(
        "--retries",
        type=count_from(0),
        default=1,
        metavar="N",
        help="after crashes, for each video (default: %(default)s)",
    )
    group.add_argument(
        "--ray",
        nargs="?",
        const="local",
        metavar="ADDRESS",
        help="spread the batch with Ray: on this machine, or the cluster at ADDRESS",
    )


def run(arguments: argparse.Namespace, out: Writer) -> int:
    """Reconstruct frame by frame; an error leaves no session behind, Ctrl-C leaves what is done."""
    if arguments.batch:
        from app.commands.batch import run_batch

        return run_batch(arguments, out)
    _check_single(arguments)
    arguments.input = arguments.inputs[0]
    return _run_one(arguments, out)


def _check_single(arguments: argparse.Namespace) -> None:
    if len(arguments.inputs) > 1:
        raise ExplainedError("Several inputs are a batch: add --batch, and let -o name a folder.")
    if arguments.out.suffix != ".session":
        raise ExplainedError(
            f"{arguments.out} must end in .session, unless --batch writes many into a folder."
        )
    if arguments.resume or arguments.ray is not None:
        raise ExplainedError("--resume and --ray belong to --batch: add it.")


def _run_one(arguments: argparse.Namespace, out: Writer) -> int:
    from app.commands.batch_child import watch_parent
    from core.model import load_model
    from core.sources.open_source import open_source

    watch_parent()
    if arguments.segmenter == "none" and arguments.masks is None:
        raise ExplainedError("Without a segmenter give masks: --masks DIR or FILE.")
    model = load_model(arguments.model)
    with open_source(arguments.input) as source:
        _check_range(source, arguments)
        if arguments.start:
            source.seek(arguments.start)
        first = source.read()
        if first is None:
            raise ExplainedError(f"{source.name} holds no frame to reconstruct.")
        arguments.refine = _is_refined(source, arguments, out)
        summary = _reconstruct(source, first, _pipeline(model, arguments), arguments, out)
    return _report(summary, arguments, out)


def _is_refined(source: "Source", arguments: argparse.Namespace, out: Writer) -> bool:
    """As was asked; unasked what is recorded and not endless (docs/refinement.md)."""
    if arguments.refine is not None or source.is_live:
        return bool(arguments.refine)
    total = _frame_total(source, arguments)
    if total is None or total <= MOST_REFINED:
        return True
    out.warn(f"{total} frames are many: they stay as the student says them without --refine.")
    return False


def _reconstruct(
    source: "Source",
    first: "Frame",
    pipeline: "Pipeline",
    arguments: argparse.Namespace,
    out: Writer,
) -> "TakeSummary":
    from app.commands.take_summary import TakeSummary
    from core.refine import Refiner
    from core.session_store import SessionWriter

    summary = TakeSummary()
    writer = SessionWriter(
        arguments.out,
        _header(pipeline, first, arguments),
        body=pipeline.model.rig,
        overwrite=arguments.overwrite,
        keep_masks=arguments.keep_masks,
    )
    refiner = Refiner(pipeline.model) if arguments.refine else None
    with writer:
        try:
            _write_frames(source, first, pipeline, arguments, (writer, summary, out, refiner))
        except ExplainedError:
            writer.discard()
            raise
        except KeyboardInterrupt:
            if not source.is_live:
                raise
        if refiner is not None:
            _refine(refiner, writer, summary, out)
        _finish(writer, summary, pipeline.model)
    return summary


def _refine(
    refiner: "Refiner", writer: "SessionWriter", summary: "TakeSummary", out: Writer
) -> None:
    """Refined frames take the place of those written on the way; Ctrl-C leaves these."""
    refined = refiner.finish(lambda done, total: out.progress("refining", done, total))
    for result in refined:
        writer.replace(result)
    summary.know_shapes(refined)


def _write_frames(
    source: "Source",
    first: "Frame",
    pipeline: "Pipeline",
    arguments: argparse.Namespace,
    sinks: "tuple[SessionWriter, TakeSummary, Writer, Refiner | None]",
) -> None:
    from core.lookahead import Lookahead

    writer, summary, out, refiner = sinks
    lookahead = Lookahead(pipeline.model, arguments.lookahead)
    total = _frame_total(source, arguments)
    memory = pipeline.start()
    if arguments.box is not None:
        memory = pipeline.prompt(first, box=_clipped(arguments.box, first))
    frame: Frame | None = first
    done = 0
    try:
        while frame is not None and (total is None or done < total):
            result, memory = pipeline.step(frame, memory)
            _write(lookahead.push(result), writer, refiner)
            summary.add(result, frame)
            done += 1
            out.progress("reconstructing", done, total)
            frame = source.read() if total is None or done < total else None
    except KeyboardInterrupt:
        _write(lookahead.finish(), writer, refiner)  # what was seen is kept
        raise
    _write(lookahead.finish(), writer, refiner)
    if total is not None and done < total:
        missing = total - done
        out.warn(f"{source.name} is damaged: {missing} of {total} frames could not be read.")


def _write(
    results: "Iterable[FrameResult]", writer: "SessionWriter", refiner: "Refiner | None"
) -> None:
    for result in results:
        writer.append(result)
        if refiner is not None:
            refiner.add(result)


def _frame_total(source: "Source", arguments: argparse.Namespace) -> int | None:
    if source.frame_count is None:
        return None if arguments.end is None else arguments.end
    return min(source.frame_count, arguments.end or source.frame_count) - arguments.start


def _check_range(source: "Source", arguments: argparse.Namespace) -> None:
    count = source.frame_count
    if count is None:
        if arguments.start:
            raise ExplainedError("--start is for files: a live source starts now.")
        return
    if arguments.start >= count:
        raise ExplainedError(
            f"{source.name} has {count} frames, so --start can be 0 to {count - 1}."
        )
    if arguments.end is not None and arguments.end <= arguments.start:
        raise ExplainedError("--end must be greater than --start.")


def _clipped(wanted: Any, frame: "Frame") -> Any:
    x0, y0, x1, y1 = wanted
    if x0 >= frame.width_px or y0 >= frame.height_px:
        raise ExplainedError(
            f"The box lies outside the picture of {frame.width_px} x {frame.height_px} pixels."
        )
    return x0, y0, min(x1, frame.width_px), min(y1, frame.height_px)


def _pipeline(model: Any, arguments: argparse.Namespace) -> "Pipeline":
    from core.pipeline import Pipeline
    from core.temporal import SmoothingConfig

    # What looks ahead smooths without lag; filtering first would only add lag to it.
    smoothing = SmoothingConfig(strength=0.0 if arguments.lookahead else 1.0)
    fov_rad = math.radians(arguments.fov)
    return Pipeline.of(model, _segmenter(model, arguments), fov_rad=fov_rad, smoothing=smoothing)


def _segmenter(model: Any, arguments: argparse.Namespace) -> Any:
    from core.segment.make_segmenter import make_segmenter

    if arguments.masks is None:
        return make_segmenter(arguments.segmenter, model)
    fallback = None if arguments.segmenter == "none" else arguments.segmenter
    clip = _clip_of_masks(arguments.masks, Path(arguments.input).stem)
    return make_segmenter("masks", model, path=arguments.masks, clip=clip, fallback=fallback)


def _clip_of_masks(masks: Path, stem: str) -> str | None:
    """The input's name where the masks folder names its files by clip: it may hold several."""
    has_clip = masks.is_dir() and any(masks.glob(f"{stem}_*.png"))
    return stem if has_clip else None


def _header(pipeline: "Pipeline", first: "Frame", arguments: argparse.Namespace) -> "SessionHeader":
    from core.camera import Camera
    from core.session_store import header_of, link_source

    camera = Camera.from_fov(first.width_px, first.height_px, pipeline.fov_rad)
    settings = {
        "segmenter": arguments.segmenter,
        "masks": str(arguments.masks) if arguments.masks else None,
        "box": arguments.box,
        "start": arguments.start,
        "lookahead": arguments.lookahead,
        "refine": arguments.refine,
        "fov_degrees": arguments.fov,
    }
    link = link_source(arguments.input, arguments.out)
    return header_of(pipeline.model, camera, arguments.out.stem, link, settings)


def _finish(writer: "SessionWriter", summary: "TakeSummary", model: Any) -> None:
    """Keep the body with its average proportions and colours, and a picture."""
    shape, appearance = summary.mean_codes()
    if shape is not None and appearance is not None:
        writer.store_body(replace(model.rig_of(shape), colors=model.colors(appearance)))
    if summary.best_rgb is not None:
        writer.store_thumbnail(summary.best_rgb)


def _report(summary: "TakeSummary", arguments: argparse.Namespace, out: Writer) -> int:
    facts: dict[str, Any] = summary.facts(time.monotonic())
    facts["session"] = str(arguments.out)
    out.line(
        f"{facts['frames']} frames in {clock_text(facts['seconds'])} ({facts['fps']:.1f} a second),"
        f" subject found in {facts['covered']:.0%}: {arguments.out}"
    )
    if not facts["covered"]:
        out.warn("No subject was found; say where it is on the first frame with --box.")
    out.result(facts)
    return 0
