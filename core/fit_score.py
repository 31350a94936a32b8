"""The score by which refinement decides: a real drawing of the real result, less its prior.

fit_score(model, result, target, FitPrior(0.004, 0.002))    # 1 is a perfect silhouette
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from core.camera import Camera
from core.coverage import draw
from core.decode import posed_mesh
from core.fit_target import FitTarget
from core.model import CategoryModel
from core.results import FrameResult


@dataclass(frozen=True)
class FitPrior:
    """What a squared standard deviation of the codes costs."""

    pose: float
    shape: float


def fit_score(
    model: CategoryModel, result: FrameResult, target: FitTarget, prior: FitPrior
) -> float:
    """IoU of the drawn mesh with the mask, inside the picture, less the codes' prior."""
    seen = seen_vertices(model, result)
    if seen is None:
        return -np.inf
    size_px = len(target.mask)
    drawn = draw((seen * target.scale + target.shift_px)[None], model.rig.faces, size_px)
    sigmas = model.latent.sigmas_of(result.codes.articulation)
    cost = prior.pose * np.sum(sigmas**2) + prior.shape * np.sum(result.codes.shape**2)
    return float(target.iou(drawn.is_covered[0]) - cost)


def seen_vertices(model: CategoryModel, result: FrameResult) -> Float[np.ndarray, "verts 2"] | None:
    """Where the vertices are in the image, pixels; None if some lie behind the camera."""
    vertices = posed_mesh(model, result).vertices.astype(np.float64)
    if vertices[:, 2].min() <= 1e-3:
        return None
    return Camera(result.K, *result.image_size).project(vertices)
