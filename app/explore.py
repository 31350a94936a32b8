"""The latent explorer: a pose as sliders over principal components, in units of sigma.

state = ExploreState.of(latent, code)
state.with_sigma(0, 1.5).code(latent)
"""

from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from jaxtyping import Float

LIMIT_SIGMA = 3.0
"""Sliders end here; beyond it poses are rarer than 1 in 370."""


class Latent(Protocol):
    """`core.articulation.LatentStatistics`, as far as sliders need it."""

    variance_share: Float[np.ndarray, " components"]

    def code_of(self, sigmas: Float[np.ndarray, " components"]) -> Float[np.ndarray, " codes"]: ...

    def sigmas_of(self, code: Float[np.ndarray, " codes"]) -> Float[np.ndarray, " components"]: ...


@dataclass(frozen=True)
class ExploreState:
    """The sliders. While not frozen they follow what is shown."""

    sigmas: tuple[float, ...] = ()
    is_frozen: bool = False
    """The sliders give the pose; the video's pose is not shown."""

    @classmethod
    def of(
        cls, latent: Latent, code: Float[np.ndarray, " articulation"], is_frozen: bool = False
    ) -> "ExploreState":
        """The sliders that reproduce a code (its part within the components)."""
        return cls(tuple(float(sigma) for sigma in latent.sigmas_of(code)), is_frozen)

    def code(self, latent: Latent) -> Float[np.ndarray, " articulation"]:
        """The articulation code the sliders stand for."""
        return latent.code_of(np.array(self.sigmas))

    def with_sigma(self, component: int, sigma: float) -> "ExploreState":
        """One slider moved; moving a slider freezes."""
        sigmas = list(self.sigmas)
        sigmas[component] = float(sigma)
        return replace(self, sigmas=tuple(sigmas), is_frozen=True)

    def with_all(
        self, sigmas: "tuple[float, ...]", locks: frozenset[int] = frozenset()
    ) -> "ExploreState":
        """All sliders moved but those that are locked."""
        kept = (
            old if place in locks else float(new)
            for place, (old, new) in enumerate(zip(self.sigmas, sigmas, strict=True))
        )
        return ExploreState(tuple(kept), True)

    def reset(self, locks: frozenset[int] = frozenset()) -> "ExploreState":
        """The mean pose."""
        return self.with_all((0.0,) * len(self.sigmas), locks)

    def random(
        self, rng: np.random.Generator, locks: frozenset[int] = frozenset()
    ) -> "ExploreState":
        """A pose drawn from the distribution of the training motions, within the limits."""
        sigmas = np.clip(rng.standard_normal(len(self.sigmas)), -LIMIT_SIGMA, LIMIT_SIGMA)
        return self.with_all(tuple(float(sigma) for sigma in sigmas), locks)


def blended(one: tuple[float, ...], other: tuple[float, ...], part: float) -> tuple[float, ...]:
    """Between two poses: 0 is the first, 1 the second."""
    return tuple((1 - part) * a + part * b for a, b in zip(one, other, strict=True))


def swept(
    sigmas: tuple[float, ...], component: int, reach: float, turn: float
) -> tuple[float, ...]:
    """One moment of a sweep: the component swings by `reach` about 0 while `turn` goes 0 to 1."""
    moved = list(sigmas)
    moved[component] = reach * float(np.sin(2 * np.pi * turn))
    return tuple(moved)
