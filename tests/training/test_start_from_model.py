"""A shipped network learns on from where it is."""

import copy
from dataclasses import asdict, replace

import pytest
import torch

from core.errors import ModelError
from core.model import StudentFiles
from core.student import StudentConfig, StudentNetwork
from core.student_paper_torch import PaperConfig, PaperStudent
from training.start_from_model import begin_with_model, copy_known

TINY = StudentConfig(
    input_px=64, widths=(8, 8, 8, 8), feature_count=16, hypotheses=2, shape=2, points=6, pyramid=8
)


def shipped(net: StudentNetwork | PaperStudent) -> StudentFiles:
    fused = copy.deepcopy(net).fuse()
    weights = {name: value.numpy() for name, value in fused.state_dict().items()}
    return StudentFiles(asdict(net.config), weights, None)


@pytest.fixture
def learned() -> StudentNetwork:
    """With normalisations that have seen something."""
    torch.manual_seed(0)
    net = StudentNetwork(TINY)
    for module in net.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            torch.nn.init.uniform_(module.weight, 0.3, 2.0)
            torch.nn.init.normal_(module.bias, 0.0, 0.5)
    net.train()
    with torch.no_grad():
        for _ in range(5):
            net(torch.rand(16, 5, 64, 64), torch.full((16,), 0.2))
    return net.eval()


def test_it_says_the_same_before_it_learns_and_while_it_does(learned: StudentNetwork) -> None:
    image, tan = torch.rand(24, 5, 64, 64), torch.full((24,), 0.2)
    net = StudentNetwork(TINY)
    begin_with_model(net, shipped(learned), image, tan)
    with torch.no_grad():
        theirs = learned(image, tan)
        ours = net.eval()(image, tan)
        learning = net.train()(image, tan)
    for name in theirs._fields:
        wanted = getattr(theirs, name)
        torch.testing.assert_close(getattr(ours, name), wanted, atol=1e-4, rtol=1e-3)
        torch.testing.assert_close(getattr(learning, name), wanted, atol=1e-2, rtol=0.05)


def test_what_has_another_size_starts_anew(learned: StudentNetwork) -> None:
    torch.manual_seed(1)
    net = StudentNetwork(replace(TINY, shape=1, hypotheses=3))
    codes, roots = net.codes.weight.clone(), net.roots.weight.clone()
    begin_with_model(net, shipped(learned), torch.rand(8, 5, 64, 64), torch.full((8,), 0.2))
    torch.testing.assert_close(net.trunk.weight, learned.trunk.weight)
    torch.testing.assert_close(net.codes.weight, codes)  # fewer than theirs
    grown = learned.roots.weight.shape[0]
    torch.testing.assert_close(net.roots.weight[:grown], learned.roots.weight)
    assert not torch.equal(net.roots.weight[:grown], roots[:grown])
    assert not net.roots.weight[grown:].any()


def test_a_code_grows_at_its_own_end(learned: StudentNetwork) -> None:
    net = StudentNetwork(replace(TINY, shape=4))
    image, tan = torch.rand(8, 5, 64, 64), torch.full((8,), 0.2)
    begin_with_model(net, shipped(learned), image, tan)
    with torch.no_grad():
        theirs, ours = learned(image, tan), net.eval()(image, tan)
    torch.testing.assert_close(ours.appearance, theirs.appearance, atol=1e-4, rtol=1e-3)
    torch.testing.assert_close(ours.shape[:, :2], theirs.shape, atol=1e-4, rtol=1e-3)
    assert not ours.shape[:, 2:].any()


def test_unknown_names_are_left_alone(learned: StudentNetwork) -> None:
    before = {name: value.clone() for name, value in learned.state_dict().items()}
    copy_known(learned, {"nobody.weight": torch.ones(3)})
    for name, value in learned.state_dict().items():
        torch.testing.assert_close(value, before[name])


def test_another_kind_of_student_is_refused(learned: StudentNetwork) -> None:
    other = PaperStudent(PaperConfig(64, stacks=1, channels=8, width=4, hypotheses=2, shape=2))
    with pytest.raises(ModelError, match="our own kind"):
        begin_with_model(learned, shipped(other), torch.rand(2, 5, 64, 64), torch.ones(2))
