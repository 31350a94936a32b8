"""The batch over Ray (https://www.ray.io), an optional extra: `pip install ray pyarrow`.

    work = on_ray(options, "local", workers=None, retries=1)       # this machine, local ports only
    work = on_ray(options, "10.0.0.7:6379", workers=None, retries=1)   # a cluster

Each video is one Ray task that runs the same child process as without Ray. On a cluster the videos
and OUT must lie on a disk that all machines share, and this program at the same place on each.
"""

import logging
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from app.commands.batch_child import ROOT, Stop, reconstruct_in_child
from app.commands.batch_plan import BatchJob
from app.commands.batch_row import BatchRow, failed_row
from core.errors import ExplainedError

if TYPE_CHECKING:
    from app.commands.batch import Ended, Work

LOCAL = "local"
QUIET = {
    "RAY_USAGE_STATS_ENABLED": "0",  # it would call home
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
}
ALONE = {
    # As on Windows and macOS: all of its ports on 127.0.0.1, none on the network.
    "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",
    "RAY_agent_register_timeout_ms": "180000",  # a busy machine takes longer than usual
    "RAY_raylet_start_wait_time_s": "300",
    "PYTHONPATH": str(ROOT),
}


def on_ray(
    options: Callable[[BatchJob], tuple[str, ...]],
    address: str,
    workers: int | None,
    retries: int,
) -> "Work":
    """Work spread by Ray.

    Args:
        options: For `main.py reconstruct`, by job.
        address: Of a cluster's head; "local" starts one on this machine and ends it afterwards.
        workers: Videos at a time on this machine; default: one for each core.
        retries: After crashes of a child, and after the loss of a machine.

    Raises:
        ExplainedError: Ray is not installed, or does not answer at the address.
    """

    def work(
        jobs: Sequence[BatchJob], tell: Callable[[BatchJob, Mapping[str, Any]], None]
    ) -> Iterator["Ended"]:
        if not jobs:
            return
        ray = _started(address, workers)
        try:
            yield from _do(ray, jobs, options, retries)
        finally:
            ray.shutdown()

    return work


def _do(
    ray: Any,
    jobs: Sequence[BatchJob],
    options: Callable[[BatchJob], tuple[str, ...]],
    retries: int,
) -> Iterator["Ended"]:
    task = ray.remote(num_cpus=1, max_retries=retries)(_reconstruct)
    waiting = {task.remote(job, options(job), retries): job for job in jobs}
    while waiting:
        (ended,), _ = ray.wait(list(waiting), num_returns=1)
        job = waiting.pop(ended)
        try:
            row, took_s = ray.get(ended)
        except ray.exceptions.RayError as error:
            row, took_s = failed_row(job, f"Its machine was lost ({_first_line(error)})."), 0.0
        yield job, row, took_s


def _reconstruct(job: BatchJob, options: tuple[str, ...], retries: int) -> tuple[BatchRow, float]:
    """On a worker."""
    return reconstruct_in_child(job, options, retries, 1, lambda *_: None, Stop())


def _started(address: str, workers: int | None) -> Any:
    os.environ.update(QUIET | (ALONE if address == LOCAL else {}))
    try:
        import ray
        import ray.exceptions
    except ImportError as error:
        raise ExplainedError(
            "Ray is not installed: `pip install ray pyarrow` brings it, or leave --ray away."
        ) from error
    quiet: dict[str, Any] = {"logging_level": logging.ERROR, "log_to_driver": False}
    try:
        if address == LOCAL:
            ray.init(
                LOCAL, num_cpus=workers or os.cpu_count() or 1, include_dashboard=False, **quiet
            )
        else:
            ray.init(address, runtime_env={"env_vars": {"PYTHONPATH": str(ROOT)}}, **quiet)
    except Exception as error:  # Ray raises bare ones here
        raise ExplainedError(f"Ray does not start at {address} ({_first_line(error)}).") from error
    return ray


def _first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
