"""The figures that a training run writes while it learns, as curves.

curves_of(rows_of(run / "log.jsonl"), "total")     # a student's loss, learning and held out
curves_of(job.measures, "iou")                     # adaptation: overlap on frames held out
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float

HELD_OUT = "check_"
"""Prefix of figures of held-out crops in the log of a run (docs/training.md)."""
MOST_ROWS = 5000
"""More are thinned out: nobody sees them."""


@dataclass(frozen=True, eq=False)
class Curve:
    """One figure over the steps of a run."""

    name: str
    steps: Float[np.ndarray, " points"]
    values: Float[np.ndarray, " points"]


def rows_of(path: Path) -> list[dict[str, Any]]:
    """The rows that are whole; the last may be half written, and the file may not be there yet."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError:
        return []
    rows = []
    for line in lines[:: max(len(lines) // MOST_ROWS, 1)]:
        try:
            row = json.loads(line)
        except ValueError:
            continue
        if isinstance(row, dict) and "step" in row:
            rows.append(row)
    return rows


def curves_of(rows: list[dict[str, Any]], figure: str) -> list[Curve]:
    """A figure as it was in training and held out, where the rows have them."""
    names = ((figure, "learning"), (HELD_OUT + figure, "held out"))
    return [curve for key, name in names if (curve := _curve(rows, key, name)) is not None]


def _curve(rows: list[dict[str, Any]], key: str, name: str) -> Curve | None:
    points = [(row["step"], row[key]) for row in rows if isinstance(row.get(key), int | float)]
    if len(points) < 2:
        return None
    steps, values = np.array(points, float).T
    is_real = np.isfinite(values)
    return Curve(name, steps[is_real], values[is_real]) if is_real.sum() > 1 else None
