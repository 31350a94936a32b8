"""Scores as rows of text, for people and for docs.

lines = plain_table(truth_columns(), rows)
lines = markdown_table(REAL_HEADS, [["dog_06", *real_cells(scores)], ...])
"""

from collections.abc import Sequence

from training.evaluation.real_scores import RealScores
from training.evaluation.truth_scores import TruthScores

TRUTH_HEADS = (
    "clip", "who", "CD %", "F@1", "F@2", "F@5", "F@10", "IoU", "bdry F", "root °", ">90° %",
    "MPJPE %", "PA %", "vert %", "jitter", "pose jit", "covered",
)  # fmt: skip
DEPTH_HEADS = (
    "clip", "who", "RMSE %", "rel@1", "rel@2", "rel@5", "abs@1", "abs@2", "abs@5", "L1 raw %",
    "L1 frame %", "L1 seq %", "CD cm", "F@2cm", "F@5cm", "F@10cm",
)  # fmt: skip
REAL_HEADS = (
    "clip", "IoU", "bdry F", "PCK", "transfer", "flips", "unsure", "frames", "covered",
)  # fmt: skip
_NONE = "-"


def truth_cells(scores: TruthScores) -> list[str]:
    """One row of TRUTH_HEADS, without clip and who."""
    beyond = scores.root_beyond_90_share
    return [
        _number(scores.chamfer_percent, 2),
        *(_percent(scores.f_scores.get(f"{t}%"), 1) for t in (1, 2, 5, 10)),
        _number(scores.iou, 3),
        _number(scores.boundary_f, 3),
        _number(scores.root_rotation_median_deg, 1),
        _percent(beyond, 1),
        _number(scores.mpjpe_percent, 2),
        _number(scores.pa_mpjpe_percent, 2),
        _number(scores.vertex_error_percent, 2),
        _number(scores.jitter_ratio, 2),
        _number(scores.pose_jitter_ratio, 2),
        _percent(scores.covered_share),
    ]


def depth_cells(scores: TruthScores) -> list[str]:
    """One row of DEPTH_HEADS, without clip and who: DASR table 3, KeyTr, and real lengths."""
    nothing = (None, None, None)
    in_cm = scores.f_scores_cm or {}
    return [
        _number(scores.depth_rmse_percent, 2),
        *(_percent(share, 1) for share in scores.depth_relative_accuracy or nothing),
        *(_percent(share, 1) for share in scores.depth_absolute_accuracy or nothing),
        *(_number(error, 2) for error in scores.depth_keytr_percent or nothing),
        _number(scores.chamfer_cm, 2),
        *(_percent(in_cm.get(f"{t}cm"), 1) for t in (2, 5, 10)),
    ]


def real_cells(scores: RealScores) -> list[str]:
    """One row of REAL_HEADS, without clip."""
    return [
        _number(scores.iou, 3),
        _number(scores.boundary_f, 3),
        _percent(scores.pck, 1),
        _percent(scores.transfer, 1),
        str(scores.flips),
        str(scores.undecided),
        str(len(scores.frames)),
        _percent(scores.covered_share),
    ]


def plain_table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Columns aligned with spaces: words to the left, numbers to the right."""
    widths = [max(len(row[column]) for row in (heads, *rows)) for column in range(len(heads))]
    words = sum(head in ("clip", "who") for head in heads)

    def line(row: Sequence[str]) -> str:
        cells = [
            cell.ljust(width) if column < words else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        return "  ".join(cells).rstrip()

    return [line(heads), "  ".join("-" * width for width in widths), *map(line, rows)]


def markdown_table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """The same for documents."""
    marks = [":--" if head in ("clip", "who") else "--:" for head in heads]
    return ["| " + " | ".join(row) + " |" for row in (heads, marks, *rows)]


def _number(value: float | None, digits: int) -> str:
    return _NONE if value is None else f"{value:.{digits}f}"


def _percent(value: float | None, digits: int = 0) -> str:
    return _NONE if value is None else f"{100 * value:.{digits}f}"
