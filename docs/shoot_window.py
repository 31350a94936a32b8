"""Takes the pictures of the window that the README and docs show, with the shipped model.

export PYTHONPATH=.
    xvfb-run -a -s "-screen 0 1280x800x24" python docs/shoot_window.py docs/images/window.png
"""

import argparse
import sys
from pathlib import Path

from PySide6.QtCore import QSettings, Qt, QTimer
from PySide6.QtWidgets import QApplication

from app.services import real_services
from app.theme import Theme
from app.viewport import ask_for_core_profile
from app.window import open_window

LONGEST_MS = 120_000


def main() -> int:
    """Play the sample until all of it is reconstructed, go to a frame, take the picture."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("output", type=Path)
    parser.add_argument("--frame", type=int, default=60)
    parser.add_argument("--dark", action="store_true")
    parser.add_argument("--overlay", action="store_true", help="look through the video's camera")
    parser.add_argument("--hud", action="store_true")
    arguments = parser.parse_args()
    QSettings.setPath(QSettings.Format.NativeFormat, QSettings.Scope.UserScope, "/nonexistent")
    ask_for_core_profile()
    application = QApplication(sys.argv[:1])
    theme = Theme(application)
    theme.prefer(Qt.ColorScheme.Dark if arguments.dark else Qt.ColorScheme.Light)
    window = open_window(real_services())
    window.resize(1280, 800)
    window.session.set_look(
        camera="input" if arguments.overlay else "orbit", has_hud=arguments.hud, mesh_opacity=0.85
    )
    state = {"is_sought": False}

    def look() -> None:
        session = window.session
        if session.store is None or session.model is None or session.store.first_missing() == 0:
            return
        if session.store.first_missing() is not None:
            session.transport.pause()  # all the time goes to the background fill
        elif not state["is_sought"]:
            state["is_sought"] = True
            session.transport.seek(arguments.frame)
        elif session.shown is not None and session.shown.frame.index == arguments.frame:
            arguments.output.parent.mkdir(parents=True, exist_ok=True)
            window.grab().save(str(arguments.output))
            window.close()
            application.quit()

    timer = QTimer()
    timer.timeout.connect(look)
    timer.start(500)
    QTimer.singleShot(LONGEST_MS, window.close)
    return application.exec()


if __name__ == "__main__":
    raise SystemExit(main())
