"""With a finder that sees red things, a red ellipse is found, kept, lost and found again."""

import cv2
import numpy as np
import pytest

from core.frame import Frame
from core.segment.auto import AutoSegmenter
from core.segment.finder import FoundSubject, SubjectFinder, seen_size
from core.segment.found_outline import outline_of, overlap

FLOOR = np.random.default_rng(0).integers(60, 140, (180, 240, 3)).astype(np.uint8)
FLOOR = cv2.GaussianBlur(FLOOR, (0, 0), 2)


def red_network(picture: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Logits by redness, at a quarter of the picture's size."""
    red = picture[0, 0] - picture[0, 1:].mean(0)
    rows, columns = red.shape[0] // 4, red.shape[1] // 4
    small = cv2.resize(red, (columns, rows), interpolation=cv2.INTER_AREA)
    mask = 20 * (small - 0.25)
    is_there = np.float32(6 if (mask > 0).sum() > 20 else -6)
    return mask[None].astype(np.float32), np.array([is_there])


def scene(index: int, centre: tuple[int, int] | None) -> tuple[Frame, np.ndarray]:
    truth = np.zeros((180, 240), np.uint8)
    if centre is not None:
        cv2.ellipse(truth, centre, (38, 24), 0, 0, 360, 255, -1)
    rgb = np.where(truth[..., None] > 0, np.array([196, 60, 50], np.uint8), FLOOR)
    return Frame(index, index / 15, rgb), truth > 0


def segmenter() -> AutoSegmenter:
    return AutoSegmenter(SubjectFinder(red_network))


def test_finds_and_outlines_without_a_prompt() -> None:
    frame, truth = scene(0, (150, 100))
    mask, _ = segmenter().segment(frame, None)
    assert overlap(mask.alpha > 127, truth) > 0.9
    assert mask.confidence > 0.3


def test_nothing_there_is_nothing_found_until_it_comes() -> None:
    auto = segmenter()
    memory = None
    for index in range(3):
        mask, memory = auto.segment(scene(index, None)[0], memory)
        assert not mask.alpha.any()
        assert mask.confidence == 0
    frame, truth = scene(3, (90, 90))
    mask, memory = auto.segment(frame, memory)
    assert overlap(mask.alpha > 127, truth) > 0.9


def test_is_found_again_elsewhere_after_it_was_lost() -> None:
    auto, memory = segmenter(), None
    places = [(60, 60)] * 4 + [None] * 6 + [(180, 120)] * 6
    for index, place in enumerate(places):
        frame, truth = scene(index, place)
        mask, memory = auto.segment(frame, memory)
    assert overlap(mask.alpha > 127, truth) > 0.8


def test_a_wrong_start_is_given_up() -> None:
    """The finder sees the subject elsewhere than what is carried on: twice in a row is enough."""
    auto = segmenter()
    frame, truth = scene(0, (150, 100))
    wrong = np.zeros((180, 240), np.uint8)
    cv2.ellipse(wrong, (45, 40), (30, 20), 0, 0, 360, 255, -1)
    told = auto.prompt(frame, mask=wrong)
    memory = told
    for index in range(1, 12):
        frame, truth = scene(index, (150, 100))
        mask, memory = auto.segment(frame, memory)
    assert overlap(mask.alpha > 127, truth) < 0.3, "a person's word counts while it is not lost"
    _, memory = auto.segment(scene(0, (45, 40))[0], None)
    for index in range(1, 12):
        frame, truth = scene(index, (170, 120))  # another one; the first has vanished at a cut
        mask, memory = auto.segment(frame, memory)
    assert overlap(mask.alpha > 127, truth) > 0.8


def test_what_a_first_look_missed_is_taken_in_while_it_is_young() -> None:
    """Hindquarters of another colour that the finder sees from its second look on."""

    def two_coloured(index: int) -> tuple[Frame, np.ndarray]:
        frame, truth = scene(index, (120, 90))
        rear = truth & (np.arange(240) > 132)
        rgb = np.where(rear[..., None], np.array([50, 70, 200], np.uint8), frame.rgb)
        return Frame(index, frame.time_s, rgb), rear

    def coverage(sees_rear_from: int, frames: int) -> list[float]:
        looks = 0

        def network(picture: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
            nonlocal looks
            mask, presence = red_network(picture)
            if looks >= sees_rear_from:
                mask = np.maximum(mask, red_network(picture[:, ::-1])[0])
            looks += 1
            return mask, presence

        auto, memory, seen = AutoSegmenter(SubjectFinder(network)), None, []
        for index in range(frames):
            frame, rear = two_coloured(index)
            mask, memory = auto.segment(frame, memory)
            seen.append(float((mask.alpha > 127)[rear].mean()))
        return seen

    early = coverage(sees_rear_from=1, frames=10)
    assert early[0] < 0.3
    assert early[-1] > 0.9
    assert coverage(sees_rear_from=99, frames=10)[-1] < 0.3, "it does not grow by itself"


def test_the_same_frame_gives_the_same_mask() -> None:
    auto = segmenter()
    frame, _ = scene(0, (100, 100))
    first, memory = auto.segment(frame, None)
    again, _ = auto.segment(frame, memory)
    assert np.array_equal(first.alpha, again.alpha)


def test_box_outside_the_frame_is_refused() -> None:
    with pytest.raises(ValueError, match="outside"):
        segmenter().prompt(scene(0, None)[0], box=(500.0, 10.0, 600.0, 50.0))


@pytest.mark.parametrize(
    ("size", "seen"),
    [((480, 640), (256, 320)), ((1080, 1920), (192, 320)), ((640, 360), (320, 192))],
)
def test_the_frame_is_seen_nearly_in_its_shape(size, seen) -> None:
    assert seen_size(*size) == seen


def test_only_the_surest_blob_is_the_subject() -> None:
    logits = np.full((20, 30), -5, np.float32)
    logits[2:10, 2:10] = 4
    logits[15:17, 20:22] = 1
    found = FoundSubject(logits, 1.0, (120, 80))
    assert found.subject.sum() == 64
    assert found.box == (8.0, 8.0, 40.0, 40.0)
    assert found.alpha.shape == (80, 120)
    assert abs((found.alpha > 0).sum() - 32 * 32) < 200


def test_nothing_found_has_no_box() -> None:
    found = FoundSubject(np.full((8, 10), -3, np.float32), 0.0, (40, 32))
    assert found.box is None
    frame = Frame(0, 0.0, np.zeros((32, 40, 3), np.uint8))
    assert not outline_of(frame, found).any()


def test_the_finders_word_is_evidence_where_colours_cannot_tell() -> None:
    """A grey subject on grey ground: what the finder says decides."""
    from core.segment.grabcut_flow import GrabCutFlow

    rgb = np.random.default_rng(1).integers(90, 110, (120, 160, 3)).astype(np.uint8)
    start = np.zeros((120, 160), np.uint8)
    start[40:80, 40:80] = 255
    logits = np.full((30, 40), -6, np.float32)
    logits[10:20, 10:25] = 6  # it reaches further to the right than was thought
    found = FoundSubject(logits, 1.0, (160, 120))
    flow = GrabCutFlow()
    grown = []
    for word in (None, found):
        memory = flow.prompt(Frame(0, 0.0, rgb), mask=start)
        for index in range(1, 6):
            mask, memory = flow.segment(Frame(index, index / 15, rgb), memory, word)
        grown.append(int((mask.alpha[44:76, 80:84] > 127).sum()))
    assert grown[1] > grown[0] + 40


def test_a_box_around_what_the_finder_sees_gives_its_outline() -> None:
    frame, truth = scene(0, (150, 100))
    auto = segmenter()
    mask, _ = auto.segment(frame, auto.prompt(frame, box=(110.0, 74.0, 190.0, 126.0)))
    assert overlap(mask.alpha > 127, truth) > 0.9
    elsewhere, _ = auto.segment(frame, auto.prompt(frame, box=(10.0, 10.0, 90.0, 60.0)))
    assert overlap(elsewhere.alpha > 127, truth) == 0  # a person knows better
