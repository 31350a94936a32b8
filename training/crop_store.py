"""Packed training crops on disk: shards of pictures and truth, read through memory maps.

write_shard(folder, 3, crops)
store = CropStore.open(folder)
batch = store.take(indices)                # CropArrays
"""

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Int

from core.errors import SourceError

TRUTH_NAMES = (
    "body", "rotation", "weak", "crop_tan", "crop_to_cam", "frame", "joint_rotations",
    "shape", "appearance",
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class CropStore:
    """All shards of a folder as one list."""

    pictures: tuple[np.ndarray, ...]
    """Memory maps, (count, px, px, 4) uint8 each."""
    truth: dict[str, np.ndarray]
    starts: np.ndarray

    @classmethod
    def open(cls, folder: Path) -> "CropStore":
        """Open every complete shard.

        Raises:
            SourceError: There is none.
        """
        truths, pictures = [], []
        for path in sorted(folder.glob("shard_*.npz")):
            with np.load(path, allow_pickle=False) as file:
                truths.append({name: file[name] for name in TRUTH_NAMES})
            pictures.append(np.load(path.with_suffix(".npy"), mmap_mode="r", allow_pickle=False))
        if not truths:
            raise SourceError(f"No packed crops in {folder}: pack some first.")
        truth = {name: np.concatenate([t[name] for t in truths]) for name in TRUTH_NAMES}
        starts = np.cumsum([0] + [len(p) for p in pictures])
        return cls(tuple(pictures), truth, starts)

    def __len__(self) -> int:
        return int(self.starts[-1])

    def pictures_at(self, indices: Int[np.ndarray, " batch"]) -> np.ndarray:
        """(batch, px, px, 4) uint8."""
        shard = np.searchsorted(self.starts, indices, side="right") - 1
        chosen = [self.pictures[s][i - self.starts[s]] for s, i in zip(shard, indices, strict=True)]
        return np.stack(chosen)


def write_shard(
    folder: Path, number: int, pictures: np.ndarray, truth: dict[str, np.ndarray]
) -> None:
    """Write one shard; it counts as there only when its truth file is complete."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"shard_{number:04d}.npz"
    np.save(path.with_suffix(".npy"), pictures)
    part = path.with_suffix(".part.npz")
    np.savez(part, **truth)
    os.replace(part, path)
