"""The teacher behind the words that every teacher has."""

from pathlib import Path

import numpy as np
import pytest

from core.errors import ModelError
from tests.training.banmo.made_teacher import TINY, made_pool, made_start
from training.banmo.banmo_teacher import BanmoTeacher
from training.banmo.fit_teacher import TeacherFit
from training.banmo.teacher_files import CONFIG, write_start
from training.rig_teacher import RigTeacher
from training.teacher_protocol import KnowledgeTeacher


def test_a_fitted_folder_opens_as_a_teacher(tmp_path: Path) -> None:
    start = made_start()
    write_start(tmp_path, start, [tmp_path], "dog")
    TINY.write(tmp_path / CONFIG)
    with pytest.raises(ModelError, match="not fitted yet"):
        BanmoTeacher.open(tmp_path)
    fit = TeacherFit(TINY, start, made_pool())
    fit.save(tmp_path)
    teacher = BanmoTeacher.open(tmp_path, resolution=32, face_count=500)
    assert isinstance(teacher, KnowledgeTeacher)
    assert len(teacher.template.faces) <= 520
    assert np.allclose(teacher.template.weights.sum(1), 1, atol=1e-5)
    assert len(teacher.space.names) == 1
    corner = teacher.template.vertices[teacher.template.faces].astype(float)
    volume = (corner[:, 0] * np.cross(corner[:, 1], corner[:, 2])).sum() / 6
    assert volume > 0  # faces look outwards


def test_a_rig_has_the_same_words() -> None:
    assert all(hasattr(RigTeacher, name) for name in ("learn", "from_files"))
    assert {"template", "space"} <= set(RigTeacher.__dataclass_fields__)
