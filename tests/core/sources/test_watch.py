"""A camera's day, told as a script of frames and silences."""

import numpy as np

from core.sources.watch import FeedHealth, FeedWatch, frame_hash


def run(script: list[tuple[float, int | None]]) -> list[FeedHealth]:
    """Feed (time, frame hash); None stands for a look at the clock without a frame."""
    watch = FeedWatch(started_s=0.0, stall_after_s=1.0, freeze_after_s=1.0)
    said = []
    for time_s, content in script:
        if content is None:
            watch, health = watch.after_wait(time_s)
        else:
            watch, health = watch.after_frame(time_s, content)
        said.append(health)
    return said


def test_a_good_feed_is_live():
    assert run([(0.1 * k, k) for k in range(30)]) == ["live"] * 30


def test_silence_is_a_stall_and_the_first_new_frame_resumes():
    script = [(0.0, 1), (0.9, None), (1.0, None), (5.0, None), (6.0, 2), (6.1, 3), (6.2, None)]
    said = ["live", "live", "stalled", "stalled", "resumed", "live", "live"]
    assert run(script) == said


def test_a_feed_that_never_begins_is_a_stall():
    assert run([(0.5, None), (1.0, None), (1.2, 7)]) == ["live", "stalled", "resumed"]


def test_identical_frames_are_a_freeze_though_they_keep_coming():
    script = [(0.1 * k, 5) for k in range(12)] + [(1.2, 6), (1.3, 7)]
    assert run(script) == ["live"] * 10 + ["frozen"] * 2 + ["resumed", "live"]


def test_a_freeze_that_falls_silent_becomes_a_stall():
    script = [(0.0, 5), (1.0, 5), (1.5, None), (2.0, None), (2.5, 5), (2.6, 8)]
    assert run(script) == ["live", "frozen", "frozen", "stalled", "frozen", "resumed"]


def test_short_repeats_are_normal():
    assert run([(0.0, 1), (0.3, 1), (0.6, 1), (0.9, 2), (1.2, 2), (1.6, 2)]) == ["live"] * 6


def test_the_same_old_picture_after_a_stall_is_no_resumption():
    assert run([(0.0, 1), (1.1, None), (1.15, 1)])[-1] == "frozen"


def test_the_hash_sees_a_small_change():
    rgb = np.random.default_rng(0).integers(0, 256, (48, 64, 3), dtype=np.uint8)
    other = rgb.copy()
    other[8, 9, 1] ^= 1
    assert frame_hash(rgb) == frame_hash(rgb.copy())
    assert frame_hash(rgb) != frame_hash(other)
