"""Exporting, saving and reopening."""

from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from app.asking import first_place
from app.export_dialog import ExportDialog
from app.export_order import export_order
from app.export_thread import ExportJob, write_take
from app.main_window import MainWindow
from core.export.options import ExportOptions
from tests.app.person import (
    LEFT,
    Opener,
    has_result,
    key,
)


def test_the_export_dialog_writes_a_file_on_its_own_thread(
    window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    qtbot.waitUntil(lambda: window.session.store.first_missing() is None, timeout=5000)
    window.session.transport.seek(9)
    key(window, Qt.Key.Key_O)  # ten frames: the exporter has tests of its own
    key(window, Qt.Key.Key_E, Qt.KeyboardModifier.ControlModifier)
    dialog = window.findChild(ExportDialog)
    dialog.path.setText(str(tmp_path / "walk.glb"))
    QTest.mouseClick(dialog.go, LEFT)
    qtbot.waitUntil(lambda: dialog.said.text().startswith("Wrote"), timeout=20000)
    qtbot.waitUntil(dialog.go.isEnabled)
    assert (tmp_path / "walk.glb").read_bytes()[:4] == b"glTF"
    dialog.reject()


def test_an_export_that_cannot_be_written_says_why(
    window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    dialog = ExportDialog(window.session, window)
    qtbot.addWidget(dialog)
    dialog.path.setText(str(tmp_path / "walk.docx"))
    dialog.export()
    qtbot.waitUntil(lambda: "Cannot export" in dialog.said.text(), timeout=5000)
    qtbot.waitUntil(dialog.go.isEnabled)
    assert list(tmp_path.iterdir()) == []


def test_the_dialog_offers_the_web_page_and_the_videos_colours(
    window: MainWindow, qtbot: QtBot
) -> None:
    dialog = ExportDialog(window.session, window)
    qtbot.addWidget(dialog)
    dialog.format.setCurrentIndex(dialog.format.findData(".html"))
    dialog.format.activated.emit(dialog.format.currentIndex())
    dialog.colors.setCurrentIndex(dialog.colors.findData("video"))
    assert dialog.path.text().endswith(".html")
    assert dialog.skinning.isEnabled()
    assert dialog.options().colors == "video"
    results = tuple(window.session.store.results())
    job = ExportJob(window.session.model, window.session.facts, results, Path("a.html"),
                    dialog.options())  # fmt: skip
    order = export_order(job)
    order.tidy()
    assert order.arguments[order.arguments.index("--colors") + 1] == "video"


def test_a_saved_session_opens_with_its_results(
    opener: Opener, qtbot: QtBot, tmp_path: Path
) -> None:
    video = tmp_path / "fake.mp4"
    video.write_bytes(b"the fake source reads nothing from here")
    window = opener(str(video))
    qtbot.waitUntil(
        lambda: window.session.store is not None and window.session.store.first_missing() is None,
        timeout=20000,
    )
    session = window.session
    job = ExportJob(
        session.model, session.facts, tuple(session.store.results()),
        tmp_path / "walk.session", ExportOptions(),
    )  # fmt: skip
    assert write_take(job).startswith("Saved")
    key(window, Qt.Key.Key_W, Qt.KeyboardModifier.ControlModifier)
    window.open_text(str(tmp_path / "walk.session"))
    qtbot.waitUntil(lambda: has_result(window), timeout=20000)
    assert session.store.first_missing() is None
    assert session.facts.text == str(video)


def test_a_session_without_its_video_says_where_it_was(
    window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    session = window.session
    job = ExportJob(
        session.model, session.facts, tuple(session.store.results()),
        tmp_path / "walk.session", ExportOptions(),
    )  # fmt: skip
    write_take(job)
    window.open_text(str(tmp_path / "walk.session"))
    assert "put it back beside the session" in window.banner.text.text()


def test_the_sample_is_not_saved_into_the_program(window: MainWindow, opener: Opener) -> None:
    assert first_place(window.session) == Path.home() / "fake.mp4"
    window.session.services = replace(window.session.services, sample_path="other.mp4")
    assert first_place(window.session) == Path("fake.mp4")  # beside the video
