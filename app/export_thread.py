"""Writes a take to a file off the GUI thread.

thread = ExportThread(ExportJob(model, facts, results, Path("walk.glb"), ExportOptions()))
thread.done.connect(...); thread.start()
"""

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PySide6.QtCore import QObject, QThread, Signal

from app.edits import KeyedCode
from app.take import SourceFacts
from core.camera import Camera
from core.errors import ExportError
from core.export.options import ExportOptions
from core.results import FrameResult

SESSION_SUFFIX = ".session"


@dataclass(frozen=True, eq=False)
class ExportJob:
    """What to write, and where."""

    model: Any
    facts: SourceFacts
    results: tuple[FrameResult, ...]
    path: Path
    """Its suffix says the format; `.session` is a folder that opens again."""
    options: ExportOptions
    keys: tuple[KeyedCode, ...] = ()
    """Kept beside the predictions in a saved session; exports have them in the results."""


class ExportThread(QThread):
    """Writes and ends.

    Signals (emitted on this thread):
        done(str): The sentence to show.
        failed(Exception): Nothing was left half-written.
    """

    done = Signal(str)
    failed = Signal(object)

    def __init__(self, job: ExportJob, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("export")
        self._job = job

    def run(self) -> None:
        try:
            self.done.emit(write_take(self._job))
        except Exception as error:
            self.failed.emit(error)


def write_take(job: ExportJob) -> str:
    """Write and say what was written.

    Raises:
        ExportError, SessionError: It cannot be written.
    """
    from core.export.export import export_session, find_writer
    from core.session_store import read_session

    if not job.results:
        raise ExportError("Nothing is reconstructed in this range yet: wait a moment.")
    if job.path.suffix == SESSION_SUFFIX:
        write_session(job, job.path)
        return f"Saved {job.path} ({len(job.results)} frames)."
    find_writer(job.path)  # an unknown suffix is refused before any work
    with tempfile.TemporaryDirectory(prefix="dasr-") as scratch:
        folder = Path(scratch) / f"{Path(job.facts.name).stem}{SESSION_SUFFIX}"
        write_session(job, folder)
        with read_session(folder) as record:
            report = export_session(record, job.model, job.path, job.options)
    return " ".join((report.sentence, *report.notes))


def write_session(job: ExportJob, folder: Path) -> None:
    """Write the results as a session folder, linked to its video."""
    from core.session_edits import write_edits
    from core.session_store import SessionWriter, header_of, link_source

    camera = Camera(job.results[0].K, job.facts.width_px, job.facts.height_px)
    source = link_source(job.facts.text, folder)
    header = header_of(job.model, camera, Path(job.facts.name).stem, source)
    writer = SessionWriter(folder, header, body=job.model.rig, overwrite=True)
    with writer:
        for result in job.results:
            writer.append(result)
    if job.keys:
        write_edits(folder, {key.frame: np.array(key.code) for key in job.keys})
