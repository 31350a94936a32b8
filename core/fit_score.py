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
from core.results import FrameResult, SeenPoints

POINT_SOFT = 0.06
"""Half crops; what the points of the shipped students are off in the picture, typically."""
POINT_SOFT_DEPTH = 0.1
POINT_FAR = 8.0
"""How fast points beyond the crop's border lose their say: the student can only guess them."""


@dataclass(frozen=True)
class FitPrior:
    """What a squared standard deviation of the codes costs."""

    pose: float
    shape: float
    points: float = 0.0
    """What a half crop costs between the body's points and where the student saw them."""
    point_depth: float = 0.0


def fit_score(
    model: CategoryModel, result: FrameResult, target: FitTarget, prior: FitPrior
) -> float:
    """IoU of the drawn mesh with the mask, inside the picture, less the codes' prior and the
    distance from the student's points."""
    seen = seen_vertices(model, result)
    if seen is None:
        return -np.inf
    size_px = len(target.mask)
    drawn = draw((seen * target.scale + target.shift_px)[None], model.rig.faces, size_px)
    sigmas = model.latent.sigmas_of(result.codes.articulation)
    cost = prior.pose * np.sum(sigmas**2) + prior.shape * np.sum(result.codes.shape**2)
    if result.points is not None and (prior.points or prior.point_depth):
        cost += points_off(model, result, result.points, prior)
    return float(target.iou(drawn.is_covered[0]) - cost)


def points_off(
    model: CategoryModel, result: FrameResult, seen: SeenPoints, prior: FitPrior
) -> float:
    """How far the body's points lie from where the student saw them: `core.point_pull_torch`'s
    slow twin."""
    count = len(seen.places)
    vertices = posed_mesh(model, result).vertices[model.point_vertices]
    centre = result.root_to_cam[:3, :3] @ model.centre + result.root_to_cam[:3, 3]
    middle = (seen.crop_to_cam.T @ centre)[2]
    total = 0.0
    for vertex, wanted in zip(vertices, seen.places, strict=True):
        x, y, depth = seen.crop_to_cam.T @ vertex
        across = np.array([x, y]) / depth / seen.crop_tan - wanted[:2]
        deep = (depth - middle) / (middle * seen.crop_tan) - wanted[2]
        share = 1 / (1 + POINT_FAR * max(np.abs(wanted[:2]).max() - 1, 0)) / count
        aside = _soft(across[0], POINT_SOFT) + _soft(across[1], POINT_SOFT)
        total += share * (prior.points * aside + prior.point_depth * _soft(deep, POINT_SOFT_DEPTH))
    return float(total)


def _soft(off: float, beta: float) -> float:
    """Square below beta, linear above."""
    off = abs(off)
    return 0.5 * off * off / beta if off < beta else off - 0.5 * beta


def seen_vertices(model: CategoryModel, result: FrameResult) -> Float[np.ndarray, "verts 2"] | None:
    """Where the vertices are in the image, pixels; None if some lie behind the camera."""
    vertices = posed_mesh(model, result).vertices.astype(np.float64)
    if vertices[:, 2].min() <= 1e-3:
        return None
    return Camera(result.K, *result.image_size).project(vertices)
