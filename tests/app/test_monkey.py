"""A monkey at the session: whatever is done in whatever order, nothing breaks and nothing stays.

The committed run is short; `--run-slow` lets the monkey play for thousands of actions.
"""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from types import MappingProxyType
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)
from PySide6.QtCore import QCoreApplication, QEventLoop
from pytestqt.qtbot import QtBot

from app.edits import Preset
from app.look import DISPLAY_MODES
from app.session import Session
from app.stage import scene_of
from app.take_curves import go_to_worst, root_yaw_rad, take_sigmas
from render.view import OrbitCamera
from tests.app.fakes import CODES, FRAMES, fake_services

SIGMAS = st.floats(-9, 9)
BOXES = st.sampled_from([(10.0, 10.0, 90.0, 90.0), (0.0, 0.0, 160.0, 120.0)])
MODES = [mode for mode, _ in DISPLAY_MODES]
SOURCES = st.sampled_from(["fake.mp4", "camera:0", "notes.txt"])


class Monkey(RuleBasedStateMachine):
    """Each rule is something a person can do; invariants hold after each."""

    actions = 0
    """Done by all monkeys so far."""

    @initialize()
    def start(self) -> None:
        self.folder = TemporaryDirectory()
        place = Path(self.folder.name) / "presets.json"
        self.patches = [patch("app.editor.presets_path", lambda: place)]
        for one in self.patches:
            one.start()
        self.session = Session(fake_services())
        self.session.recorder.folder = Path(self.folder.name)
        self.session.recorder._timer.setInterval(5)
        self.errors: list[BaseException] = []
        self.session.failed.connect(lambda title, error: self.errors.append(error))
        self.session.load_model("dog")
        self.session.open("fake.mp4")
        self.let_pass(60)

    def let_pass(self, ms: int = 2) -> None:
        QCoreApplication.processEvents(QEventLoop.ProcessEventsFlag.AllEvents, ms)

    def teardown(self) -> None:
        if hasattr(self, "session"):
            self.session.close()
            self.let_pass()
            assert self.session.inference.isFinished()
            assert self.session.capture is None
            assert not self.session._workers or all(w.isFinished() for w in self.session._workers)
            for one in self.patches:
                one.stop()
            self.folder.cleanup()

    # Sources and models.

    @rule(text=SOURCES)
    def open(self, text: str) -> None:
        self.session.open(text)
        self.let_pass(10)

    @rule()
    def close_source(self) -> None:
        self.session.close_source()

    @rule()
    def cancel(self) -> None:
        self.session.cancel_opening()

    @rule(name=st.sampled_from(["dog", "cat"]))
    def load(self, name: str) -> None:
        self.session.load_model(name)
        self.let_pass(5)

    @rule(strength=st.floats(0, 3))
    def smooth(self, strength: float) -> None:
        self.session.set_smoothing(strength)

    # Playing.

    @rule(frame=st.integers(-5, FRAMES + 5))
    def seek(self, frame: int) -> None:
        self.session.transport.seek(frame)
        self.let_pass()

    @rule(what=st.sampled_from(["toggle", "pause", "seek_first", "seek_last", "resume"]))
    def play(self, what: str) -> None:
        getattr(self.session.transport, what)()

    @rule(step=st.integers(-10, 10))
    def step(self, step: int) -> None:
        self.session.transport.step(step)

    @rule(direction=st.sampled_from([-1, 1]))
    def shuttle(self, direction: int) -> None:
        self.session.transport.shuttle(direction)
        go_to_worst(self.session, direction)

    @rule(clear=st.booleans())
    def range(self, clear: bool) -> None:
        self.session.editor.set_in(clear)
        self.session.editor.set_out(not clear)

    @rule()
    def record(self) -> None:
        self.session.recorder.toggle()
        self.let_pass(10)

    # Editing.

    @rule(component=st.integers(0, CODES - 1), sigma=SIGMAS)
    def slide(self, component: int, sigma: float) -> None:
        self.session.editor.begin_gesture()
        self.session.editor.set_sigma(component, sigma)
        self.session.editor.set_sigma(component, sigma / 2)
        self.session.editor.end_gesture()

    @rule(what=st.sampled_from(["reset", "random", "mirror", "key_frame", "clear_key"]))
    def pose(self, what: str) -> None:
        getattr(self.session.editor, what)()

    @rule(is_frozen=st.booleans())
    def freeze(self, is_frozen: bool) -> None:
        self.session.editor.set_frozen(is_frozen)

    @rule(component=st.integers(0, CODES - 1), is_locked=st.booleans())
    def lock(self, component: int, is_locked: bool) -> None:
        self.session.editor.set_lock(component, is_locked)

    @rule(name=st.sampled_from(["sit", "run", " "]))
    def keep(self, name: str) -> None:
        self.session.editor.save_preset(name)

    @rule(part=st.floats(0, 1))
    def blend(self, part: float) -> None:
        presets = self.session.editor.presets_here()
        other = Preset("other", "dog", (0.5,) * CODES)
        if presets:
            self.session.editor.blend(presets[0], other, part)
            self.session.editor.apply_preset(presets[-1])
            self.session.editor.delete_preset(presets[0].name)

    @rule(box=BOXES)
    def prompt(self, box: tuple) -> None:
        self.session.editor.prompt(box)

    @rule(is_before=st.booleans())
    def improve(self, is_before: bool) -> None:
        store = self.session.store
        better = {} if store is None else {one.frame_index: one for one in store.results()}
        self.session.editor.improve(MappingProxyType(better))
        self.session.set_look(shows_before=is_before, has_difference=is_before)

    @rule()
    def revert(self) -> None:
        self.session.editor.revert()

    @rule(component=st.integers(0, CODES - 1), sigma=SIGMAS)
    def undo_within_a_drag(self, component: int, sigma: float) -> None:
        self.session.editor.begin_gesture()
        self.session.editor.set_sigma(component, sigma)
        self.session.editor.undo()
        self.session.editor.set_sigma(component, -sigma)
        self.session.editor.end_gesture()

    @rule(mode=st.sampled_from(MODES), camera=st.sampled_from(["orbit", "input"]), on=st.booleans())
    def look(self, mode: str, camera: str, on: bool) -> None:
        self.session.set_look(mode=mode, camera=camera, has_ghosts=on)

    @rule(segmenter=st.sampled_from(["fake", "other"]))
    def segment(self, segmenter: str) -> None:
        self.session.set_segmenter(segmenter)

    @rule()
    def stop_recording(self) -> None:
        self.session.recorder.cancel()
        self.session.editor.mark_saved()

    @rule(first=st.integers(0, 40), length=st.integers(0, 60))
    def write(self, first: int, length: int) -> None:
        """What an export would take."""
        results = self.session.editor.results(first, first + length)
        frames = [one.frame_index for one in results]
        assert frames == sorted(set(frames))
        assert all(first <= frame <= first + length for frame in frames)

    @rule()
    def draw(self) -> None:
        """What the viewport would draw, in whatever state."""
        scene = scene_of(self.session, OrbitCamera())
        assert all(np.isfinite(body.root_to_world).all() for body in scene.bodies)

    @rule()
    def undo(self) -> None:
        self.session.editor.undo()

    @rule()
    def redo(self) -> None:
        self.session.editor.redo()

    @rule()
    def undo_and_redo_cancel(self) -> None:
        editor = self.session.editor
        if not editor.history.past:  # no precondition: what threads do must not steer the drawing
            return
        before = editor._now()
        editor.undo()
        editor.redo()
        after = editor._now()
        assert (after.locks, after.keys, after.prompts) == (
            before.locks, before.keys, before.prompts
        )  # fmt: skip

    @rule(ms=st.integers(1, 20))
    def wait(self, ms: int) -> None:
        self.let_pass(ms)

    # What always holds.

    @invariant()
    def holds(self) -> None:
        Monkey.actions += 1
        if not hasattr(self, "session"):
            return
        session = self.session
        result = session.result()
        if result is not None:
            assert np.isfinite(result.joint_rotations).all()
        if session.facts is not None and session.facts.frame_count is not None:
            assert 0 <= session.frame_index < session.facts.frame_count
        if session.model is not None:
            assert len(session.explore.sigmas) == CODES
        play = session.transport.state
        if play.in_frame is not None and play.out_frame is not None:
            assert play.in_frame <= play.out_frame
        assert take_sigmas(session).ndim == 2
        assert root_yaw_rad(session).ndim == 1
        for error in self.errors:
            assert type(error).__module__ == "core.errors", repr(error)


@pytest.fixture
def quiet(qtbot: QtBot, qapp: object) -> Iterator[None]:
    with qtbot.captureExceptions() as raised:
        yield
    assert raised == []


def play(examples: int, steps: int) -> None:
    run_state_machine_as_test(
        Monkey,
        settings=settings(
            max_examples=examples, stateful_step_count=steps, deadline=None,
            suppress_health_check=list(HealthCheck), database=None,
        ),
    )  # fmt: skip


def test_a_monkey_breaks_nothing(quiet: None) -> None:
    play(examples=3, steps=45)


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_a_monkey_breaks_nothing_in_thousands_of_actions(quiet: None) -> None:
    Monkey.actions = 0
    play(examples=140, steps=80)
    assert Monkey.actions > 10_000
