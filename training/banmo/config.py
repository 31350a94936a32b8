"""What a fit of the teacher is made of; kept as `config.json` in its folder.

config = TeacherConfig.named("lite")
"""

import dataclasses
import json
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from core.errors import ExplainedError


@dataclass(frozen=True)
class LossWeightsConfig:
    """Weights of the losses; see docs/teacher.md for their units."""

    silhouette: float = 1.0
    inside: float = 2.0
    reach: float = 2.0
    color: float = 0.3
    flow: float = 0.5
    cycle: float = 2.0
    feature: float = 0.2
    eikonal: float = 0.3
    curvature: float = 0.02
    mirror: float = 0.0
    """Of the body's left against its right; 1 is much. For clips that show one side of it."""
    bone_inside: float = 0.1
    root_smooth: float = 1.0
    """At 20 a clip's depth could not drift back to where its masks say it is."""
    code_smooth: float = 0.02
    code_prior: float = 0.0005
    length_prior: float = 0.05
    delta: float = 0.001
    entropy: float = 0.0005


@dataclass(frozen=True)
class RatesConfig:
    """Adam's step sizes."""

    field: float = 1.5e-4
    """A leg is 0.04 wide: at 5e-4 it was worn away before its pose came right."""
    color: float = 5e-3
    root: float = 2e-3
    code: float = 1e-2
    decoder: float = 5e-4
    decoder_mean: float = 5e-3
    """A tail that curls in the category and hangs in this animal must come down soon."""
    skin: float = 2e-3
    length: float = 5e-4
    camera: float = 5e-4
    beta: float = 5e-4


@dataclass(frozen=True)
class TeacherConfig:
    """Sizes, schedule and switches."""

    kind: Literal["lite", "full"] = "lite"
    minutes: float = 90.0
    """Of computing; stages are shares of it, over all resumes."""
    steps: int | None = None
    """Of the whole fit, in place of minutes: for fits that are to be compared."""
    device: Literal["auto", "cpu", "cuda"] = "auto"
    """auto: `full` takes a GPU if there is one, `lite` stays on the CPU."""
    pose_steps: int = 600
    """Of each round before anything is rendered, in which bodies are only pulled into and onto
    their masks (settle.py)."""
    searches: int = 3
    """How often every frame is tried from all around (root_search.py), with a round before each."""
    frames_per_step: int = 16
    rays_per_frame: int = 40
    coarse_samples: int = 24
    fine_samples: int = 16
    voxel: float = 0.02
    """Of the finest grid, rig units."""
    hidden: int = 32
    """Width of the colour and delta networks."""
    start: Literal["mesh", "bones"] = "mesh"
    """The canonical shape at first: the category's rest mesh, or its bones as ellipsoids."""
    delta_skinning: bool = True
    uses_flow: bool = True
    uses_outline: bool = True
    """Pull the body into the masks and onto them from far away; see outline.py."""
    uses_features: bool = True
    root_start: Literal["student", "still"] = "student"
    """still: every frame starts at its clip's mean pose; for the ablation."""
    miss_weight: float = 1.0
    """How much more a hole in the mask counts than a pixel too many, at first; falls to 0. What is
    drawn in the wrong place is to be moved, not worn away."""
    beta_start: float = 0.01
    beta_end: float = 0.004
    """What beta may be at most, at first and at last; rig units."""
    inset: float = 0.0
    """Betas by which the density lies inside the surface. At 0 a leg of radius 0.02 is seen 0.006
    to 0.009 beyond its surface, which shrinks until what is seen fits; at 1.5 within 0.002."""
    threads: int = 2
    checkpoint_s: float = 120.0
    preview_s: float = 300.0
    seed: int = 0
    losses: LossWeightsConfig = field(default_factory=LossWeightsConfig)
    rates: RatesConfig = field(default_factory=RatesConfig)

    @classmethod
    def named(cls, name: str) -> "TeacherConfig":
        """`lite` for two CPU cores, `full` for a GPU.

        Raises:
            ValueError: There is no such configuration.
        """
        if name == "lite":
            return cls()
        if name == "full":
            return replace(
                cls(), kind="full", minutes=240.0, frames_per_step=64, rays_per_frame=64,
                coarse_samples=64, fine_samples=64, hidden=256, voxel=0.01,
            )  # fmt: skip
        raise ValueError(f"no configuration {name!r}; there are lite and full")

    @property
    def place(self) -> str:
        """Name of the device to compute on."""
        if self.device != "auto":
            return self.device
        import torch

        return "cuda" if self.kind == "full" and torch.cuda.is_available() else "cpu"

    def write(self, path: Path) -> None:
        """As JSON."""
        path.write_text(json.dumps(dataclasses.asdict(self), indent=1) + "\n", encoding="utf-8")

    @classmethod
    def read(cls, path: Path) -> "TeacherConfig":
        """From JSON; what is missing keeps its default.

        Raises:
            ExplainedError: It cannot be read, or holds words that mean nothing.
        """
        try:
            values = json.loads(path.read_text(encoding="utf-8"))
            values["losses"] = LossWeightsConfig(**values.get("losses", {}))
            values["rates"] = RatesConfig(**values.get("rates", {}))
            return cls(**values)
        except (OSError, ValueError, TypeError) as error:
            raise ExplainedError(f"{path} is no teacher's configuration: {error}.") from error
