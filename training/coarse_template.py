"""A model with a coarser template: the same student, fewer vertices to skin.

coarse = coarse_model(model, 0.25)             # a quarter of the triangles
"""

from dataclasses import replace

import numpy as np
from jaxtyping import Int
from scipy.spatial import KDTree

from core.appearance import AppearanceBasis
from core.model import CategoryModel
from core.shape_space import ShapeSpace


def coarse_model(model: CategoryModel, share: float) -> CategoryModel:
    """Simplify the rest mesh; each new vertex is the old one that lies nearest.

    Raises:
        ValueError: `share` is not in (0, 1).
    """
    import fast_simplification

    if not 0 < share < 1:
        raise ValueError(f"a share of {share} is none between 0 and 1")
    rig = model.rig
    points, faces = fast_simplification.simplify(
        rig.vertices.astype(np.float32), rig.faces.astype(np.int32), 1 - share
    )
    kept, place = np.unique(KDTree(rig.vertices).query(points)[1], return_inverse=True)
    faces = place[faces]
    a, b, c = faces.T
    faces = faces[(a != b) & (b != c) & (c != a)]
    return replace(
        model,
        card=model.card | _points_moved(model, kept),
        rig=replace(
            rig, vertices=rig.vertices[kept], faces=faces.astype(np.int32),
            weights=rig.weights[kept], colors=rig.colors[kept],
        ),
        shape=ShapeSpace(model.shape.names, model.shape.vertices[:, kept], model.shape.joints),
        appearance=AppearanceBasis(
            model.appearance.mean[kept], model.appearance.components[:, kept]
        ),
    )  # fmt: skip


def _points_moved(model: CategoryModel, kept: Int[np.ndarray, " kept"]) -> dict[str, list[int]]:
    """The card's points on the vertices that are left."""
    old = model.point_vertices
    if not len(old):
        return {}
    places = model.rig.vertices
    return {"point_vertices": KDTree(places[kept]).query(places[old])[1].tolist()}
