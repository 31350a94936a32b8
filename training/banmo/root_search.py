"""Every frame tried from all around: a body settled the wrong way round stays so.

start = searched(start, clips, config)

Each frame's pose is turned about the body's upright axis, every one of the turned poses is pulled
into the mask by itself, and of all of them the likeliest course through a clip is taken (Viterbi,
1967): what fits the masks, without turning faster than an animal does. This is the search over
hypotheses that METHODS 2.6 asks for in place of PoseNet.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from jaxtyping import Float, Int

from core.rotations import geodesic_angle
from training.banmo.config import TeacherConfig
from training.banmo.outline import OutlineTargets, frame_errors
from training.banmo.poses import Poses, PoseStart
from training.banmo.ray_pool import PIXELS, RayPool
from training.banmo.soft_body import SoftBody
from training.banmo.teacher import TeacherStart
from training.prepare.prepared_clip import PreparedClip

TURNS = 8
STEPS = 60
ROWS = 96
SEEN = 100
"""Pixels of the mask in each step."""
RATES = {"turn": 1.5e-2, "place": 1.5e-2, "code": 4e-2}
TURN_COST = 2e-3
"""Of a square radian between neighbouring frames, in the outline's errors: a frame off by a
quarter of a turn errs by 1e-3 to 3e-3 more."""
WORD_COST = 3e-4
"""Of standing the other way round than before, which at first is the student's word: from its
outline alone a body often faces both ways."""
Progress = Callable[[str, float, float], None]


@dataclass(frozen=True, eq=False)
class Candidates:
    """Poses of every frame from all around, and how badly each fits its mask."""

    rotation: Float[np.ndarray, "frames turns 3 3"]
    place: Float[np.ndarray, "frames turns 3"]
    code: Float[np.ndarray, "frames turns articulation"]
    error: Float[np.ndarray, "frames turns"]


def searched(
    start: TeacherStart,
    clips: Sequence[PreparedClip],
    config: TeacherConfig,
    progress: Progress = lambda stage, done, total: None,
) -> TeacherStart:
    """The start with the likeliest course of poses in every clip."""
    found = candidates(start, clips, config, progress)
    poses = start.poses
    turned = geodesic_angle(found.rotation, poses.rotation[:, None])
    cost = found.error + WORD_COST * 0.5 * (1 - np.cos(turned))
    usable = np.concatenate([clip.is_usable for clip in clips])
    cost[~usable] = 0.0
    chosen = np.zeros(len(cost), int)
    for clip in np.unique(poses.clip_of):
        rows = np.flatnonzero(poses.clip_of == clip)
        chosen[rows] = likeliest_course(cost[rows], found.rotation[rows])
    every = np.arange(len(chosen))
    taken = {name: getattr(found, name)[every, chosen] for name in ("rotation", "place", "code")}
    return replace(start, poses=replace(poses, **taken))


def candidates(
    start: TeacherStart,
    clips: Sequence[PreparedClip],
    config: TeacherConfig,
    progress: Progress = lambda stage, done, total: None,
) -> Candidates:
    """All frames from all sides, each pulled into its mask by itself."""
    pool, outline = RayPool.of_clips(clips, config.seed), OutlineTargets.of_clips(clips)
    body = SoftBody.of(start.rig)
    rows = turned_starts(start.poses)
    count = len(start.poses.clip_of)
    frames = np.repeat(np.arange(count), TURNS)
    parts = []
    for first in range(0, len(frames), ROWS):
        part = slice(first, first + ROWS)
        poses = Poses(_rows(rows, part), start.rig.skeleton, start.decoder)
        parts.append(_pulled(poses, body, outline, pool, torch.from_numpy(frames[part]), config))
        progress("searching", min(first + ROWS, len(frames)), len(frames))
    arrays = (np.concatenate(values) for values in zip(*parts, strict=True))
    return Candidates(*(values.reshape(count, TURNS, *values.shape[1:]) for values in arrays))


def turned_starts(poses: PoseStart) -> PoseStart:
    """Every frame `TURNS` times, turned about the body's upright axis; the first as it is."""
    angle = 2 * np.pi * np.arange(TURNS) / TURNS
    cos, sin, zero, one = np.cos(angle), np.sin(angle), 0 * angle, 1 + 0 * angle
    about_y = np.stack([cos, zero, sin, zero, one, zero, -sin, zero, cos], 1).reshape(-1, 3, 3)
    rotation = poses.rotation[:, None] @ about_y
    again = {
        name: np.repeat(getattr(poses, name), TURNS, 0)
        for name in ("clip_of", "place", "code", "is_known")
    }
    return replace(poses, rotation=rotation.reshape(-1, 3, 3), **again)


def _rows(poses: PoseStart, rows: slice) -> PoseStart:
    names = ("clip_of", "rotation", "place", "code", "is_known")
    return replace(poses, **{name: getattr(poses, name)[rows] for name in names})


def _pulled(
    poses: Poses, body: SoftBody, outline: OutlineTargets, pool: RayPool,
    frames: Int[torch.Tensor, " rows"], config: TeacherConfig,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:  # fmt: skip
    """Rotation, place, code and error of some rows after a few steps by themselves."""
    weights, every = config.losses, torch.arange(len(frames))
    generator = torch.Generator().manual_seed(config.seed)
    optimizer = torch.optim.Adam(
        [{"params": [getattr(poses, name)], "lr": rate} for name, rate in RATES.items()]
    )
    column = torch.randint(PIXELS, (len(frames), SEEN), generator=generator)
    pixels = pool.pixels[frames, 0].gather(1, column[..., None].expand(-1, -1, 2))
    for step in range(STEPS + 1):
        posed = poses.at(every)
        placed = posed.project(posed.to_camera(body.moved(posed)))
        inside, reach = frame_errors(outline, frames, placed, pixels)
        error = inside + reach
        if step == STEPS:
            break
        unusual = weights.code_prior * poses.code.square().sum(-1)
        loss = (weights.inside * inside + weights.reach * reach + unusual).sum()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        found = (poses.rotations(every), poses.place, poses.code, error)
    return tuple(value.detach().double().numpy() for value in found)


def likeliest_course(
    cost: Float[np.ndarray, "frames turns"], rotation: Float[np.ndarray, "frames turns 3 3"]
) -> Int[np.ndarray, " frames"]:
    """Which turn to take in every frame: least cost, and little turning from one to the next."""
    total, came_from = cost[0].copy(), []
    for frame in range(1, len(cost)):
        angle = geodesic_angle(rotation[frame - 1][:, None], rotation[frame][None])
        through = total[:, None] + TURN_COST * angle**2
        came_from.append(through.argmin(0))
        total = through.min(0) + cost[frame]
    course = [int(total.argmin())]
    for before in reversed(came_from):
        course.append(int(before[course[-1]]))
    return np.array(course[::-1])
