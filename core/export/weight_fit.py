"""Skinning weights of a few joints a vertex, by least squares over poses.

influences = fitted_influences(rig, poses, posed_in_rig(rig, poses), count=4)
"""

from itertools import combinations

import numpy as np
from jaxtyping import Bool, Float, Int

from core.export.stages import WEIGHING, Tell, silent
from core.influences import Influences
from core.kinematics import forward_kinematics, skin_transforms
from core.rig import Rig

CANDIDATES = 10
"""Joints considered for a vertex: the strongest in the rig, filled up with their neighbours."""
PRIOR = 1e-4
"""Pull towards the rig's weights, as a share of the squared body length: decides where the take
does not move a joint, and keeps other motions on the same file sane."""


def fitted_influences(
    rig: Rig,
    poses: Float[np.ndarray, "poses joints 3 3"],
    truth: Float[np.ndarray, "poses verts 3"],
    count: int = 4,
    tell: Tell = silent,
) -> Influences:
    """Weights of at most `count` joints a vertex under which linear skinning best gives `truth`.

    For every vertex, least squares over the poses subject to weights >= 0 and sum 1. Each support
    of up to `count` of the candidate joints is solved exactly (its KKT system), and the best one
    without negative weights is kept: that is the optimum over those candidates, not a descent.
    """
    candidates = _candidates(rig)
    gram, moment = _normal_equations(rig, poses, truth, candidates)
    weights = best_supports(gram, moment, min(count, candidates.shape[1]), tell)
    dense = np.zeros(rig.weights.shape)
    np.put_along_axis(dense, candidates, weights, axis=1)
    return Influences.from_dense(dense, min(count, dense.shape[1]))


def best_supports(
    gram: Float[np.ndarray, "verts cands cands"],
    moment: Float[np.ndarray, "verts cands"],
    count: int,
    tell: Tell = silent,
) -> Float[np.ndarray, "verts cands"]:
    """Minimise w.G.w - 2 m.w over w >= 0, sum 1, with at most `count` non-zero weights.

    A minimum whose weights are all positive is the stationary point on its own support, so
    trying every support finds it.
    """
    verts, width = moment.shape
    best = np.full(verts, np.inf)
    weights = np.zeros((verts, width))
    supports = [s for size in range(1, count + 1) for s in combinations(range(width), size)]
    for index, support in enumerate(supports):
        tell(WEIGHING, index, len(supports))
        chosen = list(support)
        part, pull = gram[:, chosen][:, :, chosen], moment[:, chosen]
        solved = _on_support(part, pull)
        cost = np.einsum("vi,vij,vj->v", solved, part, solved) - 2 * (pull * solved).sum(1)
        is_better: Bool[np.ndarray, " verts"] = (solved.min(1) >= 0) & (cost < best)
        best[is_better] = cost[is_better]
        weights[is_better] = 0
        weights[np.flatnonzero(is_better)[:, None], chosen] = solved[is_better]
    tell(WEIGHING, len(supports), len(supports))
    return weights


def _candidates(rig: Rig) -> Int[np.ndarray, "verts cands"]:
    """The strongest joints of each vertex, then the parents and children of its strongest."""
    weights = rig.weights.astype(np.float64)
    parents = np.array(rig.skeleton.parents)
    near = np.eye(len(parents))
    children = np.flatnonzero(parents >= 0)
    near[children, parents[children]] = near[parents[children], children] = 1
    score = weights + 1e-6 * (weights @ near)
    count = min(CANDIDATES, len(parents))
    return np.argsort(-score, axis=1, kind="stable")[:, :count]


def _normal_equations(
    rig: Rig, poses: np.ndarray, truth: np.ndarray, candidates: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Means over the poses of A^T A and A^T b, where A's columns are the candidates' images."""
    count, width = candidates.shape
    gram = np.zeros((count, width, width))
    vertices = rig.vertices.T.astype(np.float64)
    rows = np.arange(count)[:, None]
    for pose, target in zip(poses, truth, strict=True):
        transforms = skin_transforms(rig.skeleton, forward_kinematics(rig.skeleton, pose))
        moved = transforms[:, :3, :3] @ vertices + transforms[:, :3, 3:]
        # weights sum to 1, so the target moves inside the sum and A^T b becomes 0
        images = moved[candidates, :, rows] - target[:, None]
        gram += images @ images.swapaxes(1, 2)
    prior = PRIOR * float(np.ptp(vertices, 1).max()) ** 2 / width
    gram = gram / len(poses) + prior * np.eye(width)
    return gram, prior * np.take_along_axis(rig.weights.astype(np.float64), candidates, axis=1)


def _on_support(gram: np.ndarray, moment: np.ndarray) -> np.ndarray:
    """Weights that sum to 1, of any sign: the stationary point of the Lagrangian."""
    verts, size = moment.shape
    system = np.zeros((verts, size + 1, size + 1))
    system[:, :size, :size] = gram
    system[:, :size, size] = system[:, size, :size] = 1
    right = np.ones((verts, size + 1, 1))
    right[:, :size, 0] = moment
    return np.linalg.solve(system, right)[:, :size, 0]
