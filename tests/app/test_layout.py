"""Nothing is cut off: with text twice as large, on small screens, in every state of the window."""

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QPoint, QRect, QSize
from PySide6.QtGui import QFont
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractScrollArea,
    QApplication,
    QComboBox,
    QDialog,
    QLabel,
    QScrollArea,
    QWidget,
)
from pytestqt.qtbot import QtBot

from app.camera_dialog import CameraDialog
from app.doctor_dialog import DoctorDialog
from app.elided_label import ElidedLabel
from app.export_dialog import ExportDialog
from app.main_window import MainWindow
from app.models_dialog import ModelsDialog
from app.palette import Palette
from app.picture_dialog import PictureDialog
from app.shortcut_sheet import ShortcutSheet
from app.take_video_dialog import TakeVideoDialog
from app.theme import Theme
from app.train_dialog import TrainDialog
from core.errors import SourceError
from tests.app.fakes import FakeSource
from tests.app.person import Opener, has_result
from tests.app.test_jobs import order

SCREENS = (
    (QSize(1280, 800), 1.0),
    (QSize(1280, 800), 2.0),
    (QSize(1366, 768), 1.0),
    (QSize(1280, 720), 1.0),  # 2560 x 1440 at scale 2
)
"""Size in logical pixels, and how many times larger text is."""
ROUNDING_PX = 2
"""Of leading and frames: no letter is touched by it."""
NAMES = ("plain", "200 %", "1366 x 768", "1440p at scale 2")


@pytest.fixture(params=SCREENS, ids=NAMES)
def screen(
    request: pytest.FixtureRequest, qapp: QApplication, monkeypatch: pytest.MonkeyPatch
) -> Iterator[QSize]:
    """The window's own style, with text of that size, before the window is made."""
    size, scale = request.param
    font, palette, sheet = qapp.font(), qapp.palette(), qapp.styleSheet()
    monkeypatch.setattr("app.theme.screen_room", lambda: size)
    larger = QFont(font)
    larger.setPointSizeF(font.pointSizeF() * scale)
    qapp.setFont(larger)
    theme = Theme(qapp)
    yield size
    qapp.setFont(font)
    qapp.setStyleSheet(sheet)
    qapp.setPalette(palette)
    theme.deleteLater()


@pytest.fixture
def sized(screen: QSize, opener: Opener, qtbot: QtBot) -> MainWindow:
    """The fake clip in a window as large as the screen."""
    window = opener(open_source=lambda text: FakeSource(frames=12))
    window.resize(screen)
    qtbot.waitUntil(lambda: is_whole(window), timeout=20000)  # else labels go on changing
    window.session.transport.pause()
    settled()
    return window


def is_whole(window: MainWindow) -> bool:
    store = window.session.store
    return has_result(window) and store is not None and store.first_missing() is None


def settled() -> None:
    """Let layouts finish: what one asks for, another hears in the next turn."""
    for _ in range(6):
        QApplication.processEvents()


def described(widget: QWidget) -> str:
    words = getattr(widget, "text", None)
    said = f" {words()!r}" if callable(words) and not isinstance(widget, QComboBox) else ""
    return f"{type(widget).__name__}{said} in {type(widget.parentWidget()).__name__}"


def seen(root: QWidget) -> Iterator[QWidget]:
    """Everything to be seen in a window, without the windows over it."""
    for child in root.children():
        if isinstance(child, QWidget) and child.isVisible() and not child.isWindow():
            yield child
            yield from seen(child)


def clip_of(widget: QWidget, root: QWidget) -> QRect:
    """Where a widget may be: in what it can be scrolled in, else in the window."""
    above = widget.parentWidget()
    while above is not None and above is not root:
        inside = above.parentWidget()
        if isinstance(inside, QAbstractScrollArea) and inside.viewport() is above:
            return QRect()  # it can be scrolled to; the area itself is looked at
        above = inside
    return root.rect()


def cut_off(root: QWidget) -> list[str]:
    """What lies outside the window, or outside of what it is in without being scrolled to."""
    found = []
    for widget in seen(root):
        clip = clip_of(widget, root)
        place = QRect(widget.mapTo(root, QPoint(0, 0)), widget.size())
        if clip.isValid() and not clip.contains(place):
            found.append(f"{described(widget)} at {place.getRect()} of {clip.getRect()}")
    return found + [described(area) for area in seen(root) if _hides_width(area)]


def _hides_width(area: QWidget) -> bool:
    """It scrolls up and down only, and is narrower than what is in it."""
    if not isinstance(area, QScrollArea) or area.widget() is None:
        return False
    return area.widget().width() > area.viewport().width() + 1


