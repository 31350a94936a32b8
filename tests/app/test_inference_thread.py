"""The inference thread by itself: what it carries from frame to frame."""

import time

import pytest
from pytestqt.qtbot import QtBot

from app.capture_thread import facts_of
from app.inference_thread import Assignment, InferenceThread
from app.mailbox import Latest
from app.ports import Reconstructor
from app.result_store import ResultStore
from app.take import Shot, Shown
from core.frame import Frame
from tests.app.fakes import FRAMES, FakeModel, FakeReconstructor, FakeSource, fake_frame


class Recording(FakeReconstructor):
    """Remembers with which memory each frame was stepped."""

    def __init__(self) -> None:
        super().__init__(FakeModel())
        self.steps: list[tuple[int, tuple[int, ...]]] = []

    def step(self, frame: Frame, memory: tuple[int, ...]):  # type: ignore[no-untyped-def]
        self.steps.append((frame.index, memory))
        return super().step(frame, memory)


class Bench:
    """A thread with a recording pipeline, fed frame by frame."""

    def __init__(self, qtbot: QtBot, has_fill: bool = False) -> None:
        self.pipeline, self.store = Recording(), ResultStore(FRAMES)
        self.inbox: Latest[Shot] = Latest()
        self.thread = InferenceThread(self.inbox)
        self.shown: list[Shown] = []
        self.thread.produced.connect(self.shown.append)
        self._qtbot = qtbot
        source = FakeSource()
        self.thread.assign(
            Assignment(
                1, facts_of(source, "fake.mp4"), lambda w, h: self.pipeline, self.store,
                (lambda text: FakeSource()) if has_fill else None,
            )
        )  # fmt: skip
        self.thread.start()

    def feed(self, index: int, take_id: int = 1) -> None:
        before = len(self.shown)
        self.inbox.put(Shot(fake_frame(index), time.perf_counter(), 0.0, take_id))
        if take_id == 1:
            self._qtbot.waitUntil(lambda: len(self.shown) > before)

    def stop(self) -> None:
        self.thread.stop()
        assert self.thread.wait(3000)


@pytest.fixture
def bench(qtbot: QtBot):  # type: ignore[no-untyped-def]
    one = Bench(qtbot)
    yield one
    one.stop()


def test_memory_goes_from_frame_to_frame(bench: Bench) -> None:
    for index in (0, 1, 2):
        bench.feed(index)
    assert bench.pipeline.steps == [(0, ()), (1, (0,)), (2, (0, 1))]
    assert bench.store.is_final(2)


def test_a_short_gap_is_carried_over_but_is_not_final(bench: Bench) -> None:
    bench.feed(0)
    bench.feed(4)
    assert bench.pipeline.steps[-1] == (4, (0,))
    assert not bench.store.is_final(4)


def test_a_jump_starts_at_the_nearest_known_box(bench: Bench) -> None:
    bench.feed(0)
    box = bench.store.get(0).box
    bench.feed(25)
    assert bench.pipeline.steps[-1] == (25, (-1 - round(box[0]),))
    bench.feed(80)
    assert bench.pipeline.steps[-1] == (80, ())


def test_what_is_known_is_not_made_again(bench: Bench) -> None:
    for index in (0, 1, 0):
        bench.feed(index)
    assert [index for index, _ in bench.pipeline.steps] == [0, 1]
    assert [shown.was_cached for shown in bench.shown] == [False, False, True]


def test_a_prompt_counts_even_if_its_frame_was_dropped(bench: Bench) -> None:
    bench.thread.set_prompt(0, (41.0, 30.0, 80.0, 90.0))
    bench.feed(3)
    bench.feed(4)
    assert bench.pipeline.steps == [(3, (-42,)), (4, (-42, 3))]


def test_shots_of_a_closed_source_are_thrown_away(bench: Bench) -> None:
    bench.feed(7, take_id=9)
    bench.feed(0)
    assert [shown.frame.index for shown in bench.shown] == [0]


def test_the_fill_goes_through_the_video_once(qtbot: QtBot) -> None:
    bench = Bench(qtbot, has_fill=True)
    bench.feed(0)
    qtbot.waitUntil(lambda: bench.store.first_missing() is None, timeout=5000)
    bench.stop()
    assert [index for index, _ in bench.pipeline.steps] == list(range(FRAMES))
    assert bench.pipeline.steps[1] == (1, (0,))


def test_a_failing_pipeline_is_told_and_frames_go_on(qtbot: QtBot) -> None:
    bench = Bench(qtbot)
    errors: list[Exception] = []
    bench.thread.failed.connect(errors.append)

    def broken(frame: Frame, memory: object) -> Reconstructor:
        raise RuntimeError("broken on purpose")

    bench.pipeline.step = broken  # type: ignore[method-assign, assignment]
    bench.feed(0)
    bench.feed(1)
    bench.stop()
    assert [str(error) for error in errors] == ["broken on purpose"]
    assert [shown.result for shown in bench.shown] == [None, None]


def test_a_fill_that_was_due_is_dropped_when_a_live_source_comes(qtbot: QtBot) -> None:
    """The order may change between asking whether to fill and filling; a monkey found it."""
    bench = Bench(qtbot, has_fill=True)
    errors: list[Exception] = []
    bench.thread.failed.connect(errors.append)
    live = facts_of(FakeSource(is_live=True), "camera:0")
    for take_id in range(2, 40):
        bench.thread.assign(Assignment(take_id, live, lambda w, h: bench.pipeline, None))
        recorded = facts_of(FakeSource(), "fake.mp4")
        bench.thread.assign(
            Assignment(
                take_id, recorded, lambda w, h: bench.pipeline, ResultStore(FRAMES),
                lambda text: FakeSource(),
            )
        )  # fmt: skip
        qtbot.wait(3)
        bench.thread.assign(Assignment(take_id, live, lambda w, h: bench.pipeline, None))
        qtbot.wait(3)
    bench.stop()
    assert errors == []
