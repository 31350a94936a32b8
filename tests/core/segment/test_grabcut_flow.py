"""A textured ellipse walks over a textured floor: the segmenters must keep hold of it."""

import cv2
import numpy as np
import pytest

from core.frame import Frame
from core.segment.make_segmenter import make_segmenter

SIZE = (240, 180)


def scene(index: int, is_there: bool = True) -> tuple[Frame, np.ndarray]:
    """One frame and the true mask."""
    rng = np.random.default_rng(0)
    floor = cv2.GaussianBlur(rng.integers(60, 140, (180, 240, 3)).astype(np.uint8), (0, 0), 2)
    mask = np.zeros((180, 240), np.uint8)
    if is_there:
        cv2.ellipse(mask, (70 + 3 * index, 95), (38, 24), 0, 0, 360, 255, -1)
    fur = np.zeros_like(floor)
    fur[:] = (196, 120, 60)
    stripes = (np.arange(240)[None] - 3 * index) // 6 % 2 * 30
    fur = np.clip(fur.astype(int) + stripes[..., None], 0, 255).astype(np.uint8)
    rgb = np.where(mask[..., None] > 0, fur, floor)
    return Frame(index, index / 15, rgb), mask


def overlap(ours: np.ndarray, truth: np.ndarray) -> float:
    a, b = ours > 127, truth > 127
    return float((a & b).sum() / max((a | b).sum(), 1))


def follow(name: str, with_box: bool, count: int = 20) -> list[float]:
    segmenter = make_segmenter(name)
    memory, scores = None, []
    for index in range(count):
        frame, truth = scene(index)
        if with_box and index == 0:
            memory = segmenter.prompt(frame, box=(32.0, 71.0, 109.0, 120.0))
        mask, memory = segmenter.segment(frame, memory)
        assert mask.alpha.shape == (180, 240)
        assert 0 <= mask.confidence <= 1
        scores.append(overlap(mask.alpha, truth))
    segmenter.close()
    return scores


def test_from_a_box_the_subject_is_followed() -> None:
    scores = follow("grabcut", with_box=True)
    assert scores[0] > 0.8
    assert min(scores[3:]) > 0.75


def test_a_given_mask_is_followed() -> None:
    segmenter = make_segmenter("grabcut")
    frame, truth = scene(0)
    memory = segmenter.prompt(frame, mask=truth)
    for index in range(1, 10):
        frame, truth = scene(index)
        mask, memory = segmenter.segment(frame, memory)
    assert overlap(mask.alpha, truth) > 0.8


def test_without_a_prompt_the_moving_thing_is_found() -> None:
    assert np.mean(follow("grabcut", with_box=False)[-5:]) > 0.6


def test_after_a_black_beginning_the_subject_is_found() -> None:
    segmenter = make_segmenter("grabcut")
    memory, scores = None, []
    for index in range(10):
        frame, truth = scene(index)
        is_black = index < 3
        if is_black:
            frame = Frame(index, index / 15, np.zeros_like(frame.rgb))
        mask, memory = segmenter.segment(frame, memory)
        if is_black:
            assert not mask.alpha.any()
            assert mask.confidence == 0
        else:
            scores.append(overlap(mask.alpha, truth))
    assert np.mean(scores[-5:]) > 0.6


def test_in_front_of_a_still_camera_the_background_model_finds_it() -> None:
    segmenter = make_segmenter("background")
    memory, scores = None, []
    for index in range(30):
        frame, truth = scene(index, is_there=index > 9)
        mask, memory = segmenter.segment(frame, memory)
        scores.append(overlap(mask.alpha, truth) if index > 9 else float(mask.confidence == 0))
    assert min(scores) > 0.7


def test_a_step_does_not_change_the_memory_it_was_given() -> None:
    segmenter = make_segmenter("grabcut")
    frame, _ = scene(0)
    memory = segmenter.prompt(frame, box=(32.0, 71.0, 109.0, 120.0))
    _, memory = segmenter.segment(frame, memory)
    following, _ = scene(1)
    one, _ = segmenter.segment(following, memory)
    two, _ = segmenter.segment(following, memory)
    np.testing.assert_array_equal(one.alpha, two.alpha)


def test_a_box_beside_the_picture_is_refused() -> None:
    segmenter = make_segmenter("grabcut")
    frame, _ = scene(0)
    with pytest.raises(ValueError, match="box"):
        segmenter.prompt(frame, box=(500.0, 500.0, 600.0, 600.0))
