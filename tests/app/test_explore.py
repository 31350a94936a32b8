"""The latent explorer: undo by names, locks, mirror, presets, sweeps, the map, keyed frames."""

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.edits import Preset
from app.explore import blended, swept
from app.main_window import MainWindow
from app.mirrored_pose import mirrored_code, mirrored_rotations
from app.preset_file import presets_path, read_presets, write_presets
from core.rotations import matrix_from_axis_angle
from tests.app.fakes import FakeModel, fake_rig
from tests.app.person import LEFT, NONE, differs, key, picture, settle

CTRL, SHIFT, ALT = (
    Qt.KeyboardModifier.ControlModifier,
    Qt.KeyboardModifier.ShiftModifier,
    Qt.KeyboardModifier.AltModifier,
)


def drag(window: MainWindow, component: int, first: float, last: float) -> None:
    """Drag a slider between two shares of its width, over several moves."""
    slider = window.explore.sliders[component]
    places = [
        QPoint(round(slider.width() * part), slider.height() // 2)
        for part in np.linspace(first, last, 6)
    ]
    QTest.mousePress(slider, LEFT, NONE, places[0])
    for place in places[1:]:
        QTest.mouseMove(slider, place)
    QTest.mouseRelease(slider, LEFT, NONE, places[-1])


def undo_text(window: MainWindow) -> str:
    window.refresh()
    return window.actions_by_id["undo"].text()


def test_one_drag_is_one_step_with_a_name(window: MainWindow, qtbot: QtBot) -> None:
    editor = window.session.editor
    before = window.session.explore
    drag(window, 2, 0.5, 0.8)
    moved = window.session.explore
    assert moved.sigmas[2] > 1
    assert undo_text(window) == "Undo PC 3"
    drag(window, 0, 0.5, 0.2)
    assert len(editor.history.past) == 2
    key(window, Qt.Key.Key_Z, CTRL)
    assert window.session.explore == moved
    key(window, Qt.Key.Key_Z, CTRL)
    assert not window.session.explore.is_frozen
    assert window.session.explore.sigmas == pytest.approx(before.sigmas)
    assert undo_text(window) == "Undo"
    assert window.actions_by_id["redo"].text() == "Redo PC 3"
    key(window, Qt.Key.Key_Z, CTRL | SHIFT)
    assert window.session.explore == moved


def test_range_and_subject_are_undone_too(window: MainWindow, qtbot: QtBot) -> None:
    key(window, Qt.Key.Key_I)
    first = window.session.transport.state.in_frame
    assert undo_text(window) == "Undo range start"
    window.session.editor.prompt((10.0, 10.0, 90.0, 90.0))
    assert undo_text(window) == "Undo subject"
    prompts = dict(window.session.inference._prompts)
    assert window.session.frame_index in prompts
    key(window, Qt.Key.Key_Z, CTRL)
    assert set(window.session.inference._prompts) == {0}
    key(window, Qt.Key.Key_Z, CTRL)
    assert first is not None
    assert window.session.transport.state.in_frame is None
    window.refresh()
    key(window, Qt.Key.Key_Y, CTRL)
    assert window.session.transport.state.in_frame == first


def test_wheel_and_arrows_nudge(window: MainWindow, qtbot: QtBot) -> None:
    slider = window.explore.sliders[3]
    middle = QPointF(slider.rect().center())
    for _ in range(3):
        event = QWheelEvent(
            middle, slider.mapToGlobal(middle), QPoint(), QPoint(0, 120), Qt.MouseButton.NoButton,
            NONE, Qt.ScrollPhase.NoScrollPhase, False,
        )  # fmt: skip
        QApplication.sendEvent(slider, event)
    assert window.session.explore.sigmas[3] == pytest.approx(0.3)
    assert len(window.session.editor.history.past) == 1
    QTest.keyClick(slider, Qt.Key.Key_Right)
    assert window.session.explore.sigmas[3] == pytest.approx(0.4)
    QTest.mouseDClick(slider, LEFT)
    assert window.session.explore.sigmas[3] == 0


def test_locked_sliders_stay(window: MainWindow, qtbot: QtBot) -> None:
    drag(window, 1, 0.5, 0.9)
    kept = window.session.explore.sigmas[1]
    QTest.mouseClick(window.explore.rows[1].lock, LEFT)
    assert not window.explore.sliders[1].isEnabled()
    assert undo_text(window) == "Undo lock PC 2"
    for order in (Qt.Key.Key_R, Qt.Key.Key_Backspace, Qt.Key.Key_M):
        key(window, order, CTRL)
        assert window.session.explore.sigmas[1] == kept
    assert window.session.explore.sigmas[0] == pytest.approx(0, abs=1e-6)
    QTest.mouseClick(window.explore.rows[1].lock, LEFT)
    key(window, Qt.Key.Key_Backspace, CTRL)
    assert window.session.explore.sigmas[1] == 0


def test_mirrored_rotations_exchange_sides() -> None:
    skeleton = fake_rig().skeleton
    turns = matrix_from_axis_angle(np.array([[0.1, 0.2, 0.3], [0.4, -0.5, 0.2], [0, 0.3, 0]]))
    there = mirrored_rotations(skeleton, turns)
    np.testing.assert_allclose(mirrored_rotations(skeleton, there), turns, atol=1e-12)
    about_x = mirrored_rotations(skeleton, matrix_from_axis_angle(np.array([[0.5, 0, 0]] * 3)))
    np.testing.assert_allclose(about_x, matrix_from_axis_angle(np.array([[0.5, 0, 0]] * 3)))
    about_y = mirrored_rotations(skeleton, matrix_from_axis_angle(np.array([[0, 0.5, 0]] * 3)))
    np.testing.assert_allclose(about_y, matrix_from_axis_angle(np.array([[0, -0.5, 0]] * 3)))


def test_a_symmetric_pose_is_its_own_mirror_image() -> None:
    code = np.array([0.3, -0.2, 0.1, 0, 0, 0])
    assert mirrored_code(FakeModel(), code)[:2] == pytest.approx(code[:2], abs=1e-6)


def test_presets_are_kept_shown_applied_and_blended(window: MainWindow, qtbot: QtBot) -> None:
    editor, panel = window.session.editor, window.explore.presets
    drag(window, 0, 0.5, 0.9)
    high = window.session.explore.sigmas
    editor.save_preset("high")
    key(window, Qt.Key.Key_Backspace, CTRL)
    editor.save_preset("mean")
    assert [panel.list.item(row).text() for row in range(2)] == ["high", "mean"]
    image = panel.list.item(0).icon().pixmap(panel.list.iconSize()).toImage()
    size = panel.list.iconSize() * image.devicePixelRatio()
    assert max(image.width(), image.height()) == max(size.width(), size.height())
    alpha = [
        image.pixelColor(x, y).alpha() for x in range(image.width()) for y in range(image.height())
    ]
    assert 0.05 < np.mean(np.array(alpha) > 200) < 0.95  # a body on nothing
    panel.list.setCurrentRow(0)
    panel.apply()
    assert window.session.explore.sigmas == pytest.approx(high)
    assert undo_text(window) == "Undo apply high"
    panel.part.setValue(50)
    assert window.session.explore.sigmas[0] == pytest.approx(high[0] / 2)
    assert undo_text(window) == "Undo blend high and mean"
    panel.delete()
    assert [one.name for one in read_presets(presets_path())] == ["mean"]
    key(window, Qt.Key.Key_Z, CTRL)
    assert [one.name for one in read_presets(presets_path())] == ["high", "mean"]


def test_a_damaged_preset_file_is_no_disaster(tmp_path: Path) -> None:
    path = tmp_path / "presets.json"
    assert read_presets(path) == ()
    kept = (Preset("sit", "dog", (0.5, -1.0)),)
    write_presets(path, kept)
    assert read_presets(path) == kept
    path.write_text('{"presets": [{"name": "x", "model_name": "dog", "sigmas": [NaN]}]}')
    assert read_presets(path) == ()


def test_blends_and_sweeps() -> None:
    assert blended((0.0, 2.0), (1.0, 0.0), 0.25) == (0.25, 1.5)
    assert swept((0.0, 1.0), 0, 2.0, 0.25) == pytest.approx((2.0, 1.0))
    assert swept((0.7, 1.0), 0, 2.0, 1.0) == pytest.approx(swept((0.7, 1.0), 0, 2.0, 0.0))


def test_a_sweep_plays_and_leaves_no_trace(window: MainWindow, qtbot: QtBot) -> None:
    window.explore.more.setCurrentWidget(window.explore.sweep)
    sweep, before = window.explore.sweep, window.session.explore
    QTest.mouseClick(sweep.play, LEFT)
    seen: set[float] = set()
    window.session.explore_changed.connect(lambda: seen.add(window.session.explore.sigmas[0]))
    qtbot.waitUntil(lambda: len(seen) > 4, timeout=3000)
    QTest.mouseClick(sweep.play, LEFT)
    assert window.session.explore.sigmas == pytest.approx(before.sigmas)
    assert window.session.editor.history.past == ()
    loop = sweep.loop()
    assert len(loop) == 61
    np.testing.assert_allclose(loop[0].joint_rotations, loop[-1].joint_rotations, atol=1e-12)
    assert not np.allclose(loop[0].joint_rotations, loop[15].joint_rotations)


def test_the_map_moves_two_components_and_shows_the_take(window: MainWindow, qtbot: QtBot) -> None:
    window.explore.more.setCurrentWidget(window.explore.map)
    qtbot.waitUntil(lambda: window.session.store.first_missing() is None, timeout=5000)
    pad = window.explore.map.pad
    qtbot.waitUntil(lambda: np.isfinite(pad.path).all() and len(pad.path) == 90, timeout=3000)
    start, end = pad.place_of(0, 0).toPoint(), pad.place_of(1.5, -1.0).toPoint()
    QTest.mousePress(pad, LEFT, NONE, start)
    QTest.mouseMove(pad, end)
    QTest.mouseRelease(pad, LEFT, NONE, end)
    assert window.session.explore.sigmas[:2] == pytest.approx((1.5, -1.0), abs=0.06)
    assert undo_text(window) == "Undo PC 1 and 2"
    assert len(window.session.editor.history.past) == 1


def test_a_keyed_frame_shows_the_edited_pose_and_exports_it(
    window: MainWindow, qtbot: QtBot
) -> None:
    session = window.session
    frame, predicted = session.frame_index, session.shown.result.codes.articulation
    as_predicted = picture(window)
    drag(window, 0, 0.5, 0.95)
    wanted = session.explore.code(session.model.latent)
    key(window, Qt.Key.Key_K, SHIFT)
    assert not session.explore.is_frozen
    assert window.isWindowModified() or undo_text(window) == f"Undo key at frame {frame}"
    np.testing.assert_allclose(session.result().codes.articulation, wanted)
    assert differs(as_predicted, picture(window))
    exported = {one.frame_index: one for one in session.editor.results()}
    np.testing.assert_allclose(exported[frame].codes.articulation, wanted)
    np.testing.assert_allclose(session.store.get(frame).codes.articulation, predicted)
    key(window, Qt.Key.Key_Right)
    settle(window, qtbot)
    assert not np.allclose(session.result().codes.articulation, wanted)
    key(window, Qt.Key.Key_Left)
    settle(window, qtbot)
    window.refresh()
    key(window, Qt.Key.Key_K, ALT)
    np.testing.assert_allclose(session.result().codes.articulation, predicted)
    assert undo_text(window) == f"Undo clear key at frame {frame}"
