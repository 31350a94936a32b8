"""Takes as wholes: to the trash and back, moved videos, the view that comes back, rigged files."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMessageBox
from pytestqt.qtbot import QtBot

from app import take_actions
from app.look import Look
from app.main_window import MainWindow
from app.opening import leave_played_rig
from app.played_rig import PlayedReconstructor, PlayedSource, is_played, load_played
from app.recents import recent_texts
from app.relink_thread import relink_all
from app.services import real_services
from app.take_writer import TakeWriter
from app.train_dialog import TrainDialog
from app.trash import Trashed, put_back, to_trash
from app.view_state import FILE_NAME, ViewState, read_view, write_view
from core.errors import ModelError, SessionError
from core.frame import Frame
from core.session_store import read_session, relink_source
from render.view import OrbitCamera
from tests.app.fakes import HEIGHT_PX, WIDTH_PX, FakeModel, FakeReconstructor, fake_frame
from tests.app.person import LEFT, Opener, has_result, key, settle, shows
from tests.core.made_gltf import made_arm

CTRL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture(autouse=True)
def own_trash(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path_factory.mktemp("data")))


def make_take(folder: Path, frames: int = 6) -> Path:
    """A session with its video in it."""
    model = FakeModel()
    reconstructor = FakeReconstructor(model)
    with TakeWriter(folder, model, (WIDTH_PX, HEIGHT_PX)) as writer:
        for index in range(frames):
            writer.add_frame(fake_frame(index))
            writer.add_result(reconstructor.step(fake_frame(index), ())[0])
    return folder


@pytest.fixture
def take(tmp_path: Path) -> Path:
    return make_take(tmp_path / "walk.session")


@pytest.fixture
def player(opener: Opener) -> MainWindow:
    """A window that opens real files."""
    return opener(open_source=real_services().open_source, sample_path=None)


def opens(window: MainWindow, take: Path, qtbot: QtBot) -> None:
    window.open_text(str(take))
    qtbot.waitUntil(lambda: window.session.facts is not None, timeout=20000)
    qtbot.waitUntil(lambda: window.session.shown is not None, timeout=20000)


def test_a_take_goes_to_the_trash_and_back(player: MainWindow, take: Path, qtbot: QtBot) -> None:
    opens(player, take, qtbot)
    assert player.session.folder == take
    key(player, Qt.Key.Key_Delete, CTRL)
    assert not take.exists()
    assert player.session.facts is None
    assert "trash" in player.banner.text.text()
    QTest.mouseClick(player.banner.offer, LEFT)
    assert (take / "session.sqlite").is_file()
    qtbot.waitUntil(lambda: player.session.folder == take, timeout=20000)


def test_the_trash_refuses_what_it_cannot_do(tmp_path: Path, qapp: QApplication) -> None:
    with pytest.raises(SessionError, match="could not be moved"):
        to_trash(tmp_path / "none")
    with pytest.raises(SessionError, match="no longer in the trash"):
        put_back(Trashed(tmp_path / "a", None))
    (tmp_path / "a").mkdir()
    gone = to_trash(tmp_path / "a")
    (tmp_path / "a").mkdir()
    with pytest.raises(SessionError, match="another a in its place"):
        put_back(gone)


def test_a_session_opens_as_it_was_left(player: MainWindow, take: Path, qtbot: QtBot) -> None:
    opens(player, take, qtbot)
    session = player.session
    key(player, Qt.Key.Key_K)
    key(player, Qt.Key.Key_5)
    key(player, Qt.Key.Key_X)
    session.transport.set_range(1, 4)
    session.transport.seek(3)
    qtbot.waitUntil(lambda: shows(player, 3), timeout=10000)
    qtbot.waitUntil(lambda: session.model is not None, timeout=10000)
    session.editor.set_sigma(1, 1.25)
    session.close_source()
    assert (take / FILE_NAME).is_file()
    key(player, Qt.Key.Key_X)
    session.editor.set_frozen(False)
    player.viewport.reset_view()
    opens(player, take, qtbot)
    qtbot.waitUntil(lambda: shows(player, 3), timeout=10000)
    assert player.viewport.camera.is_orthographic
    assert session.look.is_xray
    assert (session.transport.state.in_frame, session.transport.state.out_frame) == (1, 4)
    assert session.explore.is_frozen
    assert session.explore.sigmas[1] == 1.25
    assert not session.transport.state.is_playing


def test_a_view_reads_back_and_damage_is_no_view(tmp_path: Path) -> None:
    look = Look(mode="depth", is_xray=True, mesh_opacity=0.25, joint=2)
    camera = OrbitCamera(np.array([1.0, 2.0, 3.0]), 4.0, 0.5, 0.25, is_orthographic=True)
    write_view(tmp_path, ViewState(look, camera, 7, None, 9, (0.5, -1.0)))
    back = read_view(tmp_path)
    assert back is not None
    assert back.look == replace(look, joint=None)
    assert np.array_equal(back.camera.target, camera.target)
    assert (back.camera.distance, back.camera.is_orthographic) == (4.0, True)
    assert (back.frame, back.in_frame, back.out_frame, back.sigmas) == (7, None, 9, (0.5, -1.0))
    good = json.loads((tmp_path / FILE_NAME).read_text())
    for change in ({"version": 99}, {"frame": "x"}, {"camera": {}}, {"sigmas": [float("nan")]}):
        (tmp_path / FILE_NAME).write_text(json.dumps(good | change))
        assert read_view(tmp_path) is None
    good["look"] |= {"mode": "no such mode", "mesh_opacity": 7.0, "has_grid": "yes"}
    (tmp_path / FILE_NAME).write_text(json.dumps(good))
    back = read_view(tmp_path)
    assert back is not None
    assert (back.look.mode, back.look.mesh_opacity, back.look.has_grid) == ("color", 1.0, True)
    assert read_view(tmp_path / "none") is None


def test_a_moved_video_is_found_again(
    player: MainWindow, tmp_path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sessions beside it that have lost the same folder are mended with it."""
    first, second = make_take(tmp_path / "a.session"), make_take(tmp_path / "b.session", 5)
    moved = tmp_path / "elsewhere" / "deep"
    moved.mkdir(parents=True)
    for folder in (first, second):
        shutil.move(folder / "video.mkv", moved / f"{folder.stem}.mkv")
    player.open_text(str(first))
    assert "is not at" in player.banner.text.text()
    monkeypatch.setattr(
        take_actions.QFileDialog, "getExistingDirectory", lambda *_: str(tmp_path / "elsewhere")
    )
    QTest.mouseClick(player.banner.offer, LEFT)
    qtbot.waitUntil(lambda: player.session.facts is not None, timeout=20000)
    assert player.session.folder == first
    for folder in (first, second):
        with read_session(folder) as record:
            assert record.source is not None
            assert record.source.resolve() == moved / f"{folder.stem}.mkv"


