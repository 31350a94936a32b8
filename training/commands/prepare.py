"""Make clips of raw videos for `fit`: pictures, masks, optical flow, a contact sheet of each.

main.py prepare walk.mp4 run.mp4 -o clips --box walk=120,60,420,330
main.py prepare walk.mp4 -o clips --masks masks         # masks/walk/00012.png or walk_12.png
main.py prepare walk.mp4 run.mp4 -o clips --drawn drawn # some frames' masks; the rest is learned

A clip made by `synthesize` brings its own masks. Clips that are there already are kept. Look at
clips/NAME/contact.png; masks/ may be edited by hand, `fit` reads and checks them anew.
"""

import argparse
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import ExplainedError
from core.progress import Writer

if TYPE_CHECKING:
    from core.results import Box
    from core.segment.segmenter import Points, Segmenter
    from training.prepare.prepare import PrepareJob, Prompt
    from training.prepare.prepared_clip import PreparedClip


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument(
        "videos", nargs="+", type=Path, metavar="VIDEO", help="videos, folders of images, clips"
    )
    parser.add_argument("-o", "--out", type=Path, required=True, metavar="CLIPS")
    parser.add_argument(
        "--masks", type=Path, metavar="DIR", help="masks: DIR/NAME/00012.png, DIR/NAME_12.png"
    )
    parser.add_argument(
        "--drawn", type=Path, metavar="DIR",
        help="masks of a few frames, named as for --masks: the --model's finder learns from them "
        "what the subject looks like in all others",
    )  # fmt: skip
    parser.add_argument("--learn-steps", type=int, default=500, metavar="N", help="of --drawn")
    parser.add_argument(
        "--box", action="append", default=[], metavar="[NAME[@FRAME]=]X0,Y0,X1,Y1",
        help="the subject on a video's first frame, pixels, and on others where its outline was "
        "lost; once for each",
    )  # fmt: skip
    parser.add_argument(
        "--stroke", action="append", default=[], metavar="[NAME[@FRAME]=]+X,Y;-X,Y",
        help="points on a video's first frame or another: + subject, - background",
    )  # fmt: skip
    parser.add_argument(
        "--segmenter", default="auto", choices=("auto", "grabcut", "background"),
        help="auto: with the --model's finder of its subject",
    )  # fmt: skip
    parser.add_argument("--model", default="dog", metavar="NAME", help="whose subject is shown")
    parser.add_argument(
        "--features", action="store_true",
        help="also which part of the body each pixel shows, as the --model's student sees it",
    )  # fmt: skip
    parser.add_argument("--size", type=int, default=256, metavar="PX", help="long side")
    parser.add_argument("--start", type=int, default=0, metavar="N", help="first frame")
    parser.add_argument("--end", type=int, metavar="N", help="frame to stop before")
    parser.add_argument("--fps", type=float, default=15.0, metavar="N", help="frames to keep")
    parser.add_argument("--frames", type=int, default=100, metavar="N", help="at most")
    parser.add_argument(
        "--also", action="append", default=[], metavar="[NAME=]N,N,...",
        help="frames to keep whatever --fps says",
    )  # fmt: skip
    parser.add_argument("--fov", type=float, default=55.0, metavar="DEGREES", help="long side")
    parser.add_argument("--overwrite", action="store_true", help="make clips anew")


def run(arguments: argparse.Namespace, out: Writer) -> int:
    """Prepare the videos one after another; each clip is whole or not there."""
    from training.prepare.contact import contact_picture
    from training.prepare.prepare import prepare_clip
    from training.prepare.prepared_clip import FACTS, write_prepared

    _check_numbers(arguments)
    names = _names(arguments.videos)
    prompts = _prompts(arguments, names)
    also = {n: _frames(text) for n, text in _named(arguments.also, names, "--also").items()}
    learned = _learned(arguments, names, out)
    rows = []
    for name, video in zip(names, arguments.videos, strict=True):
        folder = arguments.out / name
        if (folder / FACTS).is_file() and not arguments.overwrite:
            out.line(f"{folder} is there already.")
            rows.append({"clip": str(folder), "kept": True})
            continue
        job = _job(name, video, arguments, prompts[name], learned)
        job = replace(job, config=replace(job.config, also=also.get(name, frozenset())))
        try:
            clip = prepare_clip(job, lambda done, total, n=name: out.progress(n, done, total))
        finally:
            job.source.close()
            job.segmenter.close()
        if arguments.features:
            clip = _with_features(clip, arguments.model, out)
        folder.parent.mkdir(parents=True, exist_ok=True)
        write_prepared(folder, clip, contact_picture(clip))
        usable, count = int(clip.is_usable.sum()), len(clip.rgb)
        out.line(f"{folder}: {count} frames, {usable} with a usable mask; see contact.png")
        if usable < count:
            bad = [int(i) for i in clip.frame_index[~clip.is_usable]]
            out.warn(f"{name}: masks to look at: {', '.join(map(str, bad[:20]))}.")
        rows.append({"clip": str(folder), "frames": count, "usable": usable})
    out.result({"clips": rows})
    return 0


