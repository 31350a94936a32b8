"""Outlines of silhouettes in small pictures: where they run, which way they face, what matches.

ours, theirs = find_outline(drawn, is_visible), find_outline(mask, is_visible)
nearest_of_ours, nearest_of_theirs = match(ours, theirs, turn_px)
"""

from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Bool, Float, Int

_BLUR_PX = 1.5


@dataclass(frozen=True, eq=False)
class Outline:
    """Pixels of a silhouette with a visible neighbour (of 4) outside it."""

    row: Int[np.ndarray, " n"]
    column: Int[np.ndarray, " n"]
    normal: Float[np.ndarray, "n 2"]
    """Outward unit vectors, x then y."""

    @property
    def place_px(self) -> Float[np.ndarray, "n 2"]:
        """Centres of the pixels, x then y."""
        return np.stack([self.column + 0.5, self.row + 0.5], -1)


def find_outline(
    silhouette: Bool[np.ndarray, "size size"], is_visible: Bool[np.ndarray, "size size"]
) -> Outline:
    """The outline. Where the silhouette is cut by what is not visible there is none."""
    outside = (is_visible & ~silhouette).astype(np.uint8)
    cross = np.array([[0, 1, 0], [1, 1, 1], [0, 1, 0]], np.uint8)
    row, column = np.nonzero(silhouette & is_visible & (cv2.dilate(outside, cross) > 0))
    soft = cv2.GaussianBlur(
        silhouette.astype(np.float32), (0, 0), _BLUR_PX, borderType=cv2.BORDER_REPLICATE
    )
    slope = -np.stack([cv2.Sobel(soft, cv2.CV_32F, 1, 0), cv2.Sobel(soft, cv2.CV_32F, 0, 1)], -1)
    normal = slope[row, column].astype(np.float64)
    return Outline(row, column, normal / np.maximum(np.linalg.norm(normal, axis=1), 1e-9)[:, None])


def match(
    ours: Outline, theirs: Outline, turn_px: float
) -> tuple[Int[np.ndarray, " ours"], Int[np.ndarray, " theirs"]]:
    """For each point of one outline the nearest of the other that faces alike; neither is empty.

    Args:
        ours: One outline.
        theirs: The other.
        turn_px: Pixels of distance that opposite normals are worth.
    """
    a, b = ours.place_px, theirs.place_px
    squared = (a * a).sum(1)[:, None] + (b * b).sum(1) - 2 * (a @ b.T)
    cost = squared + 0.5 * turn_px**2 * (1 - ours.normal @ theirs.normal.T)
    return cost.argmin(1), cost.argmin(0)
