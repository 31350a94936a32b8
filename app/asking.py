"""Small dialogs: they ask, and hand the answer to the window or the session."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QMimeData, Qt
from PySide6.QtWidgets import QFileDialog, QInputDialog, QMessageBox

from app.doctor_dialog import DoctorDialog
from app.export_order import export_order, turntable_order, video_order
from app.export_thread import SESSION_SUFFIX, ExportJob, ExportThread
from app.job_runner import JobOrder
from app.models_dialog import ModelsDialog
from app.picture_dialog import PictureDialog
from app.still_loop import still_loop
from app.take import SourceFacts
from app.take_video_dialog import TakeVideoDialog, VideoWish
from app.timecode import frame_of, timecode
from core.errors import ExplainedError
from core.export.options import ExportOptions

if TYPE_CHECKING:
    from app.main_window import MainWindow
    from app.session import Session

VIDEO_FILTER = (
    "Everything that opens (*.mp4 *.mov *.mkv *.webm *.m4v *.avi *.mpg *.mpeg *.ts *.gif *.png "
    "*.jpg *.jpeg *.webp *.glb *.gltf *.zip);;All files (*)"
)


def ask_video(window: "MainWindow") -> None:
    """A file, in the system's own dialog."""
    path, _ = QFileDialog.getOpenFileName(window, "Open video", "", VIDEO_FILTER)
    if path:
        window.open_text(path)


def ask_folder(window: "MainWindow") -> None:
    """A folder of images, or a session."""
    path = QFileDialog.getExistingDirectory(window, "Open folder of images")
    if path:
        window.open_text(path)


def ask_address(window: "MainWindow") -> None:
    """An address to read from; nothing is contacted before OK."""
    text, is_ok = QInputDialog.getText(
        window, "Open network stream", "Address (http://… MJPEG, or rtsp://…):"
    )
    if is_ok and text.strip():
        window.open_text(text.strip())


def ask_frame(window: "MainWindow") -> None:
    """A frame number or a time."""
    facts = window.session.facts
    if facts is None or facts.times_s is None:
        return
    last = timecode(facts.times_s[-1])
    text, is_ok = QInputDialog.getText(
        window, "Go to", f"Frame (0 to {len(facts.times_s) - 1}) or time (up to {last}):"
    )
    if not is_ok or not text.strip():
        return
    try:
        window.session.transport.seek(frame_of(text, facts.times_s))
    except ValueError as error:
        window.say(str(error))


def ask_picture(window: "MainWindow") -> None:
    """How large, on what, and where to."""
    dialog = PictureDialog(window.session, window.viewport, window)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.open()


def ask_turntable(window: "MainWindow") -> None:
    """Where to write the video; frozen sliders give a still pose, else the take plays."""
    session = window.session
    name = f"{Path(session.facts.name).stem}-turntable.mp4" if session.facts else "turntable.mp4"
    path, _ = QFileDialog.getSaveFileName(window, "Turntable", name, "Videos (*.mp4 *.gif)")
    if path:
        start_turntable(window, Path(path))


def start_turntable(window: "MainWindow", path: Path) -> None:
    """Draw the turntable as a job."""
    session = window.session
    play = session.transport.state
    results = session.editor.results(play.in_frame or 0, play.out_frame)
    if session.explore.is_frozen:
        results = still_loop(session)
    if session.facts is not None:
        job = ExportJob(session.model, session.facts, tuple(results), path, ExportOptions())
        start_job(window, lambda: turntable_order(job))


def ask_take_video(window: "MainWindow") -> TakeVideoDialog:
    """What the video shows, and where it goes."""
    dialog = TakeVideoDialog(window.session, lambda wish: start_take_video(window, wish), window)
    dialog.open()
    return dialog


def start_take_video(window: "MainWindow", wish: VideoWish) -> None:
    """Draw the video as a job."""
    session = window.session
    play = session.transport.state
    results = tuple(session.editor.results(play.in_frame or 0, play.out_frame))
    if session.facts is not None:
        job = ExportJob(session.model, session.facts, results, wish.path, ExportOptions())
        start_job(window, lambda: video_order(job, wish.view, wish.height_px))


def ask_sweep(window: "MainWindow") -> None:
    """Where to write the loop of a sweep."""
    component = window.explore.sweep.component.currentText().replace(" ", "").lower()
    path, _ = QFileDialog.getSaveFileName(
        window, "Export the loop", f"sweep-{component}.glb", "Animated glTF (*.glb)"
    )
    if path:
        start_sweep(window, Path(path))


