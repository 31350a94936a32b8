"""Parallel rays, kept cameras, following, mouse manners, difference to the mask, pictures."""

import argparse
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from app.camera_slots import kept_camera
from app.commands import render
from app.export_order import video_order
from app.export_thread import ExportJob
from app.look import MOUSE_PRESETS
from app.main_window import MainWindow
from app.mouse_preset import deed_of
from app.performance import memory_mb, short_name
from app.take_video_dialog import TakeVideoDialog, VideoWish
from app.travel import Travel
from core.errors import ExportError
from core.export.options import ExportOptions
from tests.app.fakes import FakeModel, FakeReconstructor, fake_frame
from tests.app.person import LEFT, differs, key, picture, settle

ALT, SHIFT, CTRL = (
    Qt.KeyboardModifier.AltModifier,
    Qt.KeyboardModifier.ShiftModifier,
    Qt.KeyboardModifier.ControlModifier,
)
MIDDLE, RIGHT = Qt.MouseButton.MiddleButton, Qt.MouseButton.RightButton
NONE = Qt.KeyboardModifier.NoModifier


def test_5_takes_the_perspective_away(window: MainWindow, qtbot: QtBot) -> None:
    before = picture(window)
    key(window, Qt.Key.Key_5)
    assert window.viewport.camera.is_orthographic
    qtbot.waitUntil(lambda: window.actions_by_id["orthographic"].isChecked(), timeout=3000)
    assert differs(before, picture(window))
    key(window, Qt.Key.Key_5)
    assert not window.viewport.camera.is_orthographic


def test_cameras_are_kept_and_come_back(window: MainWindow) -> None:
    assert kept_camera(2) is None
    assert not window.actions_by_id["camera-2"].isEnabled()
    key(window, Qt.Key.Key_3)
    was = window.viewport.camera
    key(window, Qt.Key.Key_2, CTRL | ALT)
    key(window, Qt.Key.Key_7)
    key(window, Qt.Key.Key_0)
    assert window.viewport.camera.pitch_rad != was.pitch_rad
    key(window, Qt.Key.Key_2, ALT)
    back = window.viewport.camera
    assert (back.yaw_rad, back.pitch_rad, back.distance) == (
        was.yaw_rad, was.pitch_rad, was.distance
    )  # fmt: skip
    assert np.array_equal(back.target, was.target)
    assert window.session.look.camera == "orbit"


def test_travel_is_over_the_ground_from_where_it_began() -> None:
    model, travel, facts = FakeModel(), Travel(), object()
    result = FakeReconstructor(model).step(fake_frame(0), ())[0]
    assert np.array_equal(travel.of(facts, result), np.zeros(3))
    result.root_to_cam[:3, 3] += [0.5, 0.3, 1.0]
    assert np.allclose(travel.of(facts, result), [0.5, 0.0, -1.0])
    assert np.array_equal(travel.of(facts, None), np.zeros(3))
    assert np.array_equal(travel.of(object(), result), np.zeros(3))


def test_following_goes_along_and_leaving_off_does_not_jump(window: MainWindow) -> None:
    session, viewport = window.session, window.viewport
    session.travel.of(session.facts, session.result())
    session.travel._began = np.add(session.travel._began, [1.0, 0.0, 0.5])
    start = viewport.camera.target
    key(window, Qt.Key.Key_F, SHIFT)
    assert (session.look.motion, session.look.follows) == ("travelling", True)
    assert np.allclose(viewport.seen_from.target, start)
    session.travel._began = np.add(session.travel._began, [0.25, 0.0, 0.0])
    assert np.allclose(viewport.seen_from.target, start - [0.25, 0.0, 0.0])
    seen = viewport.seen_from.target
    key(window, Qt.Key.Key_F, SHIFT)
    assert not session.look.follows
    assert np.allclose(viewport.seen_from.target, seen)


def test_mouse_manners_are_those_of_the_programs() -> None:
    left = LEFT
    assert [deed_of("simple", *drag) for drag in (
        (left, NONE), (left, SHIFT), (MIDDLE, NONE), (RIGHT, NONE)
    )] == ["orbit", "pan", "pan", "dolly"]  # fmt: skip
    assert [deed_of("blender", *drag) for drag in (
        (left, NONE), (MIDDLE, NONE), (MIDDLE, SHIFT), (MIDDLE, CTRL)
    )] == [None, "orbit", "pan", "dolly"]  # fmt: skip
    assert [deed_of("maya", *drag) for drag in (
        (left, NONE), (left, ALT), (MIDDLE, ALT), (RIGHT, ALT)
    )] == [None, "orbit", "pan", "dolly"]  # fmt: skip


