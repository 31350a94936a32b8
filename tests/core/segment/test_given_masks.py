"""Masks survive the disk, and frames without one are handed on."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import SegmentError
from core.frame import Frame
from core.segment.background import BackgroundSegmenter
from core.segment.given_masks import GivenMasks
from core.segment.make_segmenter import SEGMENTERS, make_segmenter
from core.segment.mask_set import open_masks, save_masks
from core.segment.segmenter import Points, Segmenter


def a_frame(index: int, width_px: int = 30, height_px: int = 20) -> Frame:
    return Frame(index, index / 10, np.full((height_px, width_px, 3), 90, np.uint8))


def a_mask(number: int, width_px: int = 30, height_px: int = 20) -> np.ndarray:
    alpha = np.zeros((height_px, width_px), np.uint8)
    alpha[3:9, number : number + 7] = 255
    return alpha


def write_png(path: Path, image: np.ndarray) -> None:
    path.write_bytes(cv2.imencode(".png", image)[1].tobytes())


@given(st.integers(1, 33), st.integers(1, 17), st.integers(0, 4))
def test_packed_masks_survive_the_disk(width: int, height: int, count: int):
    from tempfile import TemporaryDirectory

    random = np.random.default_rng(width * 100 + height)
    alphas = random.integers(0, 2, (count, height, width), dtype=np.uint8) * np.uint8(255)
    numbers = random.permutation(1000)[:count]
    with TemporaryDirectory() as folder:
        path = Path(folder) / "masks.npz"
        save_masks(path, numbers, alphas)
        assert [file.name for file in Path(folder).iterdir()] == ["masks.npz"]
        masks = open_masks(path)
    assert masks.frame_index == tuple(sorted(numbers.tolist()))
    assert masks.read(1000) is None
    for number, alpha in zip(numbers.tolist(), alphas, strict=True):
        np.testing.assert_array_equal(masks.read(number), alpha)


def test_the_last_digits_of_a_name_are_the_frame(tmp_path: Path):
    for name in ("00012.png", "dog_shiba_haru_06_343.png", "clip2_frame7.png"):
        write_png(tmp_path / name, a_mask(len(name)))
    (tmp_path / "readme.txt").write_text("5")
    write_png(tmp_path / "cover.png", a_mask(0))
    masks = open_masks(tmp_path)
    assert masks.frame_index == (7, 12, 343)
    np.testing.assert_array_equal(masks.read(12), a_mask(len("00012.png")))


def test_two_masks_of_one_frame_are_refused_unless_a_clip_is_named(tmp_path: Path):
    write_png(tmp_path / "cat_07_5.png", a_mask(1))
    write_png(tmp_path / "dog_06_5.png", a_mask(2))
    write_png(tmp_path / "dog_06_snow_5.png", a_mask(3))
    with pytest.raises(SegmentError, match="both masks of frame 5"):
        open_masks(tmp_path)
    np.testing.assert_array_equal(open_masks(tmp_path, clip="dog_06").read(5), a_mask(2))


@pytest.mark.parametrize(
    "encode",
    [
        lambda alpha: alpha,
        lambda alpha: alpha // 255,
        lambda alpha: alpha.astype(np.uint16) * 257,
        lambda alpha: np.dstack([alpha * 0, alpha * 0, alpha // 2]),
        lambda alpha: np.dstack([alpha * 0 + 255] * 3 + [alpha]),
        lambda alpha: np.dstack([alpha] * 3 + [alpha * 0 + 255]),
    ],
    ids=["grey", "labels", "16 bit", "palette", "alpha channel", "opaque"],
)
def test_kinds_of_png(encode, tmp_path: Path):
    write_png(tmp_path / "0.png", encode(a_mask(4)))
    np.testing.assert_array_equal(open_masks(tmp_path).read(0), a_mask(4))


def test_an_all_black_mask_means_no_subject(tmp_path: Path):
    write_png(tmp_path / "0.png", a_mask(0) * 0)
    mask, _ = GivenMasks(tmp_path).segment(a_frame(0), None)
    assert mask.confidence == 0
    assert not mask.alpha.any()


def test_frames_without_a_mask_are_not_covered(tmp_path: Path):
    write_png(tmp_path / "3.png", a_mask(3))
    segmenter = GivenMasks(tmp_path)
    memory = segmenter.prompt(a_frame(2))
    mask, memory = segmenter.segment(a_frame(2), memory)
    assert (mask.confidence, mask.alpha.shape, mask.alpha.any()) == (0.0, (20, 30), False)
    mask, memory = segmenter.segment(a_frame(3), memory)
    assert mask.confidence == 1
    np.testing.assert_array_equal(mask.alpha, a_mask(3))


class Recorder:
    """A fallback that says what it was asked."""

    name = "recorder"

    def __init__(self) -> None:
        self.asked: list[tuple] = []

    def prompt(self, frame, box=None, points=None, mask=None):
        self.asked.append(("prompt", frame.index, box if mask is None else int(mask.sum() // 255)))
        return BackgroundSegmenter().prompt(frame, box, points, mask)

    def segment(self, frame, memory):
        self.asked.append(("segment", frame.index, memory is not None))
        return BackgroundSegmenter().segment(frame, memory)

    def close(self) -> None:
        self.asked.append(("close",))


def test_the_fallback_starts_from_the_last_given_mask(tmp_path: Path):
    write_png(tmp_path / "2.png", a_mask(3))
    fallback = Recorder()
    segmenter = GivenMasks(tmp_path, fallback=fallback)
    memory = segmenter.prompt(a_frame(0), box=(1.0, 1.0, 9.0, 9.0))
    for index in range(5):
        _, memory = segmenter.segment(a_frame(index), memory)
    segmenter.close()
    assert fallback.asked == [
        ("prompt", 0, (1.0, 1.0, 9.0, 9.0)),
        ("segment", 0, True),
        ("segment", 1, True),
        ("prompt", 2, 42),
        ("segment", 3, True),
        ("segment", 4, True),
        ("close",),
    ]


def test_masks_of_a_smaller_copy_fit_and_others_are_refused(tmp_path: Path):
    write_png(tmp_path / "0.png", a_mask(3))
    mask, _ = GivenMasks(tmp_path).segment(a_frame(0, 60, 40), None)
    assert mask.alpha.shape == (40, 60)
    assert (mask.alpha > 127).mean() == pytest.approx((a_mask(3) > 0).mean(), abs=0.01)
    with pytest.raises(SegmentError, match="is 30x20, but the video is 60x20"):
        GivenMasks(tmp_path).segment(a_frame(0, 60, 20), None)


def damaged_npz(path: Path, **changes: object) -> Path:
    arrays = {
        "packed": np.zeros((2, 75), np.uint8),
        "shape": np.array([2, 20, 30]),
        "frame_index": np.array([0, 1]),
    }
    arrays.update(changes)
    np.savez(path, **{name: array for name, array in arrays.items() if array is not None})
    return path


@pytest.mark.parametrize(
    "changes",
    [
        {"packed": None},
        {"packed": np.zeros((2, 74), np.uint8)},
        {"packed": np.zeros((2, 75), np.float64)},
        {"shape": np.array([2, 20])},
        {"shape": np.array([2, -20, -30])},
        {"frame_index": np.array([1, 1])},
        {"frame_index": np.array([1])},
    ],
    ids=str,
)
def test_damaged_packed_masks_are_refused(changes: dict, tmp_path: Path):
    with pytest.raises(SegmentError, match=r"masks\.npz"):
        open_masks(damaged_npz(tmp_path / "masks.npz", **changes))


def test_what_is_no_mask_is_refused(tmp_path: Path):
    with pytest.raises(SegmentError, match="no masks at"):
        open_masks(tmp_path / "absent")
    with pytest.raises(SegmentError, match="holds no masks"):
        open_masks(tmp_path)
    (tmp_path / "a.npz").write_text("text")
    with pytest.raises(SegmentError, match="not a file of masks"):
        open_masks(tmp_path / "a.npz")
    (tmp_path / "0.png").write_bytes(b"broken")
    with pytest.raises(SegmentError, match=r"0\.png is damaged"):
        open_masks(tmp_path).read(0)


def test_registry(tmp_path: Path):
    write_png(tmp_path / "0.png", a_mask(1))
    assert next(iter(SEGMENTERS)) == "auto"
    for name in ("auto", "grabcut", "background"):
        segmenter = make_segmenter(name)
        assert isinstance(segmenter, Segmenter)
        assert segmenter.name == ("grabcut" if name == "auto" else name)  # no model, no finder
    masks = make_segmenter("masks", path=tmp_path, fallback="background")
    assert masks.name == "masks"
    with pytest.raises(ValueError, match="there are auto, grabcut, background, masks"):
        make_segmenter("sam")


def test_points_and_labels_must_match():
    with pytest.raises(ValueError, match="2 points, 1 labels"):
        Points(np.zeros((2, 2)), (True,))
