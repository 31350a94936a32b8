import csv
import json
from pathlib import Path

from training.fit_log import FitLog


def test_rows_are_lines_and_a_table_and_a_resumed_run_appends(tmp_path: Path) -> None:
    for step in (50, 100):
        with FitLog(tmp_path, ("total",)) as log:
            log.add(
                {"step": step, "minutes": 0.5, "skipped": 0, "total": 3.0 / step, "check_total": 1}
            )
    lines = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines] == [50, 100]
    with (tmp_path / "log.csv").open() as table:
        rows = list(csv.DictReader(table))
    assert [row["step"] for row in rows] == ["50", "100"]
    assert float(rows[1]["total"]) == 0.03
    assert rows[1]["check_total"] == "1"
