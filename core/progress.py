"""What a command tells while it works: sentences, progress and one result.

    out = Writer(is_json=options.json)
    out.progress("reconstruct", done, total)
    out.result({"frames": 120, "session": "walk.session"})

For people: text on stdout, progress on stderr (one line that moves, if that is a terminal).
For programs (`--json`): every event is one JSON object on a line of stdout. This class is the only
place of the command line that writes to the streams.
"""

import json
import math
import sys
import time
from collections.abc import Callable, Mapping
from typing import Any, Protocol, runtime_checkable

import numpy as np

BAR_CELLS = 24
REDRAW_S = 0.1
REPEAT_S = 10.0
"""How often progress is repeated where lines cannot move: in logs."""


@runtime_checkable
class Stream(Protocol):
    """The part of a text stream that is used; all of Python's have it."""

    def write(self, text: str, /) -> int: ...
    def flush(self) -> None: ...
    def isatty(self) -> bool: ...


class Writer:
    """Where a command's words go. One thread at a time."""

    def __init__(
        self,
        is_json: bool = False,
        stdout: Stream | None = None,
        stderr: Stream | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Write to the given streams, or to the process's own."""
        self.is_json = is_json
        self._out = stdout or sys.stdout
        self._err = stderr or sys.stderr
        self._clock = clock
        self._stage: str | None = None
        self._began_s = 0.0
        self._shown_s = -math.inf
        self._moving_width = 0

    def line(self, text: str = "") -> None:
        """One line of the answer, on stdout; a `message` event for programs."""
        self._clear()
        if self.is_json:
            self._event("message", {"text": text})
        else:
            self._write(self._out, text + "\n")

    def warn(self, text: str) -> None:
        """A sentence that is not part of the answer, on stderr."""
        self._clear()
        if self.is_json:
            self._event("warning", {"text": text})
        self._write(self._err, text + "\n")

    def fail(self, text: str) -> None:
        """Why the command failed, on stderr; an `error` event for programs."""
        self._clear()
        if self.is_json:
            self._event("error", {"text": text})
        self._write(self._err, text + "\n")

    def progress(self, stage: str, done: int | float, total: int | float | None) -> None:
        """How far a stage is; call it as often as you like.

        Args:
            stage: What is going on, in a word or two.
            done: Units done.
            total: Units in all; None where nobody knows (a live camera).
        """
        now = self._clock()
        moves = not self.is_json and self._err.isatty()
        if stage != self._stage:
            self._clear()
            self._stage, self._began_s = stage, now
            # A log hears of a stage when it takes long or ends, a person and a program at once.
            self._shown_s = -math.inf if moves or self.is_json else now
        is_last = total is not None and done >= total
        wait_s = REDRAW_S if self.is_json or moves else REPEAT_S
        if not is_last and now - self._shown_s < wait_s:
            return
        self._shown_s = now
        self._show(done, total, now - self._began_s, moves)
        if is_last:
            self._end_moving_line()
            self._stage = None

    def event(self, kind: str, values: Mapping[str, Any]) -> None:
        """Something that only programs want to hear of."""
        if self.is_json:
            self._event(kind, values)

    def result(self, values: Mapping[str, Any]) -> None:
        """What came out, for programs; people have read it in lines."""
        self._clear()
        if self.is_json:
            self._event("result", values)

    def _show(
        self, done: int | float, total: int | float | None, elapsed_s: float, moves: bool
    ) -> None:
        left_s = elapsed_s * (total - done) / done if total and done else None
        if self.is_json:
            facts = {"stage": self._stage, "done": done, "total": total}
            self._event("progress", facts | {"elapsed_s": elapsed_s, "left_s": left_s})
            return
        text = f"{self._stage} {_share(done, total, with_bar=moves)}"
        if left_s is not None and done != total:
            text += f", {clock_text(left_s)} left"
        elif done == total:
            text += f" in {clock_text(elapsed_s)}"
        if moves:
            self._write(self._err, "\r" + text.ljust(self._moving_width))
            self._moving_width = len(text)
        else:
            self._write(self._err, text + "\n")

    def _clear(self) -> None:
        """Make room for a line where the moving one stands."""
        if self._moving_width:
            self._write(self._err, "\r" + " " * self._moving_width + "\r")
            self._moving_width = 0

    def _end_moving_line(self) -> None:
        if self._moving_width:
            self._write(self._err, "\n")
            self._moving_width = 0

    def _event(self, kind: str, values: Mapping[str, Any]) -> None:
        text = json.dumps({"event": kind, **values}, default=_plain, allow_nan=False)
        self._write(self._out, text + "\n")

    def _write(self, stream: Stream, text: str) -> None:
        stream.write(text)
        stream.flush()


def clock_text(seconds: int | float) -> str:
    """0:07, 2:05, 1:02:05."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def _share(done: int | float, total: int | float | None, with_bar: bool) -> str:
    if not total:
        return f"{done:g}"
    share = min(1.0, done / total)
    filled = round(share * BAR_CELLS)
    bar = "[" + "#" * filled + "." * (BAR_CELLS - filled) + "] " if with_bar else ""
    return f"{bar}{share:4.0%} ({done:g}/{total:g})"


def _plain(value: Any) -> Any:
    """JSON for what commands hand in: numpy numbers and arrays, paths."""
    if isinstance(value, np.generic | np.ndarray):
        return value.tolist()
    return str(value)
