"""Waiting for the processes that draw crops; what they draw has tests of its own."""

import queue
import threading

import pytest

from core.errors import ExplainedError
from training.rig_teacher import Knowledge
from training.synth import pack


class Worker:
    def __init__(self, exitcode: int | None) -> None:
        self.exitcode = exitcode


def test_a_shard_that_is_done_ends_the_wait() -> None:
    done: queue.Queue[int] = queue.Queue()
    done.put(3)
    pack._wait(done, [Worker(None)])
    assert done.empty()


def test_a_dead_worker_is_not_waited_for() -> None:
    class NothingComes:
        def get(self, timeout: float) -> int:
            raise queue.Empty

    with pytest.raises(ExplainedError, match="goes on where it stopped"):
        pack._wait(NothingComes(), [Worker(0), Worker(-9)])


def test_workers_end_with_whoever_started_them(monkeypatch: pytest.MonkeyPatch, tmp_path) -> None:
    """A daemon is ended when its parent ends, cancelled or not; others would be waited for."""
    started = []

    class Context:
        def Queue(self):
            done = queue.Queue()
            for shard in range(2):
                done.put(shard)
            return done

        def Process(self, **kinds):
            started.append(kinds)
            return threading.Thread(target=lambda: None)

    monkeypatch.setattr(pack.mp, "get_context", lambda kind: Context())
    told = []
    job = pack.PackJob((), tmp_path, shard_count=2)
    nothing = object.__new__(Knowledge)  # nobody reads it here
    pack.pack_crops(job, nothing, lambda done, total: told.append((done, total)))
    assert [kinds["daemon"] for kinds in started] == [True, True]
    assert told == [(0, 2), (1, 2), (2, 2)]
