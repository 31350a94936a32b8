"""The ablation in small: every variant trains a few steps and becomes a row."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from core.model_files import read_model, write_model
from core.student import StudentConfig
from tests.made_model import made_model
from training import ablation
from training.ablation import AblationConfig, ablate, thaw
from training.ablation_document import write_document
from training.ablation_scores import HEADS, AblationScores, ablation_table
from training.articulation import ArticulationFitConfig, fit_articulation
from training.coarse_template import coarse_model
from training.crop_store import write_shard
from training.fit_student import FitConfig
from training.recipe import Recipe
from training.rig_teacher import Knowledge
from training.template_torch import TemplateTorch

TINY = StudentConfig(input_px=64, widths=(8, 8, 8, 8), feature_count=16, hypotheses=2, shape=2)
SCORES = AblationScores(3.0, 0.9, 0.4, 0.7, 8.0, 0.01, 4.0, None, 1.9, 1.4, 6.5)


@pytest.fixture
def knowledge() -> Knowledge:
    model = made_model()
    poses = model.joint_rotations(np.random.default_rng(0).normal(size=(60, 16)))
    fit = fit_articulation(model.rig, poses, ArticulationFitConfig(steps=5, batch=16))
    return Knowledge(model.rig, model.shape, fit, model.appearance)


def draw_noise(folder: Path) -> None:
    rng = np.random.default_rng(1)
    for number in range(2):
        count = 20
        truth = {
            "body": np.zeros(count, int),
            "rotation": np.tile(np.eye(3), (count, 1, 1)),
            "weak": rng.normal(0, 0.1, (count, 3)),
            "crop_tan": np.full(count, 0.2),
            "crop_to_cam": np.tile(np.eye(3), (count, 1, 1)),
            "frame": np.tile([-9.0, -9, 9, 9], (count, 1)),
            "joint_rotations": made_model().joint_rotations(rng.normal(size=(count, 16))),
            "shape": rng.normal(size=(count, 2)),
            "appearance": rng.normal(size=(count, 64)),
        }
        pictures = rng.integers(0, 256, (count, 64, 64, 4)).astype(np.uint8)
        write_shard(folder / "crops", number, pictures, truth)


def test_every_variant_becomes_a_row(
    knowledge: Knowledge, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pictures are noise; the temporal stage and the scores have tests of their own."""
    scored: list[Path] = []

    def score(model, clips, stride, report) -> AblationScores:
        scored.append(model.folder)
        assert len(model.articulation.linear) == 24
        return replace(SCORES, milliseconds=float(len(scored)))

    def cook_temporal(recipe, model, run, stage, progress) -> dict[str, float]:
        (model / "temporal.onnx").write_bytes(stage.fit.kind.encode())
        return {}

    monkeypatch.setattr(ablation, "score_variant", score)
    monkeypatch.setattr(ablation, "cook_temporal", cook_temporal)
    monkeypatch.setattr(ablation, "draw_crops", lambda recipe, run, progress: knowledge)
    monkeypatch.setattr(ablation, "ship_model", lambda job, folder: _write(job, folder))
    draw_noise(tmp_path)
    fit = FitConfig(batch_size=8, log_steps=1, threads=1, is_half=False, student=TINY)
    recipe = Recipe("tube", "tube", (Path("tube.glb"),), fit=fit)
    config = AblationConfig(minutes=0.002, less_data=0.5, coarse=(0.5,))
    rows = ablate(recipe, tmp_path, config, [], lambda stage, done, total: None)
    assert len(rows) == 7
    assert [folder.parent.name for folder in scored] == [
        "transformer", "conv", "base", "coarse_0.5", "one", "thawed", "less",
    ]  # fmt: skip
    assert (tmp_path / "conv" / "model" / "temporal.onnx").read_bytes() == b"conv"
    assert len(list((tmp_path / "less_crops").glob("shard_*.npz"))) == 1
    one = read_model(tmp_path / "one" / "model")
    assert one.student.config["hypotheses"] == 1
    thawed, frozen = (read_model(tmp_path / n / "model").articulation for n in ("thawed", "base"))
    assert not np.allclose(thawed.linear, frozen.linear)
    again = ablate(recipe, tmp_path, config, [], lambda stage, done, total: None)
    assert again == rows
    assert len(scored) == 7  # nothing was done twice


