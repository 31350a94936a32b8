"""Known-truth clips of one animal for the teacher's proof: one coat, one body, many cameras.

    python -m training.evaluation.teacher_clips RIG.glb -o TRUTH [--seed 700] [--count 4]

`main.py synthesize` gives every clip a coat and proportions of its own; several clips of ONE animal
are what a teacher is fitted to. Nothing stands in front and the body stays in the frame, as BANMo
asks of its clips; cameras walk around, so that all sides are seen. Performances are drawn until one
of the wanted motions comes first: seeds say which.
"""

import argparse
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from core.progress import Writer
from training.evaluation.synthetic_set import read_body
from training.synth.bodies import SynthBody
from training.synth.camera_path import ShotConfig
from training.synth.clip_folder import write_synthetic_clip
from training.synth.clips import ClipConfig, ClipFactory
from training.synth.performance import PerformanceConfig

MOTIONS = ("Walk", "Gallop", "Walk", "Gallop_Jump", "Eating")
"""What the clips show, one after the other; found at the end of a motion's name."""
COAT_SEED = 7


@dataclass(frozen=True, eq=False)
class OneCoat:
    """A painter with one colour for every vertex, whatever is drawn."""

    colors: np.ndarray

    def paint(self, rng: np.random.Generator) -> np.ndarray:
        """Always the same; the generator stays as it is."""
        return self.colors


@dataclass(frozen=True)
class TeacherClipsConfig:
    """What the clips are like."""

    frames: int = 64
    fps: float = 15.0
    size: tuple[int, int] = (320, 240)
    fov_rad: tuple[float, float] = (0.7, 1.1)
    elevation_rad: tuple[float, float] = (0.0, 0.6)
    fill: tuple[float, float] = (0.65, 0.9)
    orbit_rad_per_s: float = 0.5
    motions: tuple[str, ...] = field(default=MOTIONS)

    def clip(self) -> ClipConfig:
        """The generator's configuration."""
        shot = ShotConfig(
            fov_rad=self.fov_rad, elevation_rad=self.elevation_rad, fill=self.fill,
            walk_share=0.75, still_share=0.0, orbit_rad_per_s=self.orbit_rad_per_s,
            truncated_share=0.0, seen=(0.97, 0.99),
        )  # fmt: skip
        performance = PerformanceConfig(shape_std=0.0, noise=(0.0, 0.15))
        return ClipConfig(
            *self.size, self.frames, self.fps, occluded_share=0.0, shot=shot,
            performance=performance,
        )  # fmt: skip


def main() -> None:
    """Make the clips; the last of them is meant to be held out."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("rig", type=Path)
    parser.add_argument("-o", "--out", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=700)
    parser.add_argument("--count", type=int, default=4)
    arguments = parser.parse_args()
    config, out = TeacherClipsConfig(), Writer()
    body = one_animal(read_body(arguments.rig))
    factory = ClipFactory(config.clip())
    try:
        for number in range(arguments.count):
            wanted = config.motions[number % len(config.motions)]
            showing = only_motion(body, wanted)
            clip, pictures = factory.make(showing, arguments.seed + number)
            write_synthetic_clip(arguments.out / clip.name, clip, pictures)
            out.line(f"{arguments.out / clip.name}: {clip.source}")
    finally:
        factory.release()


def one_animal(body: SynthBody) -> SynthBody:
    """The body with a coat that stays."""
    coat = body.painter.paint(np.random.default_rng(COAT_SEED))
    return replace(body, painter=OneCoat(coat))  # pyright: ignore[reportArgumentType]


def only_motion(body: SynthBody, name: str) -> SynthBody:
    """The body with the motions of that name alone; all of them if there is none."""
    chosen = tuple(clip for clip in body.clips if clip.name.split("|")[-1] == name)
    return replace(body, clips=chosen) if chosen else body


if __name__ == "__main__":
    main()
