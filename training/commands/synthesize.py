"""Make clips of a rig that performs before a camera, with exact truth, by seed.

main.py synthesize fox.glb -o clips/fox                        # one clip
main.py synthesize a.glb b.glb -o clips --count 4 --seed 100   # folders clips/NAME_SEED

The same rig, seed and options give the same clip. A clip's folder can be given to `evaluate`;
beside the true masks.npz lies masks_imperfect.npz, as a segmenter might have made them.
"""

import argparse
from pathlib import Path

from core.progress import Writer


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("rigs", nargs="+", type=Path, metavar="RIG", help="animated .glb or .gltf")
    parser.add_argument(
        "-o", "--out", type=Path, required=True, metavar="DIR",
        help="the clip's folder; with several clips, the folder of their folders",
    )  # fmt: skip
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="of the first clip")
    parser.add_argument("--count", type=int, default=1, metavar="N", help="clips of each rig")
    parser.add_argument("--frames", type=int, default=60, metavar="N", help="of each clip")
    parser.add_argument("--fps", type=float, default=30.0, metavar="N", help="frames per second")
    parser.add_argument(
        "--size", default="256x256", metavar="WxH", help="of the pictures (default: %(default)s)"
    )
    parser.add_argument("--category", default="animal", metavar="NAME", help="kept in clip.json")


def run(arguments: argparse.Namespace, out: Writer) -> int:
    """Make the clips one after another; each is whole or not there."""
    from core.errors import ExplainedError
    from training.evaluation.synthetic_set import read_body
    from training.synth.clip_folder import write_synthetic_clip
    from training.synth.clips import ClipConfig, ClipFactory

    width_px, height_px = _size(arguments.size)
    if arguments.count < 1 or arguments.seed < 0 or not 1 <= arguments.fps <= 240:
        raise ExplainedError("Give a --count of 1 or more, a --seed from 0, --fps from 1 to 240.")
    try:
        config = ClipConfig(
            width_px, height_px, arguments.frames, arguments.fps, arguments.category
        )
    except ValueError as error:
        raise ExplainedError(f"These clips cannot be made: {error}.") from error
    bodies = [read_body(path) for path in arguments.rigs]
    total = len(bodies) * arguments.count
    factory, made = ClipFactory(config), []
    try:
        for body in bodies:
            for seed in range(arguments.seed, arguments.seed + arguments.count):
                out.progress("making clips", len(made), total)
                clip, pictures = factory.make(body, seed)
                folder = arguments.out if total == 1 else arguments.out / clip.name
                folder.parent.mkdir(parents=True, exist_ok=True)
                write_synthetic_clip(folder, clip, pictures)
                made.append(str(folder))
    finally:
        factory.release()
    out.progress("making clips", total, total)
    for folder in made:
        out.line(f"Wrote {folder}")
    out.result({"clips": made})
    return 0


def _size(text: str) -> tuple[int, int]:
    from core.errors import ExplainedError

    width, _, height = text.partition("x")
    if not (width.isdecimal() and height.isdecimal() and min(int(width), int(height)) >= 16):
        raise ExplainedError(f"--size {text!r} is not like 256x256, at least 16x16.")
    if max(int(width), int(height)) > 2048:
        raise ExplainedError(f"--size {text!r} is too large; at most 2048x2048.")
    return int(width), int(height)
