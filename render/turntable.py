"""Pictures of a body from many sides.

for rgb in turntable(renderer, scene, PictureSize(640, 400), frames=72): ...
sheet = contact_sheet(renderer, scene, PictureSize(320, 240), views=4)
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import UInt8

from render.bounds import bounds_of
from render.picture import render_image
from render.renderer import Renderer
from render.scene import Scene
from render.view import OrbitCamera


@dataclass(frozen=True)
class PictureSize:
    """Of one picture, with the samples per pixel that smooth its edges."""

    width_px: int
    height_px: int
    samples: int = 4


def turntable(
    renderer: Renderer, scene: Scene, size: PictureSize, frames: int = 72, turns: float = 1.0
) -> Iterator[UInt8[np.ndarray, "height width 3"]]:
    """Frames of a walk around the bodies; played in a loop, the first follows the last.

    The camera keeps its pitch and lens; if it is not an `OrbitCamera`, a framed one is taken.
    """
    camera = _orbit_of(scene, size.width_px / size.height_px)
    for frame in range(frames):
        yaw_rad = camera.yaw_rad + turns * 2 * np.pi * frame / frames
        yield _rgb(renderer, replace(scene, camera=replace(camera, yaw_rad=float(yaw_rad))), size)


def contact_sheet(
    renderer: Renderer, scene: Scene, size: PictureSize, views: int = 4, columns: int | None = None
) -> UInt8[np.ndarray, "height width 3"]:
    """`views` pictures from evenly spaced sides as one image, in rows of `columns`."""
    return tiled(list(turntable(renderer, scene, size, views)), columns or views)


def tiled(
    pictures: Sequence[UInt8[np.ndarray, "height width 3"]], columns: int
) -> UInt8[np.ndarray, "sheet_height sheet_width 3"]:
    """Pictures of one size side by side, row by row; what is missing in the last row is black.

    Raises:
        ValueError: There is no picture, or they differ in size.
    """
    shapes = {picture.shape for picture in pictures}
    if len(shapes) != 1:
        raise ValueError(f"a sheet needs pictures of one size, got {sorted(shapes)}")
    height_px, width_px, _ = pictures[0].shape
    rows = -(-len(pictures) // columns)
    sheet = np.zeros((rows, columns, height_px, width_px, 3), np.uint8)
    for index, picture in enumerate(pictures):
        sheet[divmod(index, columns)] = picture
    return sheet.swapaxes(1, 2).reshape(rows * height_px, columns * width_px, 3)


def _orbit_of(scene: Scene, aspect: float) -> OrbitCamera:
    if isinstance(scene.camera, OrbitCamera):
        return scene.camera
    return OrbitCamera().framed(*bounds_of(scene.bodies), aspect)


def _rgb(
    renderer: Renderer, scene: Scene, size: PictureSize
) -> UInt8[np.ndarray, "height width 3"]:
    rgba = render_image(renderer, scene, size.width_px, size.height_px, size.samples)
    return np.ascontiguousarray(rgba[..., :3])
