"""A model's scores on clips, with the baselines beside them.

evaluation = evaluate(load_model("dog"), clips, EvaluationOptions())
evaluation.lines()
"""

import json
import os
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np

from core.frame import Frame
from core.model import CategoryModel
from core.refine import RefineConfig
from training.clip import Clip
from training.evaluation.annotations import RealClip
from training.evaluation.baselines import baselines
from training.evaluation.bodies import Bodies, predicted_bodies, true_bodies
from training.evaluation.find_clips import TestClip
from training.evaluation.keypoint_map import KeypointMap, annotation_category, keypoint_map
from training.evaluation.mean_scores import joined_real_scores, mean_truth_scores
from training.evaluation.predict import predict_clip, predict_key_frames, predict_unprompted
from training.evaluation.real_scores import RealScores, project_keypoints, score_real
from training.evaluation.score_table import (
    DEPTH_HEADS,
    REAL_HEADS,
    TRUTH_HEADS,
    depth_cells,
    markdown_table,
    plain_table,
    real_cells,
    truth_cells,
)
from training.evaluation.sheets import contact_sheet, overlay_tile, write_png
from training.evaluation.truth_scores import TruthScores, score_against_truth
from training.metrics.align import AlignmentName

Report = Callable[[str, float, float | None], None]
"""Stage, units done, units in all."""

_SHEET_FRAMES = 8
_BASELINE_FRAMES = 30
"""Surfaces of the baselines are compared in about as many frames: they are there for scale."""


@dataclass(frozen=True)
class EvaluationOptions:
    """How to evaluate."""

    alignment: AlignmentName = "scale_centroid"
    stride: int = 1
    """Surfaces and silhouettes of clips with truth only in every stride-th frame."""
    with_depth: bool = False
    is_prompted: bool = True
    """Real clips: masks given; else the subject is found in the whole video with no prompt."""
    refine: RefineConfig | None = None
    """Fit results to their masks before they are scored."""
    lookahead: int = 0
    """Frames of the future that clips with truth may use; 0 is live."""
    sheets: Path | None = None
    """Folder for contact sheets."""
    groups: dict[str, str] = field(default_factory=dict)
    """Groups of clips with truth, by clip: each gets a mean of its own, none is over all."""


@dataclass(frozen=True, eq=False)
class Evaluation:
    """All scores of one run."""

    model_name: str
    options: EvaluationOptions
    with_truth: dict[str, dict[str, TruthScores]] = field(default_factory=dict)
    """By clip, then by who: the model, rest, ellipsoid, turned."""
    real: dict[str, RealScores] = field(default_factory=dict)

    def lines(self, is_markdown: bool = False) -> list[str]:
        """Tables with a last line of means."""
        table = markdown_table if is_markdown else plain_table
        lines: list[str] = []
        if self.with_truth:
            ahead = self.options.lookahead
            how = f"{ahead} frames looked ahead" if ahead else "live"
            lines += [f"Clips with truth, {how}, alignment {self.options.alignment}:", ""]
            lines += table(TRUTH_HEADS, self._truth_rows(truth_cells))
            if self.options.with_depth:
                lines += ["", "Depth, and lengths where the real size is known:", ""]
                lines += table(DEPTH_HEADS, self._truth_rows(depth_cells))
        if self.real:
            masks = "given masks" if self.options.is_prompted else "no prompt"
            masks += ", refined" if self.options.refine else ""
            lines += [*([""] if lines else []), f"Real key frames, {masks}:", ""]
            lines += table(REAL_HEADS, self._real_rows())
        return lines

    def facts(self) -> dict:
        """As JSON values."""
        facts: dict = {
            "model": self.model_name,
            "alignment": self.options.alignment,
            "masks": "given" if self.options.is_prompted else "none",
            "refined": self.options.refine is not None,
            "lookahead": self.options.lookahead,
            "clips": {
                name: {who: asdict(scores) for who, scores in by_who.items()}
                for name, by_who in self.with_truth.items()
            },
            "real": {name: scores.facts() for name, scores in self.real.items()},
        }
        if self.with_truth:
            for name, mean in self._truth_means().items():
                facts[f"clips_{name}".replace(" ", "_")] = {
                    w: asdict(one) for w, one in mean.items()
                }
        if self.real:
            facts["real_mean"] = joined_real_scores(list(self.real.values())).facts()
        return facts

    def write_json(self, path: Path) -> None:
        """Write the facts, whole or not at all."""
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_name(path.name + ".part")
        text = json.dumps(self.facts(), indent=1, allow_nan=False) + "\n"
        unfinished.write_text(text, encoding="utf-8")
        os.replace(unfinished, path)

    def _truth_means(self) -> dict[str, dict[str, TruthScores]]:
        """By group's mean, then by who."""
        groups: dict[str, list[dict[str, TruthScores]]] = {}
        for clip, by_who in self.with_truth.items():
            group = self.options.groups.get(clip)
            groups.setdefault(f"mean {group}" if group else "mean", []).append(by_who)
        return {
            group: {who: mean_truth_scores([one[who] for one in members]) for who in members[0]}
            for group, members in groups.items()
        }

    def _truth_rows(self, cells: Callable[[TruthScores], list[str]]) -> list[list[str]]:
        groups = dict(self.with_truth)
        if len(groups) > 1:
            groups |= self._truth_means()
        return [
            [clip if position == 0 else "", who, *cells(scores)]
            for clip, by_who in groups.items()
            for position, (who, scores) in enumerate(by_who.items())
        ]

    def _real_rows(self) -> list[list[str]]:
        groups = dict(self.real)
        if len(groups) > 1:
            groups["all frames"] = joined_real_scores(list(self.real.values()))
        return [[clip, *real_cells(scores)] for clip, scores in groups.items()]


