"""Starts the window.

run_window("walk.mp4")      # a video, folder, camera:0, address; None plays the sample
"""

import logging
import signal
import sys

from PySide6.QtCore import QTimer
from PySide6.QtGui import QGuiApplication, QIcon
from PySide6.QtWidgets import QApplication

from app.icons import pixmap
from app.main_window import MainWindow
from app.ports import Services
from app.report import install_hooks, install_logging
from app.services import real_services
from app.session import Session
from app.theme import LIGHT, Theme
from app.viewport import ask_for_core_profile

LOG = logging.getLogger(__name__)
DEFAULT_MODEL = "dog"


def run_window(text: str | None = None, model: str | None = None) -> int:
    """Open the window and stay until it is closed; gives the exit code."""
    install_logging()
    ask_for_core_profile()
    application = QApplication(sys.argv[:1])
    application.setApplicationName("dasr-studio")
    application.setApplicationDisplayName("DASR Studio")
    QGuiApplication.setDesktopFileName("dasr-studio")
    application.setWindowIcon(QIcon(pixmap("paw", 128, LIGHT.accent)))
    theme = Theme(application)
    window = open_window(real_services(), text, model)
    theme.changed.connect(window.update)
    install_hooks(lambda error: window.say("Something went wrong", error))
    # Ctrl+C in the terminal: Python sees it only when the event loop wakes now and then.
    for stop in (signal.SIGINT, signal.SIGTERM):
        signal.signal(stop, lambda *_: window.close())
    wake = QTimer()
    wake.timeout.connect(lambda: None)
    wake.start(250)
    return application.exec()


def open_window(
    services: Services, text: str | None = None, model: str | None = None
) -> MainWindow:
    """The window, shown, with a source and a model on their way."""
    window = MainWindow(Session(services))
    window.restore_layout()
    window.show()
    models = services.list_models()
    wanted = model or (DEFAULT_MODEL if DEFAULT_MODEL in models else next(iter(models), None))
    if wanted is not None:
        window.session.load_model(wanted)
    if text is not None:
        window.open_text(text)
    elif services.sample_path is not None:
        window.open_sample()
    else:
        window.session.close_source()
    return window
