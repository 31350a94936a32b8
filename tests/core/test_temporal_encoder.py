"""A shipped temporal encoder: found with its student, left alone with another, causal when live."""

import copy
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from core.lookahead import Lookahead
from core.model import CategoryModel
from core.model_files import read_model, write_model
from core.pipeline import Pipeline, root_pose
from core.results import Codes, FrameResult, RootHypotheses
from core.rotations import geodesic_angle, matrix_from_axis_angle
from core.temporal import SmoothingConfig
from core.temporal_encoder import TemporalEncoder
from core.temporal_encoder_torch import TemporalConfig, TemporalNetwork
from core.temporal_window import SeenFrames, correction_count, token_count, window_tokens
from tests.core.test_pipeline import DiscSegmenter, frames
from tests.made_model import made_model
from training.ship_temporal import ship_temporal

CONFIG = TemporalConfig(token_count(16, 4), correction_count(16), width=8, layers=1, heads=2)


@pytest.fixture(scope="module")
def network() -> TemporalNetwork:
    torch.manual_seed(0)
    return TemporalNetwork(CONFIG).eval()


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory, network: TemporalNetwork) -> CategoryModel:
    pytest.importorskip("onnxscript")
    folder = tmp_path_factory.mktemp("models") / "tube"
    write_model(made_model(), folder)
    model = read_model(folder)
    assert TemporalEncoder.of(model) is None
    ship_temporal(network, model, {"kind": "transformer"})
    return model


def results(model: CategoryModel, count: int, noise: float = 0.1) -> list[FrameResult]:
    rng = np.random.default_rng(0)
    made = []
    for k in range(count):
        rotation = matrix_from_axis_angle(np.array([0, 0.05 * k, 0]) + rng.normal(0, noise, 3))
        pose = root_pose(rotation, np.array([1.0, 0.1, -0.1]), model.centre)
        code = rng.normal(size=16)
        made.append(
            FrameResult(
                k, k / 30, k != 3, 0.9, None, None, np.eye(3), (64, 48), pose,
                model.joint_rotations(code), Codes(code, np.zeros(2), np.zeros(64)),
                RootHypotheses(np.stack([pose] * 4), np.array([0.1, 0.2, 0.3, 0.4])),
            )
        )  # fmt: skip
    return made


def test_the_graph_agrees_with_torch(model: CategoryModel, network: TemporalNetwork) -> None:
    encoder = TemporalEncoder.of(model)
    assert encoder is not None
    seen = SeenFrames.of(results(model, 20), model.centre)
    assert seen is not None
    network = copy.deepcopy(network)
    for weight in network.parameters():
        weight.data = weight.half().float()  # as they are kept in the file
    for frame, future in ((0, 0), (9, 2), (19, 6)):
        window = seen.window(frame, future=future)
        tokens = torch.from_numpy(window_tokens(window)).float()[None]
        with torch.inference_mode():
            theirs = network(tokens, torch.from_numpy(window.is_seen)[None])[0].numpy()
        np.testing.assert_allclose(encoder.correct(window), theirs, atol=1e-5)


def test_live_steps_are_what_a_causal_pass_over_all_frames_says(model: CategoryModel) -> None:
    encoder = TemporalEncoder.of(model)
    assert encoder is not None
    raw = results(model, 12)
    memory: tuple[FrameResult, ...] = ()
    live = []
    for result in raw:
        smooth, memory = encoder.step(result, memory)
        live.append(smooth)
    assert live[3] is raw[3]  # not covered
    at_once = encoder.refined([r for r in raw if r.is_covered], future=0)
    for a, b in zip([r for r in live if r.is_covered], at_once, strict=True):
        np.testing.assert_allclose(a.root_to_cam, b.root_to_cam, atol=1e-6)
        np.testing.assert_allclose(a.joint_rotations, b.joint_rotations, atol=1e-6)


def test_lookahead_uses_the_encoder_with_as_much_future_as_there_is(model: CategoryModel) -> None:
    encoder = TemporalEncoder.of(model)
    assert encoder is not None
    raw = results(model, 12)
    lookahead = Lookahead(model, 2)
    out = [done for each in raw for done in lookahead.push(each)] + list(lookahead.finish())
    wanted = encoder.refined(raw, future=2)
    for a, b in zip(out, wanted, strict=True):
        assert a.frame_index == b.frame_index
        np.testing.assert_allclose(a.root_to_cam, b.root_to_cam, atol=1e-6)


def test_an_untrained_encoder_is_a_mean_over_time(model: CategoryModel) -> None:
    encoder = TemporalEncoder.of(model)
    assert encoder is not None
    raw = [replace(r, is_covered=True) for r in results(model, 13, noise=0.3)]
    smooth = encoder.refined(raw)[6]
    truth = matrix_from_axis_angle(np.array([0, 0.3, 0]))
    off = [float(geodesic_angle(r.root_to_cam[:3, :3], truth)) for r in (raw[6], smooth)]
    assert off[1] < 0.7 * off[0]


def test_an_encoder_of_another_student_is_left_alone(model: CategoryModel, tmp_path: Path) -> None:
    other = made_model()
    weights = {k: v * np.float16(0.5) for k, v in other.student.weights.items()}
    write_model(replace(other, student=replace(other.student, weights=weights)), tmp_path / "m")
    assert model.folder is not None
    graph = (model.folder / "temporal.onnx").read_bytes()
    (tmp_path / "m" / "temporal.onnx").write_bytes(graph)
    assert TemporalEncoder.of(read_model(tmp_path / "m")) is None
    (model.folder / "temporal.onnx").write_bytes(graph[:100])
    assert TemporalEncoder.of(model) is None
    (model.folder / "temporal.onnx").write_bytes(graph)
    assert TemporalEncoder.of(model) is not None


def test_the_pipeline_uses_it_unless_smoothing_is_off(model: CategoryModel) -> None:
    pipeline = Pipeline.of(model, DiscSegmenter())
    assert pipeline.encodes
    raw = replace(pipeline, smoothing=SmoothingConfig(strength=0.0))
    assert not raw.encodes
    memory, told = raw.start(), []
    for frame in frames(5):
        result, memory = raw.step(frame, memory)
        told.append(result)
    memory = pipeline.start()
    for frame in frames(5):
        result, memory = pipeline.step(frame, memory)
    assert len(memory.window) == 5
    assert all(kept.mask is None for kept in memory.window)
    assert not np.allclose(result.codes.articulation, told[-1].codes.articulation)
    np.testing.assert_allclose(
        result.joint_rotations, model.joint_rotations(result.codes.articulation)
    )


def test_a_still_is_left_as_the_student_says_it(model: CategoryModel) -> None:
    encoder = TemporalEncoder.of(model)
    assert encoder is not None
    first, second = results(model, 2)
    still, memory = encoder.step(first, ())
    np.testing.assert_array_equal(still.root_to_cam, first.root_to_cam)
    moved, _ = encoder.step(second, memory)
    assert np.abs(moved.root_to_cam - second.root_to_cam).max() > 1e-6
