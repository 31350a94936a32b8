"""2D keypoints: PCK and keypoint transfer."""

import numpy as np
from jaxtyping import Bool, Float, Int

from training.rasterize import RasterizedMesh

PCK_SHARE = 0.2
"""Of the square root of the mask's area, as ViSER has it."""


def keypoint_hits(
    predicted_px: Float[np.ndarray, "points 2"],
    annotated_px: Float[np.ndarray, "points 2"],
    mask_area_px: float,
    share: float = PCK_SHARE,
) -> Bool[np.ndarray, " points"]:
    """Which keypoints lie within `share` * sqrt(mask area) of the annotated ones.

    The mean of all hits of all frames is the percentage of correct keypoints (PCK).
    """
    distance_px = np.linalg.norm(predicted_px - annotated_px, axis=-1)
    return distance_px <= share * np.sqrt(mask_area_px)


def transfer_keypoints(
    points_px: Float[np.ndarray, "points 2"],
    source: RasterizedMesh,
    faces: Int[np.ndarray, "faces 3"],
    target_vertices_px: Float[np.ndarray, "verts 2"],
) -> Float[np.ndarray, "points 2"]:
    """Carry pixels of one frame to another along the reconstructed surface.

    Each pixel takes the surface point drawn there (or at the nearest drawn pixel), and that
    point's place in the other frame is its answer. Correct answers by `keypoint_hits` are
    ViSER's keypoint transfer accuracy (METHODS 3).

    Raises:
        ValueError: The source frame shows no surface.
    """
    rows, columns = np.nonzero(source.face_index >= 0)
    if len(rows) == 0:
        raise ValueError("the source frame shows no surface to carry keypoints along")
    centres_px = np.stack([columns, rows], -1) + 0.5
    squares = ((points_px[:, None] - centres_px) ** 2).sum(-1)
    nearest = squares.argmin(1)
    row, column = rows[nearest], columns[nearest]
    corners_px = target_vertices_px[faces[source.face_index[row, column]]]
    return np.einsum("pc,pcd->pd", source.barycentric[row, column], corners_px).astype(float)
