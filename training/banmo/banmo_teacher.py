"""A fitted teacher behind the same words as a rig (training/teacher_protocol.py).

teacher = BanmoTeacher.open(folder)
knowledge = teacher.learn()
truth = teacher.pseudo_truth(knowledge)
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from safetensors import SafetensorError
from safetensors.torch import load_file

from core.errors import ModelError
from core.rig import Rig
from core.shape_space import ShapeSpace
from training.banmo.config import TeacherConfig
from training.banmo.extract import RestSurface, rest_surface
from training.banmo.knowledge import (
    PseudoTruth,
    length_space,
    pseudo_truth,
    teacher_knowledge,
    teacher_rig,
)
from training.banmo.teacher import Teacher
from training.banmo.teacher_files import CHECKPOINT, CONFIG, read_start
from training.rig_teacher import Knowledge


@dataclass(frozen=True, eq=False)
class BanmoTeacher:
    """A teacher and the mesh drawn from its field."""

    teacher: Teacher
    rest: RestSurface

    @classmethod
    def open(
        cls, folder: Path, resolution: int = 64, face_count: int | None = 4000
    ) -> "BanmoTeacher":
        """Read what `main.py fit banmo` has reached in a folder.

        Raises:
            ModelError: There is no teacher, or it is damaged.
        """
        start, _ = read_start(folder)
        config = TeacherConfig.read(folder / CONFIG)
        try:
            tensors = load_file(folder / CHECKPOINT)
            known = tensors.get("teacher.feature_in.weight")
            teacher = Teacher(config, start, 0 if known is None else known.shape[1])
            begin = len("teacher.")
            teacher.load_state_dict(
                {k[begin:]: v for k, v in tensors.items() if k.startswith("teacher.")}
            )
        except (OSError, SafetensorError, RuntimeError) as error:
            raise ModelError(f"The teacher in {folder} is not fitted yet, or damaged.") from error
        teacher.uses_delta = teacher.config.delta_skinning
        return cls(teacher, rest_surface(teacher, resolution, face_count))

    @cached_property
    def template(self) -> Rig:
        return teacher_rig(self.teacher, self.rest, self.teacher.rig.metres_per_unit)

    @cached_property
    def space(self) -> ShapeSpace:
        return length_space(self.teacher, self.template)

    def learn(
        self, progress: Callable[[str, int, int], None] = lambda stage, done, total: None
    ) -> Knowledge:
        """Freeze what the fit has found."""
        knowledge = teacher_knowledge(self.teacher, self.rest)
        progress("articulation", 1, 1)
        return knowledge

    def pseudo_truth(self, knowledge: Knowledge) -> PseudoTruth:
        """Of every fitted frame, regenerated from its codes."""
        frames = np.arange(self.teacher.poses.frame_count)
        return pseudo_truth(self.teacher, self.rest, knowledge, frames)
