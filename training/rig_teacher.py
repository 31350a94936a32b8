"""A teacher made of rigged glTF files: the first is the template, siblings add other bodies.

    teacher = RigTeacher.from_files([shiba, wolf, fox])
    knowledge = teacher.learn()                # decoders and shape space, frozen from here on
    factory = teacher.crop_factory(knowledge, tiles)

A BANMo teacher stands behind the same words: it gives a template rig, frozen decoders, and
pictures with truth. Nothing after this file knows where the knowledge came from.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from core.appearance import AppearanceBasis
from core.articulation import ArticulationDecoder, LatentStatistics
from core.rig import Rig
from core.rig_import import read_rig
from core.shape_space import ShapeSpace
from render.tiles import TileRenderer
from training.appearance import fit_appearance
from training.articulation import ArticulationFit, ArticulationFitConfig, fit_articulation
from training.invented_motion import invented_clips
from training.motion import MotionConfig
from training.prepare_rig import RigPreparation, carried_clips, prepare_rig
from training.shape_modes import proportion_modes
from training.sibling_builds import sibling_builds, with_builds
from training.synth.bodies import FitPrior, SynthBody
from training.synth.crops import CropConfig, CropFactory

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class RigTeacherConfig:
    """What the teacher learns from its rigs."""

    motion: MotionConfig = field(
        default_factory=lambda: MotionConfig(
            chain_noise_rad=(0.09, 0.10, 0.04),
            joint_noise_rad=0.03,
            clip_noise=0.25,
            margin_rad=0.3,
            extra_noise_share=0.15,
            quiet_share=0.35,
        )
    )
    """Poses that pictures are drawn of. With twice this noise the student learned hardly any
    articulation in 75 minutes: vertices 0.13 body lengths off, the mean pose 0.17."""
    decoder_motion: MotionConfig = field(
        default_factory=lambda: MotionConfig(
            chain_noise_rad=(0.07, 0.08, 0.03),
            joint_noise_rad=0.025,
            clip_noise=0.2,
            extra_noise_share=0.15,
            quiet_share=0.4,
        )
    )
    """Poses the decoder is fitted to. 16 numbers cannot say all the noise that pictures are drawn
    with, and
    should not spend themselves on it."""
    articulation: ArticulationFitConfig = field(default_factory=ArticulationFitConfig)
    pose_count: int = 24_000
    coat_count: int = 1_500
    held_out_clips: tuple[str, ...] = ()
    """Motions never trained on."""
    preparation: RigPreparation = field(default_factory=RigPreparation)
    original_share: float | None = None
    """How often bodies come as their makers painted them; None: as their painters usually do."""
    fit_prior: FitPrior = field(default_factory=FitPrior)
    motion_rigs: tuple[Path, ...] = ()
    """Rigs whose motions all bodies play too, though nobody sees their own bodies."""
    seed: int = 0


@dataclass(frozen=True, eq=False)
class Knowledge:
    """What a teacher hands to the student: everything that is frozen while it learns."""

    rig: Rig
    space: ShapeSpace
    articulation: ArticulationFit
    appearance: AppearanceBasis

    @property
    def decoder(self) -> ArticulationDecoder:
        return self.articulation.decoder

    @property
    def latent(self) -> LatentStatistics:
        return self.articulation.latent


@dataclass(frozen=True, eq=False)
class RigTeacher:
    """Bodies told on one template."""

    template: Rig
    space: ShapeSpace
    bodies: tuple[SynthBody, ...]
    config: RigTeacherConfig

    @classmethod
    def from_files(cls, paths: list[Path], config: RigTeacherConfig | None = None) -> "RigTeacher":
        """Read rigs; the first is the template.

        Raises:
            RigError: A file is no usable rig.
            ValueError: A sibling shares too few joints with the template.
        """
        config = config or RigTeacherConfig()
        imported = [prepare_rig(read_rig(path), config.preparation) for path in paths]
        lenders = [prepare_rig(read_rig(p), config.preparation) for p in config.motion_rigs]
        template = imported[0].rig
        space = proportion_modes(template)
        bodies = []
        for each in imported:
            clips = tuple(c for c in each.clips if c.name not in config.held_out_clips)
            clips = clips or invented_clips(each.rig.skeleton)
            clips += tuple(clip for lender in lenders for clip in carried_clips(lender, each.rig))
            body = SynthBody.of(template, space, each.rig, clips, config.motion, config.fit_prior)
            bodies.append(body.painted_as_made(config.original_share))
        builds = sibling_builds(template, space, [(b.rig, b.fit) for b in bodies[1:]])
        whole = with_builds(space, builds)
        return cls(template, whole, builds.told(bodies, whole), config)

    def learn(self, progress: Progress = lambda stage, done, total: None) -> Knowledge:
        """Fit the articulation decoder to random poses and the appearance basis to random coats."""
        rng = np.random.default_rng(self.config.seed)
        share = self.config.pose_count // len(self.bodies)
        poses = np.concatenate([
            body.template_rotations(pool.sample(rng, share).joint_rotations)
            for body in self.bodies
            for pool in [replace(body.pool, config=self.config.decoder_motion)]
        ])  # fmt: skip
        fit = fit_articulation(
            self.template, poses, self.config.articulation,
            lambda done, total: progress("articulation", done, total),
        )  # fmt: skip
        coats = []
        for index in range(self.config.coat_count):
            body = self.bodies[index % len(self.bodies)]
            coats.append(body.painter.paint(rng)[body.fit.nearest])
        return Knowledge(self.template, self.space, fit, fit_appearance(np.stack(coats)))

    def crop_factory(self, tiles: TileRenderer, config: CropConfig) -> CropFactory:
        """Draws crops of all bodies."""
        return CropFactory(tiles, list(self.bodies), len(self.space.names), config)
