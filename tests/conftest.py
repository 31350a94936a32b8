"""What holds for every test: shapes are checked, no thread survives, no network is reached."""

import os
import socket
import sys
import threading
import time
from collections.abc import Iterator

import pytest
from hypothesis import settings
from jaxtyping import install_import_hook

# Before anything imports our packages: every jaxtyping annotation is checked while tests run.
install_import_hook(["core", "render", "training"], "beartype.beartype")

settings.register_profile("local", deadline=None, max_examples=40)
settings.register_profile("ci", deadline=None, max_examples=40, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "local")

THREADS_OF_LIBRARIES = (
    "tqdm_monitor",  # tqdm keeps one per process
    "pytest_timeout",  # belongs to the test runner
)
GRACE_S = 2.0


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--regenerate", action="store_true", help="write golden images anew")
    parser.addoption("--run-slow", action="store_true", help="also run tests marked slow")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--run-slow"):
        return
    skip = pytest.mark.skip(reason="slow: run with --run-slow")
    for item in items:
        if item.get_closest_marker("slow"):
            item.add_marker(skip)


@pytest.fixture
def regenerate(request: pytest.FixtureRequest) -> bool:
    """Whether golden images are to be written instead of compared."""
    return bool(request.config.getoption("--regenerate"))


@pytest.fixture(autouse=True)
def no_thread_left(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Fail a test that leaves a thread running, and say which."""
    before = set(threading.enumerate())
    qt_threads = _record_qt_threads(monkeypatch)
    yield
    deadline = time.monotonic() + GRACE_S
    while (left := _left_alive(before, qt_threads)) and time.monotonic() < deadline:
        time.sleep(0.01)
    if left:
        pytest.fail(f"threads left alive: {', '.join(left)}")


def _record_qt_threads(monkeypatch: pytest.MonkeyPatch) -> list:
    """QThreads started from now on; Python's own list does not show when they end."""
    started: list = []
    if "PySide6" not in sys.modules:
        return started
    from PySide6.QtCore import QThread

    start = QThread.start

    def recording_start(thread: QThread, *args: object) -> None:
        started.append(thread)
        start(thread, *args)

    monkeypatch.setattr(QThread, "start", recording_start)
    return started


def _left_alive(before: set[threading.Thread], qt_threads: list) -> list[str]:
    names = [
        thread.name
        for thread in set(threading.enumerate()) - before
        # Python 3.11 lists a foreign thread as a dummy for ever, even after its end.
        if not isinstance(thread, threading._DummyThread)
        and not thread.name.startswith(THREADS_OF_LIBRARIES)
    ]
    return names + [_qt_name(thread) for thread in qt_threads if _is_running(thread)]


def _is_running(qt_thread: object) -> bool:
    import shiboken6

    return shiboken6.isValid(qt_thread) and qt_thread.isRunning()


def _qt_name(qt_thread: object) -> str:
    return qt_thread.objectName() or type(qt_thread).__name__


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let tests reach this machine only."""
    connect = socket.socket.connect

    def guarded_connect(sock: socket.socket, address: object) -> object:
        is_local = sock.family not in (socket.AF_INET, socket.AF_INET6) or _is_loopback(address)
        if not is_local:
            raise AssertionError(f"a test tried to reach the network: {address}")
        return connect(sock, address)

    monkeypatch.setattr(socket.socket, "connect", guarded_connect)


def _is_loopback(address: object) -> bool:
    host = str(address[0]) if isinstance(address, tuple) else ""
    return host in ("localhost", "::1") or host.startswith("127.")
