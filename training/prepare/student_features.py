"""Which part of the body each pixel shows, as our own student sees it: `features.npz` of a clip.

    features = student_features(load_model("dog"), clip)

This takes the place of CSE's embeddings (BANMo, section 3.3). On its way to a pose the student
finds 48 points of the body, by how much every cell of a crop has to say about each of them
(`core.student.PointHead`). A cell's evidence for all points, scaled to length 1, is a word for the
part of the body that it shows: the same in all frames and clips, and another for left and right.
"""

from collections.abc import Callable

import cv2
import numpy as np
import torch
from jaxtyping import Float, Float16, UInt8

from core.camera import Camera
from core.crop import CropCamera, student_input
from core.errors import ExplainedError
from core.frame import Frame
from core.model import CategoryModel
from core.results import Mask
from core.student import StudentNetwork
from core.student_torch import load_student
from training.prepare.prepared_clip import PreparedClip, box_of

LONG_SIDE = 64
"""Cells along a picture's longer side."""
Progress = Callable[[int, int], None]


def student_features(
    model: CategoryModel, clip: PreparedClip, progress: Progress = lambda done, total: None
) -> Float16[np.ndarray, "frames rows columns points"]:
    """Features of all frames; 0 beyond the crop around the mask, and where there is no mask.

    Raises:
        ExplainedError: The model's student finds no points.
    """
    network = load_student(model.student)
    if not isinstance(network, StudentNetwork) or network.point_head is None:
        raise ExplainedError(f"The model {model.name} finds no points of the body: take another.")
    height, width = clip.alphas.shape[1:]
    shrink = LONG_SIDE / max(height, width)
    rows, columns = round(height * shrink), round(width * shrink)
    found = np.zeros((len(clip.rgb), rows, columns, network.point_head.points), np.float16)
    camera = Camera(clip.K, width, height)
    for number, frame in enumerate(clip.frames()):
        box = box_of(clip.alphas[number])
        if box is not None:
            crop = CropCamera.around(camera, box, size_px=model.input_px)
            cells = _cell_words(network, frame, _subject(clip.alphas[number]), crop)
            found[number] = _in_picture(cells, crop, (rows, columns))
        progress(number + 1, len(clip.rgb))
    return found


def _subject(alpha: UInt8[np.ndarray, "height width"]) -> Mask:
    """A mask of a prepared clip without what is unknown."""
    return Mask(np.where(alpha == 255, np.uint8(255), np.uint8(0)), 1.0)


def _cell_words(
    network: StudentNetwork, frame: Frame, mask: Mask, crop: CropCamera
) -> Float[np.ndarray, "cells cells points"]:
    picture = torch.from_numpy(student_input(frame, mask, crop, crop.size_px))[None]
    with torch.inference_mode():
        evidence = network.evidence(picture)[0].permute(1, 2, 0)
        return torch.nn.functional.normalize(evidence, dim=-1).numpy()


def _in_picture(
    cells: Float[np.ndarray, "cells cells points"], crop: CropCamera, size: tuple[int, int]
) -> Float[np.ndarray, "rows columns points"]:
    """What each cell of the picture's grid shows: the crop's nearest cell."""
    rows, columns = size
    to_image = np.diag([crop.camera.width_px / columns, crop.camera.height_px / rows, 1.0])
    per_px = len(cells) / crop.size_px
    to_cell = np.diag([per_px, per_px, 1.0]) @ crop.homography() @ to_image
    column, row = np.meshgrid(np.arange(columns) + 0.5, np.arange(rows) + 0.5)
    places = cv2.perspectiveTransform(np.stack([column, row], -1).reshape(1, -1, 2), to_cell)[0]
    index = np.floor(places).astype(int)
    is_seen = ((index >= 0) & (index < len(cells))).all(1)
    words = np.zeros((rows * columns, cells.shape[-1]), cells.dtype)
    words[is_seen] = cells[index[is_seen, 1], index[is_seen, 0]]
    return words.reshape(rows, columns, -1)