def evaluate(
    model: CategoryModel,
    clips: Sequence[TestClip],
    options: EvaluationOptions,
    report: Report = lambda stage, done, total: None,
) -> Evaluation:
    """Reconstruct every clip and score it.

    Raises:
        ExplainedError: A clip or the model cannot be read.
    """
    evaluation = Evaluation(model.name, options)
    for clip in clips:
        if isinstance(clip, Clip):
            evaluation.with_truth[clip.name] = _evaluate_truth(model, clip, options, report)
        else:
            evaluation.real[clip.name] = _evaluate_real(model, clip, options, report)
    return evaluation


def _evaluate_truth(
    model: CategoryModel, clip: Clip, options: EvaluationOptions, report: Report
) -> dict[str, TruthScores]:
    results = predict_clip(
        model,
        clip,
        lambda done, total: report(clip.name, done, total),
        options.refine,
        options.lookahead,
    )
    contestants = {model.name: predicted_bodies(model, results), **baselines(clip)}
    if options.sheets is not None:
        _write_truth_sheet(options.sheets, clip, contestants[model.name])
    scores = {}
    for who, bodies in contestants.items():
        report(f"{clip.name}: scores", len(scores), len(contestants))
        stride = options.stride
        if who != model.name:
            stride = max(stride, -(-clip.frame_count // _BASELINE_FRAMES))
        scores[who] = score_against_truth(
            bodies, clip, options.alignment, stride, options.with_depth
        )
    report(f"{clip.name}: scores", len(contestants), len(contestants))
    return scores


def _evaluate_real(
    model: CategoryModel, clip: RealClip, options: EvaluationOptions, report: Report
) -> RealScores:
    if options.is_prompted:
        report(clip.name, 0, 1)
        results = predict_key_frames(model, clip, options.refine)
    else:
        results = predict_unprompted(
            model, clip, lambda d, total: report(clip.name, d, total), options.refine
        )
    bodies = predicted_bodies(model, results)
    category = annotation_category(str(model.card.get("category") or model.name))
    places = keypoint_map(model.rig, category)
    scores = score_real(bodies, clip, places)
    report(clip.name, 1, 1)
    if options.sheets is not None:
        _write_real_sheet(options.sheets, clip, bodies, places, scores)
    return scores


def _write_real_sheet(
    folder: Path, clip: RealClip, bodies: Bodies, places: KeypointMap, scores: RealScores
) -> None:
    tiles = []
    pictures: list[Frame] = clip.pictures()
    for position, (frame, key, score) in enumerate(
        zip(pictures, clip.key_frames, scores.frames, strict=True)
    ):
        seen = project_keypoints(bodies, position, places)
        pairs = [
            (key.keypoints[name], (float(seen[name][0]), float(seen[name][1])), hit)
            for name, hit in score.hits.items()
            if name in seen
        ]
        label = f"#{key.index} IoU {score.iou:.2f}" + (" FLIPPED" if score.is_flipped else "")
        tiles.append(overlay_tile(frame.rgb, bodies, position, key.mask > 0, pairs, label))
    write_png(folder / f"{clip.name}.png", contact_sheet(tiles))


def _write_truth_sheet(folder: Path, clip: Clip, bodies: Bodies) -> None:
    chosen = np.unique(np.linspace(0, clip.frame_count - 1, _SHEET_FRAMES).astype(int)).tolist()
    truth = true_bodies(clip)
    tiles = [
        overlay_tile(
            frame.rgb, bodies, frame.index, truth.silhouette(frame.index), label=f"#{frame.index}"
        )
        for frame in clip.frames()
        if frame.index in chosen
    ]
    write_png(folder / f"{clip.name}.png", contact_sheet(tiles))
