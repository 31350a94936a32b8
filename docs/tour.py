"""Walks the window through all its states, so that every one of them can be looked at.

Each stop of `tour` shows something and yields its name and when it is ready; `Walk` waits for that,
and takes the picture. `docs/shoot_window.py` is the command.
"""

import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
from PySide6.QtCore import QObject, QPoint, QTimer, Signal
from PySide6.QtGui import QColor, QPainter, QPen, QPixmap
from PySide6.QtWidgets import QApplication, QDialog

from app.asking import start_job
from app.bones_panel import BonesPanel
from app.doctor_dialog import DoctorDialog
from app.export_dialog import ExportDialog
from app.job_runner import JobOrder
from app.look import DISPLAY_MODES
from app.main_window import MainWindow
from app.models_dialog import ModelsDialog
from app.picture_dialog import PictureDialog
from app.recents import settings
from app.theme import current_tones
from core.errors import SourceError
from tests.app.mjpeg_camera import MjpegCamera

CACHE = Path("out/tour")
"""What is made once."""
SESSION = "sample.session"
STEP_MS = 60
LONGEST_S = 60.0
FRAME = 60
SLOW_JOB = """
import json, time
print(json.dumps({"event": "progress", "stage": "reconstruct", "done": 189, "total": 450,
                  "left_s": 17.0}), flush=True)
time.sleep(90)
"""


@dataclass(frozen=True)
class Stop:
    """A state worth a picture."""

    name: str
    is_ready: Callable[[], bool] = lambda: True
    settle_ms: int = 350
    """What painting and animations may take after that."""
    is_picture: bool = True


class Walk(QObject):
    """Goes from stop to stop.

    Signals:
        ended(): All pictures are taken.
    """

    ended = Signal()

    def __init__(self, window: MainWindow, stops: Iterator[Stop], folder: Path, only: str) -> None:
        super().__init__(window)
        self._window, self._stops, self._folder, self._only = window, stops, folder, only
        self._stop: Stop | None = None
        self._waited_ms = 0
        self._timer = QTimer(self)
        self._timer.setInterval(STEP_MS)
        self._timer.timeout.connect(self._look)
        self._timer.start()

    def _look(self) -> None:
        if self._stop is None:
            self._next()
            return
        self._waited_ms += STEP_MS
        if self._waited_ms > 1e3 * LONGEST_S:
            raise TimeoutError(f"{self._stop.name} did not get ready in {LONGEST_S:.0f} s")
        if self._stop.is_ready():
            stop, self._stop = self._stop, None
            self._timer.stop()
            QTimer.singleShot(stop.settle_ms, lambda: self._take(stop))

    def _take(self, stop: Stop) -> None:
        if stop.is_picture and self._only in stop.name:
            screen_picture(self._window).save(str(self._folder / f"{stop.name}.png"))
        self._next()
        self._timer.start()

    def _next(self) -> None:
        self._waited_ms = 0
        self._stop = next(self._stops, None)
        if self._stop is None:
            self._timer.stop()
            self.ended.emit()


def screen_picture(window: MainWindow) -> QPixmap:
    """The window with whatever lies over it, as on the screen."""
    ratio = window.devicePixelRatioF()
    whole = window.screen().grabWindow(0)
    corner = window.mapToGlobal(window.rect().topLeft()) * ratio
    size = window.size() * ratio
    cut = whole.copy(corner.x(), corner.y(), size.width(), size.height())
    cut.setDevicePixelRatio(1.0)
    painter = QPainter(cut)
    painter.setPen(QPen(QColor(current_tones().muted), ratio))
    for dialog in QApplication.topLevelWidgets():  # without a window manager they have no edge
        if dialog.isVisible() and isinstance(dialog, QDialog):
            place = (dialog.mapToGlobal(QPoint(0, 0)) - window.mapToGlobal(QPoint(0, 0))) * ratio
            size = dialog.size() * ratio
            painter.drawRect(place.x(), place.y(), size.width(), size.height())
    painter.end()
    return cut


