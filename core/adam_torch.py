"""Adam (Kingma and Ba, "Adam: A Method for Stochastic Optimization", ICLR 2015, algorithm 1).

    adam = Adam([turn, move], rates=[0.02, 0.015])
    loss.backward()
    adam.step(fade=0.5)

`torch.optim` does the same, and loads the compiler of torch when it is first used: two seconds of
computing and 100 MB that refining a short clip would pay for nothing. It is the twin in the tests.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

MEAN_DECAY, SQUARE_DECAY = 0.8, 0.95
EPSILON = 1e-8


class Adam:
    """Moves tensors down their gradients."""

    def __init__(self, values: Sequence[Tensor], rates: Sequence[float]) -> None:
        """Begin.

        Args:
            values: What is learned; leaves that require gradients.
            rates: Step size of each.
        """
        self._values, self._rates = list(values), list(rates)
        self._means = [torch.zeros_like(value) for value in values]
        self._squares = [torch.zeros_like(value) for value in values]
        self._steps = 0

    def step(self, fade: float = 1.0) -> None:
        """Take a step, `fade` times as long as the rates say, and forget the gradients."""
        self._steps += 1
        fresh = 1 - MEAN_DECAY**self._steps
        fresh_square = 1 - SQUARE_DECAY**self._steps
        with torch.no_grad():
            for value, rate, mean, square in zip(
                self._values, self._rates, self._means, self._squares, strict=True
            ):
                if value.grad is None:
                    continue
                mean.lerp_(value.grad, 1 - MEAN_DECAY)
                square.mul_(SQUARE_DECAY).addcmul_(value.grad, value.grad, value=1 - SQUARE_DECAY)
                size = (square / fresh_square).sqrt_().add_(EPSILON)
                value.addcdiv_(mean, size, value=-fade * rate / fresh)
                value.grad = None