def _with_features(clip: "PreparedClip", model: str, out: Writer) -> "PreparedClip":
    from core.model import load_model
    from training.prepare.student_features import student_features

    def tell(done: int, total: int) -> None:
        out.progress(f"{clip.name} features", done, total)

    return replace(clip, features=student_features(load_model(model), clip, tell))


def _job(
    name: str,
    video: Path,
    arguments: argparse.Namespace,
    prompts: "dict[int, Prompt]",
    learned: "Segmenter | None",
) -> "PrepareJob":
    import numpy as np

    from core.model import load_model
    from core.segment.given_masks import GivenMasks
    from core.segment.make_segmenter import make_segmenter
    from core.sources.open_source import open_source
    from training.prepare.prepare import PrepareConfig, PrepareJob

    config = PrepareConfig(
        arguments.size, arguments.start, arguments.end, arguments.fps, arguments.frames,
        float(np.deg2rad(arguments.fov)),
    )  # fmt: skip
    is_many = len(arguments.videos) > 1
    if learned is not None:
        drawn = _drawn_of(name, arguments.drawn, is_many)
        segmenter = learned
        if drawn is not None:
            segmenter = GivenMasks(drawn[0], drawn[1], fallback=learned)
    elif (masks := _masks_of(name, video, arguments.masks, is_many)) is None:
        model = load_model(arguments.model) if arguments.segmenter == "auto" else None
        segmenter = make_segmenter(arguments.segmenter, model)
    else:
        # A frame without a mask stays without: nobody would notice a guess among given ones.
        segmenter = make_segmenter("masks", path=masks[0], clip=masks[1])
    source = open_source(str(video))
    count = source.frame_count
    if count is not None and config.start >= count:
        source.close()
        raise ExplainedError(f"{source.name} has {count} frames; --start can be 0 to {count - 1}.")
    return PrepareJob(name, source, segmenter, config, prompts, sees_all=learned is None)


def _learned(arguments: argparse.Namespace, names: list[str], out: Writer) -> "Segmenter | None":
    """A finder that has learned from the drawn frames of all videos; None if nothing is new."""
    from training.prepare.prepared_clip import FACTS

    is_there = all((arguments.out / name / FACTS).is_file() for name in names)
    if arguments.drawn is None or (is_there and not arguments.overwrite):
        return None
    from core.model import load_model
    from core.segment.mask_set import open_masks
    from core.sources.open_source import open_source
    from training.finder.load_finder import load_finder
    from training.prepare.drawn_frames import drawn_frames
    from training.prepare.learned_segmenter import LearnedSegmenter
    from training.prepare.subject_learner import LearnConfig, learn_subject

    network = load_finder(load_model(arguments.model))
    drawn = []
    for name, video in zip(names, arguments.videos, strict=True):
        place = _drawn_of(name, arguments.drawn, len(names) > 1)
        if place is not None:
            with open_source(str(video)) as source:
                drawn += drawn_frames(source, open_masks(*place))
    if not drawn:
        raise ExplainedError(f"{arguments.drawn} holds no masks of {', '.join(names)}.")

    def tell(done: int, total: int) -> None:
        out.progress(f"learning from {len(drawn)} masks", done, total)

    return LearnedSegmenter(learn_subject(network, drawn, LearnConfig(arguments.learn_steps), tell))


def _drawn_of(name: str, folder: Path, is_one_of_many: bool) -> tuple[Path, str | None] | None:
    """Where a video's drawn masks are; None if there are none of it among many."""
    try:
        return _masks_of(name, folder, folder, is_one_of_many)
    except ExplainedError:
        return None


def _masks_of(
    name: str, video: Path, folder: Path | None, is_one_of_many: bool
) -> tuple[Path, str | None] | None:
    """Where a video's masks are: place, and how their names begin."""
    if folder is None:
        own = video / "masks.npz"
        return (own, None) if own.is_file() else None
    if (folder / name).is_dir():
        return folder / name, None
    if any(folder.glob(f"{name}_*.png")):
        return folder, name
    if is_one_of_many:
        raise ExplainedError(f"There are no masks of {name} in {folder}: name a folder {name}.")
    return folder, None


