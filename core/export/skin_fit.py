"""Few-influence weights for linear skinning that looks like our dual-quaternion skinning.

    influences = fitted_influences(rig, joint_rotations, count=4)

glTF knows linear skinning only, and most programs read four influences a vertex. Truncating the
rig's weights to four and posing linearly differs from the viewport at bends and twists; here the
weights are fitted to the take instead.
"""

from itertools import combinations

import numpy as np
from jaxtyping import Bool, Float, Int

from core.export.take import posed_in_rig
from core.influences import Influences
from core.kinematics import forward_kinematics, skin_transforms
from core.rig import Rig

CANDIDATES = 8
"""Joints considered for a vertex: the strongest in the rig, filled up with their neighbours."""
PRIOR = 1e-4
"""Pull towards the rig's weights, as a share of the squared body length: decides where the take
does not move a joint, and keeps other motions on the same file sane."""
FIT_POSES = 120
"""Poses of the take that are fitted, evenly spread."""


def truncated_influences(rig: Rig, count: int) -> Influences:
    """The strongest influences of each vertex, renormalised."""
    return Influences.from_dense(rig.weights, min(count, rig.weights.shape[1]))


def fitted_influences(
    rig: Rig, joint_rotations: Float[np.ndarray, "poses joints 3 3"], count: int = 4
) -> Influences:
    """Weights of at most `count` joints a vertex that best reproduce the dual-quaternion shapes.

    For every vertex, least squares over the poses subject to weights >= 0 and sum 1. Each support
    of up to `count` of the candidate joints is solved exactly (its KKT system), and the best one
    without negative weights is kept: that is the optimum over those candidates, not a descent.
    """
    poses = joint_rotations[:: -(-len(joint_rotations) // FIT_POSES)].astype(np.float64)
    candidates = _candidates(rig)
    gram, moment = _normal_equations(rig, poses, candidates)
    weights = _best_supports(gram, moment, min(count, candidates.shape[1]))
    dense = np.zeros(rig.weights.shape)
    np.put_along_axis(dense, candidates, weights, axis=1)
    return Influences.from_dense(dense, min(count, dense.shape[1]))


def _candidates(rig: Rig) -> Int[np.ndarray, "verts candidates"]:
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
    rig: Rig, poses: np.ndarray, candidates: np.ndarray
) -> tuple[Float[np.ndarray, "verts cands cands"], Float[np.ndarray, "verts cands"]]:
    """Sums over the poses of A^T A and A^T b, where A's columns are the candidates' images."""
    count, width = candidates.shape
    gram, moment = np.zeros((count, width, width)), np.zeros((count, width))
    vertices = rig.vertices.astype(np.float64)
    for pose in poses:
        transforms = skin_transforms(rig.skeleton, forward_kinematics(rig.skeleton, pose))
        target = posed_in_rig(rig, pose[None])[0]
        moved = np.einsum("jab,vb->vja", transforms[:, :3, :3], vertices) + transforms[:, :3, 3]
        images = np.take_along_axis(moved, candidates[:, :, None], axis=1)
        images -= target[:, None]  # weights sum to 1: the target moves inside, and b becomes 0
        gram += images @ images.swapaxes(1, 2)
    gram /= len(poses)
    prior = PRIOR * float(np.ptp(vertices, 0).max()) ** 2 / width
    gram += prior * np.eye(width)
    moment += prior * np.take_along_axis(rig.weights.astype(np.float64), candidates, axis=1)
    return gram, moment


def _best_supports(
    gram: np.ndarray, moment: np.ndarray, count: int
) -> Float[np.ndarray, "verts cands"]:
    """Minimise w.G.w - 2 m.w over the simplex with at most `count` non-zero weights."""
    verts, width = moment.shape
    best = np.full(verts, np.inf)
    weights = np.zeros((verts, width))
    for size in range(1, count + 1):
        for support in combinations(range(width), size):
            chosen = list(support)
            solved = _on_support(gram[:, chosen][:, :, chosen], moment[:, chosen])
            cost = _cost(gram[:, chosen][:, :, chosen], moment[:, chosen], solved)
            is_better: Bool[np.ndarray, " verts"] = (solved.min(1) >= 0) & (cost < best)
            best[is_better] = cost[is_better]
            weights[is_better] = 0
            weights[np.ix_(is_better, chosen)] = solved[is_better]
    return weights


def _on_support(gram: np.ndarray, moment: np.ndarray) -> np.ndarray:
    """Weights that sum to 1, of any sign: the stationary point of the Lagrangian."""
    verts, size = moment.shape
    system = np.zeros((verts, size + 1, size + 1))
    system[:, :size, :size] = gram
    system[:, :size, size] = system[:, size, :size] = 1
    right = np.ones((verts, size + 1, 1))
    right[:, :size, 0] = moment
    return np.linalg.solve(system, right)[:, :size, 0]


def _cost(gram: np.ndarray, moment: np.ndarray, weights: np.ndarray) -> np.ndarray:
    return np.einsum("vi,vij,vj->v", weights, gram, weights) - 2 * (moment * weights).sum(1)
