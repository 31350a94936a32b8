"""The crop follows the mask; a lost subject is noticed and found again."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.results import Mask
from core.track import SIZE_SLACK, Track, box_of_mask, cut_sides, follow


def mask_of(*boxes: tuple[int, int, int, int], confidence: float = 1.0) -> Mask:
    alpha = np.zeros((240, 320), np.uint8)
    for x0, y0, x1, y1 in boxes:
        alpha[y0:y1, x0:x1] = 255
    return Mask(alpha, confidence)


def run(masks: list[Mask], step_s: float = 0.1) -> list[Track]:
    tracks: list[Track] = []
    for number, mask in enumerate(masks):
        tracks.append(follow(tracks[-1] if tracks else None, mask, number * step_s))
    return tracks


@given(st.integers(0, 300), st.integers(0, 220), st.integers(4, 200), st.integers(4, 200))
def test_box_is_tight(x: int, y: int, width: int, height: int):
    x1, y1 = min(x + width, 320), min(y + height, 240)
    assert box_of_mask(mask_of((x, y, x1, y1)).alpha) == (x, y, x1, y1)


def test_no_subject_no_box():
    assert box_of_mask(np.zeros((240, 320), np.uint8)) is None
    assert box_of_mask(np.full((240, 320), 127, np.uint8)) is None


def test_far_specks_do_not_count_but_near_and_big_parts_do():
    body = (100, 80, 180, 140)
    assert box_of_mask(mask_of(body, (300, 10, 306, 16)).alpha) == body
    assert box_of_mask(mask_of(body, (186, 90, 196, 100)).alpha) == (100, 80, 196, 140)
    assert box_of_mask(mask_of(body, (240, 80, 290, 130)).alpha) == (100, 80, 290, 140)


def test_a_single_stray_pixel_row_does_not_count():
    assert box_of_mask(mask_of((100, 80, 200, 160), (200, 100, 203, 101)).alpha) == (
        100,
        80,
        200,
        160,
    )


def test_sides_at_the_border_are_named():
    box = (0.0, 50.0, 320.0, 239.0)
    assert cut_sides(box, mask_of().alpha) == ("left", "right", "bottom")
    assert run([mask_of((0, 50, 90, 100))])[0].cut_sides == ("left",)


def test_crop_follows_without_lag():
    tracks = run([mask_of((10 + 20 * k, 50, 60 + 20 * k, 100)) for k in range(10)])
    for number, track in enumerate(tracks):
        assert track.crop_box is not None
        x0, y0, x1, y1 = track.crop_box
        assert ((x0 + x1) / 2, (y0 + y1) / 2) == pytest.approx((35 + 20 * number, 75))
        assert x1 - x0 == pytest.approx(y1 - y0)


def test_size_is_smoothed_but_never_far_off():
    masks = [mask_of((100, 100, 150 + 8 * (k % 2), 150)) for k in range(20)]
    sides = [track.crop_box[2] - track.crop_box[0] for track in run(masks) if track.crop_box]
    assert np.ptp(sides[4:]) < 4
    grown = run([mask_of((100, 100, 150, 150)), mask_of((100, 20, 260, 180))])[1].crop_box
    assert grown is not None
    assert grown[2] - grown[0] == pytest.approx(160 / SIZE_SLACK)


def test_smoothing_goes_by_time_not_by_frames():
    def side_after(frames: int) -> float:
        masks = [mask_of((100, 100, 200, 200))] + [mask_of((100, 100, 208, 200))] * frames
        crop_box = run(masks, step_s=0.3 / frames)[-1].crop_box
        assert crop_box is not None
        return crop_box[2] - crop_box[0]

    assert side_after(1) == pytest.approx(side_after(10), abs=1e-6)


def test_lost_after_a_while_and_found_again_with_hysteresis():
    good, poor, empty = (
        mask_of((50, 50, 90, 90)),
        mask_of((50, 50, 90, 90), confidence=0.3),
        mask_of(),
    )
    tracks = run([good, empty, empty, empty, empty, poor, good, poor])
    assert [track.is_lost for track in tracks] == [0, 0, 0, 1, 1, 1, 0, 0]
    assert tracks[4].crop_box == tracks[0].crop_box
    assert tracks[4].box is None
    assert tracks[4].seen_s == 0.0
    assert tracks[-1].seen_s == pytest.approx(0.7)


def test_never_seen_is_lost_from_the_start():
    track = follow(None, mask_of(), 0.0)
    assert track.is_lost
    assert track.crop_box is None
    assert follow(track, mask_of((5, 5, 50, 50), confidence=0.35), 0.1).is_lost


def test_a_jump_of_place_after_a_loss_starts_a_fresh_size():
    tracks = run([mask_of((50, 50, 60, 60)), *[mask_of()] * 5, mask_of((100, 50, 250, 200))])
    assert tracks[-1].crop_box == (100.0, 50.0, 250.0, 200.0)


def test_time_running_backwards_is_a_mistake_of_the_caller():
    track = follow(None, mask_of((5, 5, 50, 50)), 1.0)
    with pytest.raises(ValueError, match="comes before"):
        follow(track, mask_of(), 0.5)