def test_a_finished_model_stands_in_the_rows_that_train_no_student(
    knowledge: Knowledge, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its own encoder is its row; what is trained anew is held against a small student."""
    whole = tmp_path / "whole"
    write_model(made_model(), whole)
    (whole / "student.onnx").write_bytes(b"")  # nothing here runs it
    fitted: list[str] = []
    monkeypatch.setattr(ablation, "_kind_of", lambda model: "transformer")
    monkeypatch.setattr(ablation, "draw_crops", lambda recipe, run, progress: knowledge)
    for step in ("_thawed_student", "_less"):
        monkeypatch.setattr(ablation, step, lambda kitchen, *more: tmp_path / "small")
    monkeypatch.setattr(ablation, "_student", lambda kitchen, name, recipe: tmp_path / "small")
    monkeypatch.setattr(ablation, "ship_again", lambda model, folder: write_model(model, folder))
    monkeypatch.setattr(
        ablation, "cook_temporal", lambda recipe, model, *rest: fitted.append(model.parent.name)
    )
    scored: dict[str, Path] = {}

    def score(kitchen, name: str, folder: Path) -> AblationScores:
        scored[name] = folder
        return SCORES

    monkeypatch.setattr(ablation, "_scored", score)
    config = AblationConfig(coarse=(0.5,), finished=read_model(whole))
    recipe = Recipe("tube", "tube", (Path("tube.glb"),))
    rows = ablate(recipe, tmp_path, config, [], lambda stage, done, total: None)
    assert list(rows)[4:] == [
        "small student",
        "one hypothesis",
        "decoder not frozen",
        "12% of the data",
    ]
    assert scored["transformer"] == whole
    assert scored["filters"] == tmp_path / "finished" / "model"
    assert scored["base"] == tmp_path / "small"
    assert fitted == ["conv"]
    coarse = read_model(tmp_path / "coarse_0.5" / "model")
    assert len(coarse.rig.vertices) < len(made_model().rig.vertices)


def _write(job, folder: Path) -> None:
    """A model as `ship_model` writes it, less the graph, which takes long to export."""
    from dataclasses import asdict

    model = made_model()
    network = job.network.fuse()
    weights = {k: v.detach().numpy().astype(np.float16) for k, v in network.state_dict().items()}
    student = replace(model.student, config=asdict(network.config), weights=weights)
    decoder = job.knowledge.decoder
    folder.parent.mkdir(parents=True, exist_ok=True)
    write_model(replace(model, student=student, articulation=decoder), folder)


def test_a_thawed_decoder_learns_from_nothing() -> None:
    torch.manual_seed(0)
    model = made_model()
    template = TemplateTorch(model.rig, model.shape, model.articulation, model.appearance, 8)
    frozen = template.decode(torch.ones(1, 16))
    free = thaw(template)
    pose = template.decode(torch.ones(1, 16))
    assert (pose - frozen).abs().max() > 0.01
    pose.square().sum().backward()
    assert all(parameter.grad is not None for parameter in free)


def test_a_coarse_template_keeps_the_body_and_its_bases(tmp_path: Path) -> None:
    model = made_model()
    coarse = coarse_model(model, 0.5)
    assert 0.3 * len(model.rig.faces) < len(coarse.rig.faces) <= 0.6 * len(model.rig.faces)
    count = len(coarse.rig.vertices)
    assert coarse.appearance.components.shape == (64, count, 3)
    assert coarse.shape.vertices.shape == (2, count, 3)
    assert coarse.rig.faces.max() < count
    np.testing.assert_allclose(
        np.ptp(coarse.rig.vertices, axis=0), np.ptp(model.rig.vertices, axis=0), atol=0.08
    )
    write_model(coarse, tmp_path / "coarse")
    assert len(read_model(tmp_path / "coarse").rig.vertices) == count
    with pytest.raises(ValueError, match=r"1\.5"):
        coarse_model(model, 1.5)


def test_the_table_has_a_line_a_variant() -> None:
    lines = ablation_table({"transformer over time": SCORES})
    assert lines[0].count("|") == len(HEADS) + 1
    assert "| 3.00 | 90.0 | 40.0 | 0.700 | 8.0 | 1.0 | 4.00 | - | 1.90 | 1.40 | 6.5 |" in lines[2]


def test_the_document_says_how_the_table_came_about(tmp_path: Path) -> None:
    recipe = Recipe("tube", "tube", (Path("tube.glb"),), shard_count=7)
    path = tmp_path / "docs" / "ablation.md"
    config = AblationConfig(minutes=12.0)
    table = write_document(path, recipe, config, [], {"one hypothesis": SCORES})
    text = path.read_text()
    assert "\n".join(table) in text
    assert "--minutes 12 --shards 7" in text
    assert "--finished" not in text
    assert "--clips 160 --steps 4000 --threads 2" in text
    assert list(path.parent.iterdir()) == [path]
