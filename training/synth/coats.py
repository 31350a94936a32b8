"""Random coats: plausible colours and markings on a rig's vertices.

    painter = CoatPainter(rig)
    colors = painter.paint(rng)                # (verts, 3) sRGB 0..1

A student that never sees a face learns to ignore the picture (PROBE: frontal flips in half of all
frontal views). So eyes, noses and hooves keep their dark colours in most coats, muzzles, chests,
socks, tail tips and backs get markings where animals have them, and only a share of coats is
wild.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

from core.rig import Rig
from render.normals import vertex_normals

PALETTE = np.array(
    [
        [28, 25, 24], [52, 38, 30], [86, 58, 38], [124, 84, 52], [158, 110, 66], [186, 134, 82],
        [196, 150, 104], [208, 172, 130], [222, 198, 164], [236, 224, 204], [244, 240, 234],
        [120, 118, 116], [84, 84, 88], [164, 160, 154], [140, 68, 34], [176, 96, 48],
    ]
) / 255.0  # fmt: skip
"""Coat colours of dogs and their kin, sRGB."""

FIXED_WORDS = ("eye", "black", "nose", "hoof", "pupil", "teeth", "tongue", "horn")
"""Materials whose names hold one of these keep their colours."""
MANE_WORDS = ("hair", "mane")


@dataclass(frozen=True)
class CoatConfig:
    """How often each kind of marking occurs."""

    wild_share: float = 0.1
    """Coats of any colours at all."""
    original_share: float = 0.1
    """Coats as the rig's maker painted them."""
    marking_share: float = 0.4
    """Chance of each marking on its own."""
    keep_face_share: float = 0.9


@dataclass(frozen=True, eq=False)
class CoatPainter:
    """Knows where on a body back, belly, legs, face, tail and material regions lie."""

    rig: Rig
    fixed: Bool[np.ndarray, " verts"]
    light: Bool[np.ndarray, " verts"]
    mane: Bool[np.ndarray, " verts"]
    """Mane and tail hair."""
    muzzle: Bool[np.ndarray, " verts"]
    regions: Float[np.ndarray, "regions verts"]
    """Soft masks of markings."""
    config: CoatConfig

    @classmethod
    def of(cls, rig: Rig, config: CoatConfig | None = None) -> "CoatPainter":
        """Find the regions of a rig."""
        names = [name.lower() for name in rig.materials]
        material = rig.material_of_vertex
        fixed = np.zeros(len(rig.vertices), bool)
        light = np.zeros(len(rig.vertices), bool)
        if material is not None:
            is_fixed = np.array([any(word in name for word in FIXED_WORDS) for name in names])
            fixed = is_fixed[material] if len(names) else fixed
            luminance = rig.colors @ [0.3, 0.59, 0.11]
            light = ~fixed & (luminance > np.median(luminance[~fixed]) + 0.03)
        mane, muzzle = _of_material(rig, MANE_WORDS), _of_material(rig, ("muzzle",))
        return cls(rig, fixed, light, mane, muzzle, _regions(rig), config or CoatConfig())

    def paint(self, rng: np.random.Generator) -> Float[np.ndarray, "verts 3"]:
        """One random coat, float32."""
        config = self.config
        kind = rng.random()
        colors = self._base(rng, kind < config.wild_share)
        if kind > 1 - config.original_share:
            colors = self.rig.colors.astype(float) * rng.uniform(0.7, 1.3)
        else:
            colors = self._marked(rng, colors)
        self._hair(rng, colors)
        if rng.random() < config.keep_face_share:
            colors[self.fixed] = self.rig.colors[self.fixed] * rng.uniform(0.6, 1.4)
        return np.clip(colors, 0, 1).astype(np.float32)

    def _hair(self, rng: np.random.Generator, colors: Float[np.ndarray, "verts 3"]) -> None:
        """Manes, tails and muzzles of their own colours, most of them dark; dogs have none."""
        for region, share in ((self.mane, 0.75), (self.muzzle, 0.6)):
            if region.any() and rng.random() < share:
                dark = PALETTE[rng.integers(3)] * rng.uniform(0.7, 1.3)
                colors[region] = dark if rng.random() < 0.7 else _coat_color(rng)

    def _base(self, rng: np.random.Generator, is_wild: bool) -> Float[np.ndarray, "verts 3"]:
        """Main colour, a lighter one where the maker has one, and slow variation."""
        main = rng.random(3) if is_wild else _coat_color(rng)
        second = rng.random(3) if is_wild else _lighter(rng, main)
        colors = np.where(self.light[:, None], second, main)
        slow = _smooth_noise(rng, self.rig.vertices, 4.0)
        return colors * (1 + 0.15 * rng.random() * slow[:, None])

    def _marked(
        self, rng: np.random.Generator, colors: Float[np.ndarray, "verts 3"]
    ) -> Float[np.ndarray, "verts 3"]:
        """Markings laid over the base, each with its own colour."""
        for region in self.regions:
            if rng.random() < self.config.marking_share:
                edge = 0.25 * _smooth_noise(rng, self.rig.vertices, 9.0)
                share = np.clip((region + edge - 0.5) * 6 + 0.5, 0, 1)[:, None]
                colors = colors * (1 - share) + share * _coat_color(rng)
        if rng.random() < 0.25:  # patches, as on many dogs and cows
            field = _smooth_noise(rng, self.rig.vertices, rng.uniform(4, 12))
            share = np.clip((field - rng.uniform(0, 1)) * 8, 0, 1)[:, None]
            colors = colors * (1 - share) + share * _coat_color(rng)
        return colors


