"""What the mouse does in the viewport, on the sliders and on the input picture."""

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QPainter
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from app.main_window import MainWindow
from tests.app.person import (
    LEFT,
    NONE,
    differs,
    key,
    picture,
    shows,
)


def test_the_mesh_is_on_the_screen(window: MainWindow, qtbot: QtBot) -> None:
    with_body = picture(window)
    orange = (with_body[..., 0] > 120) & (with_body[..., 0] > with_body[..., 2] * 1.6)
    assert orange.mean() > 0.02


def test_dragging_in_the_viewport_orbits(window: MainWindow, qtbot: QtBot) -> None:
    view = window.viewport
    before = picture(window)
    middle = view.rect().center()
    QTest.mousePress(view, LEFT, NONE, middle)
    QTest.mouseMove(view, middle + QPoint(90, 25))
    QTest.mouseRelease(view, LEFT, NONE, middle + QPoint(90, 25))
    turned = picture(window)
    assert differs(before, turned)
    assert shows(window, window.session.frame_index)
    key(window, Qt.Key.Key_3)
    assert differs(turned, picture(window))
    key(window, Qt.Key.Key_Home, Qt.KeyboardModifier.ShiftModifier)
    assert not differs(before, picture(window))


def test_a_slider_moves_the_mesh_and_follow_returns(window: MainWindow, qtbot: QtBot) -> None:
    before = picture(window)
    slider = window.explore.sliders[0]
    y = slider.height() // 2
    QTest.mouseClick(slider, LEFT, NONE, QPoint(slider.width() - 8, y))
    assert window.session.explore.is_frozen
    assert window.session.explore.sigmas[0] > 2.8
    assert window.explore.fields[0].value() == pytest.approx(window.session.explore.sigmas[0])
    assert differs(before, picture(window))
    key(window, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
    assert not window.session.explore.is_frozen
    assert not differs(before, picture(window))


def test_typing_a_number_is_not_a_shortcut(window: MainWindow, qtbot: QtBot) -> None:
    field = window.explore.fields[1]
    frame, camera = window.session.frame_index, window.viewport.camera
    field.setFocus()
    field.selectAll()
    QTest.keyClicks(field, "1.3")
    QTest.keyClick(field, Qt.Key.Key_Return)
    assert window.session.explore.sigmas[1] == pytest.approx(1.3)
    assert window.session.frame_index == frame
    assert window.viewport.camera is camera


def test_an_error_while_painting_the_input_leaves_the_window_alive(
    window: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    view = window.input_panel.input_view

    asked: list[QPainter] = []

    def fails(painter: QPainter) -> None:
        asked.append(painter)
        raise RuntimeError("a result that cannot be drawn")

    monkeypatch.setattr(view, "_paint", fails)
    with pytest.raises(RuntimeError, match="cannot be drawn"):
        view.grab()
    monkeypatch.undo()
    (painter,) = asked
    assert not painter.isActive()  # an open one would end the program
    assert not view.grab().isNull()


def test_a_box_drawn_on_the_input_says_what_the_subject_is(
    window: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple] = []
    monkeypatch.setattr(window.session.inference, "set_prompt", lambda *order: asked.append(order))
    view = window.input_panel.input_view
    rect = view.picture_rect()
    scale = rect.width() / 160
    start = (rect.topLeft() + QPointF(40, 30) * scale).toPoint()
    end = (rect.topLeft() + QPointF(120, 90) * scale).toPoint()
    QTest.mousePress(view, LEFT, NONE, start)
    QTest.mouseMove(view, end)
    QTest.mouseRelease(view, LEFT, NONE, end)
    ((index, box),) = asked
    assert index == window.session.frame_index
    assert box == pytest.approx((40, 30, 120, 90), abs=2)


def test_the_overlay_shows_the_video(window: MainWindow, qtbot: QtBot) -> None:
    key(window, Qt.Key.Key_0)
    assert window.session.look.camera == "input"
    over = picture(window)
    background = np.abs(over - (96, 112, 104)).max(-1) < 12
    assert background.mean() > 0.3
    window.session.set_look(mesh_opacity=0.0)
    assert differs(over, picture(window))
