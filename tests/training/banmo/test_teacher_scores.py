"""A teacher's frames are scored like any other bodies."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.training.banmo.made_teacher import TINY, made_prepared, made_start
from tests.training.made_clips import made_clip
from training.banmo.extract import rest_surface
from training.banmo.teacher import Teacher
from training.evaluation.annotations import KeyFrame, RealClip
from training.evaluation.bodies import true_bodies
from training.evaluation.teacher_ablation import stilled
from training.evaluation.teacher_bodies import key_frame_bodies, teacher_bodies
from training.evaluation.teacher_proof import keypoint_transfer, scores, with_mean


def test_a_teacher_at_the_truth_scores_like_it() -> None:
    clip, _ = made_clip()
    teacher = Teacher(TINY, made_start())
    bodies = teacher_bodies(teacher, rest_surface(teacher, 40), made_prepared(), 0)
    row = scores(bodies, clip, 3)
    assert row["similarity"]["chamfer_percent"] < 6
    assert row["similarity"]["f5"] > 0.8
    assert row["similarity"]["mpjpe_percent"] < 2
    assert row["root_deg"] < 0.1
    truth = true_bodies(clip)
    assert keypoint_transfer(truth, truth, clip.masks) > 0.9
    crossed = replace(truth, vertices=truth.vertices[::-1])
    assert keypoint_transfer(crossed, truth, clip.masks) < 0.9


def test_key_frames_are_shown_by_their_neighbours_in_the_videos_pixels() -> None:
    clip = replace(made_prepared(), frame_index=np.array([0, 10, 20, 30, 40, 50]))
    width, height = clip.image_size
    mask = np.zeros((2 * height, 2 * width), np.uint8)
    keys = tuple(KeyFrame(index, mask, {}) for index in (12, 35))
    real = RealClip("trot", "quadruped", 2 * width, 2 * height, Path("trot.mp4"), keys)
    teacher = Teacher(TINY, made_start())
    rest = rest_surface(teacher, 32)
    bodies = key_frame_bodies(teacher, rest, clip, 0, real)
    assert bodies.is_covered.tolist() == [True, False]
    small = teacher_bodies(teacher, rest, clip, 0)
    point = small.vertices[1, :1].astype(float)
    assert np.allclose(bodies.camera.project(point), 2 * small.camera.project(point))
    assert np.array_equal(bodies.vertices[0], small.vertices[1])


def test_still_roots_are_those_of_the_middle_frame() -> None:
    poses = made_start(0.2).poses
    still = stilled(poses)
    assert np.array_equal(still.rotation, np.broadcast_to(poses.rotation[3], (6, 3, 3)))
    assert not still.code.any()
    assert np.array_equal(still.place, poses.place)


def test_the_mean_is_over_what_is_known() -> None:
    rows = with_mean({"a": {"x": 1.0, "in": {"y": 2.0}}, "b": {"x": None, "in": {"y": 4.0}}})
    assert rows["mean"] == {"x": pytest.approx(1.0), "in": {"y": pytest.approx(3.0)}}
