"""What a synthetic clip shows, before it is drawn: who performs where, in what light, filmed how.

scene = sample_scene(body, rng, ClipConfig())
"""

from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float

from render.tiles import FurNoise, TileLight
from training.synth.bodies import SynthBody
from training.synth.camera_path import Shot, ShotConfig, sample_shot
from training.synth.film import Film, FilmConfig
from training.synth.occluders import Occluder, sample_occluders
from training.synth.performance import Performance, PerformanceConfig, perform
from training.synth.surroundings import Surroundings


@dataclass(frozen=True)
class ClipConfig:
    """What the clips are like."""

    width_px: int = 256
    height_px: int = 256
    frames: int = 60
    fps: float = 30.0
    category: str = "animal"
    occluded_share: float = 0.25
    """Clips with things standing in front."""
    shadow: tuple[float, float] = (0.15, 0.6)
    is_compressed: bool = True
    with_depth: bool = True
    performance: PerformanceConfig = field(default_factory=PerformanceConfig)
    shot: ShotConfig = field(default_factory=ShotConfig)
    film: FilmConfig = field(default_factory=FilmConfig)

    def __post_init__(self) -> None:
        if self.width_px % 2 or self.height_px % 2:
            raise ValueError(f"clips of {self.width_px} x {self.height_px}: sides must be even")
        if self.frames < 2:
            raise ValueError(f"a clip needs at least 2 frames, not {self.frames}")


@dataclass(frozen=True, eq=False)
class Scene:
    """Everything about a clip but its pictures."""

    performance: Performance
    shot: Shot
    surroundings: Surroundings
    occluders: list[Occluder]
    colors: Float[np.ndarray, "verts 3"]
    fur: FurNoise
    to_light: Float[np.ndarray, " 3"]
    """In the world, upwards."""
    ambient: Float[np.ndarray, " 3"]
    diffuse: Float[np.ndarray, " 3"]
    shadow: float
    film: Film

    @property
    def root_to_cam(self) -> Float[np.ndarray, "frames 4 4"]:
        return self.shot.world_to_cam @ self.performance.body_to_world

    @property
    def shadow_to_cam(self) -> Float[np.ndarray, "frames 4 4"]:
        """The body pressed flat onto the ground along the light."""
        flat = np.eye(4)
        flat[:, 1] = [
            -self.to_light[0] / self.to_light[1],
            0,
            -self.to_light[2] / self.to_light[1],
            0,
        ]
        return self.shot.world_to_cam @ flat @ self.performance.body_to_world

    def light(self, frame: int) -> TileLight:
        """The sun in a frame's camera axes."""
        to_light = self.shot.world_to_cam[frame, :3, :3] @ self.to_light
        return TileLight(to_light, self.ambient, self.diffuse)


def sample_scene(body: SynthBody, rng: np.random.Generator, config: ClipConfig) -> Scene:
    """A random scene of one body."""
    times_s = np.arange(config.frames) / config.fps
    performance = perform(body, rng, times_s, config.performance)
    size = (config.width_px, config.height_px)
    shot = sample_shot(rng, performance.vertices, times_s, size, config.shot)
    occluders = []
    if rng.random() < config.occluded_share:
        eye = -np.einsum("fji,fj->fi", shot.world_to_cam[:, :3, :3], shot.world_to_cam[:, :3, 3])
        centre = performance.vertices.mean(1, dtype=float)
        occluders = sample_occluders(rng, int(rng.integers(1, 4)), eye, centre, 0.5)
    elevation, azimuth = rng.uniform(0.7, 1.4), rng.uniform(-np.pi, np.pi)
    flat = np.cos(elevation)
    warm = rng.normal(0, 0.06, 3)
    return Scene(
        performance,
        shot,
        Surroundings.sample(rng),
        occluders,
        body.painter.paint(rng),
        FurNoise(
            rng.uniform(0, 0.5), float(np.exp(rng.uniform(2.5, 5.0))), int(rng.integers(9999))
        ),
        np.array([flat * np.sin(azimuth), np.sin(elevation), flat * np.cos(azimuth)]),
        rng.uniform(0.3, 0.7) * (1 + warm),
        rng.uniform(0.2, 0.9) * (1 - warm),
        float(rng.uniform(*config.shadow)),
        Film.sample(rng, config.film),
    )
