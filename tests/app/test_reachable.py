"""Keyboard and screen readers: every control has a name, Tab reaches it, and focus is seen."""

from collections.abc import Iterator

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAccessible
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSlider,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QDialog,
    QHeaderView,
    QLineEdit,
    QPlainTextEdit,
    QScrollBar,
    QTabBar,
    QWidget,
)
from pytestqt.qtbot import QtBot

from app.camera_dialog import CameraDialog
from app.export_dialog import ExportDialog
from app.main_window import MainWindow
from app.models_dialog import ModelsDialog
from app.palette import Palette
from app.picture_dialog import PictureDialog
from app.shortcut_sheet import ShortcutSheet
from app.theme import Theme
from tests.app.person import pixels

CONTROLS = (
    QAbstractButton, QComboBox, QAbstractSlider, QAbstractSpinBox, QLineEdit, QAbstractItemView,
    QPlainTextEdit,
)  # fmt: skip
OF_QT = ("qt_", "ScrollLeftButton", "ScrollRightButton", "CloseButton")
"""Parts that Qt makes inside its own widgets."""


def controls(root: QWidget) -> Iterator[QWidget]:
    """What a person can work with, hidden or not, without the insides of combo and spin boxes."""
    for widget in root.findChildren(QWidget):
        inside_of = (QComboBox, QAbstractSpinBox, QLineEdit, QTabBar)
        is_inside = isinstance(widget.parentWidget(), inside_of) or isinstance(widget, QHeaderView)
        is_popup = widget.parent() is not None and widget.window() is not root.window()
        is_ours = not widget.objectName().startswith(OF_QT) and not isinstance(widget, QScrollBar)
        if isinstance(widget, CONTROLS) and is_ours and not is_inside and not is_popup:
            yield widget


def name_of(widget: QWidget) -> str:
    """What a screen reader says."""
    found = QAccessible.queryAccessibleInterface(widget)
    return "" if found is None else found.text(QAccessible.Text.Name).strip()


def described(widget: QWidget) -> str:
    parent = widget.parentWidget()
    return f"{type(widget).__name__} in {type(parent).__name__}"


def test_every_control_of_the_window_has_a_name(window: MainWindow) -> None:
    found = list(controls(window))
    assert len(found) > 80
    assert [described(widget) for widget in found if not name_of(widget)] == []
    for custom in (window.viewport, window.timeline, window.input_panel.input_view,
                   window.explore.map.pad):  # fmt: skip
        assert name_of(custom)


@pytest.mark.parametrize("kind", ["export", "picture", "models", "shortcuts", "palette", "camera"])
def test_every_control_of_a_dialog_has_a_name(window: MainWindow, qtbot: QtBot, kind: str) -> None:
    make = {
        "export": lambda: ExportDialog(window.session, window),
        "picture": lambda: PictureDialog(window.session, window.viewport, window),
        "models": lambda: ModelsDialog(window.session, window),
        "shortcuts": lambda: ShortcutSheet(window),
        "palette": lambda: Palette(list(window.actions_by_id.values()), window),
        "camera": lambda: CameraDialog(window.session, window),
    }
    dialog: QDialog = make[kind]()
    assert [described(one) for one in controls(dialog) if not name_of(one)] == []
    dialog.close()


@pytest.fixture
def themed(qapp: QApplication) -> Iterator[None]:
    """The window's own style, which draws the focus."""
    palette, sheet = qapp.palette(), qapp.styleSheet()
    theme = Theme(qapp)
    yield
    qapp.setStyleSheet(sheet)
    qapp.setPalette(palette)
    theme.deleteLater()


def tab_walk(window: MainWindow) -> list[QWidget]:
    """What has the keyboard, one Tab after the other, until it comes round."""
    walked: list[QWidget] = []
    for _ in range(200):
        QTest.keyClick(window.focusWidget() or window, Qt.Key.Key_Tab)
        here = window.focusWidget()
        if here is None or here in walked:
            break
        walked.append(here)
    return walked


def test_tab_goes_through_the_window_and_leaves_the_viewport_alone(
    window: MainWindow, qtbot: QtBot
) -> None:
    window.resize(1280, 800)
    walked = tab_walk(window)
    assert len(walked) >= 50
    assert window.viewport not in walked
    takes_tab = Qt.FocusPolicy.TabFocus
    reachable = {
        widget
        for widget in controls(window)
        if widget.isVisible() and widget.isEnabled() and widget.focusPolicy() & takes_tab
    }
    assert [described(widget) for widget in reachable - set(walked)] == []
    places = [widget.mapTo(window, QPoint(0, 0)).y() for widget in walked[:6]]
    assert max(places) < 100  # it begins at the top, in the tool bar


def test_focus_is_seen(themed: None, window: MainWindow, qtbot: QtBot) -> None:
    """Each kind of control looks different while it has the keyboard."""
    kinds: dict[type, QWidget] = {}
    for widget in tab_walk(window):
        kinds.setdefault(type(widget), widget)
    assert len(kinds) > 7
    unseen = []
    for kind, widget in kinds.items():
        window.setFocus()
        QApplication.processEvents()
        without = pixels(widget.grab().toImage())
        widget.setFocus(Qt.FocusReason.TabFocusReason)
        QApplication.processEvents()
        if np.abs(pixels(widget.grab().toImage()) - without).max() < 24:
            unseen.append(kind.__name__)
    assert unseen == []
