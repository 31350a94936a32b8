"""Watches the real window on a network camera for minutes: latency, memory, lag of the event loop.

export PYTHONPATH=.
    xvfb-run -a -s "-screen 0 1280x800x24" python tests/app/watch_live.py --minutes 10

The camera is a process of its own. It burns the moment into each picture, so that the latency is
that from the camera to the drawn frame. Each minute is one line; `--trouble` makes the camera
stall, freeze and hang up once in every minute, and says when the banner came and went.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QApplication

from app.main_window import MainWindow
from tests.app.mjpeg_camera import MjpegCamera, age_ms

BEAT_MS = 5
SAMPLE = Path(__file__).resolve().parents[2] / "assets" / "samples" / "shiba.mp4"


def serve(fps: float) -> int:
    """The camera, until its standard input is closed; lines there are its orders."""
    import av

    with av.open(str(SAMPLE)) as container:
        pictures = [f.to_ndarray(format="rgb24") for f in container.decode(video=0)]
    with MjpegCamera(pictures + pictures[-2:0:-1], fps) as camera:
        sys.stdout.write(camera.address + "\n")
        sys.stdout.flush()
        for line in sys.stdin:
            camera.mode = line.strip()  # type: ignore[assignment]
    return 0


@dataclass
class Minute:
    """What was measured in one."""

    latency_ms: list[float] = field(default_factory=list)
    lag_ms: list[float] = field(default_factory=list)

    def line(self, number: int, dropped: int) -> str:
        """For people."""
        low, high = np.percentile(self.latency_ms or [np.nan], [50, 95])
        lag50, lag95 = np.percentile(self.lag_ms or [np.nan], [50, 95])
        return (
            f"minute {number:2d}: {len(self.latency_ms):5d} frames, latency p50 {low:5.0f} ms "
            f"p95 {high:5.0f} ms; lag p50 {lag50:4.1f} ms p95 {lag95:5.1f} ms; "
            f"memory {resident_mib():6.1f} MiB; dropped {dropped}"
        )


def resident_mib() -> float:
    """Memory of this process that is in RAM."""
    pages = int(Path("/proc/self/statm").read_text(encoding="utf-8").split()[1])
    return pages * os.sysconf("SC_PAGESIZE") / 2**20


class Watch:
    """Measures a window until its time is over."""

    def __init__(self, window: MainWindow, minutes: float) -> None:
        self._window, self._minutes = window, minutes
        self._minute, self._number = Minute(), 0
        self._seen = -1
        self._began_s = self._beat_s = time.perf_counter()
        window.viewport.frameSwapped.connect(self._on_drawn)
        self._beat = QTimer(window)
        self._beat.setTimerType(Qt.TimerType.PreciseTimer)
        self._beat.timeout.connect(self._on_beat)
        self._beat.start(BEAT_MS)

    def _on_drawn(self) -> None:
        shown = self._window.session.shown
        if shown is not None and shown.result is not None and shown.frame.index != self._seen:
            self._seen = shown.frame.index
            self._minute.latency_ms.append(float(age_ms(shown.frame.rgb)))

    def _on_beat(self) -> None:
        now_s = time.perf_counter()
        self._minute.lag_ms.append(max(1e3 * (now_s - self._beat_s) - BEAT_MS, 0.0))
        self._beat_s = now_s
        if now_s - self._began_s >= 60 * (self._number + 1):
            self._number += 1
            dropped = self._window.session.inbox.dropped_count
            sys.stdout.write(self._minute.line(self._number, dropped) + "\n")
            sys.stdout.flush()
            self._minute = Minute()
            if self._number >= self._minutes:
                self._window.close()


class Trouble:
    """Makes the camera misbehave once in every twenty seconds; tells what the banner does."""

    def __init__(self, window: MainWindow, orders: subprocess.Popen) -> None:
        self._window, self._orders = window, orders
        self._modes = iter(("stalled", "frozen", "away") * 1000)
        self._ordered_s, self._was_visible = 0.0, False
        self._timer = QTimer(window)
        self._timer.timeout.connect(self._begin)
        self._timer.start(20_000)
        self._look = QTimer(window)
        self._look.timeout.connect(self._on_look)
        self._look.start(50)

    def _order(self, mode: str) -> None:
        assert self._orders.stdin is not None
        self._ordered_s = time.perf_counter()
        self._orders.stdin.write(mode + "\n")
        self._orders.stdin.flush()

    def _begin(self) -> None:
        mode = next(self._modes)
        sys.stdout.write(f"  the camera is {mode}\n")
        self._order(mode)
        QTimer.singleShot(7000, lambda: self._order("running"))

    def _on_look(self) -> None:
        is_visible = self._window.banner.isVisible()
        if is_visible != self._was_visible:
            self._was_visible = is_visible
            after_s = time.perf_counter() - self._ordered_s
            said = self._window.banner.text.text() if is_visible else "the banner went"
            sys.stdout.write(f"  after {after_s:.1f} s: {said}\n")
            sys.stdout.flush()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--fps", type=float, default=15.0)
    parser.add_argument("--trouble", action="store_true")
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.serve:
        return serve(chosen.fps)
    own = tempfile.mkdtemp(prefix="watch-")
    for name in ("XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME"):
        os.environ[name] = own
    command = [sys.executable, __file__, "--serve", "--fps", str(chosen.fps)]
    camera = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
    )
    assert camera.stdout is not None
    code = watch(camera.stdout.readline().strip(), camera, chosen)
    camera.communicate()
    return code


def watch(address: str, camera: subprocess.Popen, chosen: argparse.Namespace) -> int:
    """The window on that camera."""
    from app.services import real_services
    from app.theme import Theme
    from app.viewport import ask_for_core_profile
    from app.window import open_window

    ask_for_core_profile()
    application = QApplication(sys.argv[:1])
    Theme(application)
    window = open_window(real_services(), address)
    keep = [Watch(window, chosen.minutes)]
    if chosen.trouble:
        keep.append(Trouble(window, camera))  # type: ignore[arg-type]
    return application.exec()


if __name__ == "__main__":
    raise SystemExit(main())
