"""Recording a live take: countdown, what is written, and what a kill leaves."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from app.main_window import MainWindow
from app.take_writer import VIDEO_NAME, TakeWriter
from core.session_store import read_session
from core.sources.open_source import open_source
from tests.app.fakes import FakeModel, FakeReconstructor, fake_frame
from tests.app.person import Opener, has_result, key, pixels

ROOT = Path(__file__).resolve().parents[2]
CTRL_SHIFT = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
CHILD = """
import sys, time
from dataclasses import replace
from pathlib import Path
from app.take_writer import TakeWriter
from tests.app.fakes import FakeModel, FakeReconstructor, fake_frame
model = FakeModel()
writer = TakeWriter(Path(sys.argv[1]), model, (160, 120))
steps = FakeReconstructor(model)
for index in range(100000):
    frame = fake_frame(index)
    writer.add_frame(frame)
    result, _ = steps.step(frame, ())
    writer.add_result(result)
    print(index, flush=True)
    time.sleep(1 / 30)
"""


def test_a_take_holds_video_and_results(tmp_path: Path) -> None:
    model, folder = FakeModel(), tmp_path / "take.session"
    steps = FakeReconstructor(model)
    with TakeWriter(folder, model, (160, 120)) as writer:
        for index in range(40, 60):  # cameras do not begin at 0
            writer.add_frame(fake_frame(index))
            if index % 3 == 0:  # not every frame is reconstructed
                writer.add_result(steps.step(fake_frame(index), ())[0])
        writer.add_result(steps.step(fake_frame(99), ())[0])  # of a frame that was left out
    with read_session(folder) as record:
        assert record.is_finished
        assert record.frame_indices.tolist() == [2, 5, 8, 11, 14, 17]
        np.testing.assert_allclose(record.times_s, record.frame_indices / 30, atol=1e-9)
        assert record.source is not None
        assert record.source.resolve() == (folder / VIDEO_NAME).resolve()
    with open_source(str(folder / VIDEO_NAME)) as video:
        assert video.frame_count == 20
        np.testing.assert_allclose(np.diff(video.times_s), 1 / 30, atol=0.0021)


def test_a_take_without_frames_leaves_nothing(tmp_path: Path) -> None:
    with TakeWriter(tmp_path / "take.session", FakeModel(), (160, 120)):
        pass
    assert list(tmp_path.iterdir()) == []


def test_a_kill_loses_at_most_a_second(tmp_path: Path) -> None:
    folder = tmp_path / "take.session"
    with subprocess.Popen(
        [sys.executable, "-c", CHILD, str(folder)], cwd=ROOT, stdout=subprocess.PIPE, text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    ) as child:  # fmt: skip
        assert child.stdout is not None
        said_s: list[float] = []
        while len(said_s) < 75:
            child.stdout.readline()
            said_s.append(time.monotonic())
        child.send_signal(signal.SIGKILL)
    done_by = sum(moment < said_s[-1] - 1 for moment in said_s)
    assert done_by > 5
    with read_session(folder) as record:
        assert not record.is_finished
        assert record.frame_count >= done_by
        assert record.source is not None
    with open_source(str(folder / VIDEO_NAME)) as video:
        assert video.frame_count >= done_by


def test_a_person_records_and_opens_the_take(
    opener: Opener, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def open_either(text: str) -> object:
        return open_source(text) if text.endswith(".mkv") else open_fake(text)

    from tests.app.fakes import open_fake

    window: MainWindow = opener("camera:0", open_source=open_either)
    qtbot.waitUntil(lambda: has_result(window), timeout=20000)
    recorder = window.session.recorder
    recorder.folder = tmp_path
    recorder._timer.setInterval(60)  # seconds of a test are short
    window.refresh()
    key(window, Qt.Key.Key_R, CTRL_SHIFT)
    assert recorder.count == 3
    plain = pixels(window.viewport.layer.grab().toImage())
    assert plain.max() > 200  # the number over the view
    qtbot.waitUntil(lambda: recorder.is_recording, timeout=3000)
    qtbot.waitUntil(lambda: recorder._thread.frame_count > 15, timeout=20000)
    window.statusBar().refresh()
    window.refresh()
    assert window.actions_by_id["record"].isChecked()
    key(window, Qt.Key.Key_R, CTRL_SHIFT)
    qtbot.waitUntil(lambda: "Recorded" in window.banner.text.text(), timeout=10000)
    assert not recorder.is_recording
    window.banner.offer.click()
    qtbot.waitUntil(lambda: window.session.transport.can_scrub, timeout=10000)
    assert window.session.store.covered_part() > 0


def test_the_countdown_can_be_cancelled(opener: Opener, qtbot: QtBot) -> None:
    window = opener("camera:0")
    qtbot.waitUntil(lambda: has_result(window), timeout=20000)
    recorder = window.session.recorder
    recorder.toggle()
    assert recorder.count == 3
    recorder.toggle()
    assert recorder.count == 0
    assert not recorder.is_recording
