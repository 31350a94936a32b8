"""A disk that fills while a take is recorded: one sentence, and what was written before opens."""

import errno
from pathlib import Path

import pytest

from app.take_writer import VIDEO_NAME, TakeWriter
from core.errors import SessionError
from core.session_check import check_session
from core.session_store import read_session
from tests.app.fakes import FakeModel, FakeReconstructor, fake_frame


def record(writer: TakeWriter, frames: int) -> None:
    steps = FakeReconstructor(FakeModel())
    for index in range(frames):
        frame = fake_frame(index)
        writer.add_frame(frame)
        writer.add_result(steps.step(frame, ())[0])


class FullAfter:
    """A container whose disk is full after some packets; everything else goes through."""

    def __init__(self, container, packets: int) -> None:
        self._container, self._left = container, packets

    def mux(self, packets) -> None:
        self._left -= 1
        if self._left < 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        self._container.mux(packets)

    def close(self) -> None:
        self._container.close()
        if self._left < 0:
            raise OSError(errno.ENOSPC, "No space left on device")


def test_a_disk_that_fills_on_the_way_is_one_sentence(tmp_path: Path) -> None:
    folder = tmp_path / "take.session"
    writer = TakeWriter(folder, FakeModel(), (160, 120))
    writer._container = FullAfter(writer._container, 8)
    with pytest.raises(SessionError, match=r"No space left on device.*before is there"), writer:
        record(writer, 20)
    with read_session(folder) as session:
        assert session.is_finished
        assert session.frame_count == 8
    assert check_session(folder).is_whole
    assert (folder / VIDEO_NAME).stat().st_size > 0


def test_a_disk_that_is_full_at_the_end_is_one_sentence(tmp_path: Path) -> None:
    folder = tmp_path / "take.session"
    writer = TakeWriter(folder, FakeModel(), (160, 120))
    record(writer, 6)
    writer._container = FullAfter(writer._container, 0)
    with pytest.raises(SessionError, match="No space left on device"):
        writer.close()
    writer.close()  # again is nothing
    with read_session(folder) as session:
        assert session.frame_count == 6


def test_a_session_that_cannot_be_finished_keeps_its_frames(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "take.session"
    writer = TakeWriter(folder, FakeModel(), (160, 120))
    record(writer, 6)

    def full() -> None:
        raise SessionError("Cannot write the session: the disk is full.")

    monkeypatch.setattr(writer._session, "close", full)
    with pytest.raises(SessionError, match="disk is full"):
        writer.close()
    with read_session(folder) as session:
        assert not session.is_finished
        assert session.frame_count == 6


def test_a_take_that_never_began_leaves_nothing(tmp_path: Path) -> None:
    writer = TakeWriter(tmp_path / "take.session", FakeModel(), (160, 120))
    writer._container = FullAfter(writer._container, 0)
    with pytest.raises(SessionError), writer:
        record(writer, 1)
    assert list(tmp_path.iterdir()) == []
