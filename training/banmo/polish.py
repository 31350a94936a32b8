"""Late in a fit, poses are pulled into their masks once more, with the body as it has become.

polish_poses(teacher, pool, outline, config)

While the body is still the category's, a clip that shows one girth only (from behind, say) pays for
the wrong girth in depth. Once the shape has been learned, masks tell how far away it is; but
rendering feels what it nearly touches, and a drift of a whole clip it undoes very slowly. The
outline's points are cheap: 300 steps of 48 frames take ten seconds.
"""

import numpy as np
import torch

from training.banmo.config import TeacherConfig
from training.banmo.losses import smoothness, weighted
from training.banmo.outline import OutlineTargets, outline_errors
from training.banmo.ray_pool import RayPool
from training.banmo.teacher import Teacher

STEPS, FRAMES, PIXELS = 300, 48, 160
RATES = {"turn": 4e-3, "place": 8e-3, "code": 1e-2}
FIRST_BATCH = 1_000_000
"""Batches that the fit itself does not see."""


def polish_poses(
    teacher: Teacher, pool: RayPool, outline: OutlineTargets, config: TeacherConfig
) -> None:
    """Move roots and codes of all frames; shape, skin, lengths and cameras stay."""
    poses = teacher.poses
    optimizer = torch.optim.Adam(
        [{"params": [getattr(poses, name)], "lr": rate} for name, rate in RATES.items()],
        betas=(0.9, 0.98),
    )
    for step in range(STEPS):
        fall = 0.1 + 0.45 * (1 + np.cos(np.pi * step / STEPS))
        for group, rate in zip(optimizer.param_groups, RATES.values(), strict=True):
            group["lr"] = rate * fall
        batch = pool.batch(FIRST_BATCH + step, FRAMES, PIXELS)
        posed = poses.at(batch.frames)
        placed = posed.project(posed.to_camera(teacher.placed_surface(posed)))
        inside, reach = outline_errors(
            outline, batch.frames, placed, batch.pixels[:, : PIXELS // 2]
        )
        terms = {"inside": inside, "reach": reach} | smoothness(poses)
        teacher.zero_grad(set_to_none=True)
        weighted(terms, config.losses).backward()
        optimizer.step()
    teacher.zero_grad(set_to_none=True)
