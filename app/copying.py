"""To the clipboard: the picture, the numbers, the report."""

from typing import TYPE_CHECKING

from PySide6.QtGui import QGuiApplication

from app.performance import performance_of
from app.report import report_of

if TYPE_CHECKING:
    from app.main_window import MainWindow

SAID_MS = 2000


def copy_picture(window: "MainWindow") -> None:
    """The 3D view at device pixels."""
    QGuiApplication.clipboard().setImage(window.viewport.picture())
    window.statusBar().showMessage("Picture copied", SAID_MS)


def copy_numbers(window: "MainWindow") -> None:
    """What the heads-up display says."""
    QGuiApplication.clipboard().setText(performance_of(window.session).text())
    window.statusBar().showMessage("Performance numbers copied", SAID_MS)


def copy_report(window: "MainWindow") -> None:
    """Versions and the last log lines."""
    QGuiApplication.clipboard().setText(report_of())
    window.statusBar().showMessage("Report copied", SAID_MS)
