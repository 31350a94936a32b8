"""Sequences for the temporal encoder, and the whole second stage in small."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from core.decode import pose_rig
from core.model_files import read_model, write_model
from core.temporal_encoder import TemporalEncoder
from tests.made_model import made_model, made_rig
from tests.training.test_synth_clips import PLAIN, made_clip
from training import temporal_stage
from training.evaluation.synthetic_set import FIRST_SEED as TEST_SEED
from training.fit_temporal import TemporalFitConfig
from training.recipe import Recipe
from training.synth.bodies import SynthBody
from training.synth.clips import ClipFactory
from training.temporal_sequences import (
    FIRST_SEED,
    SequenceJob,
    gather_sequences,
    read_sequences,
    student_folder,
    true_poses,
)
from training.temporal_stage import TemporalStage, cook_temporal

CLIPS = replace(PLAIN, with_depth=False)


@pytest.fixture(scope="module")
def body() -> SynthBody:
    return SynthBody.alone(made_rig(), (made_clip("walk"), made_clip("trot", 10)))


def test_the_truth_of_a_clip_is_told_in_poses(body: SynthBody) -> None:
    config = replace(CLIPS, performance=replace(CLIPS.performance, shape_std=0.0))
    factory = ClipFactory(config)
    try:
        clip, _ = factory.make(body, 5)
    finally:
        factory.release()
    root_to_cam, rotations = true_poses(factory, body, 5)
    assert clip.truth is not None
    np.testing.assert_allclose(root_to_cam, clip.truth.root_to_cam, atol=1e-6)
    posed = pose_rig(body.rig, rotations[3], root_to_cam[3])
    joints = posed.joint_to_rig[:, :3, 3] @ root_to_cam[3, :3, :3].T + root_to_cam[3, :3, 3]
    np.testing.assert_allclose(joints, clip.truth.joints[3], atol=1e-4)


def test_the_second_stage_gathers_fits_and_ships(
    body: SynthBody, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("onnxscript")
    folder, run = tmp_path / "model", tmp_path / "run"
    write_model(made_model(), folder)
    teacher = SimpleNamespace(from_files=lambda rigs, config: SimpleNamespace(bodies=(body,)))
    monkeypatch.setattr(temporal_stage, "RigTeacher", teacher)
    fit = TemporalFitConfig(width=8, layers=1, steps=3, batch_size=4)
    stage = TemporalStage(3, CLIPS, fit, threads=1)
    recipe = Recipe("tube", "tube", (Path("tube.glb"),))
    told: list[str] = []
    figures = cook_temporal(recipe, folder, run, stage, lambda s, done, total: told.append(s))
    assert set(told) == {"draw sequences", "fit temporal encoder"}
    assert {"raw_distance", "live_jitter", "offline_root_deg"} <= figures.keys()
    model = read_model(folder)
    assert TemporalEncoder.of(model) is not None
    job = SequenceJob(model, (body,), run / "sequences", 3, CLIPS)
    sequences = read_sequences(student_folder(job))
    assert len(sequences) == 3
    assert all(len(sequence) == CLIPS.frames for sequence in sequences)
    assert sequences[0].seen.is_seen.any()
    gather_sequences(job, lambda done, total: pytest.fail("nothing is missing"))


def test_training_and_test_seeds_lie_apart() -> None:
    assert FIRST_SEED + 100_000 < TEST_SEED
