"""Closing while jobs run: the person says what becomes of them."""

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QMessageBox

if TYPE_CHECKING:
    from app.main_window import MainWindow


def ask_closing(window: "MainWindow") -> QMessageBox:
    """Keep running (the window goes, the program stays until they are done), stop, or go back."""
    box = QMessageBox(window)
    box.setWindowTitle("Jobs are running")
    count = sum(not job.has_ended for job in window.session.jobs.jobs.values())
    box.setText("A job is still running." if count == 1 else f"{count} jobs are still running.")
    box.setInformativeText("What it has not finished is lost if it is stopped.")
    keep = box.addButton("Keep running", QMessageBox.ButtonRole.AcceptRole)
    stop = box.addButton("Stop and close", QMessageBox.ButtonRole.DestructiveRole)
    back = box.addButton("Go back", QMessageBox.ButtonRole.RejectRole)
    box.setDefaultButton(back)
    box.setEscapeButton(back)
    keep.clicked.connect(lambda: _keep(window))
    stop.clicked.connect(lambda: window.close_now())
    box.open()
    return box


def _keep(window: "MainWindow") -> None:
    """Hide; close for good when the last job has ended."""
    window.hide()
    window.session.close_source()

    def look() -> None:
        if not window.session.jobs.is_busy:
            window.close_now()

    window.session.jobs.ended.connect(lambda job: look())
    look()
