"""What every kind of teacher can do, so that nothing after it knows which kind it was.

    teacher = RigTeacher.from_files([...])        # training/rig_teacher.py
    teacher = BanmoTeacher.open(folder)           # training/banmo/banmo_teacher.py
    knowledge = teacher.learn()

A third kind writes a class with these three, and says in its own module where its pictures with
truth come from: drawn ones (training/synth/pack.py) or filmed ones (training/banmo/real_crops.py).
Both end as shards of a `CropStore`, from which `fit_student` learns.
"""

from collections.abc import Callable
from typing import Protocol, runtime_checkable

from core.rig import Rig
from core.shape_space import ShapeSpace
from training.rig_teacher import Knowledge


@runtime_checkable
class KnowledgeTeacher(Protocol):
    """A body, its proportions, and what is frozen while a student learns."""

    @property
    def template(self) -> Rig: ...

    @property
    def space(self) -> ShapeSpace: ...

    def learn(self, progress: Callable[[str, int, int], None] = ...) -> Knowledge:
        """Decoders, statistics and bases."""
        ...
