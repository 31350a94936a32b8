"""How much faster our student is than DASR's released one, measured side by side.

    ratio = official_ratio(pipeline)
    ratio.official_student_ratio

Both get one crop at a time and all cores; steps alternate, so that whatever else the machine does
slows both. Ours counts everything from crop to joint rotations; theirs, rebuilt with random weights
(`core/official_student_torch.py`), from crop to joint angles, without the surface embeddings and
colours that it also needs.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import perf_counter

import numpy as np

from core.camera import Camera
from core.crop import CropCamera
from core.pipeline import Pipeline, in_camera
from core.temporal import settle

WARM_UP_ROUNDS = 2
ROUNDS = 15


@dataclass(frozen=True)
class OfficialRatio:
    """Medians over the rounds, milliseconds a frame."""

    our_student_ms: float
    """Student, temporal stage and decoding."""
    official_student_ms: float
    """As released: contiguous tensors, eager torch."""
    official_channels_last_ms: float
    """With the memory layout that suits CPUs better, for fairness."""

    @property
    def official_student_ratio(self) -> float:
        """How many times faster ours is than the released one."""
        return self.official_student_ms / self.our_student_ms


def official_ratio(pipeline: Pipeline, rounds: int = ROUNDS) -> OfficialRatio:
    """Time both; imports torch, which the live path itself never does."""
    from core.official_student_torch import official_step

    steps = (our_step(pipeline), official_step(), official_step(channels_last=True))
    ours, official, channels_last = interleaved_ms(steps, rounds)
    return OfficialRatio(ours, official, channels_last)


def our_step(pipeline: Pipeline) -> Callable[[], None]:
    """One frame of ours from crop to joint rotations."""
    model = pipeline.model
    camera = Camera.from_fov(640, 480)
    crop = CropCamera.around(camera, (200.0, 120.0, 420.0, 330.0), size_px=model.input_px)
    shape = (5, model.input_px, model.input_px)
    image = np.random.default_rng(0).random(shape).astype(np.float32)
    memory = settle(in_camera(pipeline.student.predict(image, 0.2), crop, model), 0.0, None)[1]

    def step() -> None:
        seen = in_camera(pipeline.student.predict(image, crop.crop_tan), crop, model)
        estimate, _ = settle(seen, 1 / 30, memory, pipeline.smoothing)
        model.joint_rotations(estimate.articulation)

    return step


def interleaved_ms(
    steps: Sequence[Callable[[], None]], rounds: int, clock: Callable[[], float] = perf_counter
) -> list[float]:
    """Median duration of each step, one of each per round, after some rounds to warm up."""
    spent = np.zeros((rounds, len(steps)))
    for round_ in range(-WARM_UP_ROUNDS, rounds):
        for index, step in enumerate(steps):
            began = clock()
            step()
            if round_ >= 0:
                spent[round_, index] = 1000 * (clock() - began)
    return np.median(spent, 0).tolist()
