"""Training crops: random bodies, poses, coats, views and light, drawn in batches with their truth.

factory = CropFactory(bodies, space, appearance, CropConfig())
crops = factory.make(rng, 64)              # CropBatch
"""

from dataclasses import dataclass, field

import cv2
import numpy as np
from jaxtyping import Float, Int, UInt8

from core.kinematics import forward_kinematics, skin_transforms
from core.model import body_centre
from core.root_pose import weak_perspective
from core.skin import skin_linear
from render.tiles import FurNoise, Tile, TileLight, TileRenderer
from training.synth.bodies import SynthBody
from training.synth.views import View, ViewConfig, sample_view


@dataclass(frozen=True)
class CropConfig:
    """What the crops are like."""

    size_px: int = 128
    supersampling: float = 1.5
    shape_std: float = 0.85
    """Spread of a body's own proportions, in the shape space's standard deviations."""
    fur: float = 0.5
    """Largest contrast of the noise on the skin."""
    view: ViewConfig = field(default_factory=ViewConfig)


@dataclass(frozen=True, eq=False)
class CropBatch:
    """Crops with the truth told on the template."""

    rgba: UInt8[np.ndarray, "batch px px 4"]
    """The body alone, inside the frame or not; alpha is its silhouette."""
    body: Int[np.ndarray, " batch"]
    rotation: Float[np.ndarray, "batch 3 3"]
    """Rig to crop camera."""
    weak: Float[np.ndarray, "batch 3"]
    """log scale, tx, ty (core/root_pose.py)."""
    crop_tan: Float[np.ndarray, " batch"]
    crop_to_cam: Float[np.ndarray, "batch 3 3"]
    frame: Float[np.ndarray, "batch 4"]
    joint_rotations: Float[np.ndarray, "batch joints 3 3"]
    shape: Float[np.ndarray, "batch shape"]
    colors: Float[np.ndarray, "batch verts 3"]
    """On the template's vertices, float16."""


class CropFactory:
    """Draws crops of a list of bodies with one tile renderer."""

    def __init__(
        self, tiles: TileRenderer, bodies: list[SynthBody], shape_count: int, config: CropConfig
    ) -> None:
        self.tiles, self.bodies, self.config = tiles, bodies, config
        self.shape_count = shape_count
        self.centre = body_centre(bodies[0].template)
        self._ids = [
            tiles.add_body(b.rig.vertices, b.rig.faces, b.rig.weights, is_flat=False)
            for b in bodies
        ]

    def make(self, rng: np.random.Generator, count: int, body: int) -> CropBatch:
        """`count` crops of one body."""
        own = self.bodies[body]
        poses = own.pool.sample(rng, count)
        shapes = own.random_shapes(rng, count, self.config.shape_std)
        rest = own.rig.vertices + np.tensordot(shapes, own.space.vertices, 1)
        transforms = self._pose(own, poses.joint_rotations, shapes)
        views = self._views(rng, own, rest, transforms, poses.root_motion)
        colors = np.stack([own.painter.paint(rng) for _ in range(count)])
        rig_to_crop = np.stack([v.rig_to_crop for v in views]) @ poses.root_motion
        tiles = [
            self._tile(rng, body, transforms[i], rig_to_crop[i], views[i], colors[i], rest[i])
            for i in range(count)
        ]
        images = self._shrunk(self.tiles.draw(tiles, with_depth=False).rgba)
        return self._truth(body, images, views, rig_to_crop, poses.joint_rotations, shapes, colors)

    def _pose(self, own: SynthBody, rotations: np.ndarray, shapes: np.ndarray) -> np.ndarray:
        """Skinning transforms of each pose on its own proportions, (batch, joints, 4, 4)."""
        moved = []
        for rotation, shape in zip(rotations, shapes, strict=True):
            skeleton = own.space.apply(own.rig, shape).skeleton
            moved.append(skin_transforms(skeleton, forward_kinematics(skeleton, rotation)))
        return np.stack(moved)

    def _views(self, rng, own: SynthBody, rest, transforms, root_motion) -> list[View]:
        """A view for each pose; the box comes from a few hundred skin points."""
        few = np.linspace(0, len(own.rig.vertices) - 1, 500).astype(int)
        views = []
        for index in range(len(transforms)):
            points = skin_linear(rest[index, few], own.rig.weights[few], transforms[index])
            moved = points @ root_motion[index, :3, :3].T + root_motion[index, :3, 3]
            views.append(sample_view(rng, moved, self.config.view))
        return views

    def _tile(self, rng, body, transforms, rig_to_crop, view: View, colors, rest) -> Tile:
        ambient = rng.uniform(0.25, 0.9)
        warm = rng.normal(0, 0.08, 3)
        to_light = rng.normal((0.0, -1.2, -0.3), 1.0)
        light = TileLight(
            to_light,
            ambient * (1 + warm),
            rng.uniform(0.1, 1.1) * (1 - warm),
            float(rng.random() < 0.3) * rng.uniform(0, 0.35),
        )
        fur = FurNoise(
            rng.uniform(0, self.config.fur),
            float(np.exp(rng.uniform(2.5, 5.0))),
            int(rng.integers(9999)),
        )
        K = view.crop_K(self.tiles.tile_px)
        return Tile(self._ids[body], transforms, rig_to_crop, K, colors, rest, light, fur)

    def _shrunk(self, rgba: np.ndarray) -> np.ndarray:
        size = self.config.size_px
        if rgba.shape[1] == size:
            return rgba
        return np.stack([_shrink(image, size) for image in rgba])

    def _truth(self, body, images, views, rig_to_crop, rotations, shapes, colors) -> CropBatch:
        own = self.bodies[body]
        pose = own.template_pose(rig_to_crop)
        crop_tan = np.array([view.crop_tan for view in views])
        return CropBatch(
            images,
            np.full(len(images), body),
            pose[:, :3, :3],
            weak_perspective(pose, crop_tan, self.centre),
            crop_tan,
            np.stack([view.crop_to_cam for view in views]),
            np.stack([view.frame for view in views]),
            own.template_rotations(rotations),
            own.template_shape(shapes, self.shape_count),
            colors[:, own.fit.nearest].astype(np.float16),
        )


def _shrink(rgba: UInt8[np.ndarray, "from from 4"], size: int) -> UInt8[np.ndarray, "to to 4"]:
    """Area average; colours are 0 outside the body, so edges are divided by their coverage."""
    small = cv2.resize(rgba, (size, size), interpolation=cv2.INTER_AREA)
    alpha = small[..., 3]
    edge = (alpha > 0) & (alpha < 255)
    bright = small[edge, :3] * (255.0 / alpha[edge, None])
    small[edge, :3] = np.minimum(bright + 0.5, 255).astype(np.uint8)
    return small