def start_sweep(window: "MainWindow", path: Path) -> None:
    """Write the sweep's loop as a job."""
    session = window.session
    results = tuple(window.explore.sweep.loop())
    width_px, height_px = results[0].image_size
    times_s = np.array([one.time_s for one in results])
    facts = SourceFacts(path.stem, path.stem, False, width_px, height_px, 30.0, times_s)
    options = ExportOptions(root_motion="in_place")
    start_job(window, lambda: export_order(ExportJob(session.model, facts, results, path, options)))


def ask_reconstruct(window: "MainWindow") -> None:
    """Which file; the session goes beside it."""
    path, _ = QFileDialog.getOpenFileName(window, "Reconstruct a file", "", VIDEO_FILTER)
    if path:
        start_reconstruct(window, Path(path))


def start_reconstruct(window: "MainWindow", video: Path) -> None:
    """Reconstruct a file as a job."""
    session = window.session
    folder = video.with_suffix(SESSION_SUFFIX)
    number = 2
    while folder.exists():
        folder = video.with_name(f"{video.stem}-{number}{SESSION_SUFFIX}")
        number += 1
    arguments = ("reconstruct", str(video), "-o", str(folder), "--model", _model_of(session))
    arguments += ("--segmenter", session.segmenter)
    start_job(window, lambda: JobOrder(f"Reconstruct {video.name}", arguments, folder))


def _model_of(session: "Session") -> str:
    """What names the model to a child process."""
    folder = None if session.model is None else session.model.folder
    return str(folder or session.model_name)


def start_job(window: "MainWindow", order: Callable[[], JobOrder]) -> None:
    """Begin and show the drawer; say so if it cannot begin."""
    try:
        window.session.jobs.start(order())
    except ExplainedError as error:
        window.say("This cannot be done", error)
        return
    window.show_jobs()


def show_models(window: "MainWindow") -> None:
    """The model manager."""
    dialog = ModelsDialog(window.session, window)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.open()


def show_doctor(window: "MainWindow") -> None:
    """The doctor's page."""
    dialog = DoctorDialog(window.session.jobs, window)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.open()


def first_place(session: "Session") -> Path:
    """Beside the video; what belongs to the bundled sample does not go into the program."""
    assert session.facts is not None
    video = Path(session.facts.text)
    sample = session.services.sample_path
    is_bundled = sample is not None and video == Path(sample)
    return Path.home() / video.name if is_bundled else video


def ask_save(window: "MainWindow") -> None:
    """Where to keep the session; it is written on a thread of its own."""
    session = window.session
    if session.store is None or session.facts is None:
        return
    name = str(first_place(session).with_suffix(SESSION_SUFFIX))
    path, _ = QFileDialog.getSaveFileName(window, "Save session", name, "Sessions (*.session)")
    if not path:
        return
    folder = Path(path).with_suffix(SESSION_SUFFIX)
    results = tuple(session.editor.better(one) for one in session.store.results())
    keys = session.editor.keys
    job = ExportJob(session.model, session.facts, results, folder, ExportOptions(), keys)
    thread = ExportThread(job)
    thread.done.connect(lambda sentence: window.statusBar().showMessage(sentence, 5000))
    thread.done.connect(lambda sentence: session.editor.mark_saved())
    thread.done.connect(lambda sentence: window.view_keeper.keep_in(folder))
    thread.failed.connect(lambda error: window.say("The session was not saved", error))
    session.adopt(thread)
    thread.start()


def show_about(window: "MainWindow") -> None:
    """What this is and what it stands on."""
    QMessageBox.about(
        window,
        "About DASR Studio",
        "<h3>DASR Studio</h3><p>Videos of animals in, posed 3D meshes out, in real time.</p>"
        "<p>MIT licence. After DASR (Tan, Yang, Ramanan, CVPR 2023), in code of our own.</p>"
        "<p>Uses Qt for Python under the LGPL 3. Samples and models: assets/LICENSES.md.</p>",
    )


def dropped_text(mime: QMimeData) -> str | None:
    """The path or address that was dropped, or None when there is none."""
    urls = mime.urls()
    if urls:
        return urls[0].toLocalFile() or urls[0].toString()
    text = mime.text().strip()
    return text if "://" in text else None
