"""List the category models that are there, with what their cards say."""

import argparse
from pathlib import Path
from typing import Any

from core.progress import Writer


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", nargs="*", help="folders or .zips; default: those that came along")


def run(arguments: argparse.Namespace, out: Writer) -> int:
    """Print one block per model; broken ones are named and make the exit code 1."""
    from core.errors import ModelError
    from core.model import load_model

    names = arguments.model or installed_models()
    if not names:
        out.warn("There are no category models in assets/models.")
    found: list[dict[str, Any]] = []
    broken = 0
    for name in names:
        try:
            facts = model_facts(load_model(name))
        except ModelError as error:
            out.warn(str(error))
            broken += 1
            continue
        found.append(facts)
        for line in fact_lines(facts):
            out.line(line)
    out.result({"models": found})
    return 1 if broken else 0


def installed_models() -> list[str]:
    """Names of the models in assets/models."""
    from core.model import MODELS_FOLDER

    return sorted(path.parent.name for path in MODELS_FOLDER.glob("*/model.json"))


def model_facts(model: Any) -> dict[str, Any]:
    """What to tell of a `CategoryModel`, as JSON values."""
    rig = model.rig
    return {
        "name": model.name,
        "category": model.card.get("category"),
        "vertices": len(rig.vertices),
        "faces": len(rig.faces),
        "joints": len(rig.skeleton.names),
        "input_px": model.input_px,
        "megabytes": round(_bytes_in(model.folder) / 1e6, 1) if model.folder else None,
        "runs_on_onnx": model.student.onnx_path is not None,
        "licence": model.card.get("licence"),
        "training_data": model.card.get("training_data"),
        "accuracy": model.card.get("accuracy"),
    }


def fact_lines(facts: dict[str, Any]) -> list[str]:
    """The same for people."""
    size = f", {facts['megabytes']} MB" if facts["megabytes"] else ""
    lines = [
        f"{facts['name']}: {facts['category'] or 'category unknown'}{size}",
        f"    {facts['vertices']} vertices, {facts['joints']} joints, "
        f"sees {facts['input_px']} x {facts['input_px']} pixels",
    ]
    for key in ("licence", "training_data", "accuracy"):
        if facts[key]:
            lines.append(f"    {key.replace('_', ' ')}: {_in_words(facts[key])}")
    return lines


def _in_words(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} {_in_words(item)}" for key, item in value.items())
    if isinstance(value, list):
        return ", ".join(_in_words(item) for item in value)
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def _bytes_in(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.iterdir() if path.is_file())
