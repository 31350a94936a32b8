"""Training in the window: what is asked, stop and keep, cancel and discard, models of one's own."""

import argparse
import json
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from app import train_order as orders
from app.improve import improve_order
from app.job import Job
from app.job_runner import JobOrder, JobRunner
from app.main_window import MainWindow
from app.measures import curves_of, rows_of
from app.model_actions import ask_train
from app.model_shelf import free_name, model_place, shelf_folder, shelf_models
from app.services import real_services
from app.train_dialog import TrainDialog
from app.train_order import Training, adapt_order, has_command, plain_name, train_order
from tests.app.person import LEFT, key, pixels
from training.commands import adapt, train

LEARNER = """
import json, pathlib, sys, time
def say(**event): print(json.dumps(event), flush=True)
folder = pathlib.Path(sys.argv[1])
if "--ship" in sys.argv:
    folder.mkdir(); (folder / "model.json").write_text("{}")
    say(event="message", text="Kept."); sys.exit(0)
say(event="progress", stage="fit student", done=0.25, total=1.0, elapsed_s=60.0, left_s=180.0)
try:
    time.sleep(60)
except KeyboardInterrupt:
    if "ships" in sys.argv:
        folder.mkdir(); (folder / "model.json").write_text("{}"); say(event="message", text="Own.")
        sys.exit(0)
    sys.exit(130)
"""


def learner(model: Path, *words: str, **changes: object) -> JobOrder:
    program = (sys.executable, "-c", LEARNER)
    keep = JobOrder("Train", (str(model), "--ship"), program=program)
    return JobOrder("Train", (str(model), *words), model, keep=keep, program=program, **changes)


@pytest.fixture(autouse=True)
def own_shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    return shelf_folder()


@pytest.fixture
def runner(qtbot: QtBot) -> Iterator[JobRunner]:
    made = JobRunner()
    yield made
    made.close()


def learns(runner: JobRunner, job_id: int, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: runner.jobs[job_id].stage == "fit student", timeout=20000)


@pytest.mark.parametrize("words", [(), ("ships",)])
def test_stop_and_keep_ends_with_a_model_that_the_banner_offers(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, words: tuple[str, ...]
) -> None:
    """The process may write the model itself when it is interrupted, or be asked to afterwards."""
    model, runner = tmp_path / "fox", window.session.jobs
    window.show_jobs()
    job_id = runner.start(learner(model, *words))
    learns(runner, job_id, qtbot)
    card = window.jobs.cards[job_id]
    assert card.progress.text() == "fit student, 25%, 3:00 left"
    assert card.cancel.text() == "Cancel and discard"
    QTest.mouseClick(card.keep, LEFT)
    assert "will be kept" in card.progress.text()
    qtbot.waitUntil(lambda: runner.jobs[job_id].has_ended, timeout=20000)
    assert runner.jobs[job_id].status == "done"
    assert runner.jobs[job_id].sentence == ("Own." if words else "Kept.")
    assert (model / "model.json").is_file()
    assert not card.keep.isVisible()
    assert window.banner.offer.text() == "Use it"
    opened: list[str] = []
    window.session.load_model = opened.append  # type: ignore[method-assign]
    QTest.mouseClick(window.banner.offer, LEFT)
    assert opened == [str(model)]


def test_cancel_discards_what_was_learned(runner: JobRunner, qtbot: QtBot, tmp_path: Path) -> None:
    gone: list[int] = []
    job_id = runner.start(learner(tmp_path / "fox", discard=lambda: gone.append(1)))
    learns(runner, job_id, qtbot)
    runner.cancel(job_id)
    qtbot.waitUntil(lambda: runner.jobs[job_id].has_ended, timeout=20000)
    assert (runner.jobs[job_id].status, gone) == ("cancelled", [1])


