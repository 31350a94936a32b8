"""Synthetic clips: a rig performs before a camera, with exact truth; same seed, same clip.

    clip, pictures = make_clip(body, seed=3, config=ClipConfig(frames=60))
    write_clip(folder, clip, pictures)

    factory = ClipFactory(ClipConfig())        # keeps the OpenGL context: for many clips
    clip, pictures = factory.make(body, 3)

Masks and depth are of what is seen: things in front hide parts of the body. Vertices are skinned
linearly, as the pictures are drawn. For imperfect masks: `training/synth/mask_faults.py`.
"""

import cv2
import moderngl
import numpy as np
from jaxtyping import Float32, UInt8

from render.context import offscreen_context
from render.tiles import FurNoise, Tile, TileRenderer
from training.clip import Clip, ClipTruth
from training.synth.bodies import SynthBody
from training.synth.compose import filmed, front_of, motion_px_of, with_body_seen
from training.synth.film import compressed
from training.synth.scene import ClipConfig, Scene, sample_scene

GENERATOR_VERSION = 1
"""Raised whenever the same seed gives another clip."""

_SUPERSAMPLING = 2


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
        self._ctx = offscreen_context() if ctx is None else ctx
        self._owns_ctx = ctx is None
        side = max(config.width_px, config.height_px)
        across = max(1, min(4, 2048 // (side * _SUPERSAMPLING)))
        self._tiles = TileRenderer(self._ctx, side * _SUPERSAMPLING, across, across)
        self._shadows = TileRenderer(self._ctx, side, across, across)
        self._ids: dict[SynthBody, int] = {}

    def release(self) -> None:
        """Free the GPU's memory, and the context if it is this factory's own."""
        self._tiles.release()
        self._shadows.release()
        if self._owns_ctx:
            self._ctx.release()

    def make(
        self, body: SynthBody, seed: int
    ) -> tuple[Clip, UInt8[np.ndarray, "frames height width 3"]]:
        """One clip with its pictures."""
        config = self.config
        rng = np.random.default_rng((seed, GENERATOR_VERSION))
        scene = sample_scene(body, rng, config)
        rgba, depth = self._body_layer(body, scene)
        shade = self._shadow_layer(body, scene)
        scene = with_body_seen(scene, depth)
        pictures = np.empty((config.frames, config.height_px, config.width_px, 3), np.uint8)
        masks = np.empty(pictures.shape[:3], np.uint8)
        motion_px = motion_px_of(scene)
        for frame in range(config.frames):
            front = front_of(scene, frame, depth[frame])
            pictures[frame] = filmed(scene, frame, rng, rgba[frame], shade[frame], front, motion_px)
            alpha = rgba[frame, ..., 3] > 127
            masks[frame] = np.where(alpha & (front.alpha < 0.5), 255, 0)
            depth[frame] *= masks[frame] > 0
        if config.is_compressed:
            pictures = compressed(pictures, scene.film.crf, config.fps)
        return _clip(body, seed, config, scene, masks, depth), pictures

    def _body_layer(self, body: SynthBody, scene: Scene) -> tuple[np.ndarray, np.ndarray]:
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

    def _shadow_layer(self, body: SynthBody, scene: Scene) -> np.ndarray:
        """How much light the body takes from the ground, 0..1, soft."""
        images = self._shadows.draw(self._drawn(self._shadows, body, scene, True), with_depth=False)
        high, wide = self.config.height_px, self.config.width_px
        blur = max(1.0, 0.012 * max(high, wide))
        return np.stack([
            cv2.GaussianBlur(image[:high, :wide, 3], (0, 0), blur) for image in images.rgba
        ])  # fmt: skip

    def _drawn(
        self, tiles: TileRenderer, body: SynthBody, scene: Scene, is_shadow: bool
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
                scene.light(frame),
                FurNoise() if is_shadow else scene.fur,
            )
            for frame in range(self.config.frames)
        ]


def _shrunk_depth(depth: Float32[np.ndarray, "from_rows from_columns"]) -> np.ndarray:
    """Depth of squares of pixels: mean of what is near the nearest; 0 where over half is empty."""
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
    scene: Scene,
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
