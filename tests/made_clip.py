"""A small video made in code: a bright blob that walks over a dark, textured ground."""

from pathlib import Path

import numpy as np

from app.commands.video_writer import VideoWriter

FPS = 25.0


def clip_frame(index: int, width_px: int = 96, height_px: int = 64) -> np.ndarray:
    """One RGB frame; the blob is 30 x 20 pixels."""
    rgb = np.zeros((height_px, width_px, 3), np.uint8)
    rgb[..., 1] = np.add.outer(np.arange(height_px), np.arange(width_px)) % 16 * 4
    left = 20 + 2 * index
    rgb[22:42, left : left + 30] = (220, 160, 90)
    return rgb


def write_clip(path: Path, frames: int = 6) -> Path:
    """Write the video; frame i is at i / FPS seconds."""
    with VideoWriter(path, 96, 64) as writer:
        for index in range(frames):
            writer.append(clip_frame(index), index / FPS)
    return path
