"""A textured disc that moves over a flat ground, as pictures on disk."""

from pathlib import Path

import cv2
import numpy as np

HEIGHT, WIDTH = 72, 96
STEP_PX = 3


def disc_masks(frames: int) -> np.ndarray:
    """A disc moves three pixels to the right each frame."""
    row, column = np.indices((HEIGHT, WIDTH))
    return np.stack([
        (255 * ((row - 36) ** 2 + (column - 30 - STEP_PX * f) ** 2 < 16**2)).astype(np.uint8)
        for f in range(frames)
    ])  # fmt: skip


def disc_pictures(frames: int) -> np.ndarray:
    """The disc carries a blurred random texture with it."""
    rng = np.random.default_rng(0)
    texture = cv2.GaussianBlur(rng.integers(0, 255, (HEIGHT, 3 * WIDTH, 3), np.uint8), (0, 0), 2)
    texture = np.clip(2.5 * (texture.astype(float) - 128) + 128, 0, 255).astype(np.uint8)
    pictures = np.full((frames, HEIGHT, WIDTH, 3), 40, np.uint8)
    for frame, alpha in enumerate(disc_masks(frames)):
        start = 60 - STEP_PX * frame
        moved = texture[:, start : start + WIDTH]
        pictures[frame][alpha > 0] = moved[alpha > 0]
    return pictures


def write_pictures(folder: Path, pictures: np.ndarray) -> Path:
    """A folder of PNGs that `open_source` reads."""
    folder.mkdir(parents=True)
    for number, picture in enumerate(pictures):
        flipped = picture[..., ::-1] if picture.ndim == 3 else picture
        assert cv2.imwrite(str(folder / f"{number:05}.png"), flipped)
    return folder
