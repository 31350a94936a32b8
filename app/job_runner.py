"""Runs jobs: child processes of `main.py COMMAND --json`, whose lines become `Job` values.

runner.start(JobOrder("Export walk.glb", ("export", folder, "-o", path)))
runner.changed.connect(...); runner.cancel(job.id)
"""

import itertools
import json
import logging
import os
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from PySide6.QtCore import QObject, QProcess, QThread, QTimer, Signal

from app.job import Job
from core.errors import ExplainedError

LOG = logging.getLogger(__name__)
MAIN = Path(__file__).resolve().parent.parent / "main.py"
PATIENCE_MS = 1500
"""A cancelled process has this long to tidy up before it is killed."""
KEEP_PATIENCE_MS = 60_000
"""A process that was asked to stop and keep has this long to come to the end of its step."""
WAIT_MS = 3000


@dataclass(frozen=True, eq=False)
class JobOrder:
    """What to run."""

    title: str
    arguments: tuple[str, ...]
    """After `main.py`; `--json` is added."""
    result_path: Path | None = None
    """The file or session that the person may open at the end."""
    prepare: Callable[[], None] | None = None
    """Runs first, on a thread of its own, on immutable values only."""
    tidy: Callable[[], None] | None = None
    """Runs last, whatever happened."""
    keep: "JobOrder | None" = None
    """Given where "Stop and keep" makes sense: what makes a result of what there is, run if the
    interrupted process did not do so itself."""
    keeps_itself: bool = False
    """Interrupted, the process itself makes a result of what it has: "Stop and keep" is offered."""
    tunes: object = None
    """The model that is tuned; its results and those of the result can be compared."""
    can_keep: Callable[[], bool] = lambda: True
    """False while there is nothing to keep yet."""
    discard: Callable[[], None] | None = None
    """Removes what a cancelled job leaves behind."""
    figure: str = ""
    """Training: which of its figures is drawn while it learns."""
    measures_path: Path | None = None
    """Where it writes them; None: it tells them."""
    program: tuple[str, ...] = (sys.executable, str(MAIN))

    @property
    def can_stop(self) -> bool:
        """Something may come of it even if it is stopped early."""
        return self.keep is not None or self.keeps_itself


class _Preparation(QThread):
    """Runs `JobOrder.prepare`.

    Signals (emitted on this thread):
        failed(Exception): It could not.
    """

    failed = Signal(object)

    def __init__(self, prepare: Callable[[], None], parent: QObject) -> None:
        super().__init__(parent)
        self.setObjectName("job-preparation")
        self._prepare = prepare

    def run(self) -> None:
        try:
            self._prepare()
        except Exception as error:
            self.failed.emit(error)