def sample_pictures(window: MainWindow, step: int = 1) -> list[np.ndarray]:
    """Frames of the bundled sample, for a camera to show."""
    path = window.session.services.sample_path
    assert path is not None
    with av.open(path) as container:
        frames = list(container.decode(video=0))
    there = [frame.to_ndarray(format="rgb24") for frame in frames[::step]]
    return there + there[-2:0:-1]  # and back, so that the loop has no jump


def _beginning(window: MainWindow) -> Iterator[Stop]:
    session = window.session
    session.close_source()
    settings().clear()
    window.start_page.refresh()
    yield Stop("start", lambda: not session.is_model_loading)
    window.open_text("/nowhere/holiday.txt")
    yield Stop("error-banner", window.banner.isVisible)
    window.banner.hide()


def _live(window: MainWindow) -> Iterator[Stop]:
    session = window.session
    with MjpegCamera(sample_pictures(window), fps=6) as camera:
        camera.mode = "still"
        window.open_text(camera.address)
        yield Stop("opening", lambda: window.veil.isVisible() or session.facts is not None, 0)
        yield Stop("live-first", lambda: _frame(window) >= 0, 0, is_picture=False)
        box = session.services.sample_box
        assert box is not None
        session.editor.prompt(box)
        yield Stop("live-found", lambda: _frame(window) > 6, 0, is_picture=False)
        camera.mode = "running"
        yield Stop("live", lambda: _frame(window) > 25)
        session.set_look(has_hud=True)
        yield Stop("live-numbers", lambda: _frame(window) > 40)
        camera.mode = "stalled"
        yield Stop("live-stalled", lambda: session.feed_health == "stalled")
        session.set_look(has_hud=False)
        session.close_source()
        yield Stop("start-with-recents")


def _scrubbing(window: MainWindow) -> Iterator[Stop]:
    session = window.session
    window.open_text(str(CACHE / SESSION))
    yield Stop("open", lambda: _is_whole(window), is_picture=False)
    session.transport.pause()
    session.transport.seek(FRAME)
    yield Stop("scrub", lambda: _shows(window, FRAME), settle_ms=1500)
    session.transport.seek(20)
    session.editor.set_in()
    session.transport.seek(110)
    session.editor.set_out()
    session.transport.seek(FRAME)
    window.toggle_curves()
    window.timeline.zoom(1.6)
    yield Stop("scrub-curves-range", lambda: _shows(window, FRAME), settle_ms=900)
    window.toggle_curves()
    session.editor.set_in(clear=True)
    session.editor.set_out(clear=True)
    window.timeline.zoom(0.1)


def _looks(window: MainWindow) -> Iterator[Stop]:
    session = window.session
    window.tabs.setCurrentIndex(1)
    for mode, _ in DISPLAY_MODES:
        session.set_look(mode=mode)
        if mode == "weights":
            window.tabs.setCurrentIndex(2)
            window.findChild(BonesPanel)._tree.setCurrentItem(  # type: ignore[union-attr]
                window.findChild(BonesPanel)._items[6]  # type: ignore[union-attr]
            )
        yield Stop(f"mode-{mode}")
    session.set_look(mode="color", joint=None)
    window.tabs.setCurrentIndex(1)
    for name in ("has_ghosts", "has_uncertainty", "is_xray", "has_skeleton"):
        session.set_look(**{name: True})
        yield Stop(f"mode-{name.split('_')[1]}")
        session.set_look(**{name: False})
    session.set_look(camera="input", mesh_opacity=0.8)
    yield Stop("overlay")
    session.set_look(has_wipe=True, mesh_opacity=1.0)
    yield Stop("overlay-split")
    session.set_look(has_wipe=False, has_outline=True, mesh_opacity=0.5)
    yield Stop("overlay-outline")
    session.set_look(has_outline=False, camera="orbit", mesh_opacity=1.0)
    window.tabs.setCurrentIndex(3)
    yield Stop("info")
    window.tabs.setCurrentIndex(0)


