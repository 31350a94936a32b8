"""Random people: skin, hair, faces and clothes on a rig's vertices.

    painter = ClothesPainter.of(rig)           # None if the rig is no person
    colors = painter.paint(rng)                # (verts, 3) sRGB 0..1

What tells front from back in real pictures is here too: faces, open collars, ties, prints, buttons,
belts, toes; hair and hoods behind.
"""

import colorsys
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from core.rig import Rig
from training.synth.people_parts import (
    ARM,
    FOOT,
    HAND,
    HEAD,
    LEG,
    TORSO,
    PeopleParts,
    people_parts,
)

SKIN = np.array(
    [[255, 219, 190], [241, 194, 160], [224, 172, 130], [198, 140, 98], [160, 106, 70],
     [118, 76, 50], [84, 54, 38]]
) / 255.0  # fmt: skip
HAIR = np.array(
    [[22, 18, 16], [40, 28, 22], [66, 44, 30], [104, 70, 42], [150, 108, 62], [204, 168, 108],
     [130, 60, 30], [150, 148, 144], [214, 210, 204]]
) / 255.0  # fmt: skip
CLOTH = np.array(
    [[20, 20, 24], [44, 46, 52], [88, 90, 94], [150, 150, 152], [232, 230, 226], [24, 32, 58],
     [46, 66, 104], [84, 110, 150], [92, 78, 60], [150, 130, 98], [70, 74, 48], [110, 30, 34]]
) / 255.0  # fmt: skip
"""Colours that most clothes have: black to white, navy, denim, khaki, olive, wine."""


