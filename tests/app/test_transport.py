"""Playing, stepping, scrubbing with real keys and the real mouse: always the frame asked for."""

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from app.main_window import MainWindow
from tests.app.fakes import FRAMES, number_in
from tests.app.person import (
    LEFT,
    NONE,
    key,
    settle,
    shows,
)


def test_space_pauses_and_plays(window: MainWindow, qtbot: QtBot) -> None:
    key(window, Qt.Key.Key_Space)
    assert window.session.transport.state.is_playing
    before = window.session.shown.frame.index
    qtbot.waitUntil(lambda: window.session.shown.frame.index != before)
    key(window, Qt.Key.Key_Space)
    assert not window.session.transport.state.is_playing


@pytest.mark.parametrize(
    ("code", "modifiers", "moved"),
    [
        (Qt.Key.Key_Right, NONE, 1),
        (Qt.Key.Key_Left, NONE, -1),
        (Qt.Key.Key_Period, NONE, 1),
        (Qt.Key.Key_Comma, NONE, -1),
        (Qt.Key.Key_Right, Qt.KeyboardModifier.ShiftModifier, 10),
        (Qt.Key.Key_Left, Qt.KeyboardModifier.ShiftModifier, -10),
        (Qt.Key.Key_Right, Qt.KeyboardModifier.ControlModifier, 30),
    ],
)
def test_keys_step_exactly(
    window: MainWindow, qtbot: QtBot, code: Qt.Key, modifiers: Qt.KeyboardModifier, moved: int
) -> None:
    window.session.transport.seek(40)
    settle(window, qtbot)
    key(window, code, modifiers)
    settle(window, qtbot)
    shown = window.session.shown
    assert shown.frame.index == 40 + moved
    assert number_in(shown.frame.rgb) == shown.frame.index == shown.result.frame_index


def test_home_end_and_range(window: MainWindow, qtbot: QtBot) -> None:
    key(window, Qt.Key.Key_End)
    settle(window, qtbot)
    assert shows(window, FRAMES - 1)
    key(window, Qt.Key.Key_O)
    key(window, Qt.Key.Key_Home)
    settle(window, qtbot)
    assert shows(window, 0)
    window.session.transport.seek(12)
    key(window, Qt.Key.Key_I)
    assert (window.session.transport.state.in_frame, window.session.transport.state.out_frame) == (
        12,
        FRAMES - 1,
    )
    key(window, Qt.Key.Key_I, Qt.KeyboardModifier.AltModifier)
    assert window.session.transport.state.in_frame is None


def test_shuttle_plays_backwards(window: MainWindow, qtbot: QtBot) -> None:
    window.session.transport.seek(60)
    settle(window, qtbot)
    key(window, Qt.Key.Key_J)
    qtbot.waitUntil(lambda: window.session.shown.frame.index < 50, timeout=3000)
    key(window, Qt.Key.Key_J)
    assert window.session.transport.state.rate == -2
    key(window, Qt.Key.Key_K)
    assert not window.session.transport.state.is_playing


def test_dragging_on_the_bar_scrubs(window: MainWindow, qtbot: QtBot) -> None:
    bar = window.timeline
    key(window, Qt.Key.Key_Space)
    y = bar.height() // 2
    QTest.mousePress(bar, LEFT, NONE, QPoint(round(bar.x_of(20)), y))
    assert not window.session.transport.state.is_playing
    for frame in (25, 33, 47, 61):
        QTest.mouseMove(bar, QPoint(round(bar.x_of(frame)), y))
    settle(window, qtbot)
    assert shows(window, 61)
    assert number_in(window.session.shown.frame.rgb) == 61
    QTest.mouseRelease(bar, LEFT, NONE, QPoint(round(bar.x_of(61)), y))
    assert window.session.transport.state.is_playing


def test_random_jumps_always_agree(window: MainWindow, qtbot: QtBot) -> None:
    for frame in np.random.default_rng(5).integers(0, FRAMES, 25):
        window.session.transport.seek(int(frame))
        settle(window, qtbot)
        shown = window.session.shown
        assert number_in(shown.frame.rgb) == shown.result.frame_index == frame


def test_the_video_is_reconstructed_in_idle_time(window: MainWindow, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: window.session.store.first_missing() is None, timeout=5000)
    window.transport.refresh()
    assert window.transport.progress.text() == "reconstructed"


def test_a_prompt_redoes_the_frames_after_it(window: MainWindow, qtbot: QtBot) -> None:
    store = window.session.store
    qtbot.waitUntil(lambda: store.first_missing() is None, timeout=5000)
    window.session.transport.seek(50)
    settle(window, qtbot)
    before, after = store.get(49), store.get(60)
    window.session.editor.prompt((10, 10, 90, 90))
    qtbot.waitUntil(lambda: store.get(60) is not None and store.first_missing() is None)
    assert store.get(49).codes is before.codes
    assert store.get(60).codes is not after.codes
