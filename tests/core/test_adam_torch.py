"""Our Adam against torch's, which is the obvious one."""

import torch

from core.adam_torch import EPSILON, MEAN_DECAY, SQUARE_DECAY, Adam


def loss_of(values: list[torch.Tensor]) -> torch.Tensor:
    a, b = values
    return (a.square().sum() - 1).square() + (a.sum() * b).sin().sum() + 1e-3 * b.square().sum()


def test_it_steps_as_torch_does() -> None:
    generator = torch.Generator().manual_seed(3)
    start = [torch.randn(4, 3, generator=generator), torch.randn(5, generator=generator)]
    ours = [value.clone().requires_grad_() for value in start]
    theirs = [value.clone().requires_grad_() for value in start]
    rates = [0.02, 0.3]
    adam = Adam(ours, rates)
    groups = [{"params": [v], "lr": r} for v, r in zip(theirs, rates, strict=True)]
    twin = torch.optim.Adam(groups, betas=(MEAN_DECAY, SQUARE_DECAY), eps=EPSILON)
    for step in range(20):
        fade = 1 / (1 + step)
        for group, rate in zip(twin.param_groups, rates, strict=True):
            group["lr"] = fade * rate
        twin.zero_grad()
        loss_of(theirs).backward()
        twin.step()
        loss_of(ours).backward()
        adam.step(fade)
    for value, other in zip(ours, theirs, strict=True):
        # The order of the roundings differs.
        torch.testing.assert_close(value, other, rtol=1e-4, atol=1e-5)


def test_what_has_no_gradient_stays() -> None:
    values = [torch.ones(2, requires_grad=True), torch.ones(3, requires_grad=True)]
    adam = Adam(values, [0.1, 0.1])
    values[0].sum().backward()
    adam.step()
    assert (values[0] < 1).all()
    assert (values[1] == 1).all()