def _names(videos: list[Path]) -> list[str]:
    names = [video.name if video.is_dir() else video.stem for video in videos]
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        raise ExplainedError(f"Two videos are called {twice.pop()}; rename one of them.")
    return names


def _prompts(arguments: argparse.Namespace, names: list[str]) -> "dict[str, dict[int, Prompt]]":
    """Boxes and strokes by video and frame."""
    from training.prepare.prepare import Prompt

    boxes = _named(arguments.box, names, "--box", has_frames=True)
    strokes = _named(arguments.stroke, names, "--stroke", has_frames=True)
    prompts: dict[str, dict[int, Prompt]] = {name: {} for name in names}
    for key in boxes.keys() | strokes.keys():
        name, at, frame = key.rpartition("@")
        place = (name, int(frame)) if at and key not in names else (key, 0)
        box = _box(boxes[key]) if key in boxes else None
        points = _points(strokes[key]) if key in strokes else None
        prompts[place[0]][place[1]] = Prompt(box, points)
    return prompts


def _named(
    texts: list[str], names: list[str], option: str, has_frames: bool = False
) -> dict[str, str]:
    """`NAME=value` by name, or by NAME@FRAME; without a name, for the only video."""
    values = {}
    for text in texts:
        name, is_named, value = text.rpartition("=")
        if not is_named and len(names) > 1:
            raise ExplainedError(f"Say which video {option} {text} is for: {option} NAME={text}.")
        name = name if is_named else names[0]
        video, at, frame = name.rpartition("@")
        is_frame = has_frames and bool(at) and frame.isdigit() and video in names
        if name not in names and not is_frame:
            raise ExplainedError(f"{option} names {name!r}; there are {', '.join(names)}.")
        values[name] = value
    return values


def _box(text: str) -> "Box":
    numbers = _numbers(text, 4, "--box", "X0,Y0,X1,Y1")
    if not (numbers[0] < numbers[2] and numbers[1] < numbers[3]):
        raise ExplainedError(f"--box {text} is no box: x0 < x1 and y0 < y1 are needed.")
    return numbers[0], numbers[1], numbers[2], numbers[3]


def _frames(text: str) -> frozenset[int]:
    count = text.count(",") + 1
    numbers = _numbers(text, count, "--also", "79,158")
    if any(number < 0 or number % 1 for number in numbers):
        raise ExplainedError(f"--also {text} names no frames; give whole numbers from 0.")
    return frozenset(int(number) for number in numbers)


def _points(text: str) -> "Points":
    import numpy as np

    from core.segment.segmenter import Points

    places, is_subject = [], []
    for part in filter(None, text.split(";")):
        if part[0] not in "+-":
            raise ExplainedError(f"--stroke {text} is not like +120,80;-10,20.")
        places.append(_numbers(part[1:], 2, "--stroke", "+X,Y;-X,Y"))
        is_subject.append(part[0] == "+")
    return Points(np.array(places, float), tuple(is_subject))


def _numbers(text: str, count: int, option: str, form: str) -> list[float]:
    try:
        numbers = [float(part) for part in text.split(",")]
    except ValueError:
        numbers = []
    if len(numbers) != count:
        raise ExplainedError(f"{option} {text} is not like {form}.")
    return numbers


def _check_numbers(arguments: argparse.Namespace) -> None:
    if not 32 <= arguments.size <= 2048:
        raise ExplainedError(f"--size {arguments.size} is not between 32 and 2048.")
    if arguments.drawn is not None and arguments.masks is not None:
        raise ExplainedError("Give --masks for all frames or --drawn for a few, not both.")
    if not 1 <= arguments.learn_steps <= 100_000:
        raise ExplainedError(f"--learn-steps {arguments.learn_steps} is not 1 to 100000.")
    if not 2 <= arguments.frames <= 2000 or not 0 < arguments.fps <= 240:
        raise ExplainedError("Give --frames of 2 to 2000 and --fps up to 240.")
    if arguments.start < 0 or (arguments.end is not None and arguments.end <= arguments.start):
        raise ExplainedError("--start must be 0 or more, --end greater than --start.")
    if not 5 <= arguments.fov <= 150:
        raise ExplainedError(f"--fov {arguments.fov:g} is not between 5 and 150 degrees.")
