"""A network camera on this machine that stalls, freezes, hangs up and changes size.

pytest tests/app/test_live_server.py
python tests/app/watch_live.py --minutes 10          # the long run, with the real model
"""

from collections.abc import Iterator

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from app.main_window import MainWindow
from tests.app.fakes import fake_frame, open_fake
from tests.app.mjpeg_camera import BITS, MjpegCamera, age_ms, burn, clock_ms
from tests.app.person import Opener, has_result

PATIENCE_MS = 20_000


@pytest.fixture
def camera() -> Iterator[MjpegCamera]:
    noise = np.random.default_rng(1)
    pictures = [
        np.clip(fake_frame(number).rgb.astype(int) + noise.integers(-8, 8, (120, 160, 1)), 0, 255)
        for number in range(0, 90, 3)
    ]
    with MjpegCamera([one.astype(np.uint8) for one in pictures], fps=12) as one:
        yield one


@pytest.fixture
def live(opener: Opener, qtbot: QtBot, camera: MjpegCamera) -> MainWindow:
    """A window on that camera, with pictures flowing."""
    from core.sources.open_source import open_source

    def open_any(text: str) -> object:
        return open_source(text) if "://" in text else open_fake(text)

    window = opener(camera.address, open_source=open_any)
    qtbot.waitUntil(lambda: has_result(window), timeout=PATIENCE_MS)
    return window


def said(window: MainWindow) -> str:
    """What the banner says; nothing if it is hidden."""
    return window.banner.text.text() if window.banner.isVisible() else ""


def test_the_clock_survives_jpeg() -> None:
    plain = np.full((64, 128, 3), 120, np.uint8)
    assert age_ms(burn(plain, clock_ms())) <= 50
    now = clock_ms()
    back = age_ms(burn(plain, (now - 5000) % (1 << BITS)))
    assert 5000 <= back <= 5050


def is_new(window: MainWindow) -> bool:
    """The picture shown was made a moment ago: a queue of a second would be older."""
    shown = window.session.shown
    return shown is not None and age_ms(shown.frame.rgb) < 1000


@pytest.mark.parametrize(
    ("mode", "words"),
    [("stalled", "gives no pictures"), ("frozen", "repeats the same"), ("away", "gives no pict")],
)
def test_a_standing_camera_is_said_and_recovers(
    live: MainWindow, qtbot: QtBot, camera: MjpegCamera, mode: str, words: str
) -> None:
    camera.mode = mode  # type: ignore[assignment]
    qtbot.waitUntil(lambda: words in said(live), timeout=PATIENCE_MS)
    assert has_result(live)  # the last mesh stays
    index = live.session.shown.frame.index
    camera.mode = "running"
    qtbot.waitUntil(lambda: said(live) == "", timeout=PATIENCE_MS)
    qtbot.waitUntil(lambda: is_new(live), timeout=PATIENCE_MS)
    assert live.session.shown.frame.index > index
    assert camera.connections == (2 if mode == "away" else 1)


def test_nobody_waits_for_a_camera_that_was_left(
    live: MainWindow, qtbot: QtBot, camera: MjpegCamera
) -> None:
    camera.mode = "stalled"
    qtbot.waitUntil(lambda: "gives no pictures" in said(live), timeout=PATIENCE_MS)
    live.session.close_source()
    assert said(live) == ""


def test_a_camera_may_change_size(live: MainWindow, qtbot: QtBot, camera: MjpegCamera) -> None:
    """Within a connection pictures are brought to the size of the first; a new one starts anew."""
    camera.size_px = (320, 240)
    sent = camera.number
    qtbot.waitUntil(lambda: camera.number > sent + 10, timeout=PATIENCE_MS)
    index = live.session.shown.frame.index
    qtbot.waitUntil(lambda: live.session.shown.frame.index > index, timeout=PATIENCE_MS)
    assert live.session.shown.frame.rgb.shape == (120, 160, 3)
    assert said(live) == ""
    camera.mode = "away"
    qtbot.waitUntil(lambda: "gives no pictures" in said(live), timeout=PATIENCE_MS)
    camera.mode = "running"
    qtbot.waitUntil(lambda: live.session.facts.size_px == (320, 240), timeout=PATIENCE_MS)
    qtbot.waitUntil(lambda: said(live) == "" and is_new(live), timeout=PATIENCE_MS)
    assert live.session.shown.frame.rgb.shape == (240, 320, 3)
