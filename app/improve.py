"""Improving a reconstruction: the whole video once more with refinement, as a job; its results
stand in place of the first ones, as one step that can be undone.

improver.start()        # main.py reconstruct VIDEO --refine
"""

import logging
import shutil
import tempfile
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QThread, Signal

from app.export_thread import SESSION_SUFFIX
from app.job import Job
from app.job_runner import JobOrder
from app.opening import RIG_SCHEME
from app.train_order import subject_words
from core.results import FrameResult

if TYPE_CHECKING:
    from app.session import Session

LOG = logging.getLogger(__name__)


class ReadThread(QThread):
    """Reads all results of a session.

    Signals (emitted on this thread):
        done(tuple), failed(Exception)
    """

    done = Signal(tuple)
    failed = Signal(object)

    def __init__(self, folder: Path, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("read-improved")
        self._folder = folder

    def run(self) -> None:
        from core.session_store import read_session

        try:
            with read_session(self._folder) as record:
                results = tuple(record.results())
            self.done.emit(results)
        except Exception as error:
            self.failed.emit(error)
        finally:
            shutil.rmtree(self._folder.parent, ignore_errors=True)


class Improver(QObject):
    """Owned by the window.

    Signals:
        improved(int): So many frames have another result now.
        failed(Exception): The results could not be read.
    """

    improved = Signal(int)
    failed = Signal(object)

    def __init__(self, session: "Session", parent: QObject) -> None:
        super().__init__(parent)
        self._session = session
        self._waiting: dict[int, tuple[object, object, Path]] = {}
        session.jobs.ended.connect(self._on_ended)

    @property
    def can_start(self) -> bool:
        """A recorded video and a model are open, and it is not being improved already."""
        return has_video(self._session) and not self._waiting

    def start(self, tuned: Path | None = None) -> int | None:
        """Begin; gives the job's number.

        Args:
            tuned: A model tuned from the one that is loaded: what it makes of the video is the
                improvement. None refines what the loaded one makes of it.
        """
        session = self._session
        if session.facts is None or session.model is None:
            return None
        folder = Path(tempfile.mkdtemp(prefix="dasr-")) / f"improved{SESSION_SUFFIX}"
        order = improve_order(session, folder, tuned)
        job_id = session.jobs.start(order)
        self._waiting[job_id] = (session.facts, session.model, folder)
        return job_id

    def _on_ended(self, job: Job) -> None:
        facts, model, folder = self._waiting.pop(job.id, (None, None, None))
        if folder is None:
            return
        session = self._session
        if job.status != "done" or session.facts is not facts or session.model is not model:
            shutil.rmtree(folder.parent, ignore_errors=True)
            return
        thread = ReadThread(folder)
        thread.done.connect(self._put)
        thread.failed.connect(self.failed)
        session.adopt(thread)
        thread.start()

    def _put(self, results: tuple[FrameResult, ...]) -> None:
        better = {one.frame_index: one for one in results if one.is_covered}
        self._session.editor.improve(MappingProxyType(better))
        self.improved.emit(len(better))


def has_video(session: "Session") -> bool:
    """A recorded video is open, with a model that looks at videos."""
    is_played = session.facts is not None and session.facts.text.startswith(RIG_SCHEME)
    return session.transport.can_scrub and session.model is not None and not is_played


def improve_order(session: "Session", folder: Path, tuned: Path | None = None) -> JobOrder:
    """The command that reconstructs what is open once more, better."""
    facts = session.facts
    assert facts is not None
    model = str(tuned or session.model.folder or session.model_name)
    how = "--refine" if tuned is None else "--no-refine"
    words = ("reconstruct", facts.text, "-o", str(folder), "--model", model, how)
    title = f"Improve {facts.name}" if tuned is None else f"Compare {tuned.name}"
    return JobOrder(title, (*words, *subject_words(session)))
