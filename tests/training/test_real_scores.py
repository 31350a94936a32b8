"""Scores of key frames: the truth is perfect, half a turn and nothing at all are not."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.training.made_annotations import KEYS, write_annotations
from tests.training.made_clips import made_clip
from tests.training.made_dog import made_dog
from training.evaluation.annotations import RealClip, load_real_clip
from training.evaluation.baselines import turned_truth
from training.evaluation.bodies import Bodies, true_bodies
from training.evaluation.keypoint_map import keypoint_map
from training.evaluation.mean_scores import joined_real_scores
from training.evaluation.real_scores import RealScores, score_real

PLACES = keypoint_map(made_dog(), "quadruped")


@pytest.fixture
def clip(tmp_path: Path) -> RealClip:
    return load_real_clip(write_annotations(tmp_path), tmp_path / "videos")


def at_keys(bodies: Bodies) -> Bodies:
    keys = list(KEYS)
    assert bodies.joints is not None
    assert bodies.root_to_cam is not None
    return replace(
        bodies, vertices=bodies.vertices[keys], joints=bodies.joints[keys],
        root_to_cam=bodies.root_to_cam[keys], is_covered=bodies.is_covered[keys],
    )  # fmt: skip


def test_the_truth_scores_perfectly(clip: RealClip) -> None:
    scores = score_real(at_keys(true_bodies(made_clip()[0])), clip, PLACES)
    assert scores.iou == scores.boundary_f == scores.pck == scores.covered_share == 1.0
    assert (scores.flips, scores.undecided) == (0, 0)
    assert all(len(frame.hits) == 13 for frame in scores.frames)
    assert scores.transfer_count == 6 * 13
    # Not 1: joints lie inside the body, and the pixels of hidden paws show other parts.
    assert scores.transfer is not None
    assert scores.transfer > 0.6


def test_half_a_turn_is_flipped_in_every_frame(clip: RealClip) -> None:
    scores = score_real(at_keys(turned_truth(made_clip()[0], np.pi)), clip, PLACES)
    assert scores.flips == 3
    assert scores.pck is not None
    assert scores.pck < 0.6


def test_frames_without_a_result_count_as_misses(clip: RealClip) -> None:
    truth = at_keys(true_bodies(made_clip()[0]))
    scores = score_real(replace(truth, is_covered=np.array([True, False, True])), clip, PLACES)
    assert scores.iou == scores.pck == scores.covered_share == pytest.approx(2 / 3)
    assert scores.frames[1].is_flipped is None
    assert (scores.flips, scores.undecided) == (0, 1)
    assert scores.transfer_count == 6 * 13


def test_clips_are_joined_frame_by_frame(clip: RealClip) -> None:
    truth = at_keys(true_bodies(made_clip()[0]))
    good = score_real(truth, clip, PLACES)
    bad = RealScores(tuple(replace(frame, iou=0.0) for frame in good.frames[:1]), 0.0, 78)
    joined = joined_real_scores([good, bad])
    assert joined.iou == pytest.approx(0.75)
    assert joined.transfer == pytest.approx(0.5 * (good.transfer or 0))
    assert joined.facts()["frames"] == 4


def test_as_many_bodies_as_key_frames_are_needed(clip: RealClip) -> None:
    with pytest.raises(ValueError, match="6 bodies, 3 key frames"):
        score_real(true_bodies(made_clip()[0]), clip, PLACES)
