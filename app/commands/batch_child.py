"""Reconstructs one video of a batch in a process of its own.

row, took_s = reconstruct_in_child(job, options, on_event=...)

A process each, so that a video that crashes a decoder or eats all memory costs itself alone. The
child ends when its parent does, even a killed one: it watches the pipe to it (`watch_parent`).
"""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from app.commands.batch_plan import BatchJob
from app.commands.batch_row import BatchRow, failed_row, row_of
from core.errors import ExplainedError

ROOT = Path(__file__).resolve().parents[2]
DONE, EXPLAINED = 0, 1
WATCHED = "DASR_ENDS_WITH_PARENT"
OnEvent = Callable[[BatchJob, Mapping[str, Any]], None]


class Stop:
    """Ends the children of a batch that was cancelled."""

    def __init__(self) -> None:
        self.is_set = False
        self._children: set[subprocess.Popen[str]] = set()
        self._lock = threading.Lock()

    def adopt(self, child: "subprocess.Popen[str]") -> None:
        """End this one too."""
        with self._lock:
            self._children.add(child)
            if self.is_set:
                child.kill()

    def release(self, child: "subprocess.Popen[str]") -> None:
        """It has ended by itself."""
        with self._lock:
            self._children.discard(child)

    def set(self) -> None:
        """End all, now and later ones."""
        with self._lock:
            self.is_set = True
            for child in self._children:
                child.kill()


def reconstruct_in_child(
    job: BatchJob,
    options: tuple[str, ...],
    retries: int,
    threads: int,
    on_event: OnEvent,
    stop: Stop,
) -> tuple[BatchRow, float]:
    """Reconstruct; a child that crashed is tried again, one that explained itself is not.

    Args:
        job: The video.
        options: For `main.py reconstruct`.
        retries: After crashes.
        threads: For the child's arithmetic.
        on_event: Told the child's events as they come.
        stop: Ends the child early.

    Returns:
        The row of the table, and seconds taken.
    """
    began_s = time.monotonic()
    error = ""
    for _ in range(1 + retries):
        if stop.is_set:
            break
        code, error = _run(job, options, threads, on_event, stop)
        if code == DONE:
            try:
                return row_of(job), time.monotonic() - began_s
            except ExplainedError as caught:
                error = str(caught)
        if code == EXPLAINED:
            break
    return failed_row(job, error), time.monotonic() - began_s


def _run(
    job: BatchJob, options: tuple[str, ...], threads: int, on_event: OnEvent, stop: Stop
) -> tuple[int, str]:
    """One try: the exit code, and why it failed."""
    command = [sys.executable, str(ROOT / "main.py"), "reconstruct", job.video]
    command += ["-o", str(job.session), "--overwrite", "--json", *options]
    environment = os.environ | {
        WATCHED: "1",
        "OMP_NUM_THREADS": str(threads),
        "PYTHONUNBUFFERED": "1",
    }
    error = ""
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        encoding="utf-8",
        errors="replace",
        env=environment,
    ) as child:
        stop.adopt(child)
        assert child.stdout is not None
        for line in child.stdout:
            event = _event(line)
            if event.get("event") == "error":
                error = str(event.get("text", ""))
            on_event(job, event)
        code = child.wait()
        stop.release(child)
    if code not in (DONE, EXPLAINED):
        error = f"Its process ended without a word (exit code {code}): is there enough memory?"
    return code, error or "It failed without saying why."


def _event(line: str) -> dict[str, Any]:
    try:
        event = json.loads(line)
    except ValueError:
        return {}
    return event if isinstance(event, dict) else {}


def watch_parent() -> None:
    """In a child: end at once when the parent is gone, so that none writes into the next run."""
    if os.environ.get(WATCHED) != "1":
        return

    def wait() -> None:
        with suppress(OSError, ValueError):
            while os.read(0, 4096):
                pass
        os._exit(130)

    threading.Thread(target=wait, name="parent-watch", daemon=True).start()
