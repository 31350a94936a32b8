"""Measure a model on clips: against the truth, or against hand-made masks and keypoints.

main.py evaluate dog clips/gallop clips/trot        # folders with truth, or annotation JSONs
main.py evaluate dog real-dev --sheets out/sheets   # the development key frames; or real-test
main.py evaluate dog real-test --json scores.json
main.py evaluate dog synthetic --rigs ../shared/data/rigs    # clips made by seed, kept in a cache

The clips of real-test and of the synthetic test set are for reporting: never choose with them.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from core.progress import Writer

REAL_SETS = ("real-dev", "real-test")
SYNTHETIC_SETS = ("synthetic", "synthetic-imperfect")
ALIGNMENTS = ("none", "scale", "scale_centroid", "similarity")
MASKS = ("given", "none")


class JsonTarget(argparse.Action):
    """`--json` alone asks for events on stdout, as in every command; `--json FILE` for a file."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: str | Sequence[Any] | None,
        option_string: str | None = None,
    ) -> None:
        namespace.json = values is None
        namespace.report = None if values is None else Path(str(values))


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("model", metavar="MODEL", help="name, folder or .zip of a category model")
    parser.add_argument(
        "clips",
        nargs="+",
        metavar="CLIP",
        help="a clip's folder, an annotation .json, real-dev, real-test, synthetic, or "
        "synthetic-imperfect (with masks as a segmenter gives them)",
    )
    parser.add_argument(
        "--json", nargs="?", action=JsonTarget, default=False, metavar="FILE",
        help="write all scores to FILE; without one, events as JSON lines on stdout",
    )  # fmt: skip
    parser.set_defaults(report=None)
    parser.add_argument("--table", action="store_true", help="tables in Markdown, for documents")
    parser.add_argument(
        "--data", type=Path, default=Path("../shared/data"), metavar="DIR",
        help="holds annotations/ and videos/ (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--rigs", type=Path, metavar="DIR",
        help="rigs that the synthetic set is made of (default: DATA/rigs)",
    )  # fmt: skip
    parser.add_argument(
        "--subject", metavar="NAME",
        help="real clips of dog, cat, quadruped or human only (default: by the model's name)",
    )  # fmt: skip
    parser.add_argument(
        "--align", choices=ALIGNMENTS, default="scale_centroid",
        help="what is forgiven before surfaces are compared (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--masks", choices=MASKS, default="given",
        help="none: find the subject in the whole real video without a prompt",
    )  # fmt: skip
    parser.add_argument(
        "--stride", type=int, default=1, metavar="N",
        help="compare surfaces and silhouettes in every Nth frame",
    )  # fmt: skip
    parser.add_argument(
        "--refine", action="store_true",
        help="fit the results to their masks first, as `reconstruct --refine` does",
    )  # fmt: skip
    parser.add_argument(
        "--lookahead", type=int, default=0, metavar="N",
        help="clips with truth: settle each frame with N frames of the future, as `reconstruct` "
        "does (default: 0, live)",
    )  # fmt: skip
    parser.add_argument(
        "--depth", action="store_true",
        help="also compare depth maps; the table holds lengths in cm too",
    )  # fmt: skip
    parser.add_argument(
        "--sheets", type=Path, metavar="DIR", help="write contact sheets with the mesh drawn over"
    )


def run(arguments: argparse.Namespace, out: Writer) -> int:
    """Reconstruct and score every clip; tell it as tables, as JSON, as pictures."""
    from core.errors import ExplainedError
    from core.model import load_model
    from core.refine import RefineConfig
    from training.evaluation.evaluation import EvaluationOptions, evaluate
    from training.evaluation.find_clips import find_clips
    from training.evaluation.keypoint_map import annotation_category
    from training.evaluation.synthetic_set import synthetic_clips

    if arguments.stride < 1:
        raise ExplainedError(f"--stride {arguments.stride} does not go forward; give 1 or more.")
    if arguments.lookahead < 0:
        raise ExplainedError(f"--lookahead {arguments.lookahead} looks back; give 0 or more.")
    model = load_model(arguments.model)
    build = annotation_category(str(model.card.get("category") or model.name))
    subject = arguments.subject or model.name
    words = [word for word in arguments.clips if word not in SYNTHETIC_SETS]
    clips = find_clips(words, arguments.data, subject, build)
    groups: dict[str, str] = {}
    for word in arguments.clips:
        if word in SYNTHETIC_SETS:
            made, kinds = synthetic_clips(
                subject,
                arguments.rigs or arguments.data / "rigs",
                word == "synthetic",
                out.progress,
            )
            clips, groups = [*clips, *made], groups | kinds
    options = EvaluationOptions(
        alignment=arguments.align,
        stride=arguments.stride,
        with_depth=arguments.depth,
        is_prompted=arguments.masks == "given",
        refine=RefineConfig() if arguments.refine else None,
        lookahead=arguments.lookahead,
        sheets=arguments.sheets,
        groups=groups,
    )
    evaluation = evaluate(model, clips, options, out.progress)
    for line in evaluation.lines(is_markdown=arguments.table):
        out.line(line)
    if arguments.report is not None:
        evaluation.write_json(arguments.report)
        out.line(f"Wrote {arguments.report}")
    out.result(evaluation.facts())
    return 0