def _of_material(rig: Rig, words: tuple[str, ...]) -> Bool[np.ndarray, " verts"]:
    """Vertices whose material's name holds one of the words."""
    if rig.material_of_vertex is None or not rig.materials:
        return np.zeros(len(rig.vertices), bool)
    named = np.array([any(word in name.lower() for word in words) for name in rig.materials])
    return named[rig.material_of_vertex]


def _coat_color(rng: np.random.Generator) -> Float[np.ndarray, " 3"]:
    color = PALETTE[rng.integers(len(PALETTE))] * rng.uniform(0.8, 1.2)
    return np.clip(color + rng.normal(0, 0.025, 3), 0, 1)


def _lighter(rng: np.random.Generator, color: Float[np.ndarray, " 3"]) -> Float[np.ndarray, " 3"]:
    return color + (rng.uniform(0.75, 1.0) - color) * rng.uniform(0.15, 0.9)


def _smooth_noise(
    rng: np.random.Generator, points: Float[np.ndarray, "verts 3"], frequency: float
) -> Float[np.ndarray, " verts"]:
    """A few random waves through rest space, about unit variance."""
    waves = rng.normal(0, frequency, (3, 6))
    return np.cos(points @ waves + rng.uniform(0, 2 * np.pi, 6)).sum(1) / np.sqrt(3)


def _regions(rig: Rig) -> Float[np.ndarray, "regions verts"]:
    """Soft masks: back, belly, feet, tips far from the body, front, rear, face top."""
    points = rig.vertices.astype(float)
    low, high = points.min(0), points.max(0)
    unit = (points - low) / np.maximum(high - low, 1e-6)
    up = vertex_normals(rig.vertices, rig.faces)[:, 1].astype(float)
    root = rig.skeleton.rest_joint_to_rig[0, :3, 3]
    away = np.linalg.norm(points - root, axis=1)
    away /= away.max()
    above = np.clip((points[:, 1] - root[1]) / (high[1] - root[1] + 1e-6), -1, 1)
    return np.stack(
        [
            0.5 + 0.5 * up,  # back, upper sides
            0.5 - 0.5 * up,  # belly and undersides
            np.clip(1.6 - 5 * unit[:, 1], 0, 1),  # feet
            np.clip((away - 0.75) * 4 + 0.5, 0, 1),  # muzzle, tail tip
            np.clip((unit[:, 2] - 0.75) * 5 + 0.5, 0, 1),  # head and chest
            np.clip((0.25 - unit[:, 2]) * 5 + 0.5, 0, 1),  # rear
            np.clip(above * 1.5, 0, 1),  # whatever stands above the body: head, ears
        ]
    )
