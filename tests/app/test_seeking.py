"""Jumps on the timeline in real clips with burnt-in frame numbers: what is shown is what was asked.

The core's readers have tests of their own (tests/core/sources); here a mouse clicks on the bar, and
the picture that comes out at the other end of all threads is read.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from app.session import Session
from app.timeline import Timeline
from core.sources.open_source import open_source
from tests.app.fakes import fake_services
from tests.app.person import LEFT, NONE
from tests.core.sources.burnt_clips import burnt_picture, read_number, write_clip

COUNT = 120
VFR_MS = np.cumsum(np.random.default_rng(3).integers(15, 95, COUNT)).tolist()
B_FRAMES = {"bf": "3", "g": "30"}
OPEN_GOP = {"x264-params": "open-gop=1:keyint=24:bframes=3:scenecut=0"}
KINDS = {
    "b_frames.mp4": {"codec_options": B_FRAMES},
    "open_gop.mp4": {"codec_options": OPEN_GOP},
    "vfr.mp4": {"codec_options": B_FRAMES, "pts": VFR_MS},
    "rotated.mp4": {"codec_options": B_FRAMES, "rotation_deg": 90},
    "open_gop.ts": {"codec_options": OPEN_GOP},
}
Opened = Callable[[str], Timeline]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("clips")
    pictures = [burnt_picture(number) for number in range(COUNT)]
    turned = [np.ascontiguousarray(np.rot90(picture, -1)) for picture in pictures]
    for name, kind in KINDS.items():
        write_clip(folder / name, turned if "rotation_deg" in kind else pictures, **kind)
    return folder


@pytest.fixture
def opened(qtbot: QtBot, folder: Path) -> Iterator[Opened]:
    """A timeline on a session with one of the clips; no model, so that frames pass through."""
    sessions: list[Session] = []

    def open_one(name: str) -> Timeline:
        session = Session(fake_services(open_source=open_source))
        sessions.append(session)
        line = Timeline(session)
        qtbot.addWidget(line)
        line.resize(1200, line.sizeHint().height())
        line.show()
        session.open(str(folder / name))
        qtbot.waitUntil(lambda: session.shown is not None, timeout=20_000)
        session.transport.pause()
        return line

    yield open_one
    for session in sessions:
        session.close()


def number_shown(line: Timeline) -> int:
    """What the picture on the screen says."""
    return read_number(line._session.shown.frame.rgb)


def jump(line: Timeline, frame: int) -> None:
    """Click where the frame is on the bar."""
    place = QPoint(round(line.x_of(frame)), line.height() // 2)
    assert line.frame_at(place.x()) == frame
    QTest.mouseClick(line, LEFT, NONE, place)


def check_jumps(line: Timeline, qtbot: QtBot, count: int) -> None:
    session = line._session
    for frame in np.random.default_rng(count).integers(0, COUNT, count).tolist():
        jump(line, frame)
        qtbot.waitUntil(lambda frame=frame: session.shown.frame.index == frame, timeout=20_000)
        assert number_shown(line) == frame
        assert session.shown.frame.time_s == session.facts.times_s[frame]


@pytest.mark.parametrize("name", KINDS)
def test_jumps_show_the_frame_that_was_asked_for(opened: Opened, qtbot: QtBot, name: str) -> None:
    check_jumps(opened(name), qtbot, 12)


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("name", KINDS)
def test_a_hundred_jumps(opened: Opened, qtbot: QtBot, name: str) -> None:
    check_jumps(opened(name), qtbot, 100)


def test_of_many_jumps_at_once_the_last_counts(opened: Opened, qtbot: QtBot) -> None:
    line = opened("open_gop.mp4")
    session = line._session
    for _ in range(4):
        frames = np.random.default_rng(8).integers(0, COUNT, 7).tolist()
        for frame in frames:
            jump(line, frame)
        qtbot.waitUntil(lambda last=frames[-1]: session.shown.frame.index == last, timeout=20_000)
        assert number_shown(line) == frames[-1]
