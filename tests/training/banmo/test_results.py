"""What a fit leaves behind when its time is used."""

from pathlib import Path

import numpy as np

from core.rig_import import read_rig
from tests.training.banmo.made_teacher import TINY, made_prepared, made_start
from training.articulation import ArticulationFitConfig
from training.banmo.extract import rest_surface
from training.banmo.knowledge import pseudo_truth, teacher_knowledge
from training.banmo.pictures import write_previews
from training.banmo.teacher import Teacher
from training.banmo.teacher_glb import write_teacher_glb


def test_a_teacher_becomes_a_rig_that_train_can_read(tmp_path: Path) -> None:
    teacher = Teacher(TINY, made_start())
    rest = rest_surface(teacher, 32, 600)
    knowledge = teacher_knowledge(teacher, rest, ArticulationFitConfig(steps=2, hidden=8))
    truth = pseudo_truth(teacher, rest, knowledge, np.arange(6))
    path = tmp_path / "teacher.glb"
    write_teacher_glb(path, knowledge, truth, made_prepared(), np.arange(6))
    read = read_rig(path)
    assert len(read.rig.vertices) >= len(knowledge.rig.vertices) * 0.9
    moving = knowledge.rig.weights.max(0) > 0.5  # a leaf that moves nothing need not come back
    names = np.array(knowledge.rig.skeleton.names)[moving]
    ours = {str(name).replace(".", "_") for name in names}
    assert len(ours) > 8
    assert ours <= {name.replace(".", "_") for name in read.rig.skeleton.names}
    assert len(read.clips) == 1
    swing = read.clips[0].joint_rotations.std(0).max()
    assert swing > 0.05  # the legs move


def test_previews_show_the_body_from_four_sides(tmp_path: Path) -> None:
    write_previews(Teacher(TINY, made_start()), [made_prepared()], tmp_path, "0000")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["0000_sides.png", "0000_trot.png"]