def squeezed(root: QWidget) -> list[str]:
    """Words for which there is no room. What ends in dots can be read elsewhere: it is left out."""
    found = []
    for widget in seen(root):
        if isinstance(widget, ElidedLabel) or not _has_words(widget):
            continue
        needs = _needed(widget)
        if widget.width() < needs.width() or widget.height() < needs.height() - ROUNDING_PX:
            found.append(f"{described(widget)}: {widget.size().toTuple()} of {needs.toTuple()}")
    return found


def _has_words(widget: QWidget) -> bool:
    if isinstance(widget, QComboBox):
        return True
    is_said = isinstance(widget, QLabel | QAbstractButton)
    return is_said and bool(widget.text()) and not _is_icon(widget)


def _is_icon(widget: QWidget) -> bool:
    return widget.sizeHint().width() < 48 or widget.objectName().startswith("qt_")


def _needed(widget: QWidget) -> QSize:
    if isinstance(widget, QLabel) and widget.wordWrap():
        return QSize(1, widget.heightForWidth(widget.width()))
    return widget.minimumSizeHint() if isinstance(widget, QComboBox) else widget.sizeHint()


def assert_whole(root: QWidget, screen: QSize, state: str) -> None:
    for _ in range(3):  # a label that has just changed is laid out in the next turn
        settled()
        if squeezed(root) == []:
            break
    assert root.width() <= screen.width(), state
    assert root.height() <= screen.height(), state
    assert cut_off(root) == [], state
    assert squeezed(root) == [], state


def test_the_window_is_whole_in_every_state(screen: QSize, sized: MainWindow, qtbot: QtBot) -> None:
    window, session = sized, sized.session
    assert window.size() == screen
    for place in range(window.tabs.count()):
        window.tabs.setCurrentIndex(place)
        assert_whole(window, screen, window.tabs.tabText(place))
    window.tabs.setCurrentIndex(0)
    for name in ("one", "another with a long name", "third"):
        session.editor.set_sigma(0, 1.0)
        session.editor.save_preset(name)
    for place in range(window.explore.more.count()):
        window.explore.more.setCurrentIndex(place)
        assert_whole(window, screen, window.explore.more.tabText(place))
    window.toggle_curves()
    window.toggle_jobs()
    job_id = session.jobs.start(order("slow"))
    qtbot.waitUntil(lambda: session.jobs.jobs[job_id].stage == "fitting", timeout=20000)
    session.set_look(has_hud=True)
    window.say("Could not save", SourceError("The disk is full: make room, then save again."))
    assert_whole(window, screen, "curves, jobs, numbers, banner")
    session.jobs.cancel(job_id)
    qtbot.waitUntil(lambda: not session.jobs.is_busy, timeout=20000)
    session.close_source()
    window.banner.hide()
    assert_whole(window, screen, "start page with jobs")
    window.toggle_jobs()
    assert_whole(window, screen, "start page")
    least = window.minimumSizeHint()
    assert least.width() <= 1280
    assert least.height() <= 720


def test_live_is_whole(screen: QSize, opener: Opener, qtbot: QtBot) -> None:
    window = opener("camera:0")
    window.resize(screen)
    qtbot.waitUntil(lambda: has_result(window), timeout=20000)
    for place in range(window.tabs.count()):
        window.tabs.setCurrentIndex(place)
        assert_whole(window, screen, f"live, {window.tabs.tabText(place)}")


def test_dialogs_are_whole(screen: QSize, sized: MainWindow, qtbot: QtBot) -> None:
    window, session = sized, sized.session
    for make in (
        lambda: ExportDialog(session, window),
        lambda: TrainDialog(lambda training: None, parent=window),
        lambda: ShortcutSheet(window),
        lambda: ModelsDialog(session, window),
        lambda: DoctorDialog(session.jobs, window, order()),
        lambda: CameraDialog(session, window),
        lambda: PictureDialog(session, window.viewport, window),
        lambda: TakeVideoDialog(session, lambda wish: None, window),
        lambda: Palette(list(window.actions_by_id.values()), window),
    ):
        dialog: QDialog = make()
        dialog.open()
        qtbot.waitUntil(lambda: not session.jobs.is_busy, timeout=20000)
        assert_whole(dialog, screen, type(dialog).__name__)
        dialog.close()


def test_tools_that_do_not_fit_are_in_the_menu(opener: Opener, qtbot: QtBot) -> None:
    window = opener(sample_path=None)
    window.resize(1280, 800)
    settled()
    assert window.tools.folded == []
    assert not window.tools.more.isVisible()
    window.resize(600, 800)
    settled()
    assert window.tools.more.isVisible()
    there = {one.defaultAction() for one in window.tools.folded if hasattr(one, "defaultAction")}
    assert there == set(window.tools.menu.actions())
    assert window.actions_by_id["hud"] in there
    window.resize(1280, 800)
    settled()
    assert window.tools.folded == []
