"""What a fit tells while it runs: log.jsonl, log.csv, and TensorBoard's curves where installed.

with FitLog(folder, LossTerms._fields) as log:
    log.add({"step": 50, "total": 3.2})
"""

import csv
import json
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

CHECK = "check_"
"""Prefix of figures of held-out crops."""


class FitLog:
    """Appends to what earlier parts of the run have written."""

    def __init__(self, folder: Path, terms: tuple[str, ...]) -> None:
        self._lines = (folder / "log.jsonl").open("a", encoding="utf-8")
        names = ["step", "minutes", "skipped", *terms, *(CHECK + term for term in terms)]
        path = folder / "log.csv"
        is_new = not path.exists()
        self._table_file = path.open("a", newline="", encoding="utf-8")
        self._table = csv.DictWriter(self._table_file, names, extrasaction="ignore")
        if is_new:
            self._table.writeheader()
        self._curves = _curves(folder)

    def __enter__(self) -> "FitLog":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._lines.close()
        self._table_file.close()
        if self._curves is not None:
            self._curves.close()

    def add(self, row: Mapping[str, float | int]) -> None:
        """One row, on the disk when this returns."""
        self._lines.write(json.dumps(row) + "\n")
        self._lines.flush()
        self._table.writerow(row)
        self._table_file.flush()
        if self._curves is not None:
            for name, value in row.items():
                place = (
                    name.replace(CHECK, "held_out/") if name.startswith(CHECK) else f"fit/{name}"
                )
                self._curves.add_scalar(place, value, int(row["step"]))


def _curves(folder: Path) -> Any:
    """TensorBoard's writer, or None: it is optional."""
    try:
        from torch.utils.tensorboard.writer import SummaryWriter
    except ImportError:
        return None
    return SummaryWriter(str(folder / "tensorboard"))
