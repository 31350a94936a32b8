"""Synthetic clips: a rig performs before a camera, with exact truth; same seed, same clip.

    clip, pictures = make_clip(body, seed=3, config=ClipConfig(frames=60))
    write_clip(folder, clip, pictures)

    factory = ClipFactory(ClipConfig())        # keeps the OpenGL context: for many clips
    clip, pictures = factory.make(body, 3)

Masks and depth are of what is seen: things in front hide parts of the body. Vertices are skinned linearly,
as the pictures are drawn. For imperfect masks: `training/synth/mask_faults.py`.
"""

from dataclasses import dataclass, field, replace

import cv2
import moderngl
import numpy as np
from jaxtyping import Float, Float32, UInt8

from render.context import offscreen_context
from render.tiles import FurNoise, Tile, TileLight, TileRenderer
from training.clip import Clip, ClipTruth
from training.synth.bodies import SynthBody
from training.synth.camera_path import Shot, ShotConfig, sample_shot
from training.synth.film import Film, FilmConfig, compressed, smear
from training.synth.occluders import Occluder, sample_occluders
from training.synth.performance import Performance, PerformanceConfig, perform
from training.synth.surroundings import Surroundings

GENERATOR_VERSION = 1
"""Raised whenever the same seed gives another clip."""

_SUPERSAMPLING = 2
_MOST_HIDDEN = 0.65
"""A body of which less is seen says nothing about a student."""


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
class _Scene:
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


def make_clip(
    body: SynthBody, seed: int, config: ClipConfig | None = None
) -> tuple[Clip, UInt8[np.ndarray, "frames height width 3"]]:
    """One clip with its pictures.

    Raises:
        ValueError: The body has no motions.
        GraphicsError: There is no OpenGL.
    """
    factory = ClipFactory(config or ClipConfig())
    try:
        return factory.make(body, seed)
    finally:
        factory.release()


