"""A batch of videos: what it takes, what its table says, and that a kill costs nothing."""

import csv
import io
import json
import random
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from app.commands.batch import do_jobs, in_processes, job_options
from app.commands.batch_child import Stop, reconstruct_in_child
from app.commands.batch_journal import BatchJournal, csv_bytes, parquet_bytes
from app.commands.batch_plan import BatchJob, planned
from app.commands.batch_row import BatchRow, failed_row
from core.errors import ExplainedError
from core.progress import Writer
from tests.made_batch import make_session, pretend

ROOT = Path(__file__).resolve().parents[1]
NOTHING = Writer(is_json=True, stdout=io.StringIO())


def videos_in(folder: Path, *names: str) -> list[str]:
    paths = [folder / name for name in names]
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")
    return [str(path) for path in paths]


def test_inputs_become_one_job_a_video(tmp_path: Path) -> None:
    videos_in(tmp_path, "a.mp4", "clips/b.mov", "clips/deep/a.mkv", "clips/notes.txt")
    videos_in(tmp_path, "stills/0.png", "stills/1.png", "clips/x.session/video.mkv", "out/o.mp4")
    out = tmp_path / "out"
    inputs = [str(tmp_path / "a.mp4"), str(tmp_path / "*.mp4"), str(tmp_path)]
    jobs = planned(inputs, out, {})
    names = {Path(job.video).relative_to(tmp_path).as_posix(): job.session.name for job in jobs}
    assert list(names) == ["a.mp4", "clips/b.mov", "clips/deep/a.mkv", "stills"]
    assert names["a.mp4"] == "a.session"
    assert names["stills"] == "stills.session"
    assert names["clips/deep/a.mkv"].startswith("a-")  # the plain name is taken
    again = planned(inputs[::-1], out, {job.video: job.session.name for job in jobs})
    assert {job.video: job.session for job in again} == {job.video: job.session for job in jobs}


@pytest.mark.parametrize("text", ["missing.mp4", "none/*.mp4", "camera:0", "http://a/b.mp4", "."])
def test_what_is_not_there_is_refused(tmp_path: Path, monkeypatch, text: str) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ExplainedError):
        planned([text], tmp_path / "out", {})


def test_a_failure_is_a_row_and_the_rest_goes_on(tmp_path: Path) -> None:
    jobs = planned(videos_in(tmp_path, "a.mp4", "bad.mp4", "c.mp4"), tmp_path / "out", {})
    with BatchJournal(tmp_path / "out", {}, resume=False) as journal:
        outcome = do_jobs(jobs, journal, pretend, NOTHING)
    assert [row.video for row in outcome.failed] == [jobs[1].video]
    with (tmp_path / "out" / "results.csv").open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [row["state"] for row in rows] == ["done", "failed", "done"]
    assert rows[1]["error"] == "There is no video in it."
    assert (rows[0]["frames"], rows[0]["session"]) == ("3", "a.session")
    assert float(rows[0]["covered"]) == pytest.approx(2 / 3, abs=1e-6)
    assert float(rows[0]["confidence"]) == pytest.approx(0.9)


def test_resuming_does_what_is_missing_and_what_failed(tmp_path: Path) -> None:
    out = tmp_path / "out"
    jobs = planned(videos_in(tmp_path, "a.mp4", "bad.mp4", "c.mp4"), out, {})
    with BatchJournal(out, {"model": "dog"}, resume=False) as journal:
        do_jobs(jobs, journal, pretend, NOTHING)
    with (out / "results.jsonl").open("a") as stream:
        stream.write('{"video": "torn')
    (out / "c.session" / "session.sqlite").write_bytes(b"gone")
    seen: list[str] = []

    def noticing(jobs, tell):
        seen.extend(Path(job.video).name for job in jobs)
        yield from pretend(jobs, tell)

    with BatchJournal(out, {"model": "dog"}, resume=True) as journal:
        outcome = do_jobs(jobs, journal, noticing, NOTHING)
    assert seen == ["bad.mp4", "c.mp4"]
    assert outcome.was_done == 1
    with BatchJournal(out, {"model": "dog"}, resume=True) as journal:
        assert len(journal.rows) == 2
        assert journal.names[jobs[1].video] == "bad.session"


def test_a_batch_is_begun_anew_only_when_told(tmp_path: Path) -> None:
    with BatchJournal(tmp_path, {"model": "dog"}, resume=False) as journal:
        journal.add(BatchRow("a.mp4", "a.session", "failed"), 1.0)
        with pytest.raises(ExplainedError, match="at work"):
            BatchJournal(tmp_path, {"model": "dog"}, resume=True)
    with pytest.raises(ExplainedError, match="--resume"):
        BatchJournal(tmp_path, {"model": "dog"}, resume=False)
    with pytest.raises(ExplainedError, match="other options \\(model\\)"):
        BatchJournal(tmp_path, {"model": "cat"}, resume=True)
    with BatchJournal(tmp_path, {"model": "cat"}, resume=False, overwrite=True) as journal:
        assert not journal.names
    (tmp_path / "file").write_text("")
    with pytest.raises(ExplainedError, match="Cannot write"):
        BatchJournal(tmp_path / "file", {}, resume=False)


def test_parquet_says_what_csv_says(tmp_path: Path) -> None:
    pq = pytest.importorskip("pyarrow.parquet")
    rows = [BatchRow("a.mp4", "a.session", "done", 3, 0.5), failed_row(_job(tmp_path), "No.")]
    (tmp_path / "r.parquet").write_bytes(parquet_bytes(rows) or b"")
    table = pq.read_table(tmp_path / "r.parquet").to_pylist()
    assert [BatchRow.from_values(row) for row in table] == rows
    assert csv_bytes(rows).decode().splitlines()[2].endswith(",No.")


