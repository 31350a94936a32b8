"""Drawings of a fitted body: its poses, its coat in its own lights, seen from all around.

write_drawn_crops(teacher, knowledge, truth, folder, shards=2)

Real frames show few viewpoints; a student of them alone would know no others. These are shards like
a rig's (training/synth/pack.py), told in the same words as the real crops beside them.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float, Float32

from core.appearance import AppearanceBasis
from core.rig import MotionClip
from render.context import offscreen_context
from render.tiles import TileRenderer
from training.banmo.knowledge import PseudoTruth
from training.crop_store import write_shard
from training.motion import MotionConfig, MotionPool
from training.rig_teacher import Knowledge
from training.synth.bodies import SynthBody, fit_template
from training.synth.crops import CropConfig, CropFactory
from training.synth.pack import PackJob, draw_shard, shard_truth

MOTION = MotionConfig(
    chain_noise_rad=(0.06, 0.07, 0.03), joint_noise_rad=0.02, clip_noise=0.25, margin_rad=0.2,
    extra_noise_share=0.15, quiet_share=0.4,
)  # fmt: skip
"""The fitted poses and what lies about them: they are noisier than an animator's."""


@dataclass(frozen=True, eq=False)
class FittedPainter:
    """The coat as the frames show it, in light a little different."""

    basis: AppearanceBasis
    codes: Float[np.ndarray, "frames components"]

    def paint(self, rng: np.random.Generator) -> Float32[np.ndarray, "verts 3"]:
        """Colours of the vertices, sRGB 0..1."""
        colors = self.basis.decode(self.codes[rng.integers(len(self.codes))])
        tint = (1 + rng.normal(0, 0.12)) * (1 + rng.normal(0, 0.04, 3))
        return np.clip(colors * tint, 0, 1).astype(np.float32)


def write_drawn_crops(
    knowledge: Knowledge,
    truth: PseudoTruth,
    folder: Path,
    job: tuple[int, int, int],
) -> int:
    """Draw shards that are not there yet; gives the number of crops.

    Args:
        knowledge: The fitted body and its words.
        truth: Of the fitted frames: their poses and coats.
        folder: Of the shards.
        job: Number of the first shard, how many, and crops in each.

    Raises:
        GraphicsError: There is no OpenGL.
    """
    first, shards, size = job
    size = max(64, size // 64 * 64)
    missing = [n for n in range(first, first + shards) if not _path(folder, n).exists()]
    if missing:
        config = CropConfig(shape_std=0.3)
        tiles = TileRenderer(offscreen_context(), round(config.size_px * config.supersampling))
        body = fitted_body(knowledge, truth)
        factory = CropFactory(tiles, [body], len(knowledge.space.names), config)
        pack = PackJob((), folder, shards, size, workers=1, crops=config)
        for number in missing:
            batches = draw_shard(factory, pack, np.random.default_rng((pack.seed, number)))
            pictures = np.concatenate([batch.rgba for batch in batches])
            write_shard(folder, number, pictures, shard_truth(batches, knowledge))
    return shards * size


def fitted_body(knowledge: Knowledge, truth: PseudoTruth) -> SynthBody:
    """The fitted body as one that can be drawn at random."""
    rig, space = knowledge.rig, knowledge.space
    count = len(truth.joint_rotations)
    clip = MotionClip(
        "fitted", np.arange(count) / 15.0, truth.joint_rotations.astype(float),
        np.tile(np.eye(4), (count, 1, 1)),
    )  # fmt: skip
    return SynthBody(
        rig,
        MotionPool.from_clips(rig.skeleton, (clip,), MOTION),
        space,
        np.arange(len(space.names)),
        fit_template(rig, space, rig),
        FittedPainter(knowledge.appearance, truth.appearance),
        rig,
        (clip,),
    )


def _path(folder: Path, number: int) -> Path:
    return folder / f"shard_{number:04d}.npz"