class ClipFactory:
    """Makes clips of any bodies with one OpenGL context."""

    def __init__(self, config: ClipConfig, ctx: moderngl.Context | None = None) -> None:
        self.config = config
        self._own_ctx = offscreen_context() if ctx is None else None
        self._ctx = ctx or self._own_ctx
        side = max(config.width_px, config.height_px)
        across = max(1, min(4, 2048 // (side * _SUPERSAMPLING)))
        self._tiles = TileRenderer(self._ctx, side * _SUPERSAMPLING, across, across)
        self._shadows = TileRenderer(self._ctx, side, across, across)
        self._ids: dict[SynthBody, int] = {}

    def release(self) -> None:
        """Free the GPU's memory, and the context if it is this factory's own."""
        self._tiles.release()
        self._shadows.release()
        if self._own_ctx is not None:
            self._own_ctx.release()

    def make(
        self, body: SynthBody, seed: int
    ) -> tuple[Clip, UInt8[np.ndarray, "frames height width 3"]]:
        """One clip with its pictures."""
        config = self.config
        rng = np.random.default_rng((seed, GENERATOR_VERSION))
        scene = _scene(body, rng, config)
        rgba, depth = self._body_layer(body, scene)
        shade = self._shadow_layer(body, scene)
        scene = _with_body_seen(scene, depth)
        pictures = np.empty((config.frames, config.height_px, config.width_px, 3), np.uint8)
        masks = np.empty(pictures.shape[:3], np.uint8)
        motion_px = _motion_px(scene)
        for frame in range(config.frames):
            front = _front(scene, frame, depth[frame])
            pictures[frame] = _filmed(
                scene, frame, rng, rgba[frame], shade[frame], front, motion_px
            )
            alpha = rgba[frame, ..., 3] > 127
            masks[frame] = np.where(alpha & (front.alpha < 0.5), 255, 0)
            depth[frame] *= masks[frame] > 0
        if config.is_compressed:
            pictures = compressed(pictures, scene.film.crf, config.fps)
        return _clip(body, seed, config, scene, masks, depth), pictures

    def _body_layer(self, body: SynthBody, scene: _Scene) -> tuple[np.ndarray, np.ndarray]:
        """Premultiplied RGBA, and depth of what is at least half covered."""
        images = self._tiles.draw(self._drawn(self._tiles, body, scene, False))
        config = self.config
        high, wide = config.height_px * _SUPERSAMPLING, config.width_px * _SUPERSAMPLING
        size = (config.width_px, config.height_px)
        rgba = np.stack([
            cv2.resize(image[:high, :wide], size, interpolation=cv2.INTER_AREA)
            for image in images.rgba
        ])  # fmt: skip
        return rgba, np.stack([_shrunk_depth(each[:high, :wide]) for each in images.depth])

    def _shadow_layer(self, body: SynthBody, scene: _Scene) -> np.ndarray:
        """How much light the body takes from the ground, 0..1, soft."""
        images = self._shadows.draw(self._drawn(self._shadows, body, scene, True), with_depth=False)
        high, wide = self.config.height_px, self.config.width_px
        blur = max(1.0, 0.012 * max(high, wide))
        return np.stack([
            cv2.GaussianBlur(image[:high, :wide, 3], (0, 0), blur) for image in images.rgba
        ])  # fmt: skip

    def _drawn(
        self, tiles: TileRenderer, body: SynthBody, scene: _Scene, is_shadow: bool
    ) -> list[Tile]:
        if body not in self._ids:  # both renderers get every body, so its number is the same
            for each in (self._tiles, self._shadows):
                rig = body.rig
                self._ids[body] = each.add_body(rig.vertices, rig.faces, rig.weights)
        scale = tiles.tile_px / max(self.config.width_px, self.config.height_px)
        K = np.diag([scale, scale, 1.0]) @ scene.shot.camera.K
        poses = scene.shadow_to_cam if is_shadow else scene.root_to_cam
        return [
            Tile(
                self._ids[body],
                scene.performance.skin_transforms[frame],
                poses[frame],
                K,
                scene.colors,
                scene.performance.rig.vertices,
                _light(scene, frame),
                FurNoise() if is_shadow else scene.fur,
            )
            for frame in range(self.config.frames)
        ]


def _scene(body: SynthBody, rng: np.random.Generator, config: ClipConfig) -> _Scene:
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
    return _Scene(
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


def _light(scene: _Scene, frame: int) -> TileLight:
    to_light = scene.shot.world_to_cam[frame, :3, :3] @ scene.to_light
    return TileLight(to_light, scene.ambient, scene.diffuse)


@dataclass(frozen=True, eq=False)
class _Front:
    """What stands in front of the body, premultiplied, and how much it hides."""

    rgb: Float32[np.ndarray, "height width 3"]
    alpha: Float32[np.ndarray, "height width"]
    behind: list[np.ndarray]
    """Things the body hides, farthest first: RGBA."""


def _front(scene: _Scene, frame: int, depth: Float32[np.ndarray, "height width"]) -> _Front:
    rgb = np.zeros((*depth.shape, 3), np.float32)
    alpha = np.zeros(depth.shape, np.float32)
    behind = []
    for thing in scene.occluders:
        drawn = thing.draw(scene.shot.camera, scene.shot.world_to_cam[frame])
        if drawn is None:
            continue
        layer, plane = drawn[0].astype(np.float32) / 255, drawn[1]
        behind.append(layer)
        is_front = (plane < depth) | (depth == 0)
        share = layer[..., 3] * is_front
        rgb = rgb * (1 - share[..., None]) + layer[..., :3] * is_front[..., None]
        alpha = alpha * (1 - share) + share
    return _Front(rgb, alpha, behind)


def _with_body_seen(scene: _Scene, depth: Float32[np.ndarray, "frames height width"]) -> _Scene:
    """Without things in front until they hide no more than `_MOST_HIDDEN` of the body at any time."""
    while scene.occluders:
        hidden = 0.0
        for frame in range(0, len(depth), 3):
            is_body = depth[frame] > 0
            if is_body.any():
                hidden = max(
                    hidden, float(_front(scene, frame, depth[frame]).alpha[is_body].mean())
                )
        if hidden <= _MOST_HIDDEN:
            return scene
        scene = replace(scene, occluders=scene.occluders[1:])
    return scene


def _filmed(
    scene: _Scene,
    frame: int,
    rng: np.random.Generator,
    rgba: UInt8[np.ndarray, "height width 4"],
    shade: UInt8[np.ndarray, "height width"],
    front: _Front,
    motion_px: tuple[np.ndarray, np.ndarray],
) -> UInt8[np.ndarray, "height width 3"]:
    """Background, shadow, body, what stands in front, and the camera's faults."""
    camera, to_cam = scene.shot.camera, scene.shot.world_to_cam[frame]
    picture = scene.surroundings.draw(camera, to_cam)
    picture *= (1 - scene.shadow * (shade.astype(np.float32) / 255))[..., None]
    for layer in front.behind:
        picture = picture * (1 - layer[..., 3:]) + layer[..., :3]
    picture = smear(picture, scene.film.shutter * motion_px[0][frame])
    body = smear(rgba.astype(np.float32) / 255, scene.film.shutter * motion_px[1][frame])
    picture = picture * (1 - body[..., 3:]) + body[..., :3]
    picture = picture * (1 - front.alpha[..., None]) + front.rgb
    return scene.film.exposed(rng, picture)


def _motion_px(scene: _Scene) -> tuple[np.ndarray, np.ndarray]:
    """How far the ground behind the body, and the body, move in the picture from frame to frame."""
    camera, to_cam = scene.shot.camera, scene.shot.world_to_cam
    centre = scene.performance.vertices.mean(1, dtype=float)

    def seen(points: np.ndarray, poses: np.ndarray) -> np.ndarray:
        in_cam = np.einsum("fij,fj->fi", poses[:, :3, :3], points) + poses[:, :3, 3]
        return camera.project(in_cam * [1, 1, 0] + [0, 0, 1] * np.maximum(in_cam[:, 2:], 0.1))

    here = seen(centre[:-1], to_cam[:-1])
    still = seen(centre[:-1], to_cam[1:]) - here
    moved = seen(centre[1:], to_cam[1:]) - here
    return tuple(np.concatenate([each, each[-1:]]) for each in (still, moved))


def _shrunk_depth(depth: Float32[np.ndarray, "from_rows from_columns"]) -> np.ndarray:
    """Depth of each square of pixels: mean of what is near the nearest; 0 where over half is empty."""
    side = _SUPERSAMPLING
    parts = np.stack(
        [depth[row::side, column::side] for row in range(side) for column in range(side)]
    )
    covered = parts > 0
    nearest = np.where(covered, parts, np.inf).min(0)
    close = covered & (parts < nearest * 1.02)
    mean = (parts * close).sum(0) / np.maximum(close.sum(0), 1)
    return np.where(covered.sum(0) * 2 > side * side - 1, mean, 0).astype(np.float32)


def _clip(
    body: SynthBody,
    seed: int,
    config: ClipConfig,
    scene: _Scene,
    masks: UInt8[np.ndarray, "frames height width"],
    depth: Float32[np.ndarray, "frames height width"],
) -> Clip:
    performance, to_cam = scene.performance, scene.shot.world_to_cam

    def seen(points: np.ndarray) -> np.ndarray:
        return points @ to_cam[:, :3, :3].swapaxes(1, 2) + to_cam[:, None, :3, 3]

    truth = ClipTruth(
        vertices=seen(performance.vertices).astype(np.float32),
        faces=performance.rig.faces,
        joints=seen(performance.joints).astype(np.float32),
        joint_names=performance.rig.skeleton.names,
        root_to_cam=scene.root_to_cam,
        rest_vertices=performance.rig.vertices,
        depth=depth if config.with_depth else None,
    )
    return Clip(
        name=f"{body.rig.name}_{seed}",
        category=config.category,
        rig_name=body.rig.name,
        source=f"synthetic, generator {GENERATOR_VERSION}: {', '.join(performance.motions)}",
        seed=seed,
        fps=config.fps,
        K=scene.shot.camera.K,
        image_size=(config.width_px, config.height_px),
        masks=masks,
        metres_per_unit=body.rig.metres_per_unit,
        truth=truth,
    )
