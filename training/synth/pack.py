"""Fill a folder with shards of crops, by several processes; what is already there is kept.

pack_crops(PackJob(rigs, folder, shard_count=40), knowledge, progress)
"""

import multiprocessing as mp
import os
import queue
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from core.errors import ExplainedError
from training.appearance import appearance_codes
from training.crop_store import write_shard
from training.rig_teacher import Knowledge, RigTeacher, RigTeacherConfig
from training.synth.crops import CropBatch, CropConfig, CropFactory

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class PackJob:
    """Which crops to draw, and where to."""

    rigs: tuple[Path, ...]
    folder: Path
    shard_count: int = 40
    shard_size: int = 4096
    body_share: tuple[float, ...] = ()
    """How often each rig is drawn; evenly when empty."""
    workers: int = 2
    seed: int = 1
    teacher: RigTeacherConfig = field(default_factory=RigTeacherConfig)
    crops: CropConfig = field(default_factory=CropConfig)


def pack_crops(
    job: PackJob, knowledge: Knowledge, progress: Progress = lambda done, total: None
) -> None:
    """Draw every missing shard. Each has a seed of its own, so a resumed job ends the same."""
    missing = [
        n for n in range(job.shard_count) if not (job.folder / f"shard_{n:04d}.npz").exists()
    ]
    progress(job.shard_count - len(missing), job.shard_count)
    if job.workers <= 1:
        _work(job, knowledge, missing, None)
        progress(job.shard_count, job.shard_count)
        return
    context = mp.get_context("spawn")  # a forked process inherits a dead GL context
    done = context.Queue()
    parts = [missing[k :: job.workers] for k in range(job.workers)]
    workers = [
        # Daemons end with us: a cancelled run does not wait for pictures nobody wants.
        context.Process(target=_work, args=(job, knowledge, part, done), daemon=True)
        for part in parts
    ]
    for worker in workers:
        worker.start()
    for count in range(len(missing)):
        _wait(done, workers)
        progress(job.shard_count - len(missing) + count + 1, job.shard_count)
    for worker in workers:
        worker.join()


def _wait(done: Any, workers: Sequence[Any]) -> None:
    """Until a shard is done.

    Raises:
        ExplainedError: A worker has died, and its shards will never come.
    """
    while True:
        try:
            done.get(timeout=2.0)
        except queue.Empty:
            if any(worker.exitcode not in (None, 0) for worker in workers):
                raise ExplainedError(
                    "A process that draws training pictures has died, perhaps for want of memory; "
                    "the same command goes on where it stopped."
                ) from None
        else:
            return


def _work(job: PackJob, knowledge: Knowledge, shards: list[int], done) -> None:
    os.environ.setdefault("LP_NUM_THREADS", "0" if job.workers > 1 else "2")
    import torch

    from render.context import offscreen_context
    from render.tiles import TileRenderer

    torch.set_num_threads(1)
    side = round(job.crops.size_px * job.crops.supersampling)
    teacher = RigTeacher.from_files(list(job.rigs), job.teacher)
    factory = teacher.crop_factory(TileRenderer(offscreen_context(), side), job.crops)
    for shard in shards:
        batches = draw_shard(factory, job, np.random.default_rng((job.seed, shard)))
        pictures = np.concatenate([batch.rgba for batch in batches])
        write_shard(job.folder, shard, pictures, shard_truth(batches, knowledge))
        if done is not None:
            done.put(shard)


def draw_shard(factory: CropFactory, job: PackJob, rng: np.random.Generator) -> list[CropBatch]:
    """One shard in batches of 64, each of one body."""
    share = np.array(job.body_share or [1.0] * len(factory.bodies))
    batches = []
    for _ in range(job.shard_size // 64):
        body = int(rng.choice(len(share), p=share / share.sum()))
        batches.append(factory.make(rng, 64, body))
    return batches


def shard_truth(batches: list[CropBatch], knowledge: Knowledge) -> dict[str, np.ndarray]:
    """What a shard says of its crops, in the knowledge's words."""

    def gather(name: str) -> np.ndarray:
        return np.concatenate([getattr(batch, name) for batch in batches]).astype(np.float32)

    names = ("rotation", "weak", "crop_tan", "crop_to_cam", "frame", "joint_rotations", "shape")
    truth = {name: gather(name) for name in names}
    truth["body"] = np.concatenate([batch.body for batch in batches])
    colors = [
        appearance_codes(knowledge.appearance, batch.colors.astype(np.float32)) for batch in batches
    ]
    truth["appearance"] = np.concatenate(colors)
    return truth
