"""Cameras, without a camera: listing by name, and drivers that fail or hang."""

import time
from pathlib import Path

import cv2
import numpy as np
import pytest

from core.errors import SourceError
from core.sources import camera as camera_module
from core.sources.camera import CameraSource
from core.sources.camera_list import CameraInfo, list_cameras

INFO = CameraInfo(0, "Test Camera", "/dev/video0")


class FakeCapture:
    """Answers like a camera's capture."""

    opens_after_s = 0.0
    is_open = True
    pictures = 3

    def __init__(self, index: int, backend: int) -> None:
        time.sleep(self.opens_after_s)
        self.given = 0
        self.asked: list[int] = []

    def isOpened(self) -> bool:
        return self.is_open

    def set(self, what: int, value: float) -> bool:
        self.asked.append(what)
        return True

    def get(self, what: int) -> float:
        return {cv2.CAP_PROP_FRAME_WIDTH: 64.0, cv2.CAP_PROP_FRAME_HEIGHT: 48.0}.get(what, 25.0)

    def getBackendName(self) -> str:
        return "FAKE"

    def read(self) -> tuple[bool, np.ndarray | None]:
        self.given += 1
        if self.given > self.pictures:
            return False, None
        bgr = np.zeros((48, 64, 3), np.uint8)
        bgr[..., 0] = 200  # blue
        return True, bgr

    def release(self) -> None:
        self.pictures = 0


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> type[FakeCapture]:
    capture = type("Capture", (FakeCapture,), {})
    monkeypatch.setattr(cv2, "VideoCapture", capture)
    monkeypatch.setattr(camera_module, "list_cameras", lambda: (INFO,))
    monkeypatch.setattr(camera_module, "OPEN_TIMEOUT_S", 0.2)
    return capture


def test_frames_are_rgb_with_rising_times(fake: type[FakeCapture]):
    with CameraSource("test cam") as source:
        assert (source.name, source.backend, source.fps) == ("Test Camera", "FAKE", 25.0)
        assert (source.width_px, source.height_px) == (64, 48)
        first, second = source.read(), source.read()
        assert first is not None
        assert second is not None
        assert (first.index, second.index) == (0, 1)
        assert second.time_s >= first.time_s >= 0
        assert first.rgb[0, 0].tolist() == [0, 0, 200]


def test_unplugging_is_one_sentence(fake: type[FakeCapture]):
    with CameraSource("0") as source:
        source.read()
        source.read()
        with pytest.raises(SourceError, match="Test Camera stopped giving pictures"):
            source.read()


def test_a_driver_that_hangs_is_left_behind(fake: type[FakeCapture]):
    fake.opens_after_s = 0.6
    start = time.monotonic()
    with pytest.raises(SourceError, match="does not answer"):
        CameraSource("0")
    assert time.monotonic() - start < 0.5


def test_a_busy_camera_names_the_likely_cause(fake: type[FakeCapture]):
    fake.is_open = False
    with pytest.raises(SourceError, match="in use by another program"):
        CameraSource("/dev/video0")
    fake.is_open = True
    fake.pictures = 0
    with pytest.raises(SourceError, match="Test Camera gives no pictures"):
        CameraSource("0")


def test_unknown_names_are_answered_with_the_known(fake: type[FakeCapture]):
    with pytest.raises(SourceError, match=r"there is camera:0 \(Test Camera\)"):
        CameraSource("other")


def test_cameras_are_listed_by_name_in_order_without_metadata_nodes(tmp_path: Path):
    for node, name, index in (
        ("video10", "Far", "0"),
        ("video2", "Near", "0"),
        ("video3", "m", "1"),
    ):
        (tmp_path / node).mkdir()
        (tmp_path / node / "name").write_text(name + "\n")
        (tmp_path / node / "index").write_text(index + "\n")
    assert list_cameras(tmp_path) == (
        CameraInfo(2, "Near", "/dev/video2"),
        CameraInfo(10, "Far", "/dev/video10"),
    )
    assert list_cameras(tmp_path / "absent") == ()
