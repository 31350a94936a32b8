"""What a batch says of one video: a row of its table.

row = row_of(job)            # read from the finished session
row = failed_row(job, "There is no video in it.")
"""

from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Literal

import numpy as np

from app.commands.batch_plan import BatchJob

DIGITS = 6


@dataclass(frozen=True)
class BatchRow:
    """One line of the table. Nothing in it depends on the machine's mood, such as times taken."""

    video: str
    session: str
    """Name of its folder in the batch's."""
    state: Literal["done", "failed"]
    frames: int = 0
    covered: float = 0.0
    """Share of frames in which the subject was found."""
    confidence: float = 0.0
    """Mean over those."""
    seconds: float = 0.0
    """From the first frame to the last."""
    width_px: int = 0
    height_px: int = 0
    model: str = ""
    model_sha256: str = ""
    error: str = ""
    """One sentence; empty when done."""

    def values(self) -> dict[str, Any]:
        """By column, as JSON values."""
        return asdict(self)

    @classmethod
    def from_values(cls, values: dict[str, Any]) -> "BatchRow":
        """A row from its JSON values.

        Raises:
            TypeError, KeyError: It is something else.
        """
        return cls(**{name: values[name] for name in COLUMNS})


COLUMNS = tuple(field.name for field in fields(BatchRow))


def row_of(job: BatchJob) -> BatchRow:
    """What a finished session says of itself.

    Raises:
        SessionError: It does not open.
    """
    from core.session_store import read_session

    with read_session(job.session) as record:
        results = list(record.results())
        header = record.header
        confidence = [result.confidence for result in results if result.is_covered]
        times_s = record.times_s
        return BatchRow(
            video=job.video,
            session=job.session.name,
            state="done",
            frames=len(results),
            covered=_rounded(len(confidence) / len(results) if results else 0.0),
            confidence=_rounded(float(np.mean(confidence)) if confidence else 0.0),
            seconds=_rounded(float(times_s[-1] - times_s[0]) if results else 0.0),
            width_px=header.camera.width_px,
            height_px=header.camera.height_px,
            model=header.model_name,
            model_sha256=header.model_sha256,
        )


def failed_row(job: BatchJob, error: str) -> BatchRow:
    """A video that could not be reconstructed."""
    return BatchRow(job.video, job.session.name, "failed", error=" ".join(error.split()))


def is_finished(session: Path) -> bool:
    """Whether a session is there and complete."""
    from core.errors import SessionError
    from core.session_store import read_session

    try:
        with read_session(session) as record:
            return record.is_finished and not record.damage
    except SessionError:
        return False


def _rounded(value: float) -> float:
    return round(value, DIGITS)