class JobRunner(QObject):
    """All jobs of this window, the newest last.

    Signals:
        changed(): A job began, moved on or ended.
        ended(Job): One is over.
    """

    changed = Signal()
    ended = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.jobs: dict[int, Job] = {}
        self._orders: dict[int, JobOrder] = {}
        self._processes: dict[int, QProcess] = {}
        self._preparations: dict[int, _Preparation] = {}
        self._ids = itertools.count(1)

    @property
    def is_busy(self) -> bool:
        """Some job has not ended."""
        return any(not job.has_ended for job in self.jobs.values())

    def order_of(self, job_id: int) -> JobOrder:
        """What a job was asked to do."""
        return self._orders[job_id]

    def start(self, order: JobOrder) -> int:
        """Begin a job; gives its number."""
        job_id = next(self._ids)
        self._orders[job_id] = order
        self.jobs[job_id] = Job(job_id, order.title)
        if order.prepare is None:
            self._launch(job_id)
        else:
            thread = _Preparation(order.prepare, self)
            self._preparations[job_id] = thread
            thread.failed.connect(lambda error: self._fail(job_id, error))
            thread.finished.connect(lambda: self._launch(job_id))
            thread.start()
        self.changed.emit()
        return job_id

    def retry(self, job_id: int) -> int:
        """The same once more."""
        return self.start(self._orders[job_id])

    def cancel(self, job_id: int) -> None:
        """Ask a job to end; it is gone within two seconds."""
        job = self.jobs[job_id]
        if job.has_ended:
            return
        self._set(replace(job, status="cancelling"))
        process = self._processes.get(job_id)
        if process is None:  # still preparing: it ends before its process begins
            return
        process.terminate()
        QTimer.singleShot(PATIENCE_MS, process, process.kill)

    def keep(self, job_id: int) -> None:
        """Ask a job to stop and make a result of what it has."""
        process, order = self._processes.get(job_id), self._orders[job_id]
        if process is None or not order.can_stop or self.jobs[job_id].status != "running":
            return
        self._set(replace(self.jobs[job_id], status="stopping"))
        if sys.platform == "win32":  # no Ctrl-C can be sent there
            process.kill()
        else:
            os.kill(process.processId(), signal.SIGINT)
            QTimer.singleShot(KEEP_PATIENCE_MS, process, process.kill)

    def forget_ended(self) -> None:
        """Clear the list of what is over."""
        self.jobs = {key: job for key, job in self.jobs.items() if not job.has_ended}
        self.changed.emit()

    def close(self) -> None:
        """End everything, now."""
        for thread in self._preparations.values():
            thread.wait()
        for job_id, process in list(self._processes.items()):
            process.terminate()
            if not process.waitForFinished(PATIENCE_MS):
                process.kill()
                process.waitForFinished(WAIT_MS)
            self._tidy(job_id)
        self._processes.clear()

    def _launch(self, job_id: int) -> None:
        job, order = self.jobs[job_id], self._orders[job_id]
        self._preparations.pop(job_id, None)
        if job.has_ended or job.status == "cancelling":
            self._finish(job.ended(130) if not job.has_ended else job)
            return
        self._set(replace(job, status="running"))
        self._start(job_id, order)

    def _start(self, job_id: int, order: JobOrder) -> None:
        process = QProcess(self)
        if sys.platform != "win32":
            # A window started in the background of a shell ignores SIGINT, and so would its
            # children: "Stop and keep" would go unheard.
            process.setUnixProcessParameters(QProcess.UnixProcessFlag.ResetSignalHandlers)
        process.setProgram(order.program[0])
        process.setArguments([*order.program[1:], *order.arguments, "--json"])
        process.readyReadStandardOutput.connect(lambda: self._read(job_id))
        process.readyReadStandardError.connect(lambda: self._read_errors(job_id))
        process.finished.connect(lambda code, _: self._on_finished(job_id, code))
        process.errorOccurred.connect(lambda error: self._on_error(job_id, error))
        self._processes[job_id] = process
        process.start()

    def _read(self, job_id: int) -> None:
        process = self._processes.get(job_id)
        while process is not None and process.canReadLine():
            line = bytes(process.readLine().data()).decode("utf-8", "replace").strip()
            if line:
                self._set(self.jobs[job_id].after(_event_of(line)))

    def _read_errors(self, job_id: int) -> None:
        process = self._processes.get(job_id)
        if process is not None:
            text = bytes(process.readAllStandardError().data()).decode("utf-8", "replace")
            for line in filter(None, (one.strip() for one in text.splitlines())):
                self._set(self.jobs[job_id].logged(line))

    def _on_finished(self, job_id: int, code: int) -> None:
        self._read(job_id)
        process = self._processes.pop(job_id, None)
        if process is None:
            return
        process.deleteLater()
        keep = self._orders[job_id].keep
        if self.jobs[job_id].status == "stopping" and code != 0 and keep is not None:
            self._set(replace(self.jobs[job_id], status="running", sentence="").logged("kept"))
            self._start(job_id, keep)
            return
        self._finish(self.jobs[job_id].ended(code))

    def _on_error(self, job_id: int, error: QProcess.ProcessError) -> None:
        if error == QProcess.ProcessError.FailedToStart:
            self._processes.pop(job_id, None)
            job = replace(self.jobs[job_id], status="failed", sentence="It could not be started.")
            self._finish(job)

    def _fail(self, job_id: int, error: Exception) -> None:
        """The preparation failed; `_launch` comes after and ends the job."""
        LOG.warning("job %s was not prepared", job_id, exc_info=error)
        text = str(error) if isinstance(error, ExplainedError) else f"It failed: {error!r}"
        self.jobs[job_id] = replace(self.jobs[job_id].logged(text), status="failed", sentence=text)

    def _finish(self, job: Job) -> None:
        self._tidy(job.id)
        self._set(job)
        self.ended.emit(job)

    def _tidy(self, job_id: int) -> None:
        order = self._orders[job_id]
        if order.discard is not None and self.jobs[job_id].status in ("cancelling", "cancelled"):
            order.discard()
        if order.tidy is not None:
            order.tidy()

    def _set(self, job: Job) -> None:
        self.jobs[job.id] = job
        self.changed.emit()


def _event_of(line: str) -> dict[str, object]:
    try:
        event = json.loads(line)
    except ValueError:
        event = None
    return event if isinstance(event, dict) else {"event": "message", "text": line}