def _exploring(window: MainWindow) -> Iterator[Stop]:
    session = window.session
    for component, sigma in ((0, 1.8), (1, -1.2), (2, 0.9), (4, -2.3)):
        session.editor.set_sigma(component, sigma)
    session.editor.set_lock(3, True)
    yield Stop("explore")
    for name in ("stretch", "look up", "walk"):
        session.editor.save_preset(name)
        session.editor.random()
    yield Stop("explore-presets", settle_ms=600)
    window.explore.more.setCurrentIndex(1)
    yield Stop("explore-sweep")
    window.explore.more.setCurrentIndex(2)
    yield Stop("explore-map", settle_ms=900)
    window.explore.more.setCurrentIndex(0)
    session.editor.key_frame()
    yield Stop("explore-keyed")
    session.editor.set_frozen(False)


def _dialogs(window: MainWindow) -> Iterator[Stop]:
    window.ask_export()
    for dialog in window.findChildren(ExportDialog):
        dialog.path.setText("shiba.glb")  # nobody's home
    yield Stop("export", settle_ms=600)
    _close(window, ExportDialog)
    dialog = PictureDialog(window.session, window.viewport, window)
    dialog.open()
    yield Stop("picture")
    dialog.close()
    models = ModelsDialog(window.session, window)
    models.open()
    yield Stop("models", settle_ms=900)
    models.close()
    doctor = DoctorDialog(window.session.jobs, window)
    doctor.open()
    yield Stop("doctor", lambda: not window.session.jobs.is_busy, settle_ms=900)
    doctor.close()
    window.session.jobs.forget_ended()
    window.show_shortcuts()
    yield Stop("shortcuts")
    _close(window, QDialog)
    window.show_palette()
    yield Stop("palette")
    _close(window, QDialog)
    window.ask_camera()
    yield Stop("cameras", settle_ms=1200)
    _close(window, QDialog)
    window.session.failed.emit("Could not save", SourceError("The disk is full: make room."))
    yield Stop("error-over-view")
    window.banner.hide()


def _jobs(window: MainWindow) -> Iterator[Stop]:
    jobs = window.session.jobs
    start_job(window, lambda: JobOrder("Check this machine", ("doctor",)))
    yield Stop("job-done", lambda: not jobs.is_busy, is_picture=False)
    slow = JobOrder("Reconstruct walk.mp4", (), program=(sys.executable, "-c", SLOW_JOB))
    start_job(window, lambda: slow)
    yield Stop("jobs", lambda: any(job.share for job in jobs.jobs.values() if not job.has_ended),
               settle_ms=700)  # fmt: skip
    for job_id in list(jobs.jobs):
        jobs.cancel(job_id)
    yield Stop("jobs-over", lambda: not jobs.is_busy)


def _frame(window: MainWindow) -> int:
    shown = window.session.shown
    return shown.frame.index if shown is not None and shown.result is not None else -1


def _shows(window: MainWindow, frame: int) -> bool:
    return _frame(window) == frame


def _is_whole(window: MainWindow) -> bool:
    store, model = window.session.store, window.session.model
    return store is not None and model is not None and store.first_missing() is None


def _close(window: MainWindow, kind: type) -> None:
    for dialog in window.findChildren(kind):
        dialog.close()
    QApplication.processEvents()


def reconstruct_sample(box: tuple[float, ...], sample: str) -> None:
    """Make the sample's session if it is not there: the window would need as long every time."""
    folder = CACHE / SESSION
    if not folder.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        said = ",".join(f"{edge:.0f}" for edge in box)
        command = [sys.executable, "main.py", "reconstruct", sample, "-o", str(folder)]
        # Not refined: what the window itself makes of a video, frame by frame.
        subprocess.run([*command, "--box", said, "--no-refine"], check=True)


PARTS = {
    "start": _beginning,
    "live": _live,
    "scrub": _scrubbing,
    "looks": _looks,
    "explore": _exploring,
    "dialogs": _dialogs,
    "jobs": _jobs,
}


def tour(window: MainWindow, parts: Sequence[str] = tuple(PARTS)) -> Iterator[Stop]:
    """These parts, in the order of `PARTS`; those after it need what "scrub" opens."""
    for name, part in PARTS.items():
        if name in parts:
            yield from part(window)
