"""A long piece of work in a child process, as a value: what it is, how far, and what it said.

job = Job(1, "Export walk.glb").after({"event": "progress", "stage": "fit", "done": 1, "total": 4})
"""

from dataclasses import dataclass, field, replace
from typing import Any, Literal

from core.progress import clock_text

JobStatus = Literal["preparing", "running", "cancelling", "stopping", "done", "failed", "cancelled"]
ENDED: tuple[JobStatus, ...] = ("done", "failed", "cancelled")
LOG_LINES = 500


@dataclass(frozen=True)
class Job:
    """One job between two of its lines."""

    id: int
    title: str
    status: JobStatus = "preparing"
    stage: str = ""
    done: float = 0.0
    total: float | None = None
    left_s: float | None = None
    elapsed_s: float = 0.0
    sentence: str = ""
    """What it said last; at the end, what came of it."""
    log: tuple[str, ...] = ()
    measures: tuple[dict[str, Any], ...] = field(default=(), compare=False)
    """Rows of a training run that tells them itself."""
    result: dict[str, Any] = field(default_factory=dict, compare=False)

    @property
    def has_ended(self) -> bool:
        return self.status in ENDED

    @property
    def share(self) -> float | None:
        """0..1 of the present stage; None where nobody knows."""
        return None if not self.total else min(self.done / self.total, 1.0)

    @property
    def progress_text(self) -> str:
        """Stage, percent, time left."""
        if self.status == "cancelling":
            return "cancelling…"
        if self.status == "stopping":
            return "stopping, what there is will be kept…"
        if self.has_ended:
            return {"done": "done", "failed": "failed", "cancelled": "cancelled"}[self.status]
        parts = [self.stage or self.status]
        if self.share is not None:
            parts.append(f"{self.share:.0%}")
        if self.left_s is not None and self.share not in (None, 1.0):
            parts.append(f"{clock_text(self.left_s)} left")
        return ", ".join(parts)

    def after(self, event: dict[str, Any]) -> "Job":
        """The job after one JSON line of its process; unknown events are only logged."""
        kind, text = event.get("event"), str(event.get("text", ""))
        if kind == "progress":
            left_s = event.get("left_s")
            return replace(
                self,
                stage=str(event.get("stage", "")),
                done=float(event.get("done") or 0.0),
                total=None if event.get("total") is None else float(event["total"]),
                left_s=None if left_s is None else float(left_s),
                elapsed_s=float(event.get("elapsed_s") or 0.0),
            )
        if kind == "measure":
            return replace(self, measures=(*self.measures, event))
        if kind == "result":
            return replace(self, result=event)
        if kind in ("message", "error"):
            return replace(self.logged(text), sentence=text)
        return self.logged(text or str(event))

    def logged(self, line: str) -> "Job":
        """With one more line in its log."""
        return replace(self, log=(*self.log, line)[-LOG_LINES:])

    def ended(self, exit_code: int) -> "Job":
        """After its process is gone."""
        if self.status == "cancelling" or exit_code == 130:
            return replace(self, status="cancelled", sentence="Cancelled; nothing was left behind.")
        if exit_code == 0:
            return replace(self, status="done", left_s=None)
        sentence = self.sentence or f"It ended with code {exit_code}; the log says more."
        return replace(self, status="failed", sentence=sentence)
