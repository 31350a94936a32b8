"""A person at the window: real mouse and key events on made-up parts."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent, QGuiApplication, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.export_dialog import ExportDialog
from app.export_thread import ExportJob, write_take
from app.main_window import MainWindow
from app.theme import Theme
from app.viewport import ask_for_core_profile, has_opengl
from app.window import open_window
from core.export.options import ExportOptions
from tests.app.fakes import FRAMES, fake_services, number_in

LEFT, NONE = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier


@pytest.fixture(scope="session")
def qapp_args() -> list[str]:
    ask_for_core_profile()
    return ["dasr-studio"]


Opener = Callable[..., MainWindow]


@pytest.fixture
def opener(qtbot: QtBot) -> Iterator[Opener]:
    """Opens windows and closes them at the end."""
    opened: list[MainWindow] = []

    def open_one(text: str | None = None, **changes: object) -> MainWindow:
        window = open_window(fake_services(**changes), text)
        qtbot.addWidget(window)
        opened.append(window)
        qtbot.waitExposed(window)
        window.activateWindow()
        return window

    yield open_one
    for window in opened:
        window.close()


@pytest.fixture
def window(opener: Opener, qtbot: QtBot) -> MainWindow:
    """The fake clip, reconstructed up to frame 3 at least, paused."""
    window = opener()
    qtbot.waitUntil(lambda: has_result(window) and window.session.frame_index > 3, timeout=5000)
    key(window, Qt.Key.Key_K)
    settle(window, qtbot)
    return window


def has_result(window: MainWindow) -> bool:
    shown = window.session.shown
    return shown is not None and shown.result is not None


def shows(window: MainWindow, frame: int) -> bool:
    shown = window.session.shown
    return shown is not None and shown.frame.index == frame


def settle(window: MainWindow, qtbot: QtBot) -> None:
    """Wait until the frame asked for is the frame shown, and its result with it."""
    qtbot.waitUntil(
        lambda: shows(window, window.session.frame_index) and has_result(window), timeout=3000
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


def test_starting_plays_the_sample_at_once(opener: Opener, qtbot: QtBot) -> None:
    window = opener()
    qtbot.waitUntil(lambda: has_result(window), timeout=5000)
    assert window.session.play.is_playing
    assert window.pages.currentWidget() is window.viewport
    assert "fake.mp4" in window.windowTitle()
    assert has_opengl()


def test_the_mesh_is_on_the_screen(window: MainWindow, qtbot: QtBot) -> None:
    with_body = picture(window)
    orange = (with_body[..., 0] > 120) & (with_body[..., 0] > with_body[..., 2] * 1.6)
    assert orange.mean() > 0.02


def test_space_pauses_and_plays(window: MainWindow, qtbot: QtBot) -> None:
    key(window, Qt.Key.Key_Space)
    assert window.session.play.is_playing
    before = window.session.shown.frame.index
    qtbot.waitUntil(lambda: window.session.shown.frame.index != before)
    key(window, Qt.Key.Key_Space)
    assert not window.session.play.is_playing


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
    window.session.seek(40)
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
    window.session.seek(12)
    key(window, Qt.Key.Key_I)
    assert (window.session.play.in_frame, window.session.play.out_frame) == (12, FRAMES - 1)
    key(window, Qt.Key.Key_I, Qt.KeyboardModifier.AltModifier)
    assert window.session.play.in_frame is None


def test_shuttle_plays_backwards(window: MainWindow, qtbot: QtBot) -> None:
    window.session.seek(60)
    settle(window, qtbot)
    key(window, Qt.Key.Key_J)
    qtbot.waitUntil(lambda: window.session.shown.frame.index < 50, timeout=3000)
    key(window, Qt.Key.Key_J)
    assert window.session.play.rate == -2
    key(window, Qt.Key.Key_K)
    assert not window.session.play.is_playing


def test_dragging_on_the_bar_scrubs(window: MainWindow, qtbot: QtBot) -> None:
    bar = window.timeline
    key(window, Qt.Key.Key_Space)
    y = bar.height() // 2
    QTest.mousePress(bar, LEFT, NONE, QPoint(round(bar.x_of(20)), y))
    assert not window.session.play.is_playing
    for frame in (25, 33, 47, 61):
        QTest.mouseMove(bar, QPoint(round(bar.x_of(frame)), y))
    settle(window, qtbot)
    assert shows(window, 61)
    assert number_in(window.session.shown.frame.rgb) == 61
    QTest.mouseRelease(bar, LEFT, NONE, QPoint(round(bar.x_of(61)), y))
    assert window.session.play.is_playing


def test_random_jumps_always_agree(window: MainWindow, qtbot: QtBot) -> None:
    for frame in np.random.default_rng(5).integers(0, FRAMES, 25):
        window.session.seek(int(frame))
        settle(window, qtbot)
        shown = window.session.shown
        assert number_in(shown.frame.rgb) == shown.result.frame_index == frame


def test_the_video_is_reconstructed_in_idle_time(window: MainWindow, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: window.session.store.first_missing() is None, timeout=5000)
    window.transport.refresh()
    assert window.transport.progress.text() == "reconstructed"


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


def test_a_box_drawn_on_the_input_says_what_the_subject_is(
    window: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple] = []
    monkeypatch.setattr(window.session._inference, "set_prompt", lambda *order: asked.append(order))
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


def test_a_prompt_redoes_the_frames_after_it(window: MainWindow, qtbot: QtBot) -> None:
    store = window.session.store
    qtbot.waitUntil(lambda: store.first_missing() is None, timeout=5000)
    window.session.seek(50)
    settle(window, qtbot)
    before, after = store.get(49), store.get(60)
    window.session.prompt((10, 10, 90, 90))
    qtbot.waitUntil(lambda: store.get(60) is not None and store.first_missing() is None)
    assert store.get(49).codes is before.codes
    assert store.get(60).codes is not after.codes


def test_the_overlay_shows_the_video(window: MainWindow, qtbot: QtBot) -> None:
    key(window, Qt.Key.Key_0)
    assert window.session.look.camera == "input"
    over = picture(window)
    background = np.abs(over - (96, 112, 104)).max(-1) < 12
    assert background.mean() > 0.3
    window.session.set_look(mesh_opacity=0.0)
    assert differs(over, picture(window))


def test_live_frames_flow_and_cannot_be_scrubbed(opener: Opener, qtbot: QtBot) -> None:
    window = opener("camera:0")
    qtbot.waitUntil(lambda: has_result(window), timeout=5000)
    assert not window.session.can_scrub
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
    from app.icon_button import IconButton

    buttons = window.findChildren(IconButton)
    assert len(buttons) > 15
    for button in buttons:
        assert button.accessibleName()
        assert button.toolTip()


def test_the_sheet_lists_and_finds_shortcuts(window: MainWindow, qtbot: QtBot) -> None:
    from app.shortcut_sheet import ShortcutSheet

    key(window, Qt.Key.Key_F1)
    sheet = window.findChild(ShortcutSheet)
    QTest.keyClicks(sheet.search, "go to")
    groups = [sheet.tree.topLevelItem(row) for row in range(sheet.tree.topLevelItemCount())]
    left = [g.child(row).text(0) for g in groups for row in range(g.childCount())
            if not g.child(row).isHidden()]  # fmt: skip
    assert left == ["Go to frame or time"]
    sheet.close()


def test_nothing_is_clipped_at_1280_by_800(window: MainWindow, qtbot: QtBot) -> None:
    from PySide6.QtWidgets import QComboBox, QLabel, QPushButton

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


def test_the_export_dialog_writes_a_file_on_its_own_thread(
    window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    qtbot.waitUntil(lambda: window.session.store.first_missing() is None, timeout=5000)
    key(window, Qt.Key.Key_E, Qt.KeyboardModifier.ControlModifier)
    dialog = window.findChild(ExportDialog)
    dialog.path.setText(str(tmp_path / "walk.glb"))
    QTest.mouseClick(dialog.go, LEFT)
    qtbot.waitUntil(lambda: dialog.said.text().startswith("Wrote"), timeout=20000)
    qtbot.waitUntil(dialog.go.isEnabled)
    assert (tmp_path / "walk.glb").read_bytes()[:4] == b"glTF"
    dialog.reject()


def test_an_export_that_cannot_be_written_says_why(
    window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    dialog = ExportDialog(window.session, window)
    qtbot.addWidget(dialog)
    dialog.path.setText(str(tmp_path / "walk.docx"))
    dialog.export()
    qtbot.waitUntil(lambda: "Cannot export" in dialog.said.text(), timeout=5000)
    qtbot.waitUntil(dialog.go.isEnabled)
    assert list(tmp_path.iterdir()) == []


def test_a_saved_session_opens_with_its_results(
    opener: Opener, qtbot: QtBot, tmp_path: Path
) -> None:
    video = tmp_path / "fake.mp4"
    video.write_bytes(b"the fake source reads nothing from here")
    window = opener(str(video))
    qtbot.waitUntil(
        lambda: window.session.store is not None and window.session.store.first_missing() is None,
        timeout=8000,
    )
    session = window.session
    job = ExportJob(
        session.model, session.facts, tuple(session.store.results()),
        tmp_path / "walk.session", ExportOptions(),
    )  # fmt: skip
    assert write_take(job).startswith("Saved")
    key(window, Qt.Key.Key_W, Qt.KeyboardModifier.ControlModifier)
    window.open_text(str(tmp_path / "walk.session"))
    qtbot.waitUntil(lambda: has_result(window), timeout=5000)
    assert session.store.first_missing() is None
    assert session.facts.text == str(video)


def test_a_session_without_its_video_says_where_it_was(
    window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    session = window.session
    job = ExportJob(
        session.model, session.facts, tuple(session.store.results()),
        tmp_path / "walk.session", ExportOptions(),
    )  # fmt: skip
    write_take(job)
    window.open_text(str(tmp_path / "walk.session"))
    assert "put it back beside the session" in window.banner.text.text()
