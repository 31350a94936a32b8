"""A person at the window: opening, dropping, live frames, messages, themes, closing."""

from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent, QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QComboBox, QLabel, QPushButton
from pytestqt.qtbot import QtBot

from app.icon_button import IconButton
from app.main_window import MainWindow
from app.shortcut_sheet import ShortcutSheet
from app.theme import Theme
from app.viewport import has_opengl
from tests.app.person import (
    LEFT,
    NONE,
    Opener,
    has_result,
    key,
    picture,
)


def test_starting_plays_the_sample_at_once(opener: Opener, qtbot: QtBot) -> None:
    window = opener()
    qtbot.waitUntil(lambda: has_result(window), timeout=5000)
    assert window.session.transport.state.is_playing
    assert window.pages.currentWidget() is window.viewport
    assert "fake.mp4" in window.windowTitle()
    assert has_opengl()


def test_live_frames_flow_and_cannot_be_scrubbed(opener: Opener, qtbot: QtBot) -> None:
    window = opener("camera:0")
    qtbot.waitUntil(lambda: has_result(window), timeout=5000)
    assert not window.session.transport.can_scrub
    assert not window.actions_by_id["play"].isEnabled()
    index = window.session.shown.frame.index
    qtbot.waitUntil(lambda: window.session.shown.frame.index > index + 3)


def test_slow_inference_drops_frames_and_stays_near(opener: Opener, qtbot: QtBot) -> None:
    window = opener("camera:0", delay_s=0.1)
    qtbot.waitUntil(lambda: has_result(window) and window.session.shown.frame.index > 8)
    assert window.session.dropped_count > 3
    assert window.session.latency_ms < 400


def test_a_wrong_file_is_said_in_the_banner(opener: Opener, qtbot: QtBot) -> None:
    window = opener("notes.txt")
    qtbot.waitUntil(window.banner.isVisible)
    assert "notes.txt is not a video" in window.banner.text.text()
    assert window.pages.currentWidget() is window.start_page


def test_dropping_a_file_opens_it(opener: Opener, qtbot: QtBot) -> None:
    window = opener("notes.txt")
    qtbot.waitUntil(window.banner.isVisible)
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile("/somewhere/fake.mp4")])
    window.dropEvent(QDropEvent(QPointF(50, 50), Qt.DropAction.CopyAction, mime, LEFT, NONE))
    qtbot.waitUntil(lambda: has_result(window), timeout=5000)
    assert not window.banner.isVisible()


def test_the_start_page_comes_back_and_opens_the_sample(window: MainWindow, qtbot: QtBot) -> None:
    key(window, Qt.Key.Key_W, Qt.KeyboardModifier.ControlModifier)
    assert window.pages.currentWidget() is window.start_page
    assert not window.timeline.isVisible()
    button = next(b for b in window.start_page.targets if b.accessibleName() == "Try the sample")
    QTest.mouseClick(button, LEFT)
    qtbot.waitUntil(lambda: has_result(window), timeout=5000)
    assert window.timeline.isVisible()


def test_numbers_are_shown_and_copied(window: MainWindow, qtbot: QtBot) -> None:
    key(window, Qt.Key.Key_F10)
    assert window.hud.isVisible()
    key(
        window,
        Qt.Key.Key_C,
        Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier,
    )
    text = QGuiApplication.clipboard().text()
    for word in ("latency", "dropped", "look-ahead", "segment", "draw"):
        assert word in text


def test_dark_and_light_follow_the_system(window: MainWindow, qtbot: QtBot) -> None:
    application = QApplication.instance()
    palette, sheet = application.palette(), application.styleSheet()
    theme = Theme(application)
    theme.prefer(Qt.ColorScheme.Light)
    bright = picture(window).mean()
    theme.prefer(Qt.ColorScheme.Dark)
    assert picture(window).mean() < bright - 40
    theme.prefer(Qt.ColorScheme.Unknown)
    application.setStyleSheet(sheet)
    application.setPalette(palette)
    theme.deleteLater()


def test_icon_buttons_have_names_and_tell_their_keys(window: MainWindow) -> None:
    buttons = window.findChildren(IconButton)
    assert len(buttons) > 15
    for button in buttons:
        assert button.accessibleName()
        assert button.toolTip()


def test_the_sheet_lists_and_finds_shortcuts(window: MainWindow, qtbot: QtBot) -> None:
    key(window, Qt.Key.Key_F1)
    sheet = window.findChild(ShortcutSheet)
    QTest.keyClicks(sheet.search, "go to")
    groups = [sheet.tree.topLevelItem(row) for row in range(sheet.tree.topLevelItemCount())]
    left = [g.child(row).text(0) for g in groups for row in range(g.childCount())
            if not g.child(row).isHidden()]  # fmt: skip
    assert left == ["Go to frame or time"]
    sheet.close()


def test_nothing_is_clipped_at_1280_by_800(window: MainWindow, qtbot: QtBot) -> None:
    window.resize(1280, 800)
    for kind in (QLabel, QPushButton, QComboBox):
        for widget in window.findChildren(kind):
            if widget.isVisible() and not getattr(widget, "wordWrap", lambda: False)():
                assert widget.width() >= widget.minimumSizeHint().width(), widget.text()


def test_closing_leaves_no_thread(opener: Opener, qtbot: QtBot) -> None:
    window = opener()
    qtbot.waitUntil(lambda: has_result(window), timeout=5000)
    inference, capture = window.session._inference, window.session._capture
    window.close()
    assert inference.isFinished()
    assert window.session._capture is None
    del capture
