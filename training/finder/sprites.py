"""What whole frames are pasted together from: bodies, other things, surroundings.

bodies = Sprites.of_crops(run / "crops", limit=20000)
large = Sprites.of_crops(run / "large_crops", limit=6000)
stock = Stock.gather((bodies, large), [Sprites.of_crops(other)], [photos])
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
from jaxtyping import UInt8

from core.camera import Camera
from core.errors import SourceError
from training.crop_store import CropStore
from training.synth.surroundings import Surroundings
from training.synth.views import look_rotation

Picture = UInt8[np.ndarray, "_ _ 3"]
Sprite = UInt8[np.ndarray, "_ _ 4"]

_BACKDROP_PX = 480
"""Shorter side to which photographs are shrunk."""
_DRAWN = (384, 288)
_CUT_SHARE = 0.02
"""A body of which more lies on its crop's border is cut there."""
_LEAST_PX = 12
_PAPERED_SHARE = 0.6
_OPAQUE = 250


@dataclass(frozen=True, eq=False)
class Sprites:
    """Cut-out bodies, straight from packed crops."""

    store: CropStore
    indices: np.ndarray

    @classmethod
    def of_crops(cls, folder: Path, limit: int) -> "Sprites":
        """The first crops of a folder: a part that the memory holds is read fast.

        Raises:
            SourceError: There are none.
        """
        store = CropStore.open(folder)
        return cls(store, np.arange(min(limit, len(store))))

    def draw(self, rng: np.random.Generator) -> Sprite | None:
        """One body cut to its box; None if it is cut off by its crop, or tiny."""
        rgba = self.store.pictures_at(rng.choice(self.indices, 1))[0]
        alpha = rgba[..., 3] > 127
        border = np.concatenate([alpha[0], alpha[-1], alpha[:, 0], alpha[:, -1]])
        rows, columns = np.flatnonzero(alpha.any(1)), np.flatnonzero(alpha.any(0))
        if border.mean() > _CUT_SHARE or min(len(rows), len(columns)) < _LEAST_PX:
            return None
        return rgba[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1].copy()


@dataclass(frozen=True, eq=False)
class Stock:
    """Everything to paste pictures together from."""

    bodies: Sprites
    large_bodies: Sprites
    """The same creatures drawn larger: sharp when filmed from near."""
    others: tuple[Sprites, ...]
    """Bodies that are not the subject."""
    things: tuple[Sprite, ...]
    """Photographs of things, cut out."""
    backdrops: tuple[Picture, ...]
    """Photographs first, then drawn surroundings."""
    photo_count: int

    @classmethod
    def gather(
        cls,
        bodies: tuple[Sprites, Sprites],
        others: Sequence[Sprites],
        photos: Sequence[Path],
        drawn: int = 800,
        seed: int = 0,
        report: Callable[[int, int], None] = lambda done, total: None,
    ) -> "Stock":
        """Read photographs and draw surroundings.

        Args:
            bodies: Of the subject, small and large.
            others: Of other creatures.
            photos: Folders of pictures; those with transparency are things, the others backdrops.
            drawn: How many surroundings to draw.
            seed: Of the drawing.
            report: Told how many are drawn.
        """
        things, backdrops = _read_photos(photos)
        rng = np.random.default_rng(seed)
        photo_count = len(backdrops)
        for done in range(drawn):
            backdrops.append(_drawn(rng, backdrops[:photo_count]))
            report(done + 1, drawn)
        return cls(*bodies, tuple(others), tuple(things), tuple(backdrops), photo_count)


def _read_photos(folders: Sequence[Path]) -> tuple[list[Sprite], list[Picture]]:
    things: list[Sprite] = []
    backdrops: list[Picture] = []
    for folder in folders:
        paths = [path for path in sorted(folder.glob("*")) if path.is_file()]
        if not paths:
            raise SourceError(f"No pictures in {folder}: give a folder of .jpg or .png files.")
        for path in paths:
            picture = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
            if picture is None or picture.ndim != 3 or picture.dtype != np.uint8:
                continue
            if picture.shape[2] == 4 and picture[..., 3].min() < _OPAQUE:
                things.append(cv2.cvtColor(picture, cv2.COLOR_BGRA2RGBA))
            else:
                rgb = cv2.cvtColor(np.ascontiguousarray(picture[..., :3]), cv2.COLOR_BGR2RGB)
                backdrops.append(_shrunk(rgb))
    return things, backdrops


def _shrunk(picture: Picture) -> Picture:
    scale = _BACKDROP_PX / min(picture.shape[:2])
    if scale >= 1:
        return picture
    return cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)


def _drawn(rng: np.random.Generator, photos: Sequence[Picture]) -> Picture:
    """A drawn world from a random standpoint; half of them papered with photographs."""
    world = Surroundings.sample(rng)
    if photos and rng.random() < _PAPERED_SHARE:
        world = _papered(rng, world, photos)
    camera = Camera.from_fov(*_DRAWN, float(rng.uniform(0.7, 1.3)))
    pitch, yaw = rng.uniform(-0.05, 0.7), rng.uniform(-np.pi, np.pi)
    to_cam = np.eye(4)
    to_cam[:3, :3] = look_rotation(yaw, pitch, 0.0)
    eye = np.array([rng.uniform(-3, 3), rng.uniform(0.4, 2.5), rng.uniform(-3, 3)])
    to_cam[:3, 3] = -to_cam[:3, :3] @ eye
    return (255 * np.clip(world.draw(camera, to_cam), 0, 1) + 0.5).astype(np.uint8)


def _papered(
    rng: np.random.Generator, world: Surroundings, photos: Sequence[Picture]
) -> Surroundings:
    """Floor and walls of photographs instead of noise."""

    def part(rows: int, columns: int) -> np.ndarray:
        picture = photos[rng.integers(len(photos))]
        side = min(picture.shape[:2])
        high = max(8, int(side * rng.uniform(0.4, 1.0)))
        wide = min(picture.shape[1], max(8, high * columns // rows))
        y, x = rng.integers(picture.shape[0] - high + 1), rng.integers(picture.shape[1] - wide + 1)
        patch = cv2.resize(picture[y : y + high, x : x + wide], (columns, rows))
        return patch.astype(np.float32) / 255

    ground = part(*world.ground[0].shape[:2])
    rows, columns = world.panorama.shape[:2]
    count = int(rng.integers(2, 7))
    edges = np.linspace(0, columns, count + 1).astype(int).tolist()
    walls = np.hstack([part(rows, b - a) for a, b in pairwise(edges)])
    return replace(
        world, ground=(ground, cv2.blur(ground, (13, 13))),
        mean_color=ground.mean((0, 1)), panorama=walls,
    )  # fmt: skip
