"""The whole of training in small: crops made of noise, a few steps, a model that loads and runs."""

from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from core.errors import ExplainedError
from core.model import load_model
from core.student import StudentConfig
from core.student_paper_torch import PaperConfig
from core.student_runner import StudentRunner
from tests.made_model import made_model
from training.articulation import ArticulationFitConfig, fit_articulation
from training.crop_loader import CropLoader, MirroredTruth
from training.crop_store import CropStore, write_shard
from training.fit_student import FitConfig, StudentFit, fit_student, learning_rate
from training.rig_teacher import Knowledge

TINY = StudentConfig(
    input_px=64, widths=(8, 8, 8, 8), feature_count=16, hypotheses=2, shape=2, points=6, pyramid=8
)


@pytest.fixture(scope="module")
def knowledge() -> Knowledge:
    model = made_model()
    poses = model.joint_rotations(np.random.default_rng(0).normal(size=(300, 16)))
    fit = fit_articulation(model.rig, poses, ArticulationFitConfig(steps=60, batch=32))
    return Knowledge(model.rig, model.shape, fit, model.appearance)


@pytest.fixture
def store(tmp_path: Path) -> CropStore:
    rng = np.random.default_rng(1)
    for number in range(2):
        count = 24
        joints = made_model().joint_rotations(rng.normal(size=(count, 16)))
        truth = {
            "body": np.zeros(count, int),
            "rotation": np.tile(np.eye(3), (count, 1, 1)),
            "weak": rng.normal(0, 0.1, (count, 3)),
            "crop_tan": np.full(count, 0.2),
            "crop_to_cam": np.tile(np.eye(3), (count, 1, 1)),
            "frame": np.tile([-9.0, -9, 9, 9], (count, 1)),
            "joint_rotations": joints,
            "shape": rng.normal(size=(count, 2)),
            "appearance": rng.normal(size=(count, 64)),
        }
        pictures = rng.integers(0, 256, (count, 64, 64, 4)).astype(np.uint8)
        write_shard(tmp_path / "crops", number, pictures, truth)
    return CropStore.open(tmp_path / "crops")


def config(minutes: float) -> FitConfig:
    return FitConfig(
        minutes=minutes, batch_size=8, log_steps=1, threads=1, is_half=False, student=TINY
    )


def test_the_articulation_decoder_says_the_poses_it_was_fitted_to(knowledge: Knowledge) -> None:
    poses = made_model().joint_rotations(np.random.default_rng(5).normal(size=(50, 16)))
    again = knowledge.decoder.decode(knowledge.articulation.encode(poses))
    still = knowledge.decoder.decode(np.zeros((50, 16)))
    assert np.abs(again - poses).mean() < 0.4 * np.abs(still - poses).mean()
    assert np.isclose(knowledge.latent.variance_share.sum(), 1, atol=1e-4)


def test_a_store_gives_pictures_with_their_truth(store: CropStore) -> None:
    assert len(store) == 48
    pictures = store.pictures_at(np.array([0, 47]))
    np.testing.assert_array_equal(pictures[1], np.asarray(store.pictures[1][23]))


def test_what_goes_wrong_while_reading_reaches_whoever_waits(
    knowledge: Knowledge, store: CropStore
) -> None:
    truth = MirroredTruth.of(store, knowledge)
    loader = CropLoader(store, truth, np.array([], int), config(1.0).augment, 8)
    with closing(loader.batches(0)) as batches, pytest.raises(ValueError, match="empty"):
        next(batches)


def test_too_few_crops_are_refused(knowledge: Knowledge, store: CropStore, tmp_path: Path) -> None:
    wide = replace(config(1.0), batch_size=48)
    with pytest.raises(ExplainedError, match="more shards"):
        fit_student(wide, knowledge, store, tmp_path, lambda share, row: None)


def test_fitting_resumes_where_it_stopped(
    knowledge: Knowledge, store: CropStore, tmp_path: Path
) -> None:
    rows: list[dict[str, float]] = []
    fit_student(config(0.02), knowledge, store, tmp_path, lambda share, row: rows.append(row))
    again = StudentFit(config(0.04), knowledge)
    assert again.load(tmp_path)
    assert again.step == rows[-1]["step"]
    assert 0.45 < again.share < 0.9
    assert np.isfinite([row["total"] for row in rows]).all()


