"""What the ablation measures of each variant, and its table.

scores = score_variant(model, clips, stride)
lines = ablation_table({"transformer over time": scores})
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from core.model import CategoryModel
from training.clip import Clip
from training.evaluation.bodies import predicted_bodies
from training.evaluation.mean_scores import mean_truth_scores
from training.evaluation.predict import predict_clip
from training.evaluation.score_table import markdown_table
from training.evaluation.truth_scores import score_against_truth

Report = Callable[[str, float, float | None], None]

LOOKAHEAD = 6
STAGES = ("student", "temporal", "decode")
HEADS = ("variant", "CD %", "F@5", "F@2", "IoU", "root °", ">90° %", "MPJPE %", "CD % offline",
         "jitter live", "jitter offline", "ms")  # fmt: skip


@dataclass(frozen=True)
class AblationScores:
    """Means over the clips; live unless said otherwise."""

    chamfer_percent: float | None
    f5: float | None
    f2: float | None
    iou: float
    root_deg: float | None
    beyond_90: float | None
    mpjpe_percent: float | None
    chamfer_offline_percent: float | None
    jitter_live: float | None
    jitter_offline: float | None
    milliseconds: float
    """Student, temporal stage and decoding, median."""


def score_variant(
    model: CategoryModel,
    clips: list[Clip],
    stride: int = 4,
    report: Report = lambda stage, done, total: None,
) -> AblationScores:
    """Reconstruct every clip live, and with six frames of the future; score both."""
    live, offline, spent = [], [], []
    for number, clip in enumerate(clips):
        report("score", number, len(clips))
        results = predict_clip(model, clip)
        spent += [sum(r.stage_ms.get(s, 0.0) for s in STAGES) for r in results if r.is_covered]
        live.append(score_against_truth(predicted_bodies(model, results), clip, stride=stride))
        ahead = predict_clip(model, clip, lookahead=LOOKAHEAD)
        offline.append(score_against_truth(predicted_bodies(model, ahead), clip, stride=stride))
    report("score", len(clips), len(clips))
    mean, later = mean_truth_scores(live), mean_truth_scores(offline)
    return AblationScores(
        mean.chamfer_percent, mean.f_scores.get("5%"), mean.f_scores.get("2%"), mean.iou,
        mean.root_rotation_median_deg, mean.root_beyond_90_share, mean.mpjpe_percent,
        later.chamfer_percent, mean.jitter_ratio, later.jitter_ratio,
        float(np.median(spent)) if spent else float("nan"),
    )  # fmt: skip


def ablation_table(rows: dict[str, AblationScores]) -> list[str]:
    """Markdown, one line a variant."""
    return markdown_table(HEADS, [[name, *_cells(scores)] for name, scores in rows.items()])


def _cells(scores: AblationScores) -> list[str]:
    def number(value: float | None, digits: int, factor: float = 1.0) -> str:
        return "-" if value is None else f"{factor * value:.{digits}f}"

    return [
        number(scores.chamfer_percent, 2), number(scores.f5, 1, 100.0), number(scores.f2, 1, 100.0),
        number(scores.iou, 3), number(scores.root_deg, 1), number(scores.beyond_90, 1, 100.0),
        number(scores.mpjpe_percent, 2), number(scores.chamfer_offline_percent, 2),
        number(scores.jitter_live, 2), number(scores.jitter_offline, 2),
        number(scores.milliseconds, 1),
    ]  # fmt: skip
