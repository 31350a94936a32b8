"""Windows on made-up parts, with settings in a folder of their own."""

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QSettings, Qt
from pytestqt.qtbot import QtBot

from app.main_window import MainWindow
from app.viewport import ask_for_core_profile
from app.window import open_window
from tests.app.fakes import fake_services
from tests.app.person import Opener, has_result, key, settle


@pytest.fixture(autouse=True)
def own_settings(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Recents, presets and layout of the person who runs the tests are not touched."""
    folder = str(tmp_path_factory.mktemp("settings"))
    for name in ("XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME"):
        monkeypatch.setenv(name, folder)
    QSettings.setPath(QSettings.Format.NativeFormat, QSettings.Scope.UserScope, folder)


@pytest.fixture(scope="session")
def qapp_args() -> list[str]:
    ask_for_core_profile()
    return ["dasr-studio"]


@pytest.fixture
def opener(qtbot: QtBot) -> Iterator[Opener]:
    """Opens windows and closes them at the end."""
    opened: list[MainWindow] = []

    def open_one(text: str | None = None, **changes: object) -> MainWindow:
        window = open_window(fake_services(**changes), text)
        qtbot.addWidget(window)
        opened.append(window)
        qtbot.waitExposed(window)
        window.activateWindow()
        return window

    yield open_one
    for window in opened:
        window.close()


@pytest.fixture
def window(opener: Opener, qtbot: QtBot) -> MainWindow:
    """The fake clip, reconstructed up to frame 3 at least, paused."""
    window = opener()
    qtbot.waitUntil(lambda: has_result(window) and window.session.frame_index > 3, timeout=20000)
    key(window, Qt.Key.Key_K)
    settle(window, qtbot)
    return window
