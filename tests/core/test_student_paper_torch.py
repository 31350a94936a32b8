"""The paper's networks: their sizes are the official ones, and ours built of them learns."""

import copy
from dataclasses import asdict
from pathlib import Path

import pytest
import torch

from core.dasr_encoder_torch import DasrEncoder, EncoderSizes, HourglassStack, parameter_count
from core.official_student_torch import (
    CodeEncoder,
    OfficialStudent,
    TemporalConv,
    official_step,
)
from core.student import StudentConfig, StudentNetwork
from core.student_paper_torch import PaperConfig, PaperStudent, config_of, network_of

TINY = PaperConfig(64, stacks=2, channels=16, width=8, hypotheses=2, shape=3)


def test_parameter_counts_are_those_of_the_official_classes() -> None:
    """METHODS 7; the encoders' are given there in millions."""
    with torch.device("meta"):
        assert parameter_count(TemporalConv(180, 30)) == 1_369_470
        assert parameter_count(CodeEncoder(196)) == pytest.approx(12.13e6, rel=1e-3)
        assert parameter_count(CodeEncoder(64)) == pytest.approx(11.52e6, rel=1e-3)
        assert parameter_count(OfficialStudent()) == pytest.approx(25.78e6, rel=5e-3)
        stack = parameter_count(HourglassStack(EncoderSizes(stacks=8)))
        encoder = parameter_count(CodeEncoder(196, stacks=8))
    # The official residuals carry 1x1 shortcuts even where they do not use them.
    unused = 8 * 11 * (256 * 256 + 256) + (128 * 128 + 128)
    assert stack + unused == 26_141_824
    assert encoder + unused == pytest.approx(38.29e6, rel=1e-3)


def test_the_papers_encoder_keeps_the_resolution_of_a_resnet() -> None:
    with torch.device("meta"):
        image = torch.zeros(1, 19, 224, 224)
        for stacks in (0, 2):
            assert DasrEncoder(EncoderSizes(stacks=stacks))(image).shape == (1, 512, 7, 7)


def test_the_full_size_has_our_outputs() -> None:
    with torch.device("meta"):
        network = PaperStudent(PaperConfig(shape=3))
        prediction = network(torch.zeros(2, 5, 224, 224), torch.zeros(2))
        assert parameter_count(network) == pytest.approx(42.8e6, rel=0.01)
    shapes = [tuple(output.shape) for output in prediction]
    assert shapes == [(2, 6, 10), (2, 16), (2, 3), (2, 64)]


def test_two_steps_of_training_change_every_part_and_lower_the_loss() -> None:
    torch.manual_seed(0)
    network = PaperStudent(TINY).train()
    before = copy.deepcopy(network.state_dict())
    optimizer = torch.optim.AdamW(network.parameters(), 3e-3)
    image, crop_tan = torch.rand(4, 5, 64, 64), torch.full((4,), 0.2)
    wanted = [torch.randn_like(output) for output in network(image, crop_tan)]
    losses = []
    for _ in range(3):
        outputs = network(image, crop_tan)
        loss = sum((a - b).square().mean() for a, b in zip(outputs, wanted, strict=True))
        assert isinstance(loss, torch.Tensor)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(float(loss.detach()))
    assert losses[2] < losses[0]
    still = [n for n, p in network.named_parameters() if torch.equal(p, before[n])]
    assert not still


def test_the_graph_agrees_with_torch(tmp_path: Path) -> None:
    pytest.importorskip("onnxscript")
    import onnxruntime

    from training.ship import OUTPUTS, export_graph

    torch.manual_seed(1)
    network = PaperStudent(TINY).fuse()
    graph = export_graph(network, tmp_path)
    session = onnxruntime.InferenceSession(graph.SerializeToString())
    image, crop_tan = torch.rand(1, 5, 64, 64), torch.full((1,), 0.2)
    theirs = session.run(list(OUTPUTS), {"image": image.numpy(), "crop_tan": crop_tan.numpy()})
    with torch.inference_mode():
        ours = network(image, crop_tan)
    for a, b in zip(ours, theirs, strict=True):
        torch.testing.assert_close(a, torch.from_numpy(b), atol=2e-4, rtol=1e-3)


def test_a_configuration_knows_its_network() -> None:
    assert config_of(asdict(TINY)) == TINY
    assert PaperConfig().widths == (64, 64, 128, 256, 512)
    assert isinstance(network_of(TINY), PaperStudent)
    ours = StudentConfig(64, (8, 8, 8, 8), 16, 2)
    assert config_of(asdict(ours)) == ours
    assert isinstance(network_of(ours), StudentNetwork)
    with pytest.raises(ValueError, match="100 px"):
        PaperConfig(100)


def test_a_step_of_the_released_student_runs() -> None:
    assert official_step(channels_last=True)() is None
