"""The batch over Ray: refused in a sentence without it, a lost machine is a row; real on demand."""

import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from app.commands import batch_ray
from app.commands.batch_plan import BatchJob
from app.commands.batch_ray import on_ray
from app.commands.batch_row import BatchRow
from core.errors import ExplainedError


class LostError(Exception):
    """What Ray raises when a worker is gone."""


class PretendRay:
    """Runs tasks when they are asked for, the last one first; its methods are Ray's."""

    exceptions = SimpleNamespace(RayError=LostError)

    def __init__(self) -> None:
        self.told: dict = {}
        self.is_shut_down = False

    def remote(self, **told):
        self.told = told
        return lambda task: SimpleNamespace(remote=lambda *given: (task, given))

    def wait(self, waiting, num_returns):
        return [waiting[-1]], waiting[:-1]

    def get(self, ended):
        task, given = ended
        if "lost" in given[0].video:
            raise LostError("worker died\nwith a long story")
        return task(*given)

    def shutdown(self) -> None:
        self.is_shut_down = True


def jobs_of(folder: Path, *videos: str) -> list[BatchJob]:
    return [BatchJob(video, folder / f"{video}.session") for video in videos]


def test_every_video_gets_its_row(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ray = PretendRay()
    monkeypatch.setattr(batch_ray, "_started", lambda address, workers: ray)
    monkeypatch.setattr(
        batch_ray,
        "_reconstruct",
        lambda job, options, retries: (BatchRow(job.video, job.session.name, "done"), 1.0),
    )
    work = on_ray(lambda job: ("--end", "3"), "local", 2, retries=4)
    ended = list(work(jobs_of(tmp_path, "a", "lost", "c"), lambda *_: None))
    assert [job.video for job, _, _ in ended] == ["c", "lost", "a"]
    assert [row.state for _, row, _ in ended] == ["done", "failed", "done"]
    assert ended[1][1].error == "Its machine was lost (worker died)."
    assert ray.told["max_retries"] == 4
    assert ray.is_shut_down


def test_nothing_to_do_starts_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch_ray, "_started", lambda *_: pytest.fail("Ray was started"))
    assert list(on_ray(lambda job: (), "local", None, 1)([], lambda *_: None)) == []


def test_without_ray_it_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    monkeypatch.setattr(batch_ray.os, "environ", {})
    work = on_ray(lambda job: (), "local", None, 1)
    with pytest.raises(ExplainedError, match="Ray is not installed"):
        list(work(jobs_of(tmp_path, "a"), lambda *_: None))


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # Ray's own
def test_ray_reconstructs_for_real(tmp_path: Path) -> None:
    pytest.importorskip("ray")
    import subprocess

    from tests.made_clip import write_clip

    for name in ("a", "b", "c"):
        write_clip(tmp_path / "clips" / f"{name}.mp4", 3)
    (tmp_path / "clips" / "bad.mp4").write_text("no video")
    root = Path(__file__).resolve().parents[1]
    command = [sys.executable, "main.py", "reconstruct", str(tmp_path / "clips"), "--batch"]
    done = subprocess.run(
        [*command, "--ray", "-o", str(tmp_path / "out")], cwd=root, check=False, timeout=600
    )
    assert done.returncode == 1
    rows = (tmp_path / "out" / "results.csv").read_text().splitlines()
    assert [row.split(",")[2] for row in rows[1:]] == ["done", "failed", "done", "done"]