def test_nothing_to_keep_cannot_be_kept(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    runner = window.session.jobs
    job_id = runner.start(learner(tmp_path / "fox", can_keep=lambda: False))
    learns(runner, job_id, qtbot)
    assert not window.jobs.cards[job_id].keep.isEnabled()
    runner.cancel(job_id)
    began_s = time.monotonic()
    qtbot.waitUntil(lambda: runner.jobs[job_id].has_ended, timeout=20000)
    assert time.monotonic() - began_s < 3


def test_the_dialog_hands_over_what_was_asked(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[JobOrder] = []
    monkeypatch.setattr(window.session.jobs, "start", started.append)
    window.actions_by_id["train"].trigger()
    dialog = window.findChild(TrainDialog)
    assert not dialog.go.isEnabled()
    dialog.add_rig(tmp_path / "Red Fox.glb")
    dialog.add_rig(tmp_path / "wolf.glb")
    assert dialog.name.text() == "red-fox"
    dialog.minutes.setValue(90)
    assert dialog.length.text() == "as the file says"
    dialog.length.setValue(1.2)
    QTest.mouseClick(dialog.go, LEFT)
    (order,) = started
    assert order.arguments[:5] == (
        "train", "--rig", str(tmp_path / "Red Fox.glb"), "--rig", str(tmp_path / "wolf.glb")
    )  # fmt: skip
    assert order.arguments[-4:] == ("--minutes", "90", "--length", "1.2")
    assert order.result_path == shelf_folder() / "red-fox"
    assert order.keep is not None
    assert order.keep.arguments == (*order.arguments, "--ship")


def test_the_command_understands_the_order(capsys: pytest.CaptureFixture[str]) -> None:
    """Its own parser takes every word of it."""
    parser = argparse.ArgumentParser(conflict_handler="resolve")
    parser.add_argument("--json", action="store_true")
    train.add_arguments(parser)
    order = train_order(Training("fox", (Path("a.glb"), Path("b.glb")), 12.5, 0.6))
    assert order.keep is not None
    for words in (order.arguments[1:], order.keep.arguments[1:]):
        chosen = parser.parse_args([*words, "--json"])
        assert [path.name for path in chosen.rig] == ["a.glb", "b.glb"]
        assert (chosen.minutes, chosen.length) == (12.5, 0.6)


def test_own_models_stand_beside_those_that_ship(own_shelf: Path) -> None:
    (own_shelf / "fox").mkdir(parents=True)
    (own_shelf / "fox" / "model.json").write_text("{}")
    assert shelf_models() == ["fox"]
    assert real_services().list_models()[-1] == "fox"
    assert model_place("fox") == str(own_shelf / "fox")
    assert model_place("dog") == "dog"
    assert free_name("fox") == "fox-2"
    assert plain_name("My Fox (2).v1") == "my-fox-2-v1"


def test_adapting_is_offered_only_where_the_command_is(
    window: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    for is_there in (False, True):
        monkeypatch.setattr("app.model_actions.has_command", lambda name, there=is_there: there)
        window.refresh()
        assert window.actions_by_id["adapt"].isVisible() is is_there
        assert window.actions_by_id["adapt"].isEnabled() is is_there
    assert has_command("train")
    assert not has_command("no-such-command")
    order = adapt_order(window.session, "dog-walk")
    assert order.arguments == (
        "adapt", "fake.mp4", "-o", str(shelf_folder() / "dog-walk"), "--model", "dog",
        "--segmenter", "fake", "--box", "50,46,110,86",
    )  # fmt: skip
    assert order.can_stop
    parser = argparse.ArgumentParser(conflict_handler="resolve")
    adapt.add_arguments(parser)
    words = [word if word != "fake" else "grabcut" for word in order.arguments[1:]]
    assert parser.parse_args(words).model == "dog"  # the command takes every word of it


def test_a_tuned_model_is_compared_on_the_open_video(
    window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    """The job ends: the banner offers before and after, made by the tuned model."""
    model, runner = tmp_path / "tuned", window.session.jobs
    order = replace(learner(model, "ships"), keep=None, keeps_itself=True)
    job_id = runner.start(replace(order, tunes=window.session.model))
    learns(runner, job_id, qtbot)
    QTest.mouseClick(window.jobs.cards[job_id].keep, LEFT)
    runner.keep(job_id)
    qtbot.waitUntil(lambda: runner.jobs[job_id].has_ended, timeout=20000)
    assert runner.jobs[job_id].status == "done"
    assert window.banner.offer.text() == "Compare on this video"
    words = improve_order(window.session, tmp_path / "x.session", model).arguments
    assert words[words.index("--model") + 1] == str(model)
    assert "--no-refine" in words  # the tuned student alone is compared


def test_what_a_stopping_job_says() -> None:
    assert "kept" in Job(1, "Train", "stopping").progress_text
    assert Job(1, "Train", "stopping").ended(0).status == "done"
    assert orders.CHECKPOINT.endswith(".safetensors")


def test_escape_closes_the_dialog(window: MainWindow, qtbot: QtBot) -> None:
    dialog = ask_train(window, Path("fox.glb"))
    assert dialog.paths() == (Path("fox.glb"),)
    QTest.keyClick(dialog, Qt.Key.Key_Escape)
    assert not dialog.isVisible()
    key(window, Qt.Key.Key_K)


def test_curves_of_a_run_show_what_is_held_out(tmp_path: Path) -> None:
    """Rows of a run's log; the last one is half written."""
    log = tmp_path / "log.jsonl"
    assert rows_of(log) == []
    rows = [{"step": 50 * k, "total": 9.0 - k} for k in range(1, 5)]
    rows[1]["check_total"], rows[3]["check_total"] = 8.5, 8.0
    rows.append({"step": 250, "total": float("nan")})
    log.write_text("\n".join(json.dumps(row) for row in rows) + '\n{"step": 3', encoding="utf-8")
    learning, held_out = curves_of(rows_of(log), "total")
    assert (learning.name, held_out.name) == ("learning", "held out")
    assert learning.values.tolist() == [8.0, 7.0, 6.0, 5.0]
    assert held_out.steps.tolist() == [100.0, 200.0]
    assert curves_of(rows_of(log), "iou") == []


TELLS = """
import json, time
for step, iou in ((0, 0.6), (20, 0.7), (40, 0.72)):
    print(json.dumps({"event": "measure", "step": step, "check_iou": iou}), flush=True)
"""


def test_the_card_of_a_training_draws_its_curve(window: MainWindow, qtbot: QtBot) -> None:
    window.show_jobs()
    runner = window.session.jobs
    order = JobOrder("Adapt", (), figure="iou", program=(sys.executable, "-c", TELLS))
    job_id = runner.start(order)
    chart = window.jobs.cards[job_id].chart
    assert chart.isHidden()
    qtbot.waitUntil(lambda: runner.jobs[job_id].has_ended, timeout=20000)
    assert chart.isVisible()
    assert [curve.name for curve in chart.curves] == ["held out"]
    assert chart.accessibleDescription() == "held out 0.72"
    drawn = pixels(chart.grab().toImage())
    assert (np.abs(drawn - (233, 161, 59)).max(-1) < 30).sum() > 20  # the line, in its colour
