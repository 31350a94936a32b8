"""Silhouette, depth and surface points of a posed mesh at full resolution, in numpy.

    silhouette = rasterize_silhouette(vertices, faces, camera)
    drawn = rasterize(vertices, faces, camera)          # depth, face_index, barycentric

Used for scoring, where neither a GL context nor its rounding is wanted. Edge functions are
homogeneous, so a triangle that reaches behind the camera needs no clipping (Olano and Greer,
"Triangle Scan Conversion using 2D Homogeneous Coordinates", 1997). A pixel is drawn if its centre
lies in a triangle, whichever way that faces.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Float32, Int, Int32

from core.camera import Camera

_EDGE_ON = 1e-14
"""Relative volume of (eye, triangle) under which a triangle is seen from its edge."""


@dataclass(frozen=True, eq=False)
class RasterizedMesh:
    """What each pixel of an image shows of a mesh."""

    depth: Float32[np.ndarray, "height width"]
    """Camera z at the pixel's centre; 0 where nothing is drawn."""
    face_index: Int32[np.ndarray, "height width"]
    """Number of the triangle; -1 where nothing is drawn."""
    barycentric: Float32[np.ndarray, "height width 3"]
    """Perspective-correct weights of the triangle's corners."""

    @property
    def silhouette(self) -> Bool[np.ndarray, "height width"]:
        return self.face_index >= 0


@dataclass(frozen=True, eq=False)
class _Spans:
    """Runs of pixels in image rows, each inside one triangle."""

    triangle: Int[np.ndarray, " spans"]
    row: Int[np.ndarray, " spans"]
    start: Int[np.ndarray, " spans"]
    end: Int[np.ndarray, " spans"]
    """First column not drawn."""


def rasterize_silhouette(
    vertices: Float[np.ndarray, "verts 3"], faces: Int[np.ndarray, "faces 3"], camera: Camera
) -> Bool[np.ndarray, "height width"]:
    """Which pixels show the mesh (vertices in camera space)."""
    spans = _spans(_edge_functions(vertices, faces, camera), vertices, faces, camera)
    changes = np.zeros((camera.height_px, camera.width_px + 1), np.int32)
    np.add.at(changes, (spans.row, spans.start), 1)
    np.add.at(changes, (spans.row, spans.end), -1)
    return np.cumsum(changes, axis=1)[:, :-1] > 0


def rasterize(
    vertices: Float[np.ndarray, "verts 3"], faces: Int[np.ndarray, "faces 3"], camera: Camera
) -> RasterizedMesh:
    """Depth and surface point of every pixel (vertices in camera space)."""
    edges = _edge_functions(vertices, faces, camera)
    spans = _spans(edges, vertices, faces, camera)
    lengths = spans.end - spans.start
    triangle = np.repeat(spans.triangle, lengths)
    row = np.repeat(spans.row, lengths)
    first = np.cumsum(lengths) - lengths
    column = np.arange(lengths.sum()) - np.repeat(first - spans.start, lengths)
    centres = np.stack([column + 0.5, row + 0.5, np.ones(len(row))], -1)
    weights = np.einsum("pij,pj->pi", edges[triangle], centres)
    inverse_depth = weights.sum(1)

    pixel = row * camera.width_px + column
    nearest = np.zeros(camera.height_px * camera.width_px)
    np.maximum.at(nearest, pixel, inverse_depth)
    shown = np.flatnonzero(inverse_depth == nearest[pixel])
    return _image(pixel[shown], triangle[shown], weights[shown], camera)


def _image(
    pixel: np.ndarray, triangle: np.ndarray, weights: np.ndarray, camera: Camera
) -> RasterizedMesh:
    shape = (camera.height_px, camera.width_px)
    total = weights.sum(1)
    depth = np.zeros(shape[0] * shape[1], np.float32)
    depth[pixel] = 1 / total
    face_index = np.full(shape[0] * shape[1], -1, np.int32)
    face_index[pixel] = triangle
    barycentric = np.zeros((shape[0] * shape[1], 3), np.float32)
    barycentric[pixel] = weights / total[:, None]
    return RasterizedMesh(
        depth.reshape(shape), face_index.reshape(shape), barycentric.reshape(*shape, 3)
    )


def _edge_functions(
    vertices: np.ndarray, faces: np.ndarray, camera: Camera
) -> Float[np.ndarray, "faces 3 3"]:
    """Per triangle the matrix that turns a pixel (x, y, 1) into barycentric weights / depth.

    A point of the triangle is V b with corners as columns of V; it is seen at p where K V b = z p,
    hence b / z = inverse(K V) p. Triangles seen from their edge get zeros, and draw nothing.
    """
    seen = camera.K @ vertices.astype(np.float64)[faces].transpose(0, 2, 1)
    volume = np.linalg.det(seen)
    scale = np.linalg.norm(seen, axis=1).prod(1)
    is_flat = np.abs(volume) <= _EDGE_ON * scale
    seen[is_flat] = np.eye(3)
    edges = np.linalg.inv(seen)
    edges[is_flat] = 0.0
    return edges


def _spans(edges: np.ndarray, vertices: np.ndarray, faces: np.ndarray, camera: Camera) -> _Spans:
    """Solve each triangle's three edge functions for the columns of each row it may touch."""
    triangle, row = _rows(vertices, faces, camera)
    slope, offset = edges[triangle, :, 0], edges[triangle, :, 1] * (row + 0.5)[:, None]
    offset = offset + edges[triangle, :, 2]
    with np.errstate(divide="ignore", invalid="ignore"):
        crossing = -offset / slope
    low = np.where(slope > 0, crossing, -np.inf).max(1)
    high = np.where(slope < 0, crossing, np.inf).min(1)
    is_inside = ((slope != 0) | (offset >= 0)).all(1) & (edges[triangle].any((1, 2)))
    # Column c is inside if low <= c + 0.5 <= high.
    start = np.ceil(np.clip(low - 0.5, 0, camera.width_px)).astype(np.int64)
    end = np.floor(np.clip(high - 0.5, -1, camera.width_px - 1)).astype(np.int64) + 1
    keep = is_inside & (end > start)
    return _Spans(triangle[keep], row[keep], start[keep], end[keep])


def _rows(vertices: np.ndarray, faces: np.ndarray, camera: Camera) -> tuple[np.ndarray, np.ndarray]:
    """All pairs (triangle, image row) that may meet."""
    depth = vertices[:, 2].astype(np.float64)
    is_ahead = depth > 1e-9
    y = np.where(is_ahead, depth, 1.0)
    y = vertices[:, 1] / y * camera.K[1, 1] + camera.K[1, 2]
    corner_y, corner_ahead = y[faces], is_ahead[faces]
    top = np.clip(np.floor(corner_y.min(1) - 0.5), 0, camera.height_px)
    bottom = np.clip(np.ceil(corner_y.max(1) + 0.5), 0, camera.height_px)
    is_crossing = corner_ahead.any(1) & ~corner_ahead.all(1)
    top = np.where(is_crossing, 0, top).astype(np.int64)
    bottom = np.where(is_crossing, camera.height_px, bottom).astype(np.int64)
    count = np.where(corner_ahead.any(1), np.maximum(bottom - top, 0), 0)
    triangle = np.repeat(np.arange(len(faces)), count)
    first = np.repeat(np.cumsum(count) - count, count)
    return triangle, np.arange(count.sum()) - first + top[triangle]
