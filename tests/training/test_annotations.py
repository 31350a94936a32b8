"""Annotated clips are read as they lie on disk, and broken ones refused."""

import json
from pathlib import Path

import numpy as np
import pytest

from core.errors import SourceError
from tests.training.made_annotations import KEYS, write_annotations
from tests.training.made_clips import made_clip
from training.evaluation.annotations import DEVELOPMENT_CLIPS, find_real_clips, load_real_clip


def test_key_frames_come_with_mask_keypoints_and_picture(tmp_path: Path) -> None:
    clip = load_real_clip(write_annotations(tmp_path), tmp_path / "videos")
    truth, pictures = made_clip()
    assert [key.index for key in clip.key_frames] == list(KEYS)
    for key in clip.key_frames:
        np.testing.assert_array_equal(key.mask, truth.masks[key.index])
        assert key.area_px == np.count_nonzero(key.mask)
        assert "tail_tip" not in key.keypoints
        assert len(key.keypoints) == 13
    frames = clip.pictures()
    assert [frame.index for frame in frames] == list(KEYS)
    for frame in frames:  # H.264 is not exact at edges
        assert np.median(np.abs(frame.rgb.astype(int) - pictures[frame.index])) <= 3


def test_development_and_test_clips_are_kept_apart(tmp_path: Path) -> None:
    write_annotations(tmp_path, DEVELOPMENT_CLIPS[0])
    write_annotations(tmp_path, "dog_other")
    write_annotations(tmp_path, "human_one", "human")
    assert [c.name for c in find_real_clips(tmp_path, "real-dev")] == [DEVELOPMENT_CLIPS[0]]
    assert [c.name for c in find_real_clips(tmp_path, "real-test")] == ["dog_other", "human_one"]
    people = find_real_clips(tmp_path, "real-test", "human")
    assert [clip.name for clip in people] == ["human_one"]
    with pytest.raises(SourceError, match="No annotated clips for real-dev"):
        find_real_clips(tmp_path, "real-dev", "human")


def test_broken_annotations_are_refused_with_a_sentence(tmp_path: Path) -> None:
    path = write_annotations(tmp_path)
    facts = json.loads(path.read_text())
    with pytest.raises(SourceError, match="cannot be read"):
        load_real_clip(tmp_path / "none.json", tmp_path / "videos")
    with pytest.raises(SourceError, match="is missing"):
        load_real_clip(path, tmp_path)
    path.write_text(json.dumps({**facts, "width": 95}))
    with pytest.raises(SourceError, match="damaged or not 95 x 72"):
        load_real_clip(path, tmp_path / "videos")
    path.write_text(json.dumps({"clip": "dog_trot"}))
    with pytest.raises(SourceError, match="is not an annotation"):
        load_real_clip(path, tmp_path / "videos")


def test_a_video_of_another_size_is_refused(tmp_path: Path) -> None:
    clip = load_real_clip(write_annotations(tmp_path), tmp_path / "videos")
    write_annotations(tmp_path / "other")
    _, pictures = made_clip()
    from training.write_video import write_video

    write_video(clip.video, [picture[:70] for picture in pictures], 15.0)
    with pytest.raises(SourceError, match="annotations are for 96 x 72"):
        clip.pictures()
