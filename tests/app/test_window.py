"""A person at the window: opening, dropping, live frames, messages, themes, closing."""

import threading
from collections.abc import Iterator

import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent, QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QComboBox, QLabel, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from app.icon_button import IconButton
from app.main_window import MainWindow
from app.shortcut_sheet import ShortcutSheet
from app.theme import Theme
from app.viewport import has_opengl
from core.errors import SourceError
from core.frame import Frame
from core.results import FrameResult
from tests.app.fakes import FakeModel, FakeReconstructor, FakeSource
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
    qtbot.waitUntil(lambda: has_result(window), timeout=20_000)
    assert window.session.transport.state.is_playing
    assert not window.is_at_start
    assert "fake.mp4" in window.windowTitle()
    assert has_opengl()


def test_live_frames_flow_and_cannot_be_scrubbed(opener: Opener, qtbot: QtBot) -> None:
    window = opener("camera:0")
    qtbot.waitUntil(lambda: has_result(window), timeout=20_000)
    assert not window.session.transport.can_scrub
    assert not window.actions_by_id["play"].isEnabled()
    index = window.session.shown.frame.index
    qtbot.waitUntil(lambda: window.session.shown.frame.index > index + 3)


class Gated(FakeReconstructor):
    """Works only when it is let; the clock has no say in it."""

    def __init__(self) -> None:
        super().__init__(FakeModel())
        self.gate, self.is_waiting = threading.Semaphore(0), threading.Event()

    def step(self, frame: Frame, memory: tuple[int, ...]) -> tuple[FrameResult, tuple[int, ...]]:
        self.is_waiting.set()
        self.gate.acquire()
        return super().step(frame, memory)


@pytest.fixture
def slow() -> Iterator[Gated]:
    one = Gated()
    yield one
    one.gate.release(10_000)


def test_slow_inference_drops_frames_and_stays_near(
    slow: Gated, opener: Opener, qtbot: QtBot
) -> None:
    window = opener("camera:0", make_reconstructor=lambda *_: slow)
    inbox = window.session.inbox
    qtbot.waitUntil(slow.is_waiting.is_set, timeout=20000)
    dropped = inbox.dropped_count
    qtbot.waitUntil(lambda: inbox.dropped_count > dropped + 3, timeout=20000)
    assert len(inbox) <= 1  # a queue instead of the mailbox would hold all that came since
    slow.gate.release()
    qtbot.waitUntil(lambda: has_result(window), timeout=20000)
    held = window.session.shown.frame.index
    slow.gate.release()
    qtbot.waitUntil(lambda: window.session.shown.frame.index > held, timeout=20000)
    assert window.session.shown.frame.index >= held + 5
    slow.gate.release(10_000)


def test_a_wrong_file_is_said_in_the_banner(opener: Opener, qtbot: QtBot) -> None:
    window = opener("notes.txt")
    qtbot.waitUntil(window.banner.isVisible)
    assert "notes.txt is not a video" in window.banner.text.text()
    assert window.is_at_start


def test_dropping_a_file_opens_it(opener: Opener, qtbot: QtBot) -> None:
    window = opener("notes.txt")
    qtbot.waitUntil(window.banner.isVisible)
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile("/somewhere/fake.mp4")])
    window.dropEvent(QDropEvent(QPointF(50, 50), Qt.DropAction.CopyAction, mime, LEFT, NONE))
    qtbot.waitUntil(lambda: has_result(window), timeout=20_000)
    assert not window.banner.isVisible()


def test_the_start_page_comes_back_and_opens_the_sample(window: MainWindow, qtbot: QtBot) -> None:
    key(window, Qt.Key.Key_W, Qt.KeyboardModifier.ControlModifier)
    assert window.is_at_start
    assert not window.timeline.isVisible()
    button = next(b for b in window.start_page.targets if b.accessibleName() == "Try the sample")
    QTest.mouseClick(button, LEFT)
    qtbot.waitUntil(lambda: has_result(window), timeout=20_000)
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
    qtbot.waitUntil(lambda: not list(clipped(window)), timeout=3000)


def clipped(window: MainWindow) -> Iterator[QWidget]:
    """What is narrower than its text."""
    for kind in (QLabel, QPushButton, QComboBox):
        for widget in window.findChildren(kind):
            is_plain = widget.isVisible() and not getattr(widget, "wordWrap", lambda: False)()
            if is_plain and widget.width() < widget.minimumSizeHint().width():
                yield widget


def test_closing_leaves_no_thread(opener: Opener, qtbot: QtBot) -> None:
    window = opener()
    qtbot.waitUntil(lambda: has_result(window), timeout=20_000)
    inference, capture = window.session.inference, window.session.capture
    window.close()
    assert inference.isFinished()
    assert window.session.capture is None
    del capture


class BreakingSource(FakeSource):
    """A camera that can be unplugged."""

    is_unplugged = False

    def read(self) -> Frame | None:
        if self.is_unplugged:
            raise SourceError("unplugged")
        return super().read()


def test_a_lost_camera_is_said_and_comes_back(opener: Opener, qtbot: QtBot) -> None:
    opened: list[FakeSource] = []

    def open_camera(text: str) -> FakeSource:
        if len(opened) == 1 and not is_back:
            raise SourceError("no such camera")
        opened.append((FakeSource if opened else BreakingSource)("Fake camera", is_live=True))
        return opened[-1]

    is_back: list[bool] = []
    window = opener("camera:0", open_source=open_camera)
    qtbot.waitUntil(lambda: has_result(window), timeout=20_000)
    opened[0].is_unplugged = True
    qtbot.waitUntil(window.banner.isVisible, timeout=20_000)
    assert "Fake camera gives no pictures" in window.banner.text.text()
    assert has_result(window)
    lost_at = window.session.shown.frame.index
    is_back.append(True)
    qtbot.waitUntil(lambda: not window.banner.isVisible(), timeout=20_000)
    # The banner hides with the first picture; the first result follows it.
    qtbot.waitUntil(lambda: window.session.shown.frame.index > lost_at, timeout=20_000)
    assert window.session.shown.frame.time_s > lost_at / 30


def test_opening_can_be_cancelled(opener: Opener, qtbot: QtBot) -> None:
    asked, answered = threading.Event(), threading.Event()

    def open_slowly(text: str) -> FakeSource:
        asked.set()
        answered.wait(5)
        return FakeSource("slow camera", is_live=True)

    window = opener("camera:0", open_source=open_slowly)
    qtbot.waitUntil(asked.is_set)
    assert window.veil.isVisible()
    cancel = window.veil.findChild(QPushButton)
    QTest.mouseClick(cancel, LEFT)
    assert not window.veil.isVisible()
    assert window.is_at_start
    answered.set()
