"""What a test does and sees in place of a person."""

from collections.abc import Callable

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from app.main_window import MainWindow

LEFT, NONE = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
Opener = Callable[..., MainWindow]


def has_result(window: MainWindow) -> bool:
    shown = window.session.shown
    return shown is not None and shown.result is not None


def shows(window: MainWindow, frame: int) -> bool:
    shown = window.session.shown
    return shown is not None and shown.frame.index == frame


def settle(window: MainWindow, qtbot: QtBot) -> None:
    """Wait until the frame asked for is the frame shown, and its result with it."""
    qtbot.waitUntil(
        lambda: shows(window, window.session.frame_index) and has_result(window), timeout=10000
    )


def key(window: MainWindow, code: Qt.Key, modifiers: Qt.KeyboardModifier = NONE) -> None:
    QTest.keyClick(window, code, modifiers)


def pixels(image: QImage) -> np.ndarray:
    image = image.convertToFormat(QImage.Format.Format_RGB888)
    raw = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
    return raw[:, : 3 * image.width()].reshape(image.height(), image.width(), 3).astype(int)


def picture(window: MainWindow) -> np.ndarray:
    return pixels(window.viewport.picture())


def differs(one: np.ndarray, other: np.ndarray) -> bool:
    """More than one pixel in a hundred changed visibly."""
    return float((np.abs(one - other).max(-1) > 12).mean()) > 0.01
