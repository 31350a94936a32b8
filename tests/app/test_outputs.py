"""Live outputs: what datagrams say, that they only go out when asked, the camera; fit doubts."""

import json
import struct
from types import SimpleNamespace

import numpy as np
import pytest
from PySide6.QtCore import QPoint
from PySide6.QtGui import QColor, QImage
from PySide6.QtNetwork import QHostAddress, QUdpSocket
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from app.agreement import BOTH_RGBA, OURS_RGBA, THEIRS_RGBA, Agreement, agreement_of
from app.fit_watch import ENOUGH
from app.live_outputs import LiveOutputsDialog
from app.main_window import MainWindow
from app.pose_message import json_message, osc_message, vmc_message
from app.virtual_camera import SIZE_PX, VirtualCamera, letterboxed, why_not
from core.errors import ExportError
from core.results import FrameResult, Mask
from core.rotations import matrix_from_quaternion
from tests.app.fakes import FakeModel, FakeReconstructor, fake_frame
from tests.app.person import LEFT


def result_of(frame: int = 7) -> FrameResult:
    return FakeReconstructor(FakeModel()).step(fake_frame(frame), ())[0]


def from_xyzw(q: list[float]) -> np.ndarray:
    return matrix_from_quaternion(np.roll(np.array(q), 1))


def test_json_says_the_pose() -> None:
    result, model = result_of(), FakeModel()
    said = json.loads(json_message(model, result))
    assert (said["dasr_pose"], said["frame"], said["model"]) == (1, 7, "fake dog")
    assert np.allclose(said["root"]["position_m"], np.array([0.0, -0.35, -2.2]) * 0.6, atol=1e-4)
    assert list(said["joints"]) == ["body", "neck", "tail"]
    neck = from_xyzw(said["joints"]["neck"])
    assert np.allclose(neck, result.joint_rotations[1], atol=1e-4)


def osc_parts(bundle: bytes) -> list[bytes]:
    assert bundle[:8] == b"#bundle\0"
    place, parts = 16, []
    while place < len(bundle):
        (size,) = struct.unpack(">i", bundle[place : place + 4])
        parts.append(bundle[place + 4 : place + 4 + size])
        place += 4 + size
    return parts


def test_osc_is_as_its_specification_writes_it() -> None:
    """The example of the OSC 1.0 specification."""
    wanted = b"/foo\0\0\0\0,iisff\0\0" + struct.pack(">ii", 1000, -1) + b"hello\0\0\0"
    wanted += struct.pack(">ff", 1.234, 5.678)
    assert osc_message("/foo", 1000, -1, "hello", 1.234, 5.678) == wanted


def test_vmc_mirrors_x_and_names_every_bone() -> None:
    parts = osc_parts(vmc_message(FakeModel(), result_of()))
    assert all(len(part) % 4 == 0 for part in parts)
    assert [part.split(b"\0")[0] for part in parts[:3]] == [
        b"/VMC/Ext/OK", b"/VMC/Ext/T", b"/VMC/Ext/Root/Pos"
    ]  # fmt: skip
    assert [b"neck" in part for part in parts[3:]] == [False, True, False]
    result = result_of()
    moved = result.root_to_cam.copy()
    moved[0, 3] = 1.0
    shifted = FrameResult(**{**vars(result), "root_to_cam": moved})
    root = osc_parts(vmc_message(FakeModel(), shifted))[2]
    assert struct.unpack(">f", root[-28:-24])[0] == pytest.approx(-0.6)  # x the other way


