"""Writes a model's CARD.md from its facts and from what `main.py evaluate --json FILE` measured.

PYTHONPATH=. python docs/write_card.py assets/models/dog notes.txt scores/*.json

notes.txt: where the model fails, in plain words, looked at in pictures. Figures are never typed in.
"""

import json
import sys
from pathlib import Path
from typing import Any

import onnx

from core.model import CategoryModel, load_model
from core.segment.finder import FACTS, FILE

REAL = "| {what} | {frames} | {iou:.3f} | {boundary_f:.3f} | {pck} | {flips} |"
TRUTH = "| {what} | {cd} | {f5} | {iou:.3f} | {root} | {flip} | {jitter} |"


def card_text(
    model: CategoryModel, notes: str, scores: dict[str, dict[str, Any]], has_picture: bool = False
) -> str:
    """The card in Markdown; `scores` by name of the file."""
    parts = [f"# {model.name}", "", _what(model), "", *_facts(model), "", "## Measured", ""]
    parts += _real({name: one for name, one in scores.items() if one["real"]})
    parts += _truth({name: one for name, one in scores.items() if one["clips"]})
    picture = ["", "![Frames of test clips](failures.jpg)"] if has_picture else []
    return "\n".join([*parts, "## Fails", "", notes.strip(), *picture, ""])


def _what(model: CategoryModel) -> str:
    return (
        f"Reconstructs one {model.card.get('category', 'body')} of the kind `{model.name}` from "
        "one camera: root pose, joint rotations, body proportions, vertex colours."
    )


def _facts(model: CategoryModel) -> list[str]:
    rig, training, student = model.rig, model.card["training"], model.student.config
    length = rig.metres_per_unit * float((rig.vertices.max(0) - rig.vertices.min(0)).max())
    start = training.get("started_from")
    begun = f", begun with the network of `{start}`" if start else ""
    weights = sum(value.size for value in model.student.weights.values())
    return [
        f"- **Body**: {', '.join(training['sources'])}; {len(rig.vertices)} vertices, "
        f"{len(rig.skeleton.names)} joints, {model.shape_count} proportions; taken to be "
        f"{length:.2f} m long.",
        f"- **Student**: {weights / 1e6:.1f} million weights, {student['input_px']} x "
        f"{student['input_px']} pixels of masked colour, mask and frame; "
        f"{student['hypotheses']} root hypotheses, {student.get('points', 0)} points found on the "
        "way.",
        f"- **Training**: {training['synthetic_crops']:,} synthetic crops of "
        f"{', '.join(training['rigs'])} with random poses, coats, proportions, cameras and faults "
        f"of mask and film; {training['minutes']:.0f} minutes of fitting{begun}. Real pictures: "
        f"{training['real_footage']}.",
        *_finder(model.folder),
        f"- **Licence**: weights MIT, body {model.card['licence']} (see assets/LICENSES.md).",
    ]


def _finder(folder: Path | None) -> list[str]:
    """What the finder has seen, as its own file says."""
    path = folder / FILE if folder is not None else None
    if path is None or not path.is_file():
        return []
    facts = {prop.key: prop.value for prop in onnx.load(path).metadata_props}
    told = json.loads(facts[FACTS])
    begun = (
        "begun with EfficientNet-Lite0's weights, learned from ImageNet's photographs (Apache-2.0)"
        if told["fit"].get("is_pretrained")
        else "begun with nothing"
    )
    return [
        f"- **Finder**: {begun}; {told['fit']['minutes']:.0f} minutes on {told['pictures']:,} "
        "pasted pictures."
    ]


def _real(scores: dict[str, dict[str, Any]]) -> list[str]:
    if not scores:
        return []
    rows = []
    for name, one in scores.items():
        mean = one["real_mean"]
        how = (
            ("fitted to its mask (`--refine`)" if one["refined"] else "as the student says it")
            if (one["masks"] == "given")
            else "no prompt" + (", `--refine`" if one["refined"] else "")
        )
        rows.append(REAL.format(
            what=f"{name.split('.')[0]}: {how}", frames=mean["frames"], iou=mean["iou"],
            boundary_f=mean["boundary_f"], pck=_percent(mean["pck"]), flips=mean["flips"],
        ))  # fmt: skip
    return [
        "Annotated key frames of real clips, each on its own; never trained on. Development clips",
        "may be chosen with, test clips never were.",
        "",
        "| set | frames | IoU | boundary F | PCK 0.2 | flips |",
        "| :-- | --: | --: | --: | --: | --: |",
        *rows,
        "",
    ]


def _truth(scores: dict[str, dict[str, Any]]) -> list[str]:
    rows = []
    for one in scores.values():
        groups = {key: value for key, value in one.items() if key.startswith("clips_mean")}
        for group, by_who in groups.items():
            who = next(iter(by_who))
            how = ", `--refine`" if one["refined"] else ""
            how += f", {one['lookahead']} frames ahead" if one["lookahead"] else ""
            title = group.removeprefix("clips_mean").replace("_", " ").strip() or "all"
            rows.append(_truth_row(f"{title}{how}", by_who[who]))
            if not one["refined"] and not one["lookahead"]:
                rows += [_truth_row(f"{title}: {b}", by_who[b]) for b in by_who if b != who]
    if not rows:
        return []
    return [
        "Synthetic test clips made by seed, true masks. CD: chamfer, both directions added, in %",
        "of body length, after one scale per sequence and the per-frame centroid. Jitter: against",
        "the truth's.",
        "*rest*, *ellipsoid*, *turned* are baselines (docs/evaluation.md), not results.",
        "",
        "| rigs | CD % | F@5 % | IoU | root error, mean of clips' medians | beyond 90 | jitter |",
        "| :-- | --: | --: | --: | --: | --: | --: |",
        *rows,
        "",
    ]


def _truth_row(what: str, one: dict[str, Any]) -> str:
    def text(value: float | None, form: str) -> str:
        return "-" if value is None else format(value, form)

    return TRUTH.format(
        what=what, cd=text(one["chamfer_percent"], ".2f"),
        f5=_percent(one["f_scores"]["5%"]), iou=one["iou"],
        root=text(one["root_rotation_median_deg"], ".1f"),
        flip=_percent(one["root_beyond_90_share"]),
        jitter=text(one["jitter_ratio"], ".2f"),
    )  # fmt: skip


def _percent(value: float | None) -> str:
    return "-" if value is None else f"{100 * value:.1f} %"


def main() -> None:
    """Write the card beside the model."""
    folder, notes, files = Path(sys.argv[1]), Path(sys.argv[2]), [Path(f) for f in sys.argv[3:]]
    scores = {path.name: json.loads(path.read_text()) for path in files}
    has_picture = (folder / "failures.jpg").is_file()
    text = card_text(load_model(folder), notes.read_text(), scores, has_picture)
    (folder / "CARD.md").write_text(text)


if __name__ == "__main__":
    main()
