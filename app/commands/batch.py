"""Many videos into sessions: resumable, several at a time, one row a video in a table.

    main.py reconstruct a.mp4 'clips/*.mp4' archive -o out --batch --workers 4
    main.py reconstruct a.mp4 'clips/*.mp4' archive -o out --batch --resume

A video that fails leaves a row that says why; the others go on. The exit code is 1 if one failed.
"""

import argparse
import os
import queue
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from app.commands.batch_child import Stop, reconstruct_in_child
from app.commands.batch_journal import BatchJournal
from app.commands.batch_plan import BatchJob, planned
from app.commands.batch_row import BatchRow
from core.errors import ExplainedError
from core.progress import Writer

Ended = tuple[BatchJob, BatchRow, float]
"""A job, its row, and the seconds it took."""
Work = Callable[
    [Sequence[BatchJob], Callable[[BatchJob, Mapping[str, Any]], None]], Iterator[Ended]
]
"""Does jobs in whatever order, giving each as it ends, telling of events on the way."""
PLAIN = ("model", "segmenter", "start", "end", "lookahead", "fov")
"""Options that go to each video as they are."""


@dataclass(frozen=True)
class Outcome:
    """What a batch came to."""

    rows: tuple[BatchRow, ...]
    tables: tuple[Path, ...]
    was_done: int
    """Rows that an earlier run had finished."""

    @property
    def failed(self) -> tuple[BatchRow, ...]:
        return tuple(row for row in self.rows if row.state == "failed")


def run_batch(arguments: argparse.Namespace, out: Writer) -> int:
    """Reconstruct all videos that are named; see the module."""
    _check(arguments)
    with BatchJournal(
        arguments.out,
        batch_options(arguments),
        resume=arguments.resume,
        overwrite=arguments.overwrite,
    ) as journal:
        jobs = planned(arguments.inputs, arguments.out, journal.names)
        outcome = do_jobs(jobs, journal, _work(arguments), out)
    return _report(outcome, arguments.out, out)


def do_jobs(jobs: Sequence[BatchJob], journal: BatchJournal, work: Work, out: Writer) -> Outcome:
    """Do what the journal does not have yet; its table is there when this ends, however it ends."""
    videos = [job.video for job in jobs]
    open_jobs = [job for job in jobs if job.video not in journal.rows]
    was_done = len(jobs) - len(open_jobs)
    out.progress("batch", was_done, len(jobs))
    if was_done:
        out.line(f"{was_done} of {len(jobs)} videos were done before.")

    def tell(job: BatchJob, event: Mapping[str, Any]) -> None:
        if event.get("event") == "progress":
            facts = {key: value for key, value in event.items() if key != "event"}
            out.event("video_progress", {"video": job.video, **facts})

    try:
        for job, row, took_s in work(open_jobs, tell):
            journal.add(row, took_s)
            journal.write_tables(videos)
            out.event("video", row.values() | {"took_s": took_s})
            out.line(f"{job.video}: {row.error or f'{row.frames} frames'}")
            out.progress("batch", len(journal.rows), len(jobs))
    finally:
        tables = journal.write_tables(videos)
    rows = tuple(journal.rows[video] for video in videos)
    return Outcome(rows, tuple(tables), was_done)


def in_processes(
    options: Callable[[BatchJob], tuple[str, ...]], workers: int, retries: int
) -> Work:
    """Work on this machine, `workers` videos at a time, each in a process of its own."""
    threads = max(1, (os.cpu_count() or 1) // workers)

    def work(
        jobs: Sequence[BatchJob], tell: Callable[[BatchJob, Mapping[str, Any]], None]
    ) -> Iterator[Ended]:
        said: queue.SimpleQueue[Callable[[], Ended | None]] = queue.SimpleQueue()
        stop = Stop()

        def on_event(job: BatchJob, event: Mapping[str, Any]) -> None:
            said.put(lambda: tell(job, event))

        def ended(job: BatchJob, future: "Future[tuple[BatchRow, float]]") -> None:
            said.put(lambda: (job, *future.result()))

        with ThreadPoolExecutor(workers, "batch") as pool:
            try:
                for job in jobs:
                    future = pool.submit(
                        reconstruct_in_child, job, options(job), retries, threads, on_event, stop
                    )
                    future.add_done_callback(partial(ended, job))
                left = len(jobs)
                while left:
                    result = said.get()()
                    if result is not None:
                        left -= 1
                        yield result
            finally:
                stop.set()
                pool.shutdown(cancel_futures=True)

    return work


def job_options(arguments: argparse.Namespace, job: BatchJob) -> tuple[str, ...]:
    """What the child is told besides its video and session."""
    told: list[str] = []
    for name in PLAIN:
        value = getattr(arguments, name)
        if value is not None:
            told += [f"--{name}", str(value)]
    if arguments.box is not None:
        told += ["--box", ",".join(f"{side:g}" for side in arguments.box)]
    if arguments.keep_masks:
        told.append("--keep-masks")
    if arguments.refine is not None:
        told.append("--refine" if arguments.refine else "--no-refine")
    masks = masks_of(arguments.masks, job)
    return (*told, "--masks", str(masks)) if masks else tuple(told)


def masks_of(masks: Path | None, job: BatchJob) -> Path | None:
    """A video's own masks among those of a batch: DIR/NAME/, DIR/NAME.npz or DIR/NAME_00012.png."""
    if masks is None:
        return None
    stem = Path(job.video).stem
    for own in (masks / stem, masks / f"{stem}.npz"):
        if own.exists():
            return own
    return masks if any(masks.glob(f"{stem}_*.png")) else None


def batch_options(arguments: argparse.Namespace) -> dict[str, Any]:
    """What must not change between the runs of a batch."""
    options: dict[str, Any] = {name: getattr(arguments, name) for name in PLAIN}
    options |= {"box": arguments.box, "keep_masks": arguments.keep_masks}
    options |= {"refine": arguments.refine}
    return options | {"masks": str(arguments.masks) if arguments.masks else None}


def _work(arguments: argparse.Namespace) -> Work:
    options = partial(job_options, arguments)
    if arguments.ray is not None:
        from app.commands.batch_ray import on_ray

        return on_ray(options, arguments.ray, arguments.workers, arguments.retries)
    workers = arguments.workers or max(1, (os.cpu_count() or 2) // 2)
    return in_processes(options, workers, arguments.retries)


def _check(arguments: argparse.Namespace) -> None:
    if arguments.out.suffix == ".session":
        raise ExplainedError(f"A batch writes many sessions: {arguments.out} must be a folder.")
    if arguments.resume and arguments.overwrite:
        raise ExplainedError("--resume goes on and --overwrite begins anew: give one of them.")
    if arguments.masks is not None and not arguments.masks.is_dir():
        raise ExplainedError(
            f"{arguments.masks} is no folder; a batch takes one, with NAME/ in it."
        )


def _report(outcome: Outcome, folder: Path, out: Writer) -> int:
    failed, count = len(outcome.failed), len(outcome.rows)
    out.line(f"{count - failed} of {count} videos done: {outcome.tables[0]}")
    out.result(
        {
            "videos": count,
            "failed": failed,
            "were_done": outcome.was_done,
            "tables": [str(path) for path in outcome.tables],
        }
    )
    if failed:
        first = outcome.failed[0]
        out.fail(
            f"{failed} of {count} videos failed, the first being {first.video} ({first.error}); "
            f"{outcome.tables[0]} tells of all, and --resume tries them again."
        )
    return 1 if failed else 0
