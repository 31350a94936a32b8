"""Alignment protocols: what is forgiven before surfaces are compared, by name.

    moves = align("scale_centroid", predicted_meshes, truth_meshes)
    moves[0].apply(predicted_meshes[0].vertices)

none            nothing is forgiven
scale           one scale per sequence about the camera's centre (distance against size cannot be
                told from one camera): least squares over the frames' surface centroids
scale_centroid  one scale of size per sequence (ratio of root mean square spreads), then each
                frame's surface centroid onto the truth's: orientation and shape count, place does
                not. The protocol of the synthetic test set
similarity      one scale, rotation and translation per sequence by ICP with neighbours searched
                frame by frame, as for AMA (METHODS 1.10): the motion must be right, the camera
                need not
"""

from collections.abc import Sequence
from typing import Literal, get_args

import numpy as np
from scipy.spatial import KDTree

from training.metrics.similarity import Similarity, fit_similarity
from training.metrics.triangle_mesh import TriangleMesh

AlignmentName = Literal["none", "scale", "scale_centroid", "similarity"]
ALIGNMENTS: tuple[str, ...] = get_args(AlignmentName)

_ICP_STEPS = 100
_ICP_SAMPLES = 400
_ICP_FRAMES = 40
_ICP_TOLERANCE = 1e-6
"""Relative change of the error at which ICP stops, as in DASR's evaluation."""


def align(
    protocol: AlignmentName, predicted: Sequence[TriangleMesh], truth: Sequence[TriangleMesh]
) -> tuple[Similarity, ...]:
    """One transform per frame, to be applied to the prediction.

    Raises:
        ValueError: The sequences differ in length, or the protocol has no such name.
    """
    if len(predicted) != len(truth):
        raise ValueError(f"{len(predicted)} predicted frames, truth has {len(truth)}")
    if not predicted or protocol == "none":
        return tuple(Similarity.identity() for _ in predicted)
    if protocol == "scale":
        return (Similarity.scaling(_depth_scale(predicted, truth)),) * len(predicted)
    if protocol == "scale_centroid":
        return _size_and_centroid(predicted, truth)
    if protocol == "similarity":
        return (_sequence_icp(predicted, truth),) * len(predicted)
    raise ValueError(f"no alignment is called {protocol!r}; there are {', '.join(ALIGNMENTS)}")


def _depth_scale(predicted: Sequence[TriangleMesh], truth: Sequence[TriangleMesh]) -> float:
    ours = np.stack([mesh.centroid for mesh in predicted])
    theirs = np.stack([mesh.centroid for mesh in truth])
    return float((ours * theirs).sum() / (ours**2).sum())


def _size_and_centroid(
    predicted: Sequence[TriangleMesh], truth: Sequence[TriangleMesh]
) -> tuple[Similarity, ...]:
    ours = sum(mesh.spread**2 for mesh in predicted)
    theirs = sum(mesh.spread**2 for mesh in truth)
    scale = float(np.sqrt(theirs / ours)) if ours > 0 else 1.0
    return tuple(
        Similarity(scale, np.eye(3), theirs.centroid - scale * ours.centroid)
        for ours, theirs in zip(predicted, truth, strict=True)
    )


def _over_centroids(predicted: Sequence[TriangleMesh], truth: Sequence[TriangleMesh]) -> Similarity:
    """Coarse start of ICP: scale by depth, then the mean of the centroids onto the truth's."""
    scale = _depth_scale(predicted, truth)
    ours = np.mean([mesh.centroid for mesh in predicted], axis=0)
    theirs = np.mean([mesh.centroid for mesh in truth], axis=0)
    return Similarity(scale, np.eye(3), theirs - scale * ours)


def _sequence_icp(predicted: Sequence[TriangleMesh], truth: Sequence[TriangleMesh]) -> Similarity:
    """ICP over a whole sequence: points look for neighbours only in their own frame."""
    frames = np.unique(np.linspace(0, len(predicted) - 1, _ICP_FRAMES).astype(int))
    sources = [predicted[frame].samples(_ICP_SAMPLES) for frame in frames]
    targets = [truth[frame].samples(4 * _ICP_SAMPLES) for frame in frames]
    trees = [KDTree(points) for points in targets]
    move = _over_centroids(predicted, truth)
    error = np.inf
    for _ in range(_ICP_STEPS):
        matches = [
            points[tree.query(move.apply(source))[1]]
            for points, tree, source in zip(targets, trees, sources, strict=True)
        ]
        move = fit_similarity(np.concatenate(sources), np.concatenate(matches))
        residual = move.apply(np.concatenate(sources)) - np.concatenate(matches)
        new_error = float(np.sqrt((residual**2).sum(1).mean()))
        if error - new_error <= _ICP_TOLERANCE * max(new_error, 1e-12):
            break
        error = new_error
    return move
