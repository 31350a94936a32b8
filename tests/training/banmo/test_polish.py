"""Poses pulled into their masks with the body as it has become."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.training.banmo.made_teacher import TINY, made_pool, made_prepared, made_start
from training.banmo import fit_teacher
from training.banmo.fit_teacher import TeacherFit
from training.banmo.outline import OutlineTargets
from training.banmo.polish import polish_poses
from training.banmo.teacher import Teacher


def test_a_body_that_stands_too_far_away_comes_back() -> None:
    start, targets = made_start(), OutlineTargets.of_clips([made_prepared()])
    true = start.poses.place[:, 0]
    far = start.poses.place + np.array([0.12, 0.0, 0.0])
    teacher = Teacher(TINY, replace(start, poses=replace(start.poses, place=far)))
    shape = {k: v.clone() for k, v in teacher.fields.state_dict().items()}
    polish_poses(teacher, made_pool(), targets, TINY)
    off = teacher.poses.place.detach().numpy()[:, 0] - true
    assert np.abs(off).max() < 0.05
    assert all(torch.equal(v, shape[k]) for k, v in teacher.fields.state_dict().items())


def test_it_happens_once_in_a_fit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    times = []
    monkeypatch.setattr(fit_teacher, "polish_poses", lambda *_: times.append(fit.step))
    config, outline = replace(TINY, steps=10), OutlineTargets.of_clips([made_prepared()])
    fit = TeacherFit(config, made_start(), made_pool(), outline)
    while fit.share < 0.9:
        fit.learn()
    assert times == [8]
    fit.save(tmp_path)
    fit = TeacherFit(config, made_start(), made_pool(), outline)
    assert fit.load(tmp_path)
    while fit.share < 1:
        fit.learn()
    assert times == [8]
