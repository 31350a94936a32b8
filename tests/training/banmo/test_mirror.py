"""The prior that a body's left is like its right, and where the density lies."""

from dataclasses import replace

import torch

from tests.training.banmo.made_teacher import TINY, made_pool, made_start
from training.banmo.losses import mirror_error
from training.banmo.teacher import Teacher


def worn_teacher() -> Teacher:
    """A teacher whose field has lost what lies on one side."""
    teacher = Teacher(TINY, made_start())
    with torch.no_grad():
        level = teacher.fields.levels[0]
        level[..., : level.shape[-1] // 3] += 0.05
    return teacher


def test_a_side_that_was_worn_away_is_told_and_comes_back() -> None:
    whole, worn = Teacher(TINY, made_start()), worn_teacher()
    with torch.no_grad():
        before = float(mirror_error(worn, worn.fields.ready()))
        assert before > 3 * float(mirror_error(whole, whole.fields.ready()))
    optimizer = torch.optim.Adam(worn.fields.parameters_of("field"), 2e-3)
    for _ in range(40):
        optimizer.zero_grad()
        error = mirror_error(worn, worn.fields.ready())
        error.backward()
        optimizer.step()
    assert float(error.detach()) < 0.5 * before


def test_a_density_inside_of_the_surface_covers_less() -> None:
    batch = made_pool().batch(0, 3, 24)
    covered = []
    for inset in (0.0, 1.5):
        teacher = Teacher(replace(TINY, inset=inset), made_start())
        with torch.no_grad():
            posed = teacher.poses.at(batch.frames)
            covered.append(teacher.render(posed, batch.pixels).opacity)
    assert covered[1].sum() < 0.99 * covered[0].sum()
    assert covered[1].max() > 0.9
