"""The command line's writer: for people, for logs and for programs."""

import io
import json
from pathlib import Path

import numpy as np
import pytest

from core.progress import Writer, clock_text


class Terminal(io.StringIO):
    """A stream that claims to be a terminal."""

    def isatty(self) -> bool:
        return True


class Clock:
    """Time that passes when told."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


def writer(is_json: bool = False, is_terminal: bool = False) -> tuple[Writer, Clock]:
    clock = Clock()
    stderr = Terminal() if is_terminal else io.StringIO()
    return Writer(is_json, io.StringIO(), stderr, clock), clock


def events(out: Writer) -> list[dict]:
    return [json.loads(line) for line in out._out.getvalue().splitlines()]


def test_lines_go_to_stdout_and_complaints_to_stderr() -> None:
    out, _ = writer()
    out.line("the answer")
    out.warn("a doubt")
    out.fail("the end")
    assert out._out.getvalue() == "the answer\n"
    assert out._err.getvalue() == "a doubt\nthe end\n"


def test_json_gives_one_object_a_line() -> None:
    out, _ = writer(is_json=True)
    out.line("hello")
    out.progress("drawing", 1, 4)
    out.result({"path": Path("a.mp4"), "ms": np.float32(1.5), "box": np.array([1, 2])})
    assert [event["event"] for event in events(out)] == ["message", "progress", "result"]
    assert events(out)[2] == {"event": "result", "path": "a.mp4", "ms": 1.5, "box": [1, 2]}


def test_json_failure_is_an_event_and_a_sentence() -> None:
    out, _ = writer(is_json=True)
    out.fail("No camera.")
    assert events(out) == [{"event": "error", "text": "No camera."}]
    assert out._err.getvalue() == "No camera.\n"


def test_people_get_no_result_object() -> None:
    out, _ = writer()
    out.result({"fps": 3})
    assert out._out.getvalue() == ""


def test_progress_tells_the_time_left() -> None:
    out, clock = writer(is_json=True)
    out.progress("fit", 0, 10)
    clock.now_s = 4.0
    out.progress("fit", 4, 10)
    assert events(out)[1]["left_s"] == pytest.approx(6.0)


def test_progress_is_throttled_but_the_last_step_is_always_told() -> None:
    out, _ = writer(is_json=True)
    for done in range(101):
        out.progress("fit", done, 100)
    assert [event["done"] for event in events(out)] == [0, 100]


def test_terminal_line_moves_and_ends() -> None:
    out, clock = writer(is_terminal=True)
    for done in range(3):
        clock.now_s = float(done)
        out.progress("drawing", done, 2)
    text = out._err.getvalue()
    assert text.count("\n") == 1
    assert text.endswith("\n")
    assert "100% (2/2) in 0:02" in text.split("\r")[-1]


def test_a_sentence_wipes_the_moving_line() -> None:
    out, _ = writer(is_terminal=True)
    out.progress("drawing", 1, 2)
    out.warn("low light")
    assert out._err.getvalue().split("\r")[-1] == "low light\n"


def test_log_hears_of_short_stages_once() -> None:
    out, clock = writer()
    for done in range(5):
        clock.now_s = done * 1.0
        out.progress("drawing", done, 4)
    assert out._err.getvalue() == "drawing 100% (4/4) in 0:04\n"


def test_unknown_total_counts_up() -> None:
    out, _ = writer(is_terminal=True)
    out.progress("recording", 7, None)
    assert out._err.getvalue() == "\rrecording 7"


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.2, "0:00"), (59.6, "1:00"), (125, "2:05"), (3725, "1:02:05")]
)
def test_clock_text(seconds: float, text: str) -> None:
    assert clock_text(seconds) == text
