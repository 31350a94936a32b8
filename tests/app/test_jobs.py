"""Jobs: what the lines of a child process become, cancelling, closing while they run."""

import signal
import sys
import time
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMessageBox
from pytestqt.qtbot import QtBot

from app.doctor_dialog import DoctorDialog
from app.job import Job
from app.job_runner import JobOrder, JobRunner
from app.main_window import MainWindow
from tests.app.person import LEFT, key

CHILD = """
import json, sys, time
def say(**event): print(json.dumps(event), flush=True)
say(event="progress", stage="fitting", done=1, total=4, elapsed_s=1.0, left_s=3.0)
print("a stray line", flush=True)
print("a worry", file=sys.stderr, flush=True)
if "slow" in sys.argv: time.sleep(60)
if "stubborn" in sys.argv:
    import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); say(event="message", text="deaf")
    time.sleep(60)
if "listening" in sys.argv:
    try: time.sleep(60)
    except KeyboardInterrupt: say(event="message", text="Kept it."); sys.exit(0)
if "bad" in sys.argv:
    say(event="error", text="The disk is full."); sys.exit(1)
say(event="message", text="Wrote it.")
finding = {"name": "disk", "state": "warn", "text": "x", "hint": "y"}
say(event="result", path="it", findings=[finding])
"""


def order(*words: str, **changes: object) -> JobOrder:
    return JobOrder("Try", words, program=(sys.executable, "-c", CHILD), **changes)


@pytest.fixture
def runner(qtbot: QtBot) -> JobRunner:
    made = JobRunner()
    yield made
    made.close()


def ended(runner: JobRunner, job_id: int, qtbot: QtBot) -> Job:
    qtbot.waitUntil(lambda: runner.jobs[job_id].has_ended, timeout=20000)
    return runner.jobs[job_id]


def test_a_job_follows_its_lines() -> None:
    job = Job(1, "Try", "running")
    job = job.after({"event": "progress", "stage": "fit", "done": 1, "total": 4, "left_s": 65})
    assert job.progress_text == "fit, 25%, 1:05 left"
    job = job.after({"event": "warning", "text": "careful"})
    assert (job.sentence, job.log) == ("", ("careful",))
    assert job.ended(0).progress_text == "done"
    assert job.ended(130).status == "cancelled"
    assert job.ended(3).sentence.startswith("It ended with code 3")


def test_a_job_runs_to_its_end(runner: JobRunner, qtbot: QtBot) -> None:
    tidied: list[int] = []
    job_id = runner.start(order(prepare=lambda: None, tidy=lambda: tidied.append(1)))
    assert runner.is_busy
    job = ended(runner, job_id, qtbot)
    assert (job.status, job.sentence, tidied) == ("done", "Wrote it.", [1])
    assert "a stray line" in job.log
    assert "a worry" in job.log
    assert job.result["path"] == "it"


def test_a_failed_job_says_why_and_can_be_retried(runner: JobRunner, qtbot: QtBot) -> None:
    job = ended(runner, runner.start(order("bad")), qtbot)
    assert (job.status, job.sentence) == ("failed", "The disk is full.")
    again = runner.retry(job.id)
    assert ended(runner, again, qtbot).status == "failed"
    runner.forget_ended()
    assert runner.jobs == {}


def test_a_preparation_that_fails_is_a_failed_job(runner: JobRunner, qtbot: QtBot) -> None:
    def prepare() -> None:
        raise OSError("no room")

    job = ended(runner, runner.start(order(prepare=prepare)), qtbot)
    assert job.status == "failed"
    assert "no room" in job.sentence


@pytest.mark.parametrize("kind", ["slow", "stubborn"])
def test_cancel_acts_within_two_seconds(runner: JobRunner, qtbot: QtBot, kind: str) -> None:
    job_id = runner.start(order(kind))
    qtbot.waitUntil(lambda: runner.jobs[job_id].stage == "fitting", timeout=20000)
    if kind == "stubborn":
        qtbot.waitUntil(lambda: runner.jobs[job_id].sentence == "deaf", timeout=20000)
    asked_s = time.monotonic()
    runner.cancel(job_id)
    assert runner.jobs[job_id].progress_text == "cancelling…"
    assert ended(runner, job_id, qtbot).status == "cancelled"
    assert time.monotonic() - asked_s < 3  # two, and what a busy machine adds


@pytest.mark.skipif(sys.platform == "win32", reason="no Ctrl-C can be sent there")
def test_stop_and_keep_is_heard_though_the_window_ignores_ctrl_c(
    runner: JobRunner, qtbot: QtBot
) -> None:
    """As a window does that a shell has started in the background."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        job_id = runner.start(order("listening", keeps_itself=True))
        qtbot.waitUntil(lambda: runner.jobs[job_id].stage == "fitting", timeout=20000)
        runner.keep(job_id)
        job = ended(runner, job_id, qtbot)
    finally:
        signal.signal(signal.SIGINT, before)
    assert (job.status, job.sentence) == ("done", "Kept it.")


def test_the_drawer_shows_a_card_with_cancel(window: MainWindow, qtbot: QtBot) -> None:
    key(window, Qt.Key.Key_J, Qt.KeyboardModifier.ControlModifier)
    assert window.jobs.isVisible()
    runner = window.session.jobs
    job_id = runner.start(order("slow"))
    card = window.jobs.cards[job_id]
    qtbot.waitUntil(lambda: "fitting, 25%" in card.progress.text(), timeout=20000)
    QTest.mouseClick(card.cancel, LEFT)
    assert ended(runner, job_id, qtbot).status == "cancelled"
    assert card.retry.isVisible()
    assert not card.cancel.isVisible()


def test_closing_asks_while_a_job_runs(window: MainWindow, qtbot: QtBot) -> None:
    runner = window.session.jobs
    job_id = runner.start(order("slow"))
    window.close()
    assert window.isVisible()
    box = window.findChild(QMessageBox)
    titles = [button.text() for button in box.buttons()]
    assert sorted(titles) == ["Go back", "Keep running", "Stop and close"]
    stop = next(button for button in box.buttons() if button.text() == "Stop and close")
    QTest.mouseClick(stop, LEFT)
    qtbot.waitUntil(lambda: not window.isVisible(), timeout=5000)
    assert runner._processes == {}
    assert job_id in runner.jobs


def test_the_doctor_lists_what_it_found(runner: JobRunner, qtbot: QtBot) -> None:
    dialog = DoctorDialog(runner, order=order())
    qtbot.addWidget(dialog)
    qtbot.waitUntil(lambda: dialog.tree.topLevelItemCount() == 1, timeout=20000)
    assert dialog.text() == "disk: x\ny\nWrote it."


def test_every_order_names_a_command_that_exists() -> None:
    main = Path(JobOrder("x", ()).program[1])
    assert main.name == "main.py"
    assert main.is_file()