def test_the_shipped_graph_agrees_with_torch(knowledge: Knowledge, tmp_path: Path) -> None:
    pytest.importorskip("onnxscript")
    from training.ship import ShipJob, ship_model

    torch.manual_seed(0)
    fit = StudentFit(config(1.0), knowledge)
    ship_model(ShipJob("tube", knowledge, fit.average, {"category": "tube"}), tmp_path / "tube")
    model = load_model(tmp_path / "tube")
    runner = StudentRunner.of(model)
    assert runner.backend == "onnxruntime"
    image = np.random.default_rng(2).random((5, 64, 64)).astype(np.float32)
    ours = runner.predict(image, 0.2)
    from core.student_torch import torch_network

    theirs = StudentRunner(torch_network(model.student), "torch").predict(image, 0.2)
    for name, value in vars(ours).items():
        np.testing.assert_allclose(value, getattr(theirs, name), atol=2e-4, err_msg=name)
    assert ours.places is not None
    assert ours.places.shape == (len(model.point_vertices), 3)


def test_a_coarser_body_ships_with_the_same_student(knowledge: Knowledge, tmp_path: Path) -> None:
    """Fewer vertices move everything in the file that the graph reads from."""
    pytest.importorskip("onnxscript")
    from training.coarse_template import coarse_model
    from training.ship import ShipJob, ship_again, ship_model

    fit = StudentFit(config(1.0), knowledge)
    ship_model(ShipJob("tube", knowledge, fit.average, {"category": "tube"}), tmp_path / "tube")
    model = load_model(tmp_path / "tube")
    ship_again(coarse_model(model, 0.5), tmp_path / "coarse")
    coarse = load_model(tmp_path / "coarse")
    assert len(coarse.rig.vertices) < len(model.rig.vertices)
    image = np.random.default_rng(2).random((5, 64, 64)).astype(np.float32)
    ours, theirs = (StudentRunner.of(each).predict(image, 0.2) for each in (model, coarse))
    for name, value in vars(ours).items():
        np.testing.assert_array_equal(value, getattr(theirs, name), err_msg=name)
    before, after = (each.rig.vertices[each.point_vertices] for each in (model, coarse))
    assert len(after) == len(before) > 0
    assert np.linalg.norm(after - before, axis=1).max() < 0.3 * np.ptp(model.rig.vertices)


def test_the_papers_networks_learn_and_ship_by_the_same_way(
    knowledge: Knowledge, store: CropStore, tmp_path: Path
) -> None:
    pytest.importorskip("onnxscript")
    from training.ship import ShipJob, ship_model

    sizes = PaperConfig(64, stacks=1, channels=8, width=4, hypotheses=2, shape=2)
    setup = replace(config(60.0), student=sizes, small_px=64)
    fit = StudentFit(setup, knowledge)
    loader = CropLoader(store, MirroredTruth.of(store, knowledge), np.arange(48), setup.augment, 8)
    before = [weight.clone() for weight in fit.net.parameters()]
    with closing(loader.batches(0)) as batches:
        terms = fit.learn(next(batches))
    assert torch.isfinite(terms.total)
    assert any((a != b).any() for a, b in zip(before, fit.net.parameters(), strict=True))
    ship_model(ShipJob("tube", knowledge, fit.average, {"category": "tube"}), tmp_path / "tube")
    model = load_model(tmp_path / "tube")
    image = np.random.default_rng(2).random((5, 64, 64)).astype(np.float32)
    ours = StudentRunner.of(model).predict(image, 0.2)
    assert ours.rotations.shape == (2, 3, 3)


def test_the_learning_rate_warms_up_and_falls() -> None:
    rates = [learning_rate(FitConfig(), share) for share in np.linspace(0, 1, 50)]
    assert np.argmax(rates) < 5
    assert rates[-1] < 0.05 * max(rates)
