"""Finder's pictures on disk: shards of one size each, read through memory maps.

draw_pictures(maker, folder, PicturePlan(shards=12), report)
store = PictureStore.open(folder)
pictures, masks = store.take(rng, 32)      # of one size
"""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import UInt8

from core.errors import SourceError
from training.finder.pictures import PictureMaker

SIZES = ((192, 320), (256, 256), (192, 320), (320, 192), (224, 288))
"""Height and width of each shard in turn: as cameras and phones film."""

_OPEN, _TURNS = 5, 100
"""Shards that are read from at a time, and batches after which one of them is changed."""


@dataclass(frozen=True)
class PicturePlan:
    """How many pictures."""

    shards: int = 12
    shard_size: int = 2048
    seed: int = 0


def draw_pictures(
    maker: PictureMaker,
    folder: Path,
    plan: PicturePlan,
    report: Callable[[int, int], None] = lambda done, total: None,
) -> None:
    """Make the shards that are not there yet."""
    folder.mkdir(parents=True, exist_ok=True)
    for shard in range(plan.shards):
        path = folder / f"shard_{shard:03d}.npz"
        if not path.exists():
            _write(maker, path, plan, shard, report)
        report((shard + 1) * plan.shard_size, plan.shards * plan.shard_size)


def _write(
    maker: PictureMaker, path: Path, plan: PicturePlan, shard: int,
    report: Callable[[int, int], None],
) -> None:  # fmt: skip
    rng = np.random.default_rng((plan.seed, shard))
    pictures, masks = [], []
    for done in range(plan.shard_size):
        picture, mask = maker(rng, SIZES[shard % len(SIZES)])
        pictures.append(picture)
        masks.append((255 * mask + 0.5).astype(np.uint8))
        if done % 64 == 0:
            report(shard * plan.shard_size + done, plan.shards * plan.shard_size)
    np.save(path.with_suffix(".npy"), np.stack(pictures))
    part = path.with_suffix(".part.npz")
    np.savez(part, masks=np.stack(masks))
    os.replace(part, path)


@dataclass(frozen=True, eq=False)
class PictureStore:
    """All shards of a folder."""

    pictures: tuple[np.ndarray, ...]
    """Memory maps, (count, height, width, 3) uint8 each."""
    masks: tuple[np.ndarray, ...]

    @classmethod
    def open(cls, folder: Path) -> "PictureStore":
        """Open every complete shard.

        Raises:
            SourceError: There is none.
        """
        pictures, masks = [], []
        for path in sorted(folder.glob("shard_*.npz")):
            if path.name.endswith(".part.npz"):
                continue
            with np.load(path, allow_pickle=False) as file:
                masks.append(file["masks"])
            pictures.append(np.load(path.with_suffix(".npy"), mmap_mode="r", allow_pickle=False))
        if not pictures:
            raise SourceError(f"No pictures in {folder}: draw some first.")
        return cls(tuple(pictures), tuple(masks))

    def __len__(self) -> int:
        return sum(len(masks) for masks in self.masks)

    def take(
        self,
        rng: np.random.Generator,
        count: int,
        is_held_out: bool = False,
        turn: int | None = None,
    ) -> tuple[UInt8[np.ndarray, "count height width 3"], UInt8[np.ndarray, "count rows columns"]]:
        """Random pictures of one size; the last sixteenth of every shard is held out.

        Args:
            rng: Chooses.
            count: How many.
            is_held_out: From the part that is not learned from.
            turn: Number of the batch: shards near each other in time are few, so that they fit in
                memory where all do not. None: from all shards.
        """
        near = None if turn is None else turn // _TURNS + int(rng.integers(_OPEN))
        shard = int(rng.integers(len(self.masks))) if near is None else near % len(self.masks)
        total = len(self.masks[shard])
        kept = total - max(1, total // 16)
        indices = np.sort(rng.integers(kept, total, count) if is_held_out
                          else rng.integers(0, kept, count))  # fmt: skip
        return self.pictures[shard][indices], self.masks[shard][indices]