def _job(folder: Path, video: str = "b.mp4") -> BatchJob:
    return BatchJob(video, folder / "b.session")


def test_events_reach_programs_as_lines(tmp_path: Path, capsys) -> None:
    jobs = planned(videos_in(tmp_path, "a.mp4"), tmp_path / "out", {})
    with BatchJournal(tmp_path / "out", {}, resume=False) as journal:
        do_jobs(jobs, journal, pretend, Writer(is_json=True))
    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    kinds = [event["event"] for event in events]
    assert kinds.count("video") == 1
    assert "video_progress" in kinds
    assert events[-1]["stage"] == "batch"


@pytest.fixture
def child_script(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """Children run this instead of the program."""

    def write(text: str) -> None:
        (tmp_path / "main.py").write_text(text)
        monkeypatch.setattr("app.commands.batch_child.ROOT", tmp_path)

    return write


def run_child(job: BatchJob, retries: int = 1) -> BatchRow:
    return reconstruct_in_child(job, (), retries, 1, lambda *_: None, Stop())[0]


def test_a_child_that_crashes_is_tried_again(tmp_path: Path, child_script) -> None:
    make_session(tmp_path / "b.session")
    child_script(
        "import os, pathlib\n"
        f"mark = pathlib.Path({str(tmp_path / 'tried')!r})\n"
        "if not mark.exists():\n"
        "    mark.touch(); os.abort()\n"
    )
    row = run_child(_job(tmp_path))
    assert (row.state, row.frames) == ("done", 3)
    (tmp_path / "tried").unlink()
    row = run_child(_job(tmp_path), retries=0)
    assert row.state == "failed"
    assert "exit code -6" in row.error


def test_a_child_that_explains_itself_is_not_tried_again(tmp_path: Path, child_script) -> None:
    child_script(
        "import sys\n"
        f"open({str(tmp_path / 'tries')!r}, 'a').write('x')\n"
        'print(\'{"event": "error", "text": "It is no video."}\')\n'
        "sys.exit(1)\n"
    )
    row = run_child(_job(tmp_path), retries=5)
    assert row.error == "It is no video."
    assert (tmp_path / "tries").read_text() == "x"


def test_cancelling_ends_the_children(tmp_path: Path, child_script) -> None:
    child_script('import time\nprint(\'{"event": "progress"}\', flush=True)\ntime.sleep(60)\n')
    work = in_processes(lambda job: (), workers=2, retries=3)
    jobs = [BatchJob(f"{name}.mp4", tmp_path / f"{name}.session") for name in "abc"]

    def cancel(*_: object) -> None:
        raise KeyboardInterrupt

    began_s = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        list(work(jobs, cancel))
    assert time.monotonic() - began_s < 30
    assert not [thread for thread in threading.enumerate() if "batch" in thread.name]


def test_options_go_to_the_children(tmp_path: Path) -> None:
    import argparse

    from app.commands.reconstruct import add_arguments

    (tmp_path / "masks" / "b").mkdir(parents=True)
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    argv = ["b.mp4", "-o", str(tmp_path), "--batch", "--masks", str(tmp_path / "masks")]
    told = job_options(parser.parse_args([*argv, "--keep-masks", "--end", "9"]), _job(tmp_path))
    parsed = parser.parse_args(["b.mp4", "-o", "x.session", *told])
    assert (parsed.end, parsed.keep_masks, parsed.masks) == (9, True, tmp_path / "masks" / "b")
    other = job_options(parser.parse_args(argv), _job(tmp_path, "c.mp4"))
    assert "--masks" not in other


KILLED = """
import sys, time
sys.path.insert(0, ".")
from pathlib import Path
from app.commands.batch import do_jobs
from app.commands.batch_journal import BatchJournal
from app.commands.batch_plan import planned
from core.progress import Writer
from tests.made_batch import pretend
out = Path(sys.argv[1])
def slow(jobs, tell):
    for ended in pretend(jobs, tell):
        print("ended", flush=True)
        time.sleep(0.02)
        yield ended
with BatchJournal(out, {}, resume=True) as journal:
    do_jobs(planned(sys.argv[2:], out, journal.names), journal, slow, Writer())
"""


def run_and_kill(out: Path, videos: list[str], rng: random.Random | None) -> int:
    """Run the batch; with `rng`, kill it a moment after some videos have ended."""
    command = [sys.executable, "-c", KILLED, str(out), *videos]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        if rng is not None:
            for _ in range(rng.randrange(1, 3)):
                child.stdout.readline()
            time.sleep(rng.random() * 0.05)
            child.send_signal(signal.SIGKILL)
        child.stdout.read()
        return child.wait()


def test_a_killed_batch_resumes_to_the_same_table(tmp_path: Path) -> None:
    names = [f"{number}.mp4" for number in range(5)] + ["bad.mp4"]
    videos = videos_in(tmp_path / "videos", *names)
    assert run_and_kill(tmp_path / "calm", videos, None) == 0
    rng = random.Random(5)
    for _ in range(2):
        run_and_kill(tmp_path / "killed", videos, rng)
    assert run_and_kill(tmp_path / "killed", videos, None) == 0
    calm, killed = (tmp_path / name / "results.csv" for name in ("calm", "killed"))
    assert killed.read_bytes() == calm.read_bytes()
    assert not list((tmp_path / "killed").glob(".*.session.*"))
