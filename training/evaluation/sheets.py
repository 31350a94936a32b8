"""Contact sheets: the mesh drawn over key frames, small enough for docs.

sheet = contact_sheet([overlay_tile(frame.rgb, bodies, position, mask) for ...])
write_png(path, sheet)
"""

import os
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from jaxtyping import Bool, Float, UInt8

from training.evaluation.bodies import Bodies
from training.rasterize import RasterizedMesh, rasterize

TILE_PX = 240
COLUMNS = 4
_BODY = np.array([110, 190, 255.0])
_OUTLINE = (255, 214, 0)
_HIT, _MISS = (60, 220, 90), (255, 70, 60)
_COVER = 0.6
"""Opacity of the mesh over the picture."""
_MARGIN = 1.35
"""Side of a tile, by the longer side of what it shows."""


def overlay_tile(
    rgb: UInt8[np.ndarray, "height width 3"],
    bodies: Bodies,
    position: int,
    mask: Bool[np.ndarray, "height width"],
    keypoints: Sequence[tuple[tuple[float, float], tuple[float, float], bool]] = (),
    label: str = "",
) -> UInt8[np.ndarray, "side side 3"]:
    """A square picture of one frame around its subject.

    Args:
        rgb: The frame.
        bodies: What to draw over it.
        position: Which of the bodies.
        mask: The true silhouette; its outline is drawn.
        keypoints: Pairs of true and predicted pixels, and whether they are near enough.
        label: A few words in the corner.
    """
    picture = rgb.astype(np.float64)
    shown = mask.copy()
    if bodies.is_covered[position]:
        drawn = rasterize(bodies.vertices[position], bodies.faces, bodies.camera)
        covered = drawn.silhouette
        shade = _shading(bodies, position, drawn)[covered][:, None]
        picture[covered] = (1 - _COVER) * picture[covered] + _COVER * shade * _BODY
        shown |= covered
    tile, to_tile = _square(picture.round().astype(np.uint8), mask if mask.any() else shown)
    _draw_outline(tile, mask, to_tile)
    for truth, ours, is_hit in keypoints:
        _draw_pair(tile, to_tile, truth, ours, _HIT if is_hit else _MISS)
    cv2.putText(tile, label, (5, 15), cv2.FONT_HERSHEY_SIMPLEX, 0.42, (0, 0, 0), 3, cv2.LINE_AA)
    cv2.putText(
        tile, label, (5, 15), cv2.FONT_HERSHEY_SIMPLEX, 0.42, (255, 255, 255), 1, cv2.LINE_AA
    )
    return tile


def contact_sheet(
    tiles: Sequence[UInt8[np.ndarray, "side side 3"]], columns: int = COLUMNS
) -> UInt8[np.ndarray, "height width 3"]:
    """Tiles in rows; the last row is filled with white."""
    if not tiles:
        raise ValueError("a contact sheet of 0 tiles")
    columns = min(columns, len(tiles))
    missing = -len(tiles) % columns
    padded = [*tiles, *([np.full_like(tiles[0], 255)] * missing)]
    rows = [np.concatenate(padded[i : i + columns], 1) for i in range(0, len(padded), columns)]
    return np.concatenate(rows)


def write_png(path: Path, picture: UInt8[np.ndarray, "height width 3"]) -> None:
    """Write a picture, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    done, coded = cv2.imencode(".png", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))
    if not done:
        raise ValueError(f"a picture of shape {picture.shape} cannot be written as PNG")
    unfinished = path.with_name(path.name + ".part")
    unfinished.write_bytes(coded.tobytes())
    os.replace(unfinished, path)


def _shading(
    bodies: Bodies, position: int, drawn: RasterizedMesh
) -> Float[np.ndarray, "height width"]:
    """Brightness per pixel: faces that look at the camera are light."""
    corners = bodies.vertices[position].astype(np.float64)[bodies.faces]
    normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    length = np.maximum(np.linalg.norm(normal, axis=1), 1e-12)
    view = corners.mean(1)
    view = view / np.linalg.norm(view, axis=1, keepdims=True)
    facing = np.abs((normal * view).sum(1)) / length
    return (0.35 + 0.65 * facing)[drawn.face_index]


def _square(picture: np.ndarray, shown: np.ndarray) -> tuple[np.ndarray, Float[np.ndarray, "2 3"]]:
    """Crop around what is shown, to a tile; gives the map from frame pixels to tile pixels."""
    rows, columns = np.nonzero(shown) if shown.any() else np.nonzero(np.ones_like(shown))
    low = np.array([columns.min(), rows.min()])
    high = np.array([columns.max(), rows.max()]) + 1
    scale = TILE_PX / (_MARGIN * (high - low).max())
    to_tile = np.array([[scale, 0, 0], [0, scale, 0.0]])
    to_tile[:, 2] = TILE_PX / 2 - scale * (low + high) / 2
    shrink = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    return cv2.warpAffine(picture, to_tile, (TILE_PX, TILE_PX), flags=shrink), to_tile


def _draw_outline(tile: np.ndarray, mask: np.ndarray, to_tile: np.ndarray) -> None:
    in_tile = cv2.warpAffine(mask.astype(np.uint8) * 255, to_tile, (TILE_PX, TILE_PX))
    contours, _ = cv2.findContours(
        (in_tile > 127).astype(np.uint8), cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE
    )
    cv2.drawContours(tile, contours, -1, _OUTLINE, 1, cv2.LINE_AA)


def _draw_pair(
    tile: np.ndarray,
    to_tile: np.ndarray,
    truth: tuple[float, float],
    ours: tuple[float, float],
    color: tuple[int, int, int],
) -> None:
    """A dot where the keypoint is, and a line to where the reconstruction has it."""
    ends = [
        tuple((to_tile @ [*point, 1.0]).round().astype(int).tolist()) for point in (truth, ours)
    ]
    cv2.line(tile, ends[0], ends[1], color, 1, cv2.LINE_AA)
    cv2.circle(tile, ends[0], 3, color, -1, cv2.LINE_AA)
