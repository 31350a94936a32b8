"""Smooth normals of a mesh.

normals = vertex_normals(vertices, faces)
"""

import numpy as np
from jaxtyping import Float, Int


def vertex_normals(
    vertices: Float[np.ndarray, "verts 3"],
    faces: Int[np.ndarray, "faces 3"],
    places: Int[np.ndarray, " verts"] | None = None,
) -> Float[np.ndarray, "verts 3"]:
    """Unit normals, each the mean of its faces' normals weighted by their areas.

    Vertices at the same place share their normal, so that seams of colour or texture
    (where glTF splits vertices) do not show. Loose vertices get (0, 1, 0).

    Args:
        places: From `shared_places`, where known; of any shape of the same body.
    """
    places = shared_places(vertices) if places is None else places
    corners = vertices[faces].astype(np.float64)
    face_normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    corner_places = places[faces].reshape(-1)
    corner_normals = np.repeat(face_normals, 3, axis=0)
    columns = [np.bincount(corner_places, axis, len(vertices)) for axis in corner_normals.T]
    normals = np.stack(columns, 1)[places]
    length = np.linalg.norm(normals, axis=1, keepdims=True)
    return np.where(length > 0, normals / np.maximum(length, 1e-30), np.array([0.0, 1.0, 0.0]))


def shared_places(vertices: Float[np.ndarray, "verts 3"]) -> Int[np.ndarray, " verts"]:
    """A number for each vertex, the same for all vertices at exactly the same place."""
    return np.unique(vertices, axis=0, return_inverse=True)[1].reshape(-1)