@given(
    st.sampled_from([name for name, _ in MOUSE_PRESETS]),
    st.sampled_from([LEFT, MIDDLE, RIGHT]),
    st.sampled_from([NONE, SHIFT, CTRL, ALT, SHIFT | ALT]),
)
def test_every_drag_means_something_or_nothing(preset: str, button: object, held: object) -> None:
    assert deed_of(preset, button, held) in ("orbit", "pan", "dolly", None)


def drag(window: MainWindow, button: Qt.MouseButton, held: Qt.KeyboardModifier) -> None:
    view = window.viewport
    QTest.mousePress(view, button, held, QPoint(100, 100))
    QTest.mouseMove(view, QPoint(160, 110))
    QTest.mouseRelease(view, button, held, QPoint(160, 110))


def test_maya_orbits_with_alt_only(window: MainWindow) -> None:
    window.session.set_look(mouse="maya")
    yaw = window.viewport.camera.yaw_rad
    drag(window, LEFT, NONE)
    assert window.viewport.camera.yaw_rad == yaw


def test_the_difference_is_shown_with_its_number(window: MainWindow, qtbot: QtBot) -> None:
    key(window, Qt.Key.Key_0)
    before = picture(window)
    key(window, Qt.Key.Key_D)
    seen = window.viewport.layer.overlay.agreement()
    assert seen is not None
    assert 0 < seen.iou < 1
    assert window.viewport.layer.overlay.agreement() is seen  # found once
    after = picture(window)
    assert differs(before, after)
    assert (np.abs(after - (242, 153, 46)).max(-1) < 60).any()  # only the body
    assert (np.abs(after - (58, 141, 222)).max(-1) < 60).any()  # only the mask
    window.session.transport.step(1)
    settle(window, qtbot)
    assert window.viewport.layer.overlay.agreement() is not seen


def test_pictures_hold_split_and_outline(window: MainWindow) -> None:
    key(window, Qt.Key.Key_0)
    plain = window.viewport.large_picture(1, False)
    key(window, Qt.Key.Key_W)
    key(window, Qt.Key.Key_M)
    split = window.viewport.large_picture(1, False)
    from tests.app.person import pixels

    assert differs(pixels(plain), pixels(split))
    left = pixels(split)[:, : split.width() // 2 - 12]
    body = np.abs(left - (214, 140, 72)).max(-1) < 30
    assert body.any()  # the bare video's ellipse, left of the line
    key(window, Qt.Key.Key_C, CTRL)
    assert not QGuiApplication.clipboard().image().isNull()


def test_the_numbers_say_what_draws_and_how_much_memory(window: MainWindow, tmp_path: Path) -> None:
    key(window, Qt.Key.Key_F10)
    rows = dict(window.hud._rows)
    assert rows["drawn by"]
    assert rows["memory"].endswith("MB")
    assert short_name("llvmpipe (LLVM 15.0.7, 256 bits)") == "llvmpipe"
    assert short_name("NVIDIA GeForce RTX 3090/PCIe/SSE2") == "RTX 3090"
    assert memory_mb(tmp_path / "none") is None
    (tmp_path / "statm").write_text("1000 512 1 1 0 1 0")
    assert memory_mb(tmp_path / "statm") == pytest.approx(2.0, rel=1)


def test_a_video_of_the_take_is_ordered(
    window: MainWindow, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    started: list[object] = []
    monkeypatch.setattr(window.session.jobs, "start", started.append)
    key(window, Qt.Key.Key_E, CTRL | SHIFT)
    dialog = window.findChild(TakeVideoDialog)
    assert dialog.said.text().startswith("90 frames, 3.0 s, about 480 ")
    dialog.tall.setCurrentIndex(1)
    dialog.refresh()
    assert "about 1440 " in dialog.said.text()
    dialog.save_to(tmp_path / "both.mp4")
    (order,) = started
    words = order.arguments
    assert words[0] == "render"
    assert words[words.index("--view") + 1] == "side-by-side"
    assert words[words.index("--height") + 1] == "360"
    assert order.title == "Video both.mp4"
    parser = argparse.ArgumentParser()
    render.add_arguments(parser)
    assert parser.parse_args(words[1:]).view == "side-by-side"
    order.tidy()
    job = ExportJob(FakeModel(), window.session.facts, (), tmp_path / "x.avi", ExportOptions())
    with pytest.raises(ExportError, match="must end in"):
        video_order(job, "input")
    assert VideoWish("input", None, tmp_path).height_px is None