def test_the_pose_goes_out_only_when_asked(window: MainWindow, qtbot: QtBot) -> None:
    ear = QUdpSocket()
    assert ear.bind(QHostAddress(QHostAddress.SpecialAddress.LocalHost), 0)
    window.actions_by_id["live-outputs"].trigger()
    dialog = window.findChild(LiveOutputsDialog)
    dialog.port.setValue(ear.localPort())
    window.session.transport.step(1)
    qtbot.wait(100)
    assert not ear.hasPendingDatagrams()
    QTest.mouseClick(dialog.pose, LEFT, pos=QPoint(8, dialog.pose.height() // 2))
    assert window.sender.is_on
    window.session.transport.step(1)
    qtbot.waitUntil(ear.hasPendingDatagrams, timeout=5000)
    said = json.loads(bytes(ear.receiveDatagram().data().data()))
    assert said["model"] == "fake dog"
    sign = window.outputs
    assert sign.isVisible()
    assert f"127.0.0.1:{ear.localPort()}" in sign.text()
    dialog.pose.click()
    assert not window.sender.is_on
    assert not sign.isVisible()
    ear.close()


class FakeDevice:
    device = "/dev/video9"

    def __init__(self, breaks: bool = False) -> None:
        self.sent: list[np.ndarray] = []
        self.is_closed, self._breaks = False, breaks

    def send(self, picture: np.ndarray) -> None:
        if self._breaks:
            raise RuntimeError("unplugged")
        self.sent.append(picture)

    def close(self) -> None:
        self.is_closed = True


def test_the_camera_shows_the_view_on_black(qtbot: QtBot) -> None:
    drawn = QImage(100, 100, QImage.Format.Format_RGBA8888)
    drawn.fill(QColor(200, 100, 50))
    device = FakeDevice()
    camera = VirtualCamera(lambda: drawn, lambda: device)
    camera.send()
    assert device.sent == []
    camera.start()
    qtbot.waitUntil(lambda: len(device.sent) > 1, timeout=5000)
    picture = device.sent[0]
    assert picture.shape == (SIZE_PX[1], SIZE_PX[0], 3)
    assert tuple(picture[360, 640]) == (200, 100, 50)
    assert not picture[:, 0].any()
    assert not letterboxed(QImage()).any()
    camera.stop()
    assert device.is_closed
    assert not camera.is_on


def test_a_camera_that_breaks_is_said(qtbot: QtBot) -> None:
    camera = VirtualCamera(QImage, lambda: FakeDevice(breaks=True))
    said: list[Exception] = []
    camera.failed.connect(said.append)
    camera.start()
    qtbot.waitUntil(lambda: bool(said), timeout=5000)
    assert not camera.is_on


def test_what_is_missing_for_a_camera_is_explained(
    window: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.virtual_camera.importlib.util.find_spec", lambda name: None)
    assert "pip install pyvirtualcam" in (why_not() or "")
    dialog = LiveOutputsDialog(window)
    assert not dialog.camera.isEnabled()
    assert "pyvirtualcam" in dialog.camera_said.text()
    monkeypatch.setattr("app.live_outputs.why_not", lambda: None)

    def refuse() -> None:
        raise ExportError("No virtual camera takes pictures here (none).")

    monkeypatch.setattr(window.virtual_camera, "_make", refuse)
    dialog.refresh()
    dialog.camera.click()
    assert dialog.camera_said.text().startswith("No virtual camera")
    assert not dialog.camera.isChecked()
    dialog.reject()


# How well body and mask agree.


def test_overlap_is_that_of_areas() -> None:
    ours, theirs = np.zeros((4, 6), bool), np.zeros((4, 6), bool)
    ours[:, :4], theirs[:, 2:] = True, True
    seen = Agreement(ours, theirs)
    assert seen.iou == pytest.approx(8 / 24)
    image = seen.image()
    assert tuple(image[0, 0]) == OURS_RGBA
    assert tuple(image[0, 3]) == BOTH_RGBA
    assert tuple(image[0, 5]) == THEIRS_RGBA
    assert Agreement(np.zeros((2, 2), bool), np.zeros((2, 2), bool)).iou == 0


def test_a_body_agrees_with_its_own_silhouette() -> None:
    model, result = FakeModel(), result_of()
    first = agreement_of(model, result, 160)
    assert first is not None
    alpha = np.zeros(result.mask.alpha.shape, np.uint8)
    alpha[first.ours] = 255
    own = FrameResult(**{**vars(result), "mask": Mask(alpha, 1.0)})
    again = agreement_of(model, own, 160)
    assert again is not None
    assert again.iou == 1.0
    assert agreement_of(model, FrameResult(**{**vars(result), "mask": None})) is None


def test_a_model_that_does_not_fit_is_doubted_once(
    window: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.fit_watch.agreement_of", lambda *_: SimpleNamespace(iou=0.2))
    window.banner.hide()
    watch = window.news.fit_watch
    qtbot.waitUntil(lambda: window.session.store.covered_part() == 1, timeout=20000)
    for frame in range(ENOUGH):
        window.session.transport.seek(20 + frame)
        qtbot.waitUntil(
            lambda frame=frame: window.session.shown.frame.index == 20 + frame, timeout=5000
        )
        watch.look()
    assert "may not be a dog" in window.banner.text.text()
    assert window.banner.offer.text() == "Other models…"
    window.banner.hide()
    watch.look()
    assert not window.banner.isVisible()


def test_a_model_that_fits_is_not_doubted(window: MainWindow, qtbot: QtBot) -> None:
    watch = window.news.fit_watch
    watch._seen = dict.fromkeys(range(ENOUGH), 0.8)
    watch._subject = (window.session.facts, window.session.model)
    window.banner.hide()
    watch._judge()
    assert not window.banner.isVisible()
