"""Which pixels of small pictures show a body: many bodies at once, in numpy.

    drawn = draw(points_px, faces, size_px)              # points (bodies, verts, 2)
    drawn.is_covered                                     # (bodies, size, size)
    corners, weights = drawn.attach(body, row, column)   # the mesh points that are seen there

The pictures are stacked into one tall one, so that numpy's overhead is paid once per batch. A pixel
is covered if its centre lies in a triangle, whichever way that faces. Perspective inside a triangle
is left out: at this size a triangle is a few pixels wide. `training/rasterize.py` is the slow twin.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int, Int32

_FLAT = 1e-9
"""Doubled area in square pixels under which a triangle is seen from its edge."""


@dataclass(frozen=True, eq=False)
class Drawn:
    """What the pixels show."""

    points_px: Float[np.ndarray, "bodies verts 2"]
    faces: Int[np.ndarray, "faces 3"]
    face_index: Int32[np.ndarray, "bodies size size"]
    """Number of a triangle that covers the pixel; -1 where nothing does."""

    @property
    def is_covered(self) -> Bool[np.ndarray, "bodies size size"]:
        return self.face_index >= 0

    def covers(self, body: int) -> Bool[np.ndarray, "size size"]:
        """Where one body is."""
        return self.face_index[body] >= 0

    def attach(
        self, body: Int[np.ndarray, " n"], row: Int[np.ndarray, " n"], column: Int[np.ndarray, " n"]
    ) -> tuple[Int[np.ndarray, "n 3"], Float[np.ndarray, "n 3"]]:
        """The point of the mesh at the centre of each covered pixel: vertices and their weights."""
        corners = self.faces[self.face_index[body, row, column]]
        a, b, c = np.moveaxis(self.points_px[body[:, None], corners], 1, 0)
        centre = np.stack([column + 0.5, row + 0.5], -1)
        areas = np.stack([_cross(b - centre, c - centre), _cross(c - centre, a - centre),
                          _cross(a - centre, b - centre)], -1)  # fmt: skip
        return corners, areas / areas.sum(1, keepdims=True)


def draw(
    points_px: Float[np.ndarray, "bodies verts 2"], faces: Int[np.ndarray, "faces 3"], size_px: int
) -> Drawn:
    """Fill the triangles of every body (x right, y down, pixel centres at +0.5)."""
    bodies = len(points_px)
    corners = points_px[:, faces].reshape(-1, 3, 2)
    triangle, row = _rows(corners, size_px)
    start, end = _spans(corners[triangle], row + 0.5, size_px)
    keep = end > start
    triangle, row, start, end = triangle[keep], row[keep], start[keep], end[keep]
    first = (triangle // len(faces) * size_px + row) * size_px + start
    length = end - start
    place = np.arange(length.sum()) + np.repeat(first - (np.cumsum(length) - length), length)
    index = np.full(bodies * size_px * size_px, -1, np.int32)
    index[place] = np.repeat(triangle % len(faces), length)
    return Drawn(points_px, faces, index.reshape(bodies, size_px, size_px))


def _rows(corners: np.ndarray, size_px: int) -> tuple[np.ndarray, np.ndarray]:
    """All pairs (triangle, picture row) whose centre line meets the triangle."""
    a, b, c = corners[..., 1].T  # pair by pair: numpy is slow at short axes
    highest, lowest = np.minimum(np.minimum(a, b), c), np.maximum(np.maximum(a, b), c)
    top = np.clip(np.ceil(highest - 0.5), 0, size_px).astype(np.int64)
    bottom = np.clip(np.floor(lowest - 0.5) + 1, 0, size_px).astype(np.int64)
    area = _cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    count = np.where(np.abs(area) > _FLAT, np.maximum(bottom - top, 0), 0)
    triangle = np.repeat(np.arange(len(corners)), count)
    return triangle, np.arange(count.sum()) + np.repeat(top - (np.cumsum(count) - count), count)


def _spans(corners: np.ndarray, y: np.ndarray, size_px: int) -> tuple[np.ndarray, np.ndarray]:
    """Where each row's centre line enters and leaves its triangle: first column, and one past."""
    low, high = np.full(len(y), np.inf), np.full(len(y), -np.inf)
    for k in range(3):
        (x0, y0), (x1, y1) = corners[:, k].T, corners[:, (k + 1) % 3].T
        rise = y1 - y0
        share = (y - y0) / np.where(rise == 0, np.inf, rise)
        meets = (rise != 0) & (share >= 0) & (share <= 1)
        x = x0 + share * (x1 - x0)
        low = np.where(meets & (x < low), x, low)
        high = np.where(meets & (x > high), x, high)
    start = np.ceil(np.clip(low - 0.5, 0, size_px)).astype(np.int64)
    end = np.floor(np.clip(high - 0.5, -1, size_px - 1)).astype(np.int64) + 1
    return start, end


def _cross(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0]
