"""What the banner tells by itself: a take is recorded, a camera stands still, a job is done."""

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from app.asking import show_models
from app.fit_watch import FitWatch
from app.job import Job
from app.jobs_panel import opens_here
from app.model_actions import ask_rig, compare
from app.recents import remember
from app.take_actions import offer_relink

if TYPE_CHECKING:
    from app.main_window import MainWindow


class News(QObject):
    """Listens to the session and speaks through the window's banner."""

    def __init__(self, window: "MainWindow") -> None:
        super().__init__(window)
        self._window = window
        session = window.session
        self._has_said_feed = False
        session.feed_changed.connect(self._on_feed)
        session.source_changed.connect(self._on_source)
        session.recorder.recorded.connect(self._on_recorded)
        session.jobs.ended.connect(self._on_job)
        window.improver.improved.connect(self._on_improved)
        window.improver.failed.connect(
            lambda error: window.say("The improved results cannot be read", error)
        )
        self.fit_watch = FitWatch(session)
        self.fit_watch.doubted.connect(self._on_doubt)
        session.source_missing.connect(lambda folder, was: offer_relink(window, Path(folder), was))
        session.rig_given.connect(lambda path: ask_rig(window, Path(path)))

    def _on_recorded(self, folder: str, seconds: float) -> None:
        remember(folder)
        window = self._window
        window.banner.say(
            f"Recorded {seconds:.1f} s to {folder}",
            offer=("Open", lambda: window.open_text(folder)),
        )

    def _on_feed(self) -> None:
        """The last mesh stays; the banner goes when the camera is back."""
        session = self._window.session
        facts, health = session.facts, session.feed_health
        if facts is None or health == "live":
            self._has_said_feed = False
            self._window.banner.hide()
            return
        what = "gives no pictures" if health == "stalled" else "repeats the same picture"
        self._window.say(f"{facts.name} {what}. Waiting for it to come back…")
        self._has_said_feed = True

    def _on_source(self) -> None:
        """Nobody waits for a camera that was left."""
        if self._has_said_feed:
            self._has_said_feed = False
            self._window.banner.hide()

    def _on_job(self, job: Job) -> None:
        """Sessions and models that a job made can be opened at once; a tuned model is compared."""
        window, order = self._window, self._window.session.jobs.order_of(job.id)
        path = order.result_path
        if job.status != "done" or path is None or not opens_here(path):
            return
        offer = ("Open it", lambda: window.open_text(str(path)))
        if order.tunes is not None and order.tunes is window.session.model:
            offer = ("Compare on this video", lambda: compare(window, path))
        elif is_model(path):
            offer = ("Use it", offer[1])
        said = f": {job.sentence}" if order.tunes is not None else ": done."
        window.banner.say(f"{job.title}{said}", offer=offer)

    def _on_improved(self, count: int) -> None:
        """How to compare, and how to go back."""
        editor = self._window.session.editor
        self._window.banner.say(
            f"{count} frames are improved. Press \\ to see them as they were before.",
            offer=("Revert", editor.revert),
        )

    def _on_doubt(self, iou: float) -> None:
        """A suggestion, calm; it is only made once."""
        window, session = self._window, self._window.session
        if not window.banner.isHidden():
            return
        others = [one for one in session.services.list_models() if one != session.model_title]
        sentence = (
            f"This may not be a {session.model_title}: model and subject overlap by only "
            f"{iou:.0%} in most frames."
        )
        if len(others) == 1:
            offer = (f"Try {others[0]}", lambda: session.load_model(others[0]))
        else:
            offer = ("Other models…", lambda: show_models(window))
        window.banner.say(sentence, offer=offer)


def is_model(path: Path) -> bool:
    """A folder with a category model in it."""
    return (path / "model.json").is_file()
