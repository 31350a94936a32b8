"""The temporal encoder's training, with a fake student of noisy words."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from core.kinematics import forward_kinematics, skin_transforms
from core.model import CategoryModel
from core.temporal_encoder_torch import TemporalNetwork
from core.temporal_window import RADIUS, corrected, correction_count, window_tokens
from tests.made_model import made_model
from tests.training.made_sequences import made_sequence
from training.fit_temporal import (
    TemporalFitConfig,
    fit_temporal,
    network_config,
    points_in_camera,
    predicted,
    raw_poses,
    score,
)
from training.template_torch import TemplateTorch
from training.temporal_sequences import PoseSequence, codes_of, joint_rotations_of

QUICK = TemporalFitConfig(width=16, layers=1, steps=45, batch_size=8, log_steps=15)


@pytest.fixture(scope="module")
def model() -> CategoryModel:
    return made_model()


@pytest.fixture(scope="module")
def template(model: CategoryModel) -> TemplateTorch:
    return TemplateTorch(model.rig, model.shape, model.articulation, model.appearance, 12)


@pytest.fixture(scope="module")
def sequences(model: CategoryModel) -> list[PoseSequence]:
    return [made_sequence(model, seed) for seed in range(6)]


@pytest.mark.parametrize("kind", ["conv", "transformer"])
def test_training_steadies_and_comes_nearer(
    kind, sequences: list[PoseSequence], template: TemplateTorch
) -> None:
    rows: list[dict[str, float]] = []
    _, figures = fit_temporal(
        replace(QUICK, kind=kind), sequences, template, lambda done, total, row: rows.append(row)
    )
    assert len(rows) == 3
    assert figures["live_distance"] < 0.85 * figures["raw_distance"]
    assert figures["offline_distance"] < 0.7 * figures["raw_distance"]
    assert figures["live_jitter"] < 0.6 * figures["raw_jitter"]
    assert figures["offline_jitter"] < figures["live_jitter"]


def test_what_does_worse_on_held_out_sequences_is_not_kept(
    sequences: list[PoseSequence], template: TemplateTorch
) -> None:
    """Steps that are far too long leave the start: a mean over time."""
    torch.manual_seed(QUICK.seed)
    start = TemporalNetwork(network_config(QUICK, sequences[0].seen))
    wild = replace(QUICK, steps=5, learning_rate=10.0, check_steps=2)
    network, _ = fit_temporal(wild, sequences, template)
    assert not network.training
    for a, b in zip(network.parameters(), start.parameters(), strict=True):
        torch.testing.assert_close(a, b)


def test_torch_and_numpy_apply_corrections_alike(
    sequences: list[PoseSequence], template: TemplateTorch
) -> None:
    torch.manual_seed(0)
    sequence = sequences[0]
    window = sequence.seen.take(10 + np.arange(-RADIUS, RADIUS + 1)[None], np.ones((1, 13), bool))
    config = network_config(QUICK, sequence.seen)

    class Fixed(TemporalNetwork):
        def forward(self, tokens, is_seen):
            return torch.linspace(-0.3, 0.4, config.correction)[None]

    ours = predicted(Fixed(config), window)
    seen = sequence.seen
    correction = np.linspace(-0.3, 0.4, config.correction).astype(np.float32)
    theirs = corrected(seen.rotation[10], seen.place[10], seen.articulation[10], correction)
    for a, b in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(a[0].numpy(), b, atol=1e-5)


def test_the_truth_scores_perfectly(sequences: list[PoseSequence], template: TemplateTorch) -> None:
    one = sequences[0]
    true = replace(
        one,
        seen=replace(
            one.seen, rotation=one.rotation, place=one.place, articulation=one.articulation
        ),
    )

    class Nothing(TemporalNetwork):
        def forward(self, tokens, is_seen):
            return torch.zeros(len(tokens), correction_count(16))

    figures = score(Nothing(network_config(QUICK, one.seen)), [true], template)
    assert figures["live_distance"] < 1e-5
    assert figures["offline_root_deg"] < 0.1
    assert figures["live_jitter"] == pytest.approx(1, abs=1e-4)


def test_points_move_with_root_and_place(
    sequences: list[PoseSequence], template: TemplateTorch
) -> None:
    window = sequences[0].seen.take(np.arange(13)[None] + 4, np.ones((1, 13), bool))
    poses = raw_poses(window)
    points = points_in_camera(poses, template)
    further = points_in_camera(
        poses._replace(place=poses.place + torch.tensor([0.1, 0, 0])), template
    )
    centre = torch.exp(poses.place[0, 0])
    moved = (further - points)[0, :, 2]
    torch.testing.assert_close(moved, torch.full_like(moved, float(centre) * (np.e**0.1 - 1)))


def test_too_few_sequences_are_refused(
    sequences: list[PoseSequence], template: TemplateTorch
) -> None:
    with pytest.raises(ValueError, match="1 sequences"):
        fit_temporal(QUICK, sequences[:1], template)


def test_joint_rotations_come_back_from_skinning(model: CategoryModel) -> None:
    rotations = model.joint_rotations(np.random.default_rng(0).normal(size=(5, 16)))
    skeleton = model.rig.skeleton
    transforms = skin_transforms(skeleton, forward_kinematics(skeleton, rotations))
    np.testing.assert_allclose(joint_rotations_of(skeleton, transforms), rotations, atol=1e-9)


def test_codes_come_back_from_poses(model: CategoryModel, template: TemplateTorch) -> None:
    code = np.random.default_rng(3).normal(size=(4, 16))
    again = model.joint_rotations(codes_of(template, model.joint_rotations(code)))
    assert np.abs(again - model.joint_rotations(code)).max() < 0.1


def test_hidden_frames_change_nothing(sequences: list[PoseSequence]) -> None:
    seen = sequences[0].seen
    window = seen.window(10, future=0)
    other = replace(seen, rotation=seen.rotation.copy(), articulation=seen.articulation + 0)
    other.rotation[11:] = np.eye(3)
    np.testing.assert_array_equal(window_tokens(window), window_tokens(other.window(10, future=0)))
    assert not window_tokens(window)[RADIUS + 1 :].any()
