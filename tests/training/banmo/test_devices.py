"""Everything that a step touches lies on the device of the configuration."""

from dataclasses import replace

import pytest
import torch

from tests.training.banmo.made_teacher import TINY, made_pool, made_prepared, made_start
from training.banmo.config import TeacherConfig
from training.banmo.fit_teacher import TeacherFit
from training.banmo.losses import teacher_losses, weighted
from training.banmo.outline import OutlineTargets

DEVICES = ["cpu", pytest.param("cuda", marks=pytest.mark.skipif(
    not torch.cuda.is_available(), reason="no GPU"))]  # fmt: skip


@pytest.mark.parametrize("kind", ["lite", "full"])
def test_a_step_makes_no_tensor_elsewhere(kind: str) -> None:
    """On `meta` any tensor left on the CPU is refused, as a GPU would refuse it."""
    fit = TeacherFit(replace(TINY, kind=kind, uses_features=False), made_start(), made_pool())
    device = torch.device("meta")
    teacher = fit.teacher.to(device)
    teacher.uses_delta = True
    teacher.fields.density_beta = lambda: torch.zeros((), device=device)  # it asks for a number
    batch = made_pool().batch(0, 3, 24)
    moved = replace(
        batch, **{k: v.to(device) for k, v in vars(batch).items() if isinstance(v, torch.Tensor)}
    )
    outline = OutlineTargets.of_clips([made_prepared()]).to(device)
    teacher.fields.voxel = torch.tensor(0.05)  # as above
    terms = teacher_losses(teacher, moved, None, outline)
    total = weighted(terms.values, fit.config.losses)
    assert total.device == device
    total.backward()
    assert teacher.poses.turn.grad is not None


@pytest.mark.parametrize("device", DEVICES)
def test_a_fit_steps_and_saves_on_its_device(device: str, tmp_path) -> None:
    config = replace(TINY, device=device)
    fit = TeacherFit(config, made_start(), made_pool(), OutlineTargets.of_clips([made_prepared()]))
    fit.learn()
    assert fit.teacher.poses.turn.device.type == device
    fit.save(tmp_path)
    again = TeacherFit(config, made_start(), made_pool())
    assert again.load(tmp_path)
    assert torch.equal(again.teacher.poses.turn.cpu(), fit.teacher.poses.turn.cpu())


def test_lite_stays_on_the_cpu_unless_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert TeacherConfig.named("lite").place == "cpu"
    assert TeacherConfig.named("full").place == "cuda"
    assert replace(TeacherConfig.named("lite"), device="cuda").place == "cuda"
    assert replace(TeacherConfig.named("full"), device="cpu").place == "cpu"
