"""Timeline zoom and worst frames, the view's layers, pictures, palette, models, recovery."""

import dataclasses
import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QPoint, QPointF, QSettings, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.actions import ACTIONS
from app.asking import start_sweep, start_turntable
from app.look_panel import smoothing_sentence
from app.main_window import MainWindow
from app.models_dialog import ModelsDialog, card_html
from app.palette import Palette, rank
from app.picture_dialog import PictureDialog
from app.recovery import LeftOpen, Recovery
from app.take_curves import next_worst, worst_frames
from app.time_view import TimeView
from app.uncertainty import spread
from core.results import RootHypotheses
from core.rotations import matrix_from_axis_angle
from tests.app.fakes import FakeModel
from tests.app.person import LEFT, NONE, Opener, differs, has_result, key, picture, pixels

CTRL = Qt.KeyboardModifier.ControlModifier
ROOT = Path(__file__).resolve().parents[2]


@given(
    st.integers(1, 5000),
    st.lists(st.tuples(st.floats(0.2, 5), st.integers(0, 5000)), max_size=8),
)
def test_a_zoomed_view_stays_inside_and_inverts(count: int, zooms: list) -> None:
    view = TimeView.whole(count)
    for factor, about in zooms:
        view = view.zoomed(factor, min(about, count - 1)).moved(about - count / 2)
        assert view.first >= 0
        assert view.first + view.span <= count + 1e-6
    for frame in (int(view.first) + 1, int(view.first + view.span / 2)):
        if view.first <= frame < view.first + view.span - 1:
            assert view.frame_at(view.x_of(frame, 900.0), 900.0) == frame


