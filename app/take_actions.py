"""What can be done with a take as a whole: delete it, find its video again."""

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QFileDialog, QMessageBox

from app.recents import forget
from app.relink_thread import RelinkThread
from app.trash import Trashed, put_back, to_trash
from core.errors import ExplainedError, SessionError

if TYPE_CHECKING:
    from app.main_window import MainWindow


def has_take(window: "MainWindow") -> bool:
    return window.session.folder is not None


def delete_take(window: "MainWindow") -> None:
    """Move the folder of the open session to the trash; the banner brings it back."""
    folder = window.session.folder
    if folder is None:
        return
    window.session.close_source()
    try:
        gone = to_trash(folder)
    except ExplainedError as error:
        window.say("The take was not deleted", error)
        return
    forget(str(folder))
    window.start_page.refresh()
    offer = None if gone.now is None else ("Put it back", lambda: _undelete(window, gone))
    window.banner.say(f"{folder.name} is in the trash, with everything made from it.", offer=offer)


def _undelete(window: "MainWindow", gone: Trashed) -> None:
    try:
        put_back(gone)
    except ExplainedError as error:
        window.say("The take did not come back", error)
        return
    window.open_text(str(gone.was))


def offer_relink(window: "MainWindow", folder: Path, was: str) -> None:
    """The video is gone: say so, and offer to look for it."""
    window.banner.say(
        f"The video of {folder.name} is not at {was} any more: put it back beside the session, or "
        "say where it is.",
        offer=("Find it…", lambda: ask_relink(window, folder)),
    )


def ask_relink(window: "MainWindow", folder: Path) -> None:
    """Which folder to look in."""
    where = QFileDialog.getExistingDirectory(
        window, f"Where is the video of {folder.name}?", str(folder.parent)
    )
    if where:
        start_relink(window, folder, Path(where))


def start_relink(window: "MainWindow", folder: Path, where: Path) -> None:
    """Look for it there, on a thread of its own."""
    window.statusBar().showMessage(f"Looking in {where}…")
    thread = RelinkThread(folder, where)
    thread.done.connect(lambda found, alike: _relinked(window, folder, found, alike))
    thread.failed.connect(lambda error: window.say("The video cannot be looked for", error))
    window.session.adopt(thread)
    thread.start()


def _relinked(window: "MainWindow", folder: Path, found: list[Path], alike: Path | None) -> None:
    window.statusBar().clearMessage()
    if folder in found:
        window.open_text(str(folder))
        if len(found) > 1:
            others = len(found) - 1
            window.statusBar().showMessage(f"Found the videos of {others} more sessions too", 8000)
    elif alike is not None:
        ask_copy(window, folder, alike)
    else:
        window.banner.say(
            f"The video of {folder.name} is not in that folder.",
            offer=("Look elsewhere…", lambda: ask_relink(window, folder)),
        )


def ask_copy(window: "MainWindow", folder: Path, video: Path) -> QMessageBox:
    """A file has the name but other bytes: it may be the same pictures, encoded anew."""
    box = QMessageBox(window)
    box.setWindowTitle("Another file of that name")
    box.setText(f"{video.name} is there, but not the very file the session was made from.")
    box.setInformativeText("If it shows the same pictures, encoded anew, it can be used.")
    use = box.addButton("Use it", QMessageBox.ButtonRole.AcceptRole)
    box.addButton("Leave it", QMessageBox.ButtonRole.RejectRole)
    use.clicked.connect(lambda: _use_copy(window, folder, video))
    box.open()
    return box


def _use_copy(window: "MainWindow", folder: Path, video: Path) -> None:
    from core.session_relink import relink_source

    try:
        relink_source(folder, video, is_copy=True)
    except SessionError as error:
        window.say("This video cannot be used", error)
        return
    window.open_text(str(folder))