@dataclass(frozen=True, eq=False)
class ClothesPainter:
    """Dresses one rig at random."""

    rig: Rig
    parts: PeopleParts
    shade: Float[np.ndarray, " verts"]
    """Light and dark of the maker's face (eyes, brows, lips), 1 elsewhere."""
    original_share: float = 0.0
    """How often the body comes as its maker painted it."""

    @classmethod
    def of(cls, rig: Rig) -> "ClothesPainter | None":
        """The painter of a person; None if the rig is none."""
        parts = people_parts(rig)
        return None if parts is None else cls(rig, parts, _face_shade(rig, parts))

    def paint(self, rng: np.random.Generator) -> Float[np.ndarray, "verts 3"]:
        """One random person, float32."""
        if self.original_share and rng.random() < self.original_share:
            own = self.rig.colors * rng.uniform(0.7, 1.3)
            return np.clip(own, 0, 1).astype(np.float32)
        tone = SKIN[rng.integers(len(SKIN))] * rng.uniform(0.9, 1.08)
        colors = tone * self.shade[:, None]
        self._legs(rng, colors)
        shirt = self._top(rng, colors, tone)
        self._feet_and_hands(rng, colors)
        self._face(rng, colors)
        self._hair(rng, colors, shirt)
        folds = self._noise(rng, 14.0) * rng.uniform(0, 0.07)
        slow = self._noise(rng, 3.0) * rng.uniform(0, 0.08)
        return np.clip(colors * (1 + folds + slow)[:, None], 0, 1).astype(np.float32)

    def _legs(self, rng: np.random.Generator, colors: np.ndarray) -> None:
        """Trousers, shorts, or a skirt's worth of cloth."""
        parts = self.parts
        end = rng.choice([0.25, 0.45, 0.62, 1.2], p=[0.1, 0.14, 0.08, 0.68]) + rng.normal(0, 0.03)
        waist = rng.uniform(0.12, 0.4)
        is_cloth = (parts.part == LEG) & (parts.along < end)
        is_cloth |= (parts.part == TORSO) & (parts.along < waist)
        is_cloth |= (parts.part == FOOT) & (parts.along < end - 0.15)
        colors[is_cloth] = _cloth(rng)
        if rng.random() < 0.15:  # a stripe down the sides
            side = is_cloth & (np.abs(parts.front) < 0.35)
            colors[side] = _cloth(rng)
        if rng.random() < 0.4:
            belt = (parts.part == TORSO) & (np.abs(parts.along - waist) < 0.05)
            colors[belt] = _cloth(rng) * 0.6

    def _top(self, rng: np.random.Generator, colors: np.ndarray, tone: np.ndarray) -> np.ndarray:
        """Shirt, jacket or dress with its pattern; returns its main colour."""
        parts, x = self.parts, self.rig.vertices[:, 0]
        sleeve = rng.choice([-0.05, 0.4, 0.7, 1.2], p=[0.1, 0.35, 0.07, 0.48])
        hem = rng.choice([-9.0, 0.1, 0.3], p=[0.5, 0.35, 0.15])
        is_top = (parts.part == TORSO) & (parts.along > hem)
        is_top |= (parts.part == ARM) & (parts.along < sleeve + rng.normal(0, 0.03))
        if rng.random() < 0.12:  # a coat or a dress
            is_top |= (parts.part == LEG) & (parts.along < rng.uniform(0.2, 0.7))
        main = _cloth(rng)
        colors[is_top] = self._pattern(rng, main)[is_top]
        chest = is_top & (parts.part == TORSO) & (parts.front > 0.1)
        open_to = rng.uniform(0.5, 1.0)
        collar = chest & (np.abs(x) < 0.12 * (parts.along - open_to))
        colors[collar] = tone if rng.random() < 0.6 else _cloth(rng)
        kind = rng.random()
        if kind < 0.2:  # open jacket
            colors[chest & (np.abs(x) < rng.uniform(0.015, 0.05))] = _cloth(rng)
        elif kind < 0.32:  # buttons, zip, tie
            colors[chest & (np.abs(x) < 0.014)] = _cloth(rng)
        elif kind < 0.5:  # a print on the chest
            size = rng.uniform(0.03, 0.07)
            colors[chest & (np.hypot(x, 0.25 * (parts.along - 0.7)) < size)] = _cloth(rng)
        if rng.random() < 0.08:  # a rucksack
            back = (parts.part == TORSO) & (parts.front < 0) & (parts.along > 0.3)
            colors[back & (np.abs(x) < 0.09)] = _cloth(rng)
        return main

    def _pattern(self, rng: np.random.Generator, main: np.ndarray) -> np.ndarray:
        """Plain, stripes, checks or blots of a second colour, for all vertices."""
        points = self.rig.vertices
        kind, period = rng.random(), rng.uniform(0.05, 0.16)
        stripes = np.zeros(len(points), bool)
        if kind < 0.15:
            stripes = np.mod(points[:, 1], period) < 0.5 * period
        elif kind < 0.25:
            stripes = (np.mod(points[:, 1], period) < 0.3 * period) | (
                np.mod(points[:, 0], period) < 0.3 * period
            )
        elif kind < 0.33:
            stripes = self._noise(rng, rng.uniform(6, 20)) > 0.7
        elif kind < 0.42:  # two halves
            stripes = self.parts.along > rng.uniform(0.4, 0.8)
        elif kind < 0.5:  # sleeves of another colour
            stripes = self.parts.part == ARM
        return np.where(stripes[:, None], _cloth(rng), main)

    def _feet_and_hands(self, rng: np.random.Generator, colors: np.ndarray) -> None:
        parts = self.parts
        if rng.random() < 0.9:
            colors[parts.part == FOOT] = _cloth(rng)
            sole = (parts.part == FOOT) & (self.rig.vertices[:, 1] < 0.012)
            colors[sole] = _cloth(rng)
        if rng.random() < 0.3:  # socks or boots
            colors[(parts.part == LEG) & (parts.along > rng.uniform(0.75, 0.95))] = _cloth(rng)
        if rng.random() < 0.05:
            colors[parts.part == HAND] = _cloth(rng)

    def _face(self, rng: np.random.Generator, colors: np.ndarray) -> None:
        """Eyes, mouth, beard, glasses, a mask."""
        side, up, ahead = np.moveaxis(self.parts.in_head, -1, 0)
        is_face = (self.parts.part == HEAD) & (ahead > 0.5) & (self.parts.front > -0.2)
        eyes = is_face & (np.abs(up - 0.52) < 0.045) & (np.abs(np.abs(side - 0.5) - 0.2) < 0.1)
        colors[eyes] *= rng.uniform(0.2, 0.6)
        mouth = is_face & (np.abs(up - 0.25) < 0.035) & (np.abs(side - 0.5) < 0.15)
        colors[mouth] *= [0.8, 0.5, 0.5]
        if rng.random() < 0.2:
            beard = is_face & (up < rng.uniform(0.2, 0.36)) & ~mouth
            colors[beard] = HAIR[rng.integers(len(HAIR))]
        if rng.random() < 0.15:
            glasses = is_face & (np.abs(up - 0.52) < 0.07) & (np.abs(side - 0.5) > 0.08)
            colors[glasses] = _cloth(rng) * rng.uniform(0.2, 1)
        if rng.random() < 0.08:
            colors[is_face & (up < 0.4)] = _cloth(rng)

    def _hair(self, rng: np.random.Generator, colors: np.ndarray, shirt: np.ndarray) -> None:
        """Hair, cap or hood: everything of the head but the face."""
        parts, (_, up, ahead) = self.parts, np.moveaxis(self.parts.in_head, -1, 0)
        kind, hair = rng.random(), HAIR[rng.integers(len(HAIR))] * rng.uniform(0.8, 1.2)
        if kind < 0.06:
            return
        brow = rng.uniform(0.66, 0.8)
        behind = rng.uniform(0.35, 0.6)
        low = rng.choice([0.35, 0.2, -0.3], p=[0.5, 0.25, 0.25])
        is_hair = (up > brow) | ((ahead < behind) & (up > low))
        long_hair = (parts.part == TORSO) & (parts.front < 0) & (up > 1.5 * low)
        colors[((parts.part == HEAD) | ((low < 0) & long_hair)) & is_hair] = hair
        if kind > 0.8:  # cap or hat
            colors[(parts.part == HEAD) & (up > brow - 0.02)] = _cloth(rng)
        elif kind > 0.75:  # hood
            hooded = (parts.part == HEAD) & ((ahead < 0.6) | (up > 0.82))
            colors[hooded] = shirt

    def _noise(self, rng: np.random.Generator, frequency: float) -> Float[np.ndarray, " verts"]:
        waves = rng.normal(0, frequency, (3, 6))
        phases = rng.uniform(0, 2 * np.pi, 6)
        return np.cos(self.rig.vertices @ waves + phases).sum(1) / np.sqrt(3)


def _cloth(rng: np.random.Generator) -> Float[np.ndarray, " 3"]:
    """Mostly what shops sell; else any colour."""
    if rng.random() < 0.65:
        color = CLOTH[rng.integers(len(CLOTH))] * rng.uniform(0.75, 1.25)
    else:
        hue, saturation, value = rng.random(), rng.uniform(0.1, 0.75), rng.uniform(0.15, 0.95)
        color = np.array(colorsys.hsv_to_rgb(hue, saturation, value))
    return np.clip(color + rng.normal(0, 0.02, 3), 0, 1)


def _face_shade(rig: Rig, parts: PeopleParts) -> Float[np.ndarray, " verts"]:
    """Luminance of the maker's face over its median; other skin is even."""
    shade = np.ones(len(rig.vertices))
    is_head = parts.part == HEAD
    if is_head.any():
        luminance = rig.colors[is_head].astype(float) @ [0.3, 0.59, 0.11]
        shade[is_head] = np.clip(luminance / max(float(np.median(luminance)), 1e-3), 0.3, 1.3)
    return shade
