"""Everything a person edits, with undo: the pose in the sliders, keyed codes, the subject's boxes,
the range, presets.

editor.set_sigma(2, 1.5)        # Undo PC 3
editor.key_frame(); editor.undo(); editor.redo()
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from PySide6.QtCore import QObject, Signal

from app.edits import (
    NOTHING,
    Edits,
    KeyedCode,
    Preset,
    with_key,
    with_preset,
    without_key,
    without_preset,
)
from app.explore import ExploreState, blended
from app.history import History, Step
from app.mirrored_pose import mirrored_code
from app.preset_file import presets_path, read_presets, write_presets
from core.errors import ExplainedError
from core.results import Box, FrameResult

if TYPE_CHECKING:
    from app.session import Session

PAUSE_S = 0.8
"""Nudges of the same slider that follow each other faster are one step."""


class Editor(QObject):
    """Owned by the session; every change that can be undone goes through it.

    Signals:
        changed(): Sliders, locks, keys, presets or the history changed.
    """

    changed = Signal()

    def __init__(self, session: "Session") -> None:
        super().__init__(session)
        self._session = session
        self.explore = ExploreState()
        self.locks: frozenset[int] = frozenset()
        self.keys: tuple[KeyedCode, ...] = ()
        self.prompts: tuple[tuple[int, Box], ...] = ()
        self.improved: Mapping[int, FrameResult] = NOTHING
        self._improved_store: object = None
        self.presets = read_presets(presets_path())
        self.history: History[Edits] = History()
        self.saved = self._now()
        """As it was when it was last saved."""
        self._is_held = False
        self._is_grown = False
        self._last_s = 0.0
        self._rng = np.random.default_rng()

    # History.

    def _now(self) -> Edits:
        play = self._session.transport.state
        pose = self.explore if self.explore.is_frozen else None
        return Edits(
            pose, self.locks, self.keys, self.prompts, play.in_frame, play.out_frame, self.presets,
            self.improved,
        )  # fmt: skip

    def _edit(self, name: str, change: Callable[[], object], merges: bool = False) -> None:
        """Do something and remember how to take it back."""
        before, now_s = self._now(), time.monotonic()
        change()
        is_same = self._is_grown if self._is_held else now_s - self._last_s < PAUSE_S
        self.history = self.history.recorded(Step(name, before, self._now()), merges and is_same)
        self._is_grown, self._last_s = True, now_s
        self.changed.emit()

    def begin_gesture(self) -> None:
        """The mouse went down on a slider: until it comes up all is one step."""
        self._is_held, self._is_grown = True, False

    def end_gesture(self) -> None:
        """The mouse came up; the next edit is a new step."""
        self._is_held, self._last_s = False, 0.0

    def undo(self) -> None:
        """Take the last step back."""
        if self.history.past:
            self.history, state = self.history.undone()
            self._restore(state)

    def redo(self) -> None:
        """Do the last undone step again."""
        if self.history.future:
            self.history, state = self.history.redone()
            self._restore(state)

    def start_take(
        self, keys: tuple[KeyedCode, ...] = (), prompts: tuple[tuple[int, Box], ...] = ()
    ) -> None:
        """Another source or model: keys, boxes and steps belonged to the old one."""
        self.keys, self.prompts, self.history = keys, prompts, History()
        self.improved = NOTHING
        self.saved = self._now()
        self.changed.emit()

    def mark_saved(self) -> None:
        """The take was written with its keys."""
        self.saved = self._now()
        self.changed.emit()

    @property
    def is_unsaved(self) -> bool:
        """Keys, boxes or improvements were made since the take was opened or saved."""
        is_improved = self.improved is not self.saved.improved
        return is_improved or (self.keys, self.prompts) != (self.saved.keys, self.saved.prompts)

    def _restore(self, state: Edits) -> None:
        self._last_s = 0.0
        self.locks, self.keys, self.improved = state.locks, state.keys, state.improved
        if state.presets != self.presets:
            self._keep_presets(state.presets)
        self._session.transport.set_range(state.in_frame, state.out_frame)
        if state.prompts != self.prompts:
            self._put_prompts(state.prompts)
        self._set_pose(state.pose)
        self.changed.emit()

    # The pose in the sliders.

    @property
    def _model(self) -> Any:
        return self._session.model

    def _set_pose(self, pose: ExploreState | None) -> None:
        """Show a pose of the sliders, or follow the video again."""
        if self._model is None:
            return
        if pose is None:
            self.follow()
        elif pose != self.explore:
            self.explore = pose
        self._session.explore_changed.emit()
        self._session.shown_changed.emit()

    def follow(self) -> None:
        """Bring the sliders in line with the frame shown; no step, nothing is drawn."""
        model, result = self._model, self._session.frame_result()
        if model is None:
            return
        if result is None:
            self.explore = replace(
                ExploreState((0.0,) * len(model.latent.variance_share)), is_frozen=False
            )
        else:
            self.explore = ExploreState.of(model.latent, result.codes.articulation)

    def _pose(self, name: str, pose: ExploreState | None, merges: bool = False) -> None:
        if self._model is not None:
            self._edit(name, lambda: self._set_pose(pose), merges)

    def set_sigma(self, component: int, sigma: float) -> None:
        """Move a slider; the pose is then the sliders', until they follow again."""
        self.set_sigmas({component: sigma}, f"PC {component + 1}")

    def set_sigmas(self, sigmas: dict[int, float], name: str) -> None:
        """Move some sliders together, except locked ones."""
        pose = self.explore
        for component, sigma in sigmas.items():
            if component not in self.locks and component < len(pose.sigmas):
                pose = pose.with_sigma(component, sigma)
        self._pose(name, pose if pose.is_frozen else None, merges=True)

    def show_pose(self, pose: ExploreState) -> None:
        """Put the sliders back after a preview; no step."""
        self._set_pose(pose if pose.is_frozen else None)

    def preview(self, sigmas: tuple[float, ...]) -> None:
        """Show a pose for a moment of a sweep; no step."""
        self._set_pose(ExploreState(sigmas, True))

    def reset(self) -> None:
        """The mean pose."""
        self._pose("mean pose", self.explore.reset(self.locks))

    def random(self) -> None:
        """A pose drawn from the training motions."""
        self._pose("random pose", self.explore.random(self._rng, self.locks))

    def mirror(self) -> None:
        """Left and right change places."""
        model = self._model
        if model is None:
            return
        code = mirrored_code(model, self.explore.code(model.latent))
        sigmas = tuple(float(sigma) for sigma in model.latent.sigmas_of(code))
        self._pose("mirrored pose", self.explore.with_all(sigmas, self.locks))

    def set_frozen(self, is_frozen: bool) -> None:
        """Keep the shown pose in the sliders, or let them follow the video again."""
        frozen = replace(self.explore, is_frozen=True)
        self._pose("freeze" if is_frozen else "follow", frozen if is_frozen else None)

    def set_lock(self, component: int, is_locked: bool) -> None:
        """Let reset, random, mirror and presets leave a slider alone."""
        new = self.locks | {component} if is_locked else self.locks - {component}
        verb = "lock" if is_locked else "unlock"
        self._edit(f"{verb} PC {component + 1}", lambda: setattr(self, "locks", new))

    # Presets.

    def presets_here(self) -> tuple[Preset, ...]:
        """Those of the loaded model."""
        return tuple(one for one in self.presets if one.model_name == self._session.model_title)

    def save_preset(self, name: str) -> None:
        """Keep the sliders under a name."""
        model_name = self._session.model_title
        if self._model is not None and model_name is not None and name.strip():
            new = Preset(name.strip(), model_name, self.explore.sigmas)
            presets = with_preset(self.presets, new)
            self._edit(f"preset {new.name}", lambda: self._keep_presets(presets))

    def delete_preset(self, name: str) -> None:
        """Forget a preset."""
        presets = without_preset(self.presets, name)
        self._edit(f"delete preset {name}", lambda: self._keep_presets(presets))

    def apply_preset(self, preset: Preset) -> None:
        """Put a preset into the sliders."""
        if len(preset.sigmas) == len(self.explore.sigmas):
            pose = self.explore.with_all(preset.sigmas, self.locks)
            self._pose(f"apply {preset.name}", pose)

    def blend(self, one: Preset, other: Preset, part: float) -> None:
        """Put something between two presets into the sliders."""
        if len(one.sigmas) == len(other.sigmas) == len(self.explore.sigmas):
            sigmas = blended(one.sigmas, other.sigmas, part)
            pose = self.explore.with_all(sigmas, self.locks)
            self._pose(f"blend {one.name} and {other.name}", pose, merges=True)

    def _keep_presets(self, presets: tuple[Preset, ...]) -> None:
        self.presets = presets
        try:
            write_presets(presets_path(), presets)
        except ExplainedError as error:
            self._session.failed.emit("The preset is kept only until the window closes", error)

    # Keyed codes: a person's word on single frames, kept apart from what was predicted.

    @property
    def can_key(self) -> bool:
        """A frame of a recorded video is shown, and the sliders hold a pose."""
        has_frame = self._session.shown is not None and self._session.transport.can_scrub
        return has_frame and self._model is not None

    def key_frame(self) -> None:
        """Write the sliders' pose into the frame shown; the sliders follow again."""
        if not self.can_key:
            return
        frame = self._session.frame_index
        code = tuple(float(value) for value in self.explore.code(self._model.latent))
        self._edit(
            f"key at frame {frame}",
            lambda: self._put_keys(with_key(self.keys, KeyedCode(frame, code))),
        )

    def clear_key(self) -> None:
        """Let the frame shown be as it was predicted."""
        frame = self._session.frame_index
        if self.key_at(frame) is not None:
            self._edit(
                f"clear key at frame {frame}",
                lambda: self._put_keys(without_key(self.keys, frame)),
            )

    def key_at(self, frame: int) -> KeyedCode | None:
        """The key of a frame, if it has one."""
        return next((key for key in self.keys if key.frame == frame), None)

    def _put_keys(self, keys: tuple[KeyedCode, ...]) -> None:
        self.keys = keys
        self._set_pose(None)

    def improve(self, results: Mapping[int, FrameResult], name: str = "improve") -> None:
        """Put these in place of the first results."""

        def put() -> None:
            self.improved, self._improved_store = results, self._session.store
            self._set_pose(None)

        self._edit(name, put)

    def revert(self) -> None:
        """Back to the first results."""
        if self.improved:
            self.improve(NOTHING, "revert")

    def better(self, result: FrameResult) -> FrameResult:
        """The improved result of a frame, if there is one; with the mask that was found first.

        What was improved is out of date once the first results were made anew.
        """
        is_valid = self._improved_store is self._session.store
        found = self.improved.get(result.frame_index) if is_valid else None
        return result if found is None else replace(found, mask=result.mask, box=result.box)

    def edited(self, result: FrameResult) -> FrameResult:
        """What is shown of a frame: improved unless the person compares, and with its key."""
        return self.keyed(result if self._session.look.shows_before else self.better(result))

    def keyed(self, result: FrameResult) -> FrameResult:
        """A frame's result with its key, if it has one, in place of the predicted code."""
        key = self.key_at(result.frame_index)
        if key is None or self._model is None:
            return result
        code = np.array(key.code)
        codes = replace(result.codes, articulation=code)
        return replace(result, joint_rotations=self._model.joint_rotations(code), codes=codes)

    def results(self, first: int = 0, last: int | None = None) -> list[FrameResult]:
        """Results of a range (both ends inclusive) with the keys in them: what exports write."""
        store = self._session.store
        if store is None:
            return []
        last = store.frame_count - 1 if last is None else last
        return [
            self.keyed(self.better(one))
            for one in store.results()
            if first <= one.frame_index <= last
        ]

    # The subject and the range.

    def prompt(self, box: Box) -> None:
        """Say what the subject is, from the frame shown on."""
        session = self._session
        if session.shown is None:
            return
        if session.shown_is_live:  # what has passed cannot be seen again
            session.inference.set_prompt(session.frame_index, box)
            return
        frame = session.frame_index
        others = tuple(one for one in self.prompts if one[0] != frame)
        self._edit("subject", lambda: self._prompt(frame, box, (*others, (frame, box))))

    def _prompt(self, frame: int, box: Box, prompts: tuple[tuple[int, Box], ...]) -> None:
        self.prompts, self.improved = prompts, NOTHING
        self._session.inference.set_prompt(frame, box)
        self._session.show_again()

    def _put_prompts(self, prompts: tuple[tuple[int, Box], ...]) -> None:
        changed = {frame for frame, _ in set(prompts) ^ set(self.prompts)}
        self.prompts = prompts
        self._session.inference.replace_prompts(dict(prompts), min(changed))
        self._session.show_again()

    def set_in(self, clear: bool = False) -> None:
        """Let the range begin at the frame shown, or at the start."""
        self._edit("range start", lambda: self._session.transport.set_in(clear))

    def set_out(self, clear: bool = False) -> None:
        """Let the range end at the frame shown, or at the end."""
        self._edit("range end", lambda: self._session.transport.set_out(clear))
