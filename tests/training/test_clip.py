"""Clips come back as they were written, and bad ones are refused with a sentence."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.errors import SourceError
from training.clip import Clip, ClipTruth, read_clip, write_clip


def small_clip(frames: int = 3) -> tuple[Clip, list[np.ndarray]]:
    rng = np.random.default_rng(0)
    masks = np.zeros((frames, 16, 24), np.uint8)
    for index in range(frames):
        masks[index, 3 : 9 + index, 4:12] = 255
    truth = ClipTruth(
        vertices=rng.standard_normal((frames, 4, 3)).astype(np.float32),
        faces=np.array([[0, 1, 2], [0, 2, 3]], np.int32),
        joints=rng.standard_normal((frames, 2, 3)).astype(np.float32),
        joint_names=("Hips", "Schwänzchen"),
        root_to_cam=np.tile(np.eye(4), (frames, 1, 1)),
        rest_vertices=np.array([[0, 0, 0], [0.2, 0, 0], [0, 0.9, 0], [0, 0, -0.5]], np.float32),
        depth=rng.uniform(1, 2, (frames, 16, 24)).astype(np.float16).astype(np.float32),
    )
    clip = Clip(
        "walk-7", "dog", "shibainu", "rendered", 7, 25.0,
        np.array([[30.0, 0, 12], [0, 30, 8], [0, 0, 1]]), (24, 16), masks, 0.9, truth,
    )  # fmt: skip
    pictures = [np.full((16, 24, 3), 40 + 60 * index, np.uint8) for index in range(frames)]
    return clip, pictures


def test_a_clip_comes_back_as_it_was_written(tmp_path: Path) -> None:
    clip, pictures = small_clip()
    write_clip(tmp_path / "walk", clip, pictures)
    read = read_clip(tmp_path / "walk")
    for name in ("name", "category", "rig_name", "source", "seed", "fps", "image_size"):
        assert getattr(read, name) == getattr(clip, name), name
    assert read.metres_per_unit == 0.9
    np.testing.assert_array_equal(read.masks, clip.masks)
    np.testing.assert_array_equal(read.K, clip.K)
    assert read.truth is not None
    assert clip.truth is not None
    assert read.truth.joint_names == clip.truth.joint_names
    for name in ("vertices", "faces", "joints", "root_to_cam", "rest_vertices", "depth"):
        np.testing.assert_array_equal(getattr(read.truth, name), getattr(clip.truth, name), name)
    assert read.truth.body_length == pytest.approx(0.9)
    frames = list(read.frames())
    assert [frame.index for frame in frames] == [0, 1, 2]
    assert frames[2].time_s == pytest.approx(2 / 25)
    for frame, picture in zip(frames, pictures, strict=True):
        assert np.abs(frame.rgb.astype(int) - picture).max() <= 4  # H.264 is not exact


def test_a_clip_without_truth_and_with_missing_masks(tmp_path: Path) -> None:
    clip, pictures = small_clip()
    write_clip(tmp_path / "real", replace(clip, truth=None, seed=None), pictures)
    assert not (tmp_path / "real" / "truth.npz").exists()
    read = read_clip(tmp_path / "real")
    assert read.truth is None
    assert read.seed is None


def test_writing_again_replaces_and_failing_leaves_the_old_one(tmp_path: Path) -> None:
    clip, pictures = small_clip()
    folder = tmp_path / "walk"
    write_clip(folder, clip, pictures)
    write_clip(folder, replace(clip, source="second"), pictures)
    with pytest.raises(ValueError, match="2 pictures for 3 masks"):
        write_clip(folder, replace(clip, source="third"), pictures[:2])
    assert read_clip(folder).source == "second"
    assert [path.name for path in tmp_path.iterdir()] == ["walk"]


def test_a_folder_of_other_things_is_not_replaced(tmp_path: Path) -> None:
    clip, pictures = small_clip()
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "dear.txt").write_text("dear")
    with pytest.raises(SourceError, match="exists and is no clip"):
        write_clip(tmp_path / "photos", clip, pictures)
    assert (tmp_path / "photos" / "dear.txt").read_text() == "dear"
    assert len(list(tmp_path.iterdir())) == 1


def test_pictures_of_odd_size_are_refused(tmp_path: Path) -> None:
    clip, pictures = small_clip()
    with pytest.raises(ValueError, match="23 x 16: both sides must be even"):
        write_clip(tmp_path / "odd", clip, [picture[:, :23] for picture in pictures])


def test_bad_clips_are_refused_with_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="it has no clip"):
        read_clip(tmp_path)
    clip, pictures = small_clip()
    folder = tmp_path / "walk"
    write_clip(folder, clip, pictures)
    facts = json.loads((folder / "clip.json").read_text())
    (folder / "clip.json").write_text(json.dumps({**facts, "schema_version": 9}))
    with pytest.raises(SourceError, match="schema version 9, this program reads 1"):
        read_clip(folder)
    (folder / "clip.json").write_text(json.dumps({**facts, "image_size": [25, 16]}))
    with pytest.raises(SourceError, match="is damaged"):
        read_clip(folder)
    (folder / "clip.json").write_text(json.dumps(facts))
    (folder / "truth.npz").write_bytes((folder / "truth.npz").read_bytes()[:100])
    with pytest.raises(SourceError, match="is not a clip's truth"):
        read_clip(folder)


def test_truth_must_have_as_many_frames_as_masks() -> None:
    clip, _ = small_clip()
    with pytest.raises(ValueError, match="truth of 3 frames, 2 masks"):
        replace(clip, masks=clip.masks[:2])
