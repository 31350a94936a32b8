"""K with J and L, shortcuts of one's own, which camera is meant, improving and going back."""

import argparse
import sys
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from app.actions import ACTIONS
from app.camera_identity import lasting_text, present_text
from app.commands import reconstruct
from app.improve import Improver
from app.job_runner import JobOrder
from app.key_map import keys_of, owner_of, reset_keys, set_keys, take_keys
from app.main_window import MainWindow
from app.shortcut_sheet import ShortcutSheet
from app.take import fitting
from app.take_writer import TakeWriter
from core.errors import SourceError
from core.results import FrameResult
from core.sources.camera_list import CameraInfo
from tests.app.fakes import HEIGHT_PX, WIDTH_PX, FakeModel, FakeReconstructor, fake_frame
from tests.app.person import LEFT, Opener, has_result, key, settle

SLEEPER = (sys.executable, "-c", "import time; time.sleep(0.3)")
K, J, L = Qt.Key.Key_K, Qt.Key.Key_J, Qt.Key.Key_L


def test_k_held_with_j_and_l_steps_by_one(window: MainWindow, qtbot: QtBot) -> None:
    start = window.session.frame_index
    QTest.keyPress(window, K)
    QTest.keyClick(window, L)
    assert window.session.frame_index == start + 1
    QTest.keyClick(window, L)
    QTest.keyClick(window, J)
    assert window.session.frame_index == start + 1
    assert not window.session.transport.state.is_playing
    QTest.keyRelease(window, K)
    QTest.keyClick(window, L)
    assert window.session.transport.state.is_playing
    key(window, K)
    settle(window, qtbot)


def action(action_id: str):
    return next(one for one in ACTIONS if one.id == action_id)


def test_keys_are_kept_taken_and_reset(window: MainWindow) -> None:
    assert keys_of(action("grid")) == ("G",)
    set_keys("grid", ("Shift+G", "Ctrl+Alt+G"))
    assert keys_of(action("grid")) == ("Shift+G", "Ctrl+Alt+G")
    assert owner_of("Ctrl+E", ACTIONS, but="grid").id == "export"
    assert owner_of("Ctrl+E", ACTIONS, but="export") is None
    take_keys(action("grid"), "Ctrl+E", ACTIONS)
    assert keys_of(action("grid")) == ("Ctrl+E", "Ctrl+Alt+G")
    assert keys_of(action("export")) == ()
    reset_keys("grid")
    assert keys_of(action("grid")) == ("G",)
    reset_keys()
    assert keys_of(action("export")) == ("Ctrl+E",)


def test_no_two_actions_share_keys() -> None:
    for one in ACTIONS:
        for keys in one.shortcuts:
            assert owner_of(keys, ACTIONS, but=one.id) is None, f"{keys} of {one.id}"


def test_a_person_changes_a_shortcut(window: MainWindow, qtbot: QtBot) -> None:
    key(window, Qt.Key.Key_F1)
    sheet = window.findChild(ShortcutSheet)
    sheet.choose("grid")
    assert sheet.keys.keySequence() == QKeySequence("G")
    QTest.keyClick(sheet.keys, Qt.Key.Key_X)
    qtbot.waitUntil(lambda: "X-ray" in sheet.said.text(), timeout=3000)
    QTest.mouseClick(sheet.set, LEFT)
    assert "Press Set again" in sheet.said.text()
    assert keys_of(action("xray")) == ("X",)
    QTest.mouseClick(sheet.set, LEFT)
    assert keys_of(action("xray")) == ()
    assert sheet.tree.currentItem().text(1) == "X"
    had_grid = window.session.look.has_grid
    sheet.close()
    key(window, Qt.Key.Key_X)
    assert window.session.look.has_grid is not had_grid
    assert not window.session.look.is_xray
    assert "(X)" in window.actions_by_id["grid"].toolTip()
    key(window, Qt.Key.Key_F1)
    sheet = window.findChildren(ShortcutSheet)[-1]
    QTest.mouseClick(sheet.reset_all, LEFT)
    assert keys_of(action("xray")) == ("X",)
    sheet.close()
    key(window, Qt.Key.Key_X)
    assert window.session.look.is_xray


def test_a_camera_is_known_by_its_lasting_link(tmp_path: Path) -> None:
    node, links = tmp_path / "video2", tmp_path / "by-id"
    node.touch()
    links.mkdir()
    (links / "usb-maker-serial-index0").symlink_to(node)
    one = CameraInfo(2, "C920", str(node))
    other = CameraInfo(0, "C920", str(tmp_path / "video0"))
    text = lasting_text(one, (other, one), (links,))
    assert text == f"camera:{links}/usb-maker-serial-index0"
    assert present_text(text) == f"camera:{node}"
    (links / "usb-maker-serial-index0").unlink()
    with pytest.raises(SourceError, match="not plugged in"):
        present_text(text)
    assert lasting_text(one, (other, one), (tmp_path / "none",)) == "camera:2"
    assert lasting_text(one, (one,), (tmp_path / "none",)) == "camera:C920"
    assert present_text("camera:0") == "camera:0"
    assert present_text("walk.mp4") == "walk.mp4"


