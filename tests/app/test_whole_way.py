"""A person from the start page to a reopened session, with nothing but mouse and keyboard."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, Qt, QTimer, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QFileDialog, QLineEdit, QPushButton
from pytestqt.qtbot import QtBot

from app.export_dialog import ExportDialog
from app.main_window import MainWindow
from tests.app.fakes import number_in
from tests.app.person import LEFT, NONE, Opener, differs, has_result, key, picture, settle

CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
PATIENCE_MS = 30_000


@pytest.fixture
def own_file_dialogs() -> object:
    """Qt's own, which take keys; the desktop's would be another program."""
    was = QApplication.testAttribute(Qt.ApplicationAttribute.AA_DontUseNativeDialogs)
    QApplication.setAttribute(Qt.ApplicationAttribute.AA_DontUseNativeDialogs, True)
    yield
    QApplication.setAttribute(Qt.ApplicationAttribute.AA_DontUseNativeDialogs, was)


def drop(window: MainWindow, path: Path) -> None:
    """Drag a file from elsewhere onto the window and let it go."""
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(path))])
    place = window.rect().center()
    entering = QDragEnterEvent(place, Qt.DropAction.CopyAction, mime, LEFT, NONE)
    QApplication.sendEvent(window, entering)
    assert entering.isAccepted()
    QApplication.sendEvent(
        window, QDropEvent(place.toPointF(), Qt.DropAction.CopyAction, mime, LEFT, NONE)
    )


def click_on_frame(window: MainWindow, frame: int) -> None:
    """Press, drag and let go on the timeline."""
    bar = window.timeline
    y = bar.height() // 2
    QTest.mousePress(bar, LEFT, NONE, QPoint(round(bar.x_of(max(frame - 8, 0))), y))
    QTest.mouseMove(bar, QPoint(round(bar.x_of(frame)), y))
    QTest.mouseRelease(bar, LEFT, NONE, QPoint(round(bar.x_of(frame)), y))


def pause(window: MainWindow, qtbot: QtBot) -> None:
    """K, as soon as there is something to pause."""
    qtbot.waitUntil(window.actions_by_id["pause"].isEnabled, timeout=PATIENCE_MS)
    key(window, Qt.Key.Key_K)
    qtbot.waitUntil(lambda: not window.session.transport.state.is_playing, timeout=PATIENCE_MS)


def type_path_when_asked(path: Path) -> None:
    """Type into the file dialog that the next key opens, and press Save.

    Once more if it is still there, and then no more: a dialog left open would hold the test.
    """
    tries_left = 3

    def type_it() -> None:
        nonlocal tries_left
        dialog = QApplication.activeModalWidget()
        if not isinstance(dialog, QFileDialog) or not tries_left:
            if dialog is not None:
                dialog.close()
            return
        tries_left -= 1
        QTimer.singleShot(1000, type_it)
        field = dialog.findChild(QLineEdit, "fileNameEdit")
        field.selectAll()
        QTest.keyClicks(field, str(path))
        field.completer().popup().hide()  # it would take the click for itself
        save = next(b for b in dialog.findChildren(QPushButton) if "Save" in b.text())
        QTest.mouseClick(save, LEFT)

    QTimer.singleShot(200, type_it)


def press(dialog: QDialog, text: str) -> None:
    """Click the button that says so."""
    button = next(b for b in dialog.findChildren(QPushButton) if b.text() == text)
    QTest.mouseClick(button, LEFT)


def frames_in(path: Path) -> int:
    """Times at which the animation of a .glb has a key."""
    raw = path.read_bytes()
    assert raw[:4] == b"glTF"
    told = json.loads(raw[20 : 20 + int.from_bytes(raw[12:16], "little")])
    return max(
        told["accessors"][sampler["input"]]["count"]
        for sampler in told["animations"][0]["samplers"]
    )


def is_whole(window: MainWindow) -> Callable[[], bool]:
    """Every frame is reconstructed."""
    store = window.session.store
    return lambda: store is not None and store.first_missing() is None


def come_back(window: MainWindow, qtbot: QtBot) -> None:
    """Without a window manager nobody hands the keys back after a dialog."""
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow, timeout=PATIENCE_MS)
    window.refresh()


def move_undo_and_key(window: MainWindow) -> None:
    """Freeze, drag a slider, take it back, bring it again and key the frame."""
    session = window.session
    QTest.mouseClick(window.explore._follow, LEFT)
    assert session.explore.is_frozen
    frozen, before = session.explore.sigmas, picture(window)
    slider = window.explore.sliders[0]
    y, to = slider.height() // 2, slider.width() - 8
    QTest.mousePress(slider, LEFT, NONE, QPoint(slider.width() // 2, y))
    QTest.mouseMove(slider, QPoint(to, y))
    QTest.mouseRelease(slider, LEFT, NONE, QPoint(to, y))
    assert session.explore.sigmas[0] > 2.5
    assert differs(before, picture(window))
    QApplication.processEvents()
    key(window, Qt.Key.Key_Z, CTRL)
    assert session.explore.sigmas == pytest.approx(frozen)
    assert not differs(before, picture(window))
    QApplication.processEvents()
    key(window, Qt.Key.Key_Z, CTRL | SHIFT)
    assert session.explore.sigmas[0] > 2.5
    QApplication.processEvents()
    key(window, Qt.Key.Key_K, SHIFT)
    assert not session.explore.is_frozen


def export_range(window: MainWindow, qtbot: QtBot, path: Path) -> None:
    """From here to frame 49, with the export dialog."""
    key(window, Qt.Key.Key_I)
    click_on_frame(window, 49)
    settle(window, qtbot)
    key(window, Qt.Key.Key_O)
    QApplication.processEvents()
    key(window, Qt.Key.Key_E, CTRL)
    dialog = window.findChild(ExportDialog)
    dialog.path.selectAll()
    QTest.keyClicks(dialog.path, str(path))
    press(dialog, "Export")
    qtbot.waitUntil(lambda: dialog.said.text().startswith("Wrote"), timeout=PATIENCE_MS)
    qtbot.waitUntil(dialog.go.isEnabled, timeout=PATIENCE_MS)
    press(dialog, "Close")
    come_back(window, qtbot)


@pytest.mark.timeout(120)
def test_from_start_page_to_reopened_session(
    opener: Opener, qtbot: QtBot, tmp_path: Path, own_file_dialogs: None
) -> None:
    clip, walk, kept = (tmp_path / name for name in ("fake.mp4", "walk.glb", "walk.session"))
    clip.write_bytes(b"the fake source reads nothing from here")
    window = opener(sample_path=None)
    session = window.session
    assert window.start_page.isVisible()

    drop(window, clip)
    qtbot.waitUntil(lambda: has_result(window), timeout=PATIENCE_MS)
    qtbot.waitUntil(is_whole(window), timeout=PATIENCE_MS)
    pause(window, qtbot)
    click_on_frame(window, 40)
    settle(window, qtbot)
    assert number_in(session.shown.frame.rgb) == 40

    move_undo_and_key(window)
    keyed = session.editor.key_at(40)
    assert keyed is not None
    export_range(window, qtbot, walk)
    assert frames_in(walk) == 10

    type_path_when_asked(kept)
    key(window, Qt.Key.Key_S, CTRL)
    qtbot.waitUntil(lambda: not session.editor.is_unsaved, timeout=PATIENCE_MS)
    come_back(window, qtbot)
    key(window, Qt.Key.Key_W, CTRL)
    qtbot.waitUntil(window.start_page.isVisible, timeout=PATIENCE_MS)

    drop(window, kept)
    qtbot.waitUntil(lambda: has_result(window), timeout=PATIENCE_MS)
    assert is_whole(window)()  # nothing is reconstructed anew
    assert session.editor.key_at(40).code == pytest.approx(keyed.code)
    assert session.transport.state.in_frame == 40
    pause(window, qtbot)
    click_on_frame(window, 40)
    settle(window, qtbot)
    assert number_in(session.shown.frame.rgb) == 40
