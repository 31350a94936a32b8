"""Clips of raw videos: what is kept, what is refused, what is checked."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

import main
from core.errors import ExplainedError, SourceError
from tests.training.prepare.made_pictures import (
    STEP_PX,
    disc_masks,
    disc_pictures,
    write_pictures,
)
from training.prepare.flow import flow_pair, there_and_back, there_and_back_reference
from training.prepare.mask_checks import filled, mask_problems
from training.prepare.prepared_clip import prepared_folders, read_prepared


def prepared(tmp_path: Path, frames: int = 6, masks: np.ndarray | None = None) -> int:
    video = write_pictures(tmp_path / "disc", disc_pictures(frames))
    write_pictures(tmp_path / "masks", disc_masks(frames) if masks is None else masks)
    command = ["prepare", str(video), "-o", str(tmp_path / "clips"), "--fps", "200"]
    return main.main([*command, "--masks", str(tmp_path / "masks")])


def test_a_clip_has_pictures_masks_flow_and_intrinsics(tmp_path: Path) -> None:
    assert prepared(tmp_path) == 0
    [folder] = prepared_folders(tmp_path / "clips")
    clip = read_prepared(folder)
    assert np.abs(clip.rgb.astype(int) - disc_pictures(6)).max() <= 1
    assert np.array_equal(clip.alphas, disc_masks(6))
    assert clip.is_usable.all()
    assert clip.flow.forward.shape == (5, 72, 96, 2)
    assert clip.K[0, 0] == pytest.approx(48 / np.tan(np.deg2rad(27.5)))
    inside = cv2.erode(clip.alphas[0], np.ones((13, 13), np.uint8)) > 0
    assert np.median(clip.flow.forward[0][inside], 0) == pytest.approx([STEP_PX, 0], abs=0.3)
    assert np.median(clip.flow.backward[0][inside], 0) == pytest.approx([-STEP_PX, 0], abs=0.8)
    assert (folder / "contact.png").is_file()


def test_an_edited_mask_is_read_and_a_deleted_one_is_empty(tmp_path: Path) -> None:
    prepared(tmp_path)
    folder = tmp_path / "clips" / "disc"
    (folder / "masks" / "00002.png").unlink()
    edited = np.zeros((72, 96), np.uint8)
    edited[10:60, 10:50] = 255
    assert cv2.imwrite(str(folder / "masks" / "00003.png"), edited)
    clip = read_prepared(folder)
    assert np.array_equal(clip.alphas[3], edited)
    assert clip.problems[2] == "empty"
    assert not clip.is_usable[2]


def test_a_box_on_a_later_frame_starts_the_outline_over(tmp_path: Path) -> None:
    pictures = disc_pictures(6)
    cv2.circle(stack := np.zeros((72, 96), np.uint8), (79, 36), 15, 1, -1)
    pictures[:, stack > 0] = (200, 60, 60)
    video = write_pictures(tmp_path / "disc", pictures)
    boxes = ["--box", "10,16,52,56", "--box", "disc@3=62,19,96,53"]
    command = ["prepare", str(video), "-o", str(tmp_path / "clips"), "--fps", "200"]
    assert main.main([*command, "--segmenter", "grabcut", *boxes]) == 0
    masks = read_prepared(tmp_path / "clips" / "disc").alphas > 0
    middle = [float(np.nonzero(mask)[1].mean()) for mask in masks]
    assert max(middle[:3]) < 50
    assert min(middle[3:]) > 65


def test_a_clip_that_is_there_is_kept(tmp_path: Path) -> None:
    prepared(tmp_path)
    facts = tmp_path / "clips" / "disc" / "clip.json"
    before = facts.stat().st_mtime_ns
    command = ["prepare", str(tmp_path / "disc"), "-o", str(tmp_path / "clips")]
    assert main.main(command) == 0
    assert facts.stat().st_mtime_ns == before


@pytest.mark.parametrize("kind", ["one frame", "no mask", "empty masks", "two sizes"])
def test_what_cannot_be_a_clip_is_refused_in_one_sentence(
    tmp_path: Path, kind: str, capsys: pytest.CaptureFixture[str]
) -> None:
    if kind == "one frame":
        code = prepared(tmp_path, frames=1)
    elif kind == "empty masks":
        code = prepared(tmp_path, masks=np.zeros((6, 72, 96), np.uint8))
    elif kind == "no mask":  # of a flat picture nobody can guess a subject
        video = write_pictures(tmp_path / "flat", np.full((4, 72, 96, 3), 90, np.uint8))
        code = main.main(["prepare", str(video), "-o", str(tmp_path / "clips"), "--fps", "200"])
    else:
        video = write_pictures(tmp_path / "mixed", disc_pictures(4))
        assert cv2.imwrite(str(video / "00002.png"), np.zeros((40, 40, 3), np.uint8))
        code = main.main(["prepare", str(video), "-o", str(tmp_path / "clips"), "--fps", "200"])
    error = capsys.readouterr().err.strip().splitlines()[-1]
    assert code == 1
    assert error.endswith(".")
    assert "Something went wrong" not in error
    assert not list((tmp_path / "clips").glob("*")) if (tmp_path / "clips").exists() else True


@pytest.mark.parametrize(
    "options",
    [
        ["--box", "other=1,2,3,4"],
        ["--box", "5,5,1,1"],
        ["--size", "7"],
        ["--stroke", "12,4"],
        ["--box", "disc@x=1,2,3,4"],
    ],
)
def test_wrong_options_are_explained(tmp_path: Path, options: list[str]) -> None:
    video = write_pictures(tmp_path / "disc", disc_pictures(3))
    assert main.main(["prepare", str(video), "-o", str(tmp_path / "clips"), *options]) == 1
    assert not (tmp_path / "clips").exists()


def test_a_damaged_clip_is_refused(tmp_path: Path) -> None:
    prepared(tmp_path)
    folder = tmp_path / "clips" / "disc"
    (folder / "flow.npz").write_bytes(b"nonsense")
    with pytest.raises(SourceError, match="prepare it again"):
        read_prepared(folder)
    facts = json.loads((folder / "clip.json").read_text())
    (folder / "clip.json").write_text(json.dumps(facts | {"schema_version": 99}))
    with pytest.raises(ExplainedError, match="99"):
        read_prepared(folder)
    with pytest.raises(SourceError, match="no prepared clips"):
        prepared_folders(tmp_path / "masks")


def test_there_and_back_agrees_with_its_twin() -> None:
    rng = np.random.default_rng(1)
    there, back = rng.integers(-3, 4, (2, 9, 12, 2)).astype(np.float32)
    assert np.allclose(there_and_back(there, back), there_and_back_reference(there, back))


def test_flow_of_noise_is_believed_less() -> None:
    rng = np.random.default_rng(2)
    first, second = rng.integers(0, 255, (2, 64, 64, 3), np.uint8)
    still = flow_pair(first, first)
    noise = flow_pair(first, second)
    assert still.forward_confidence.mean() > 0.95
    assert noise.forward_confidence.mean() < 0.85
    assert (noise.forward_confidence == 0).any()


def test_masks_are_checked() -> None:
    masks = disc_masks(9)
    masks[2] = 0
    masks[4, :, 40:] = 255  # leaks into the background
    masks[6, 30:40, 40:52] = 0  # a hole
    masks[8, 4:14, 4:30] = 255  # a second piece
    assert mask_problems(masks) == ["", "", "empty", "", "leak", "", "hole", "", "pieces"]
    ring = np.zeros((7, 7), bool)
    ring[1:6, 1:6] = True
    ring[3, 3] = False
    assert filled(ring).sum() == 25