def test_the_last_camera_is_chosen_first(opener: Opener, qtbot: QtBot) -> None:
    cameras = [("camera:0", "One"), ("camera:/dev/v4l/by-id/two", "Two")]
    window = opener(list_cameras=lambda: cameras)
    qtbot.waitUntil(lambda: has_result(window), timeout=20000)
    from app.camera_dialog import CameraDialog
    from app.recents import settings

    settings().setValue("camera", "camera:/dev/v4l/by-id/two")
    dialog = CameraDialog(window.session, window)
    qtbot.waitUntil(lambda: dialog.list.count() == 2, timeout=5000)
    assert dialog.list.currentItem().text() == "Two"
    dialog.reject()


# Improving.


def bent(result: FrameResult, model: FakeModel) -> FrameResult:
    code = result.codes.articulation + 0.5
    codes = replace(result.codes, articulation=code)
    return replace(result, joint_rotations=model.joint_rotations(code), codes=codes, mask=None)


def test_improvement_is_one_step_with_before_and_after(window: MainWindow, qtbot: QtBot) -> None:
    session, model = window.session, window.session.model
    qtbot.waitUntil(lambda: session.store.covered_part() == 1, timeout=20000)
    better = {one.frame_index: bent(one, model) for one in session.store.results()}

    def shows_first() -> bool:
        own = session.store.get(session.shown.frame.index)
        return np.array_equal(session.result().joint_rotations, own.joint_rotations)

    def shows_better() -> bool:
        new = better[session.shown.frame.index]
        return np.array_equal(session.result().joint_rotations, new.joint_rotations)

    assert shows_first()
    session.editor.improve(MappingProxyType(better))
    assert shows_better()
    assert session.result().mask is session.shown.result.mask
    assert session.editor.is_unsaved
    qtbot.waitUntil(lambda: window.actions_by_id["before"].isEnabled(), timeout=3000)
    key(window, Qt.Key.Key_Backslash)
    assert shows_first()
    exported = session.editor.results(7, 7)[0]  # whatever is compared
    assert np.array_equal(exported.joint_rotations, better[7].joint_rotations)
    key(window, Qt.Key.Key_Backslash)
    assert shows_better()
    assert window.actions_by_id["undo"].text() == "Undo improve"
    key(window, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert shows_first()
    session.editor.redo()
    assert shows_better()
    session.editor.revert()
    assert session.editor.history.undo_name == "revert"
    assert shows_first()


def test_improving_runs_the_command_and_shows_what_came(
    window: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    session, orders = window.session, []
    real_start = session.jobs.start

    def start(order: JobOrder) -> int:
        """In place of the child process: the session that it would write."""
        orders.append(order)
        folder = Path(order.arguments[order.arguments.index("-o") + 1])
        model = FakeModel()
        with TakeWriter(folder, model, (WIDTH_PX, HEIGHT_PX)) as writer:
            for index in range(4):
                writer.add_frame(fake_frame(index))
                result = FakeReconstructor(model).step(fake_frame(index), ())[0]
                writer.add_result(bent(result, model))
        return real_start(replace(order, program=("true",), arguments=()))

    monkeypatch.setattr(session.jobs, "start", start)
    window.actions_by_id["improve"].trigger()
    qtbot.waitUntil(lambda: len(session.editor.improved) == 4, timeout=20000)
    words = orders[0].arguments
    assert words[:2] == ("reconstruct", "fake.mp4")
    assert "--refine" in words
    assert words[words.index("--box") + 1] == "50,46,110,86"
    parser = argparse.ArgumentParser()
    reconstruct.add_arguments(parser)
    known = ["grabcut" if word == "fake" else word for word in words[1:]]
    assert parser.parse_args(known).refine  # the command takes every word of it
    assert "4 frames are improved" in window.banner.text.text()
    QTest.mouseClick(window.banner.offer, LEFT)
    assert not session.editor.improved


def test_nothing_is_improved_when_another_video_is_open_by_then(
    window: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    improver: Improver = window.improver
    real_start = window.session.jobs.start
    monkeypatch.setattr(
        window.session.jobs, "start",
        lambda order: real_start(replace(order, program=SLEEPER, arguments=())),
    )  # fmt: skip
    improver.start()
    assert not improver.can_start
    (folder,) = (waiting[2] for waiting in improver._waiting.values())
    window.session.close_source()
    qtbot.waitUntil(lambda: not improver._waiting, timeout=20000)
    assert not folder.parent.exists()
    assert not window.session.editor.improved


def test_a_result_of_another_body_is_not_shown(window: MainWindow, qtbot: QtBot) -> None:
    """It would have another number of joints, and drawing it would fail for good."""
    session = window.session
    shown, model = session.shown, session.model
    assert fitting(shown, model) is shown
    assert fitting(None, model) is None
    assert fitting(shown, None).result is None
    late = replace(shown.result, joint_rotations=np.tile(np.eye(3), (5, 1, 1)))
    session._on_produced(replace(shown, result=late))
    assert session.shown.result is None
    window.viewport.repaint()
    assert not window.viewport._is_broken
