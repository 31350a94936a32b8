"""Which frame is due."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.playhead import Playhead

TIMES_S = np.array([0.0, 0.1, 0.2, 0.5, 0.6])  # a pause of 0.3 s after frame 2


def playhead(rate: float = 1.0, anchor: int = 0, loops: bool = True, **ends: int) -> Playhead:
    first, last = ends.get("first", 0), ends.get("last", 4)
    return Playhead(TIMES_S, first, last, anchor, 100.0, rate, loops)


@pytest.mark.parametrize(
    ("after_s", "frame"), [(0, 0), (0.05, 0), (0.1, 1), (0.21, 2), (0.49, 2), (0.5, 3), (0.65, 4)]
)
def test_frames_are_due_by_their_time_stamps(after_s: float, frame: int) -> None:
    assert playhead().wanted(100 + after_s) == frame


def test_double_speed_halves_the_wait() -> None:
    assert playhead(rate=2).wanted(100.25) == 3
    assert playhead(rate=2).wait_s(0, 100.0) == pytest.approx(0.05)


def test_backwards_shows_the_frames_in_reverse() -> None:
    one = playhead(rate=-1, anchor=4, loops=False)
    seen = [one.wanted(100 + t) for t in np.arange(0, 0.6, 0.02)]
    frames = [frame for frame in seen if frame is not None]
    assert frames == sorted(frames, reverse=True)
    assert set(frames) == {0, 1, 2, 3, 4}


def test_a_range_that_does_not_loop_runs_out() -> None:
    assert playhead(first=1, last=2, anchor=1, loops=False).wanted(101.0) is None


def test_a_loop_stays_inside_its_range() -> None:
    one = playhead(first=1, last=3, anchor=1)
    seen = {one.wanted(100 + t) for t in np.arange(0, 5, 0.03)}
    assert seen == {1, 2, 3}


@given(st.floats(0, 1000), st.sampled_from([0.1, 1, 8, -1, -8]), st.integers(0, 4))
def test_what_is_due_is_always_a_frame(after_s: float, rate: float, anchor: int) -> None:
    one = playhead(rate=rate, anchor=anchor)
    frame = one.wanted(100 + after_s)
    assert frame is not None
    assert 0 <= frame <= 4
    assert 0.001 <= one.wait_s(frame, 100 + after_s) <= 0.25
