"""Pictures of a teacher: over its frames, and the body from four sides.

write_previews(teacher, clips, folder)
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np
from jaxtyping import Float, Int, UInt8

from core.camera import Camera
from training.banmo.extract import (
    RestSurface,
    frame_vertices,
    learned_camera,
    rest_surface,
    surface_colors,
)
from training.banmo.teacher import Teacher
from training.evaluation.sheets import write_png
from training.prepare.prepared_clip import PreparedClip
from training.rasterize import rasterize

TURNTABLE_FPS = 12.0
SIDES = (0.0, 90.0, 180.0, 270.0)
_LIGHT = np.array([0.4, 0.7, 0.6]) / np.linalg.norm([0.4, 0.7, 0.6])


def write_previews(
    teacher: Teacher, clips: Sequence[PreparedClip], folder: Path, name: str
) -> RestSurface:
    """NAME_sides.png: the rest body from four sides; NAME_CLIP.png: frames with their surface."""
    folder.mkdir(parents=True, exist_ok=True)
    rest = rest_surface(teacher, 64)
    colors = surface_colors(teacher, rest, np.zeros(1, int))[0]
    grey = four_sides(rest.vertices, rest.faces, None)
    write_png(
        folder / f"{name}_sides.png",
        np.concatenate([grey, four_sides(rest.vertices, rest.faces, colors)]),
    )
    first = 0
    for clip in clips:
        write_png(folder / f"{name}_{clip.name}.png", clip_sheet(teacher, rest, clip, first))
        first += len(clip.rgb)
    return rest


def four_sides(
    vertices: Float[np.ndarray, "verts 3"],
    faces: Int[np.ndarray, "faces 3"],
    colors: Float[np.ndarray, "verts 3"] | None,
    size_px: int = 200,
) -> UInt8[np.ndarray, "height width 3"]:
    """A body turned about its vertical axis, seen from a little above."""
    tiles = [side_view(vertices, faces, colors, float(np.deg2rad(side)), size_px) for side in SIDES]
    return np.concatenate(tiles, 1)


def turntable(
    vertices: Float[np.ndarray, "verts 3"],
    faces: Int[np.ndarray, "faces 3"],
    colors: Float[np.ndarray, "verts 3"],
    count: int = 24,
    size_px: int = 200,
) -> Iterator[UInt8[np.ndarray, "height width 3"]]:
    """A body turning once about its vertical axis."""
    for yaw in np.arange(count) * (2 * np.pi / count):
        yield side_view(vertices, faces, colors, float(yaw), size_px)


def side_view(
    vertices: Float[np.ndarray, "verts 3"],
    faces: Int[np.ndarray, "faces 3"],
    colors: Float[np.ndarray, "verts 3"] | None,
    yaw_rad: float,
    size_px: int,
) -> UInt8[np.ndarray, "height width 3"]:
    """A body in the middle of a square picture."""
    middle = 0.5 * (vertices.min(0) + vertices.max(0))
    extent = float(np.ptp(vertices, axis=0).max())
    camera = Camera.from_fov(size_px, size_px, float(np.deg2rad(30)))
    turned = (vertices - middle) @ _look(yaw_rad).T + np.array([0, 0, 2.1 * extent])
    return shaded(turned, faces, camera, colors)


def _look(yaw: float) -> Float[np.ndarray, "3 3"]:
    """Rig axes to camera axes: turned by yaw, then seen from 12 degrees above."""
    cos, sin = np.cos(yaw), np.sin(yaw)
    about_up = np.array([[cos, 0, sin], [0, 1, 0], [-sin, 0, cos]])
    down = np.deg2rad(12)
    tilt = np.array([[1, 0, 0], [0, np.cos(down), -np.sin(down)], [0, np.sin(down), np.cos(down)]])
    return tilt @ np.diag([1.0, -1.0, -1.0]) @ about_up


def shaded(
    vertices: Float[np.ndarray, "verts 3"],
    faces: Int[np.ndarray, "faces 3"],
    camera: Camera,
    colors: Float[np.ndarray, "verts 3"] | None,
    background: UInt8[np.ndarray, "height width 3"] | None = None,
) -> UInt8[np.ndarray, "height width 3"]:
    """A mesh in camera space, flat shaded."""
    drawn = rasterize(vertices, faces, camera)
    covered = drawn.silhouette
    corners = vertices[faces[drawn.face_index[covered]]].astype(float)
    normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    normal /= np.linalg.norm(normal, axis=1, keepdims=True) + 1e-12
    normal *= -np.sign((normal * corners[:, 0]).sum(1, keepdims=True))
    # Light from above and beside the camera, whose y points down and whose z points away.
    light = 0.35 + 0.65 * np.clip(normal @ (_LIGHT * [1, -1, -1]), 0, 1)
    base = (
        np.full((len(corners), 3), 0.8)
        if colors is None
        else colors[faces[drawn.face_index[covered]]].mean(1)
    )
    picture = np.full((camera.height_px, camera.width_px, 3), 255, np.uint8)
    if background is not None:
        picture = background.copy()
    picture[covered] = np.clip(255 * base * light[:, None], 0, 255).astype(np.uint8)
    return picture


def clip_sheet(
    teacher: Teacher, rest: RestSurface, clip: PreparedClip, first: int, count: int = 6
) -> UInt8[np.ndarray, "height width 3"]:
    """Frames; below them the coloured surface; below it the grey one with the mask's outline."""
    chosen = np.unique(np.linspace(0, len(clip.rgb) - 1, count).astype(int))
    vertices = frame_vertices(teacher, rest, first + chosen)
    columns = []
    for frame, points in zip(chosen, vertices, strict=True):
        camera = learned_camera(teacher, first, clip.image_size)
        colors = surface_colors(teacher, rest, np.array([first + frame]))[0]
        picture = clip.rgb[frame].copy()
        grey = shaded(points, rest.faces, camera, None)
        outlines, _ = cv2.findContours(
            (clip.alphas[frame] > 127).astype(np.uint8), cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE
        )
        cv2.drawContours(grey, outlines, -1, (255, 60, 40), 1)
        columns.append(np.concatenate([picture, shaded(points, rest.faces, camera, colors), grey]))
    return np.concatenate(columns, 1)
