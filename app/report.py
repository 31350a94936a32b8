"""Logging, and the report a person can copy when something went wrong.

install_logging(); install_hooks(on_error)
report_of(error)
"""

import logging
import logging.handlers
import platform
import sys
import threading
import traceback
from collections import deque
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

from PySide6.QtCore import QMessageLogContext, QtMsgType, qInstallMessageHandler, qVersion

LOG = logging.getLogger(__name__)
RECENT_LINES = 300
_recent: deque[str] = deque(maxlen=RECENT_LINES)


class _RecentHandler(logging.Handler):
    """Keeps the last lines in memory for the report."""

    def emit(self, record: logging.LogRecord) -> None:
        _recent.append(self.format(record))


def log_file() -> Path:
    """Where the log is written."""
    import platformdirs

    return Path(platformdirs.user_log_dir("dasr-studio", appauthor=False)) / "studio.log"


def install_logging() -> None:
    """Log to a rotating file and to memory; without a writable folder, to memory only."""
    form = logging.Formatter("%(asctime)s %(levelname)-7s %(threadName)s %(name)s: %(message)s")
    handlers: list[logging.Handler] = [_RecentHandler()]
    try:
        path = log_file()
        path.parent.mkdir(parents=True, exist_ok=True)
        handlers.append(
            logging.handlers.RotatingFileHandler(path, maxBytes=1_000_000, backupCount=3)
        )
    except OSError:
        LOG.warning("no log file: its folder cannot be written")
    root = logging.getLogger()
    root.setLevel(logging.INFO)
    for handler in handlers:
        handler.setFormatter(form)
        root.addHandler(handler)


def install_hooks(on_error: Callable[[BaseException], None]) -> None:
    """Send what nobody caught, on any thread, to the log and `on_error`; Qt's words to the log."""

    def on_exception(
        kind: type[BaseException], error: BaseException, trace: TracebackType | None
    ) -> None:
        if issubclass(kind, KeyboardInterrupt):
            sys.__excepthook__(kind, error, trace)
            return
        LOG.critical("uncaught", exc_info=(kind, error, trace))
        on_error(error)

    def on_thread_exception(args: threading.ExceptHookArgs) -> None:
        if args.exc_value is not None:
            on_exception(args.exc_type, args.exc_value, args.exc_traceback)

    sys.excepthook = on_exception
    threading.excepthook = on_thread_exception
    qInstallMessageHandler(_on_qt_message)


def _on_qt_message(kind: QtMsgType, context: QMessageLogContext, text: str | None) -> None:
    levels = {
        QtMsgType.QtDebugMsg: logging.DEBUG,
        QtMsgType.QtInfoMsg: logging.INFO,
        QtMsgType.QtWarningMsg: logging.WARNING,
    }
    logging.getLogger("qt").log(levels.get(kind, logging.ERROR), "%s", text)


def report_of(error: BaseException | None = None) -> str:
    """Versions, the error and the last log lines; the home folder's name is left out."""
    import numpy
    import PySide6

    lines = [
        f"Python {platform.python_version()} on {platform.platform()}",
        f"PySide6 {PySide6.__version__}, Qt {qVersion()}, numpy {numpy.__version__}",
    ]
    if error is not None:
        lines += ["", *"".join(traceback.format_exception(error)).splitlines()]
    lines += ["", "Last log lines:", *_recent]
    return "\n".join(lines).replace(str(Path.home()), "~")
