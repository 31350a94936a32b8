"""What a batch has done so far, on the disk: a kill at any moment loses at most the running videos.

    with BatchJournal(out, options, resume=True) as journal:
        journal.add(row, took_s)
        journal.write_tables(videos)

`batch.json` holds the options, `results.jsonl` one line for each video as it ends, `results.csv`
(and `results.parquet` where pyarrow is installed) the table, in the order of the videos.
"""

import csv
import io
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from app.commands.batch_row import COLUMNS, BatchRow, is_finished
from core.errors import ExplainedError
from core.process_alive import is_alive, this_host

OPTIONS, JOURNAL, TABLE, PARQUET = "batch.json", "results.jsonl", "results.csv", "results.parquet"
LOCK = ".batch.lock"


class BatchJournal:
    """The state of one batch's folder; one process at a time has it."""

    def __init__(
        self, out: Path, options: Mapping[str, Any], *, resume: bool, overwrite: bool = False
    ) -> None:
        """Begin a batch, or go on with one.

        Raises:
            ExplainedError: The folder cannot be written, holds another batch, or one at work.
        """
        self.out = out
        self.rows: dict[str, BatchRow] = {}
        """By video; videos that failed before are not among them, so that they are tried again."""
        self.names: dict[str, str] = {}
        """Session names by video, of all that were ever begun."""
        self._options = json.loads(json.dumps(options))
        try:
            out.mkdir(parents=True, exist_ok=True)
            self._lock()
            try:
                self._open(resume, overwrite)
            except BaseException:
                self.close()
                raise
        except OSError as error:
            raise _unwritable(out, error) from error

    def add(self, row: BatchRow, took_s: float) -> None:
        """A video has ended; this is on the disk when the call returns."""
        self.rows[row.video] = row
        line = json.dumps(row.values() | {"took_s": round(took_s, 3)}) + "\n"
        try:
            with (self.out / JOURNAL).open("a", encoding="utf-8") as stream:
                stream.write(line)
                stream.flush()
                os.fsync(stream.fileno())
        except OSError as error:
            raise _unwritable(self.out, error) from error

    def write_tables(self, videos: Sequence[str]) -> list[Path]:
        """Write the table of these videos, those that have ended; gives the files."""
        rows = [self.rows[video] for video in videos if video in self.rows]
        written = [self._replace(TABLE, csv_bytes(rows))]
        parquet = parquet_bytes(rows)
        if parquet is not None:
            written.append(self._replace(PARQUET, parquet))
        return written

    def close(self) -> None:
        """Let another process have the folder."""
        (self.out / LOCK).unlink(missing_ok=True)

    def __enter__(self) -> "BatchJournal":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _open(self, resume: bool, overwrite: bool) -> None:
        began = (self.out / OPTIONS).is_file()
        if began and not resume and not overwrite:
            raise ExplainedError(
                f"{self.out} holds a batch already: add --resume to go on with it, or --overwrite "
                "to begin anew."
            )
        if began and resume:
            self._check_options()
            self._read()
            return
        for name in (JOURNAL, TABLE, PARQUET):
            (self.out / name).unlink(missing_ok=True)
        self._replace(OPTIONS, json.dumps(self._options, indent=1).encode())

    def _check_options(self) -> None:
        try:
            before = json.loads((self.out / OPTIONS).read_text(encoding="utf-8"))
        except ValueError:
            before = None
        if before == self._options:
            return
        names = self._options if not isinstance(before, dict) else self._options.keys() | before
        changed = [
            name for name in sorted(names)
            if not isinstance(before, dict) or before.get(name) != self._options.get(name)
        ]  # fmt: skip
        raise ExplainedError(
            f"{self.out} was begun with other options ({', '.join(changed)}): use the same ones, "
            "or --overwrite to begin anew."
        )

    def _read(self) -> None:
        path = self.out / JOURNAL
        if not path.is_file():
            return
        text = path.read_text(encoding="utf-8", errors="replace")
        if text and not text.endswith("\n"):  # a kill tore the last line
            with path.open("a", encoding="utf-8") as stream:
                stream.write("\n")
        for line in text.splitlines():
            try:
                row = BatchRow.from_values(json.loads(line))
            except (ValueError, TypeError, KeyError):
                continue
            self.names[row.video] = row.session
            if row.state == "done" and is_finished(self.out / row.session):
                self.rows[row.video] = row
            else:
                self.rows.pop(row.video, None)

    def _lock(self) -> None:
        path = self.out / LOCK
        if path.is_file():
            host, _, pid = path.read_text(encoding="utf-8").partition(" ")
            if host == this_host() and pid.isdecimal() and is_alive(int(pid)):
                raise ExplainedError(
                    f"A batch is at work in {self.out} (process {pid}): wait for it, or stop it."
                )
        path.write_text(f"{this_host()} {os.getpid()}", encoding="utf-8")

    def _replace(self, name: str, content: bytes) -> Path:
        path, fresh = self.out / name, self.out / f".{name}.new"
        try:
            fresh.write_bytes(content)
            os.replace(fresh, path)
        except OSError as error:
            fresh.unlink(missing_ok=True)
            raise _unwritable(self.out, error) from error
        return path


def csv_bytes(rows: Sequence[BatchRow]) -> bytes:
    """The table as CSV, with a header."""
    text = io.StringIO(newline="")
    table = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    table.writeheader()
    table.writerows(row.values() for row in rows)
    return text.getvalue().encode()


def parquet_bytes(rows: Sequence[BatchRow]) -> bytes | None:
    """The table as Parquet; None where pyarrow, of the extra `archive`, is not installed."""
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError:
        return None
    kinds = {int: pa.int64(), float: pa.float64()}
    example = BatchRow("", "", "done").values()
    schema = pa.schema([(name, kinds.get(type(example[name]), pa.string())) for name in COLUMNS])
    table = pa.Table.from_pylist([row.values() for row in rows], schema=schema)
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink)
    return sink.getvalue().to_pybytes()


def _unwritable(out: Path, error: OSError) -> ExplainedError:
    return ExplainedError(
        f"Cannot write into {out} ({error.strerror or error}): free some space or choose another."
    )