def test_another_file_of_that_name_is_only_used_on_request(
    player: MainWindow, take: Path, tmp_path: Path, qtbot: QtBot
) -> None:
    other = make_take(tmp_path / "other.session", 7)
    (tmp_path / "found").mkdir()
    shutil.move(other / "video.mkv", tmp_path / "found" / "video.mkv")
    (take / "video.mkv").unlink()
    assert relink_all(take, tmp_path / "found") == [other]
    take_actions.start_relink(player, take, tmp_path / "found")
    qtbot.waitUntil(lambda: player.findChild(QMessageBox) is not None, timeout=20000)
    box = player.findChild(QMessageBox)
    use = next(button for button in box.buttons() if button.text() == "Use it")
    QTest.mouseClick(use, LEFT)
    qtbot.waitUntil(lambda: player.session.facts is not None, timeout=20000)
    with pytest.raises(SessionError):
        relink_source(take, tmp_path / "none.mkv")


def test_a_video_that_is_not_there_is_said(
    player: MainWindow, take: Path, tmp_path: Path, qtbot: QtBot
) -> None:
    (take / "video.mkv").unlink()
    (tmp_path / "empty").mkdir()
    take_actions.start_relink(player, take, tmp_path / "empty")
    qtbot.waitUntil(lambda: "is not in that folder" in player.banner.text.text(), timeout=20000)
    assert player.banner.offer.text() == "Look elsewhere…"


def drop(window: MainWindow, path: Path) -> None:
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(path))])
    event = QDropEvent(
        QPointF(50, 50), Qt.DropAction.CopyAction, mime, Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )  # fmt: skip
    window.dropEvent(event)


def test_a_dropped_rig_is_played_or_learned_from(
    opener: Opener, tmp_path: Path, qtbot: QtBot
) -> None:
    real = real_services()
    window = opener(
        open_source=real.open_source, load_model=real.load_model, list_models=list,
        make_reconstructor=real.make_reconstructor, sample_path=None,
    )  # fmt: skip
    path = made_arm().save(tmp_path / "fox.glb")
    drop(window, path)
    box = window.findChild(QMessageBox)
    buttons = {button.text(): button for button in box.buttons()}
    QTest.mouseClick(buttons["Train a model from it…"], LEFT)
    dialog = window.findChild(TrainDialog)
    assert dialog.paths() == (path,)
    dialog.reject()
    drop(window, path)
    box = window.findChildren(QMessageBox)[-1]
    buttons = {button.text(): button for button in box.buttons()}
    QTest.mouseClick(buttons["Play it"], LEFT)
    qtbot.waitUntil(lambda: has_result(window), timeout=20000)
    settle(window, qtbot)
    assert is_played(window.session.model)
    assert window.session.facts.name == "fox.glb"
    loaded: list[str] = []
    window.session.load_model = loaded.append  # type: ignore[method-assign]
    leave_played_rig(window.session)
    assert loaded == []  # there is no other
    services = replace(window.session.services, list_models=lambda: ["dog"])
    window.session.services = services
    leave_played_rig(window.session)
    assert loaded == ["dog"]


def test_a_played_rig_has_the_poses_of_its_file(tmp_path: Path) -> None:
    path = made_arm().save(tmp_path / "fox.glb")
    model = load_played(path)
    source = PlayedSource(f"rig:{path}")
    frames = [source.read() for _ in range(source.frame_count)]
    assert source.read() is None
    source.seek(1)
    assert source.read().index == 1
    with pytest.raises(ValueError, match="no frame"):
        source.seek(10**6)
    player = PlayedReconstructor(model)
    results = [player.step(frame, None)[0] for frame in frames]
    clip = model.clips[0]
    assert np.allclose(results[0].joint_rotations, clip.joint_rotations[0])
    again = model.joint_rotations(results[-1].codes.articulation)
    assert np.allclose(again, results[-1].joint_rotations, atol=0.05)
    with pytest.raises(ModelError, match="choose a category model"):
        player.step(Frame(0, 0.0, np.zeros((20, 20, 3), np.uint8)), None)


def test_recents_reopen_the_session_and_not_its_video(
    player: MainWindow, take: Path, qtbot: QtBot
) -> None:
    opens(player, take, qtbot)
    assert recent_texts()[0] == str(take)
    assert player.session.place == str(take)