def test_the_frame_under_the_mouse_stays_while_zooming(window: MainWindow, qtbot: QtBot) -> None:
    line = window.timeline
    place = QPointF(line.width() * 0.3, 40)
    frame = line.frame_at(place.x())
    event = QWheelEvent(
        place, line.mapToGlobal(place), QPoint(), QPoint(0, 360), Qt.MouseButton.NoButton, CTRL,
        Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(line, event)
    assert line.view.span < 60
    assert abs(line.frame_at(place.x()) - frame) <= 1
    window.session.transport.seek(89)
    qtbot.waitUntil(lambda: line.view.first + line.view.span > 89, timeout=5000)
    QTest.mouseClick(line, LEFT, NONE, QPoint(round(line.x_of(85)), 50))
    assert window.session.frame_index == 85


def test_thumbnails_come(window: MainWindow, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: len(window.timeline._thumbs) == 24, timeout=20000)
    shot = pixels(window.timeline.grab().toImage())
    green = np.abs(shot - (96, 112, 104)).max(-1) < 20
    assert green.mean() > 0.2


def test_curves_show_the_take_and_follow_the_zoom(window: MainWindow, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: window.session.store.first_missing() is None, timeout=20000)
    window.refresh()
    key(window, Qt.Key.Key_P, CTRL | Qt.KeyboardModifier.ShiftModifier)
    assert window.curves.isVisible()
    x, y = window.curves.curves["PC 1"].getData()
    assert len(x) == 90
    wanted = 0.4 * np.sin(np.arange(90) / 9) / 0.3
    np.testing.assert_allclose(y, wanted, atol=1e-6)
    window.timeline.zoom(3.0)
    (low, high), _ = window.curves.plot.viewRange()
    assert high - low == pytest.approx(30, abs=0.5)


def test_worst_frames_are_apart_and_found_in_order() -> None:
    confidence = np.full(60, 0.9)
    confidence[[5, 6, 30, 50]] = [0.2, 0.1, 0.3, np.nan]
    assert worst_frames(confidence, count=2) == [6, 30]
    assert next_worst([6, 30], 6, 1) == 30
    assert next_worst([6, 30], 30, 1) == 6
    assert next_worst([6, 30], 6, -1) == 30
    assert next_worst([], 6, 1) is None
    assert worst_frames(np.full(5, np.nan)) == []


def test_n_jumps_to_the_worst_frame(window: MainWindow, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: window.session.store.first_missing() is None, timeout=20000)
    worst = worst_frames(window.session.store.confidence())
    key(window, Qt.Key.Key_Home)
    key(window, Qt.Key.Key_N)
    assert window.session.frame_index in worst


def test_ghosts_xray_and_reference_change_the_picture(window: MainWindow, qtbot: QtBot) -> None:
    plain = picture(window)
    key(window, Qt.Key.Key_X)
    assert window.session.look.is_xray
    assert differs(plain, picture(window))
    key(window, Qt.Key.Key_X)
    window.session.editor.set_sigma(0, 3.0)
    with_reference = picture(window)
    window.session.set_look(has_reference=False)
    assert differs(with_reference, picture(window))


def test_uncertainty_is_the_spread_of_the_hypotheses() -> None:
    """Two poses half a turn apart: the axis is sure, the rest as far off as it is from it."""
    turned = np.tile(np.eye(4), (2, 1, 1))
    turned[1, :3, :3] = matrix_from_axis_angle(np.array([0, np.pi, 0]))
    points = np.array([[0.0, 1, 0], [0.5, 0, 0], [0, 0, 2.0]])
    found = spread(points, RootHypotheses(turned, np.array([0.5, 0.5])))
    assert found == pytest.approx([0, 0.5, 2.0])
    alone = RootHypotheses(turned, np.array([1.0, 0.0]))
    assert spread(points, alone) == pytest.approx([0, 0, 0])


def test_the_split_is_dragged(window: MainWindow, qtbot: QtBot) -> None:
    key(window, Qt.Key.Key_0)
    window.session.set_look(has_wipe=True, has_outline=True)
    view, layer = window.viewport, window.viewport.layer
    at = QPoint(round(layer.wipe_x), view.height() // 2)
    to = QPoint(round(layer.picture_rect().left() + layer.picture_rect().width() * 0.8), at.y())
    before = pixels(layer.grab().toImage())
    QTest.mousePress(view, LEFT, NONE, at)
    QTest.mouseMove(view, to)
    QTest.mouseRelease(view, LEFT, NONE, to)
    assert window.session.look.wipe == pytest.approx(0.8, abs=0.02)
    assert window.session.look.camera == "input"
    assert differs(before, pixels(layer.grab().toImage()))


def test_a_session_without_masks_says_so_and_outlines_the_body(
    window: MainWindow, qtbot: QtBot
) -> None:
    """As reopened sessions are: what masks would show must not silently show nothing."""
    session, layer = window.session, window.viewport.layer
    mask = window.input_panel._buttons["input_has_mask"]
    assert mask.isEnabled()
    session.set_look(camera="input", has_outline=True)
    dashed = pixels(layer.grab().toImage())
    bare_result = dataclasses.replace(session.shown.result, mask=None)
    session.shown = dataclasses.replace(session.shown, result=bare_result)
    session.shown_changed.emit()
    assert not mask.isEnabled()
    assert "no masks" in mask.toolTip()
    unbroken = pixels(layer.grab().toImage())
    session.set_look(has_outline=False)
    without = pixels(layer.grab().toImage())
    assert (np.abs(unbroken - without).max(-1) > 60).sum() > 100
    assert differs_at_all(unbroken, dashed)
    session.set_look(has_difference=True)
    assert (np.abs(pixels(layer.grab().toImage()) - without).max(-1) > 60).sum() > 100


def differs_at_all(one: np.ndarray, other: np.ndarray) -> bool:
    return bool((np.abs(one - other).max(-1) > 60).any())


def test_the_preview_is_mirrored_and_boxes_are_not(window: MainWindow, qtbot: QtBot) -> None:
    view = window.input_panel.input_view
    window.session.set_look(input_has_mask=False, input_has_box=False, input_has_skeleton=False)
    plain = pixels(view.grab().toImage())
    window.session.set_look(mirrors_preview=True)
    mirrored = pixels(view.grab().toImage())
    assert np.abs(mirrored - plain[:, ::-1]).mean() < 3
    drawn: list[tuple] = []
    view.box_drawn.disconnect()
    view.box_drawn.connect(drawn.append)
    rect = view.picture_rect()
    scale = rect.width() / 160
    start = (rect.topLeft() + QPointF(20, 30) * scale).toPoint()
    end = (rect.topLeft() + QPointF(60, 90) * scale).toPoint()
    QTest.mousePress(view, LEFT, NONE, start)
    QTest.mouseMove(view, end)
    QTest.mouseRelease(view, LEFT, NONE, end)
    assert drawn[0] == pytest.approx((100, 30, 140, 90), abs=2)


def test_large_and_transparent_pictures(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    dialog = PictureDialog(window.session, window.viewport, window)
    dialog.scale.setCurrentIndex(1)
    dialog.transparent.setChecked(True)
    drawn = dialog.picture()
    assert drawn.width() == 2 * window.viewport.width() * window.devicePixelRatioF()
    assert drawn.pixelColor(2, 2).alpha() == 0
    dialog.save_to(tmp_path / "view.png")
    assert (tmp_path / "view.png").stat().st_size > 1000
    dialog.save_to(tmp_path / "nowhere" / "view.png")
    assert "cannot be written" in dialog.said.text()
    key(window, Qt.Key.Key_0)
    assert not dialog.picture().isNull()


def test_turntable_and_sweep_become_jobs(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    window.explore.sweep.seconds.setValue(0.5)
    start_sweep(window, tmp_path / "sweep.glb")
    start_turntable(window, tmp_path / "turn.txt")
    assert "must end in .mp4" in window.banner.text.text()
    jobs = window.session.jobs
    qtbot.waitUntil(lambda: not jobs.is_busy, timeout=40000)
    (job,) = jobs.jobs.values()
    assert job.status == "done", job.log
    assert (tmp_path / "sweep.glb").read_bytes()[:4] == b"glTF"
    assert window.jobs.isVisible()


def test_smoothing_says_what_it_costs(window: MainWindow, qtbot: QtBot) -> None:
    assert "about 133 ms when slow" in smoothing_sentence(1.0)
    assert "Off" in smoothing_sentence(0)
    store = window.session.store
    window.session.set_smoothing(2.0)
    assert window.session.store is not store  # what was made with other smoothing is made anew
    qtbot.waitUntil(lambda: window.session.inference._smoothing_in_use == 2.0, timeout=10000)


def test_the_palette_finds_and_does(window: MainWindow, qtbot: QtBot) -> None:
    key(window, Qt.Key.Key_K, CTRL)
    palette = window.findChild(Palette)
    QTest.keyClicks(palette.search, "grnd grid")
    assert palette.list.item(0).text().startswith("Ground grid")
    QTest.keyClick(palette.search, Qt.Key.Key_Return)
    assert not window.session.look.has_grid


def test_better_matches_rank_first() -> None:
    titles = ["Bone weights", "Back 1 second", "Ground grid", "Loop"]
    assert min(titles, key=lambda t: rank("bw", t) or 99) == "Bone weights"
    assert rank("xyz", "Loop") is None
    assert rank("loop", "Loop") == 0


def test_the_model_manager_shows_the_card(window: MainWindow, qtbot: QtBot) -> None:
    dialog = ModelsDialog(window.session, window)
    assert dialog.list.item(0).text() == "dog"
    assert "MIT" in dialog.card.text()
    assert not dialog.use.isEnabled()
    assert "56 vertices, 3 joints" in card_html(FakeModel())
    dialog.close()


def test_a_crash_is_noticed_and_a_clean_end_is_not(tmp_path: Path, qapp: QApplication) -> None:
    first = Recovery(tmp_path)
    assert first.begin() is None
    first.note("walk.mp4")
    assert Recovery(tmp_path).begin() is None  # the first is open and well
    first._lock.unlock()  # as if its process were gone
    second = Recovery(tmp_path)
    assert second.begin() == LeftOpen("walk.mp4")
    second.end()
    assert Recovery(tmp_path).begin() is None


def test_a_window_left_on_a_screen_that_is_gone_comes_back(opener: Opener, qtbot: QtBot) -> None:
    window = opener()
    qtbot.waitUntil(lambda: has_result(window), timeout=20000)
    window.move(90000, 90000)
    QSettings("dasr-studio", "studio").setValue("geometry", window.saveGeometry())
    window.restore_layout()
    assert any(s.geometry().intersects(window.frameGeometry()) for s in window.screens())


def test_the_shortcuts_page_is_that_of_the_table() -> None:
    from docs.write_shortcuts import shortcuts_text

    path = ROOT / "docs" / "shortcuts.md"
    if os.environ.get("WRITE_DOCS"):
        path.write_text(shortcuts_text(), encoding="utf-8")
    assert path.read_text(encoding="utf-8") == shortcuts_text()
    assert all(action.title.rstrip("…") in shortcuts_text() for action in ACTIONS)
