"""Small dialogs: they ask, and hand the answer to the window or the session."""

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QMimeData
from PySide6.QtWidgets import QFileDialog, QInputDialog, QMessageBox

from app.export_thread import SESSION_SUFFIX, ExportJob, ExportThread
from app.timecode import frame_of, timecode
from core.errors import ExportError
from core.export.options import ExportOptions

if TYPE_CHECKING:
    from app.main_window import MainWindow

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
    """Where to write what the viewport shows."""
    facts = window.session.facts
    name = f"{Path(facts.name).stem}-{window.session.frame_index:05d}.png" if facts else "view.png"
    path, _ = QFileDialog.getSaveFileName(window, "Save picture", name, "Pictures (*.png *.jpg)")
    if not path:
        return
    if window.viewport.picture().save(path):
        window.statusBar().showMessage(f"Saved {Path(path).name}", 3000)
    else:
        window.say(
            "The picture was not saved",
            ExportError(f"{path} cannot be written; choose another folder or end in .png."),
        )


def ask_save(window: "MainWindow") -> None:
    """Where to keep the session; it is written on a thread of its own."""
    session = window.session
    if session.store is None or session.facts is None:
        return
    name = str(Path(session.facts.text).with_suffix(SESSION_SUFFIX))
    path, _ = QFileDialog.getSaveFileName(window, "Save session", name, "Sessions (*.session)")
    if not path:
        return
    folder = Path(path).with_suffix(SESSION_SUFFIX)
    results = tuple(session.store.results())
    job = ExportJob(session.model, session.facts, results, folder, ExportOptions())
    thread = ExportThread(job)
    thread.done.connect(lambda sentence: window.statusBar().showMessage(sentence, 5000))
    thread.failed.connect(lambda error: window.say("The session was not saved", error))
    session.adopt(thread)
    thread.start()


def show_about(window: "MainWindow") -> None:
    """What this is and what it stands on."""
    QMessageBox.about(
        window,
        "About DASR Studio",
        "<h3>DASR Studio</h3><p>Videos of animals in, posed 3D meshes out, in real time.</p>"
        "<p>MIT licence. After DASR (Tan, Yang, Ramanan, ICCV 2023), in code of our own.</p>"
        "<p>Uses Qt for Python under the LGPL 3. Samples and models: assets/LICENSES.md.</p>",
    )


def dropped_text(mime: QMimeData) -> str | None:
    """The path or address that was dropped, or None when there is none."""
    urls = mime.urls()
    if urls:
        return urls[0].toLocalFile() or urls[0].toString()
    text = mime.text().strip()
    return text if "://" in text else None
