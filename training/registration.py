"""Bring one mesh onto another of the same kind, part by part, without tearing it.

    places = register(Tagged(dog.vertices, dog.faces, dog_tags), Tagged(wolf...))

Non-rigid iterated closest points (Amberg et al. 2007, with a Laplacian of the displacements as the
stiffness): stiff at first, then softer, matched both ways. Tags are numbers that matching places
share, such as skinning weights: an ear does not become a forehead because that is near.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int
from scipy.sparse import coo_matrix, csr_matrix, diags, vstack
from scipy.sparse.linalg import splu
from scipy.spatial import cKDTree


@dataclass(frozen=True)
class RegistrationConfig:
    """How soft the mesh becomes, and what counts as near."""

    stiffness: tuple[float, ...] = (
        30.0, 20.0, 15.0, 10.0, 8.0, 6.0, 5.0, 4.0, 3.0, 2.5,
        2.0, 1.6, 1.3, 1.0, 0.8, 0.6, 0.4, 0.3, 0.3,
    )  # fmt: skip
    """Weight of the Laplacian in each round, beside one for a match. In ten rounds a curled tail
    that becomes a straight one is flattened."""
    tag_weight: float = 0.05
    """Length, in body lengths, that a whole unit of tags is worth."""
    normal_weight: float = 0.06
    """The same for opposite normals' half."""
    samples: int = 12_000
    """Points on either surface."""
    seed: int = 0


@dataclass(frozen=True, eq=False)
class Tagged:
    """A mesh with numbers on its vertices that matching places share."""

    vertices: Float[np.ndarray, "verts 3"]
    faces: Int[np.ndarray, "faces 3"]
    tags: Float[np.ndarray, "verts tags"]


def register(
    source: Tagged, goal: Tagged, config: RegistrationConfig | None = None
) -> Float[np.ndarray, "verts 3"]:
    """Places of the source's vertices on the goal's surface."""
    config = config or RegistrationConfig()
    rng = np.random.default_rng(config.seed)
    length = float(np.ptp(goal.vertices, axis=0).max())
    # Vertices that a seam doubles stay together.
    _, first, member = np.unique(
        np.round(source.vertices / length, 6), axis=0, return_index=True, return_inverse=True
    )
    member = member.reshape(-1)
    faces = member[source.faces]
    places = source.vertices[first].astype(float)
    start, tags = places, source.tags[first]
    smooth = laplacian(faces, len(places))
    ours = surface_samples(faces, start, config.samples, rng)
    theirs = surface_samples(goal.faces, goal.vertices, config.samples, rng)
    aims = _features(goal.vertices, goal.faces, goal.tags, theirs, length, config)
    tree, targets = cKDTree(aims), theirs @ goal.vertices
    for stiffness in config.stiffness:
        own = _features(places, faces, tags, ours, length, config)
        forward = tree.query(own)[1]
        back = cKDTree(own).query(aims)[1]
        rows = vstack([ours, ours[back]]).tocsr()
        wanted = np.concatenate([targets[forward], targets]) - rows @ start
        places = start + _displacement(rows, wanted, smooth, stiffness)
    return places[member]


def laplacian(faces: Int[np.ndarray, "faces 3"], count: int) -> csr_matrix:
    """Each vertex minus the mean of its neighbours."""
    edge = np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]])
    edge = np.concatenate([edge, edge[:, ::-1]])
    near = coo_matrix((np.ones(len(edge)), (edge[:, 0], edge[:, 1])), (count, count)).tocsr()
    near.data[:] = 1.0
    degree = np.asarray(near.sum(1)).reshape(-1)
    mean = diags(1 / np.maximum(degree, 1)) @ near
    return (diags((degree > 0).astype(float)) - mean).tocsr()


def surface_samples(
    faces: Int[np.ndarray, "faces 3"],
    vertices: Float[np.ndarray, "verts 3"],
    count: int,
    rng: np.random.Generator,
) -> csr_matrix:
    """Points evenly on a surface: rows of barycentric coordinates over its vertices."""
    corners = vertices[faces].astype(float)
    normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    area = np.linalg.norm(normal, axis=1)
    face = rng.choice(len(faces), count, p=area / area.sum())
    share = rng.dirichlet((1.0, 1.0, 1.0), count)
    row = np.repeat(np.arange(count), 3)
    return coo_matrix(
        (share.reshape(-1), (row, faces[face].reshape(-1))), (count, len(vertices))
    ).tocsr()


def _features(
    vertices: np.ndarray,
    faces: np.ndarray,
    tags: np.ndarray,
    samples: csr_matrix,
    length: float,
    config: RegistrationConfig,
) -> Float[np.ndarray, "samples features"]:
    """What a place is matched by: where it is, which way it faces, and its tags."""
    parts = [
        vertices / length,
        config.normal_weight * vertex_normals(vertices, faces),
        config.tag_weight * tags,
    ]
    return samples @ np.concatenate(parts, axis=1)


def vertex_normals(
    vertices: Float[np.ndarray, "verts 3"], faces: Int[np.ndarray, "faces 3"]
) -> Float[np.ndarray, "verts 3"]:
    """Means of the faces' normals by area, of unit length."""
    corners = vertices[faces].astype(float)
    normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    total = np.zeros((len(vertices), 3))
    for corner in range(3):
        np.add.at(total, faces[:, corner], normal)
    return total / np.maximum(np.linalg.norm(total, axis=1, keepdims=True), 1e-12)


def _displacement(
    rows: csr_matrix, wanted: np.ndarray, smooth: csr_matrix, stiffness: float
) -> Float[np.ndarray, "verts 3"]:
    """Least squares: matches met, and neighbours moved alike; both counted per vertex."""
    share = smooth.shape[0] / rows.shape[0]
    normal = share * (rows.T @ rows) + stiffness * (smooth.T @ smooth)
    normal = normal + 1e-9 * diags(np.ones(normal.shape[0]))
    return splu(normal.tocsc()).solve(share * (rows.T @ wanted))
