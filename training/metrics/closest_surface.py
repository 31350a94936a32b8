"""Exact distances from points to a triangle mesh, fast.

distances = SurfaceTree(mesh).distances(points)
"""

from collections.abc import Iterator

import numpy as np
from jaxtyping import Float
from scipy.spatial import KDTree

from training.metrics.triangle_mesh import TriangleMesh

_CANDIDATES = (4, 24, 96)
"""Sub-triangles looked at per point, round by round; then four times as many each round."""
_MAX_CUTS = 16


class SurfaceTree:
    """A search tree over sub-triangles of a mesh.

    Each triangle is cut into equal small ones, whose centres go into a k-d tree. A point's nearest
    centres name candidate triangles, to which the distance is exact. A sub-triangle lies at least
    (distance of its centre - its radius) away: candidates beyond the best distance so far are
    passed over, and points for which unseen centres could still be nearer are asked again with
    more candidates. So the answer is exact.
    """

    def __init__(self, mesh: TriangleMesh) -> None:
        self._corners = mesh.corners
        centres, self._triangle, self._radius = _cut(self._corners)
        self._largest_radius = float(self._radius.max())
        self._tree = KDTree(centres)

    def distances(self, points: Float[np.ndarray, "points 3"]) -> Float[np.ndarray, " points"]:
        """Distance of each point to the surface."""
        points = points.astype(np.float64)
        nearest = np.full(len(points), np.inf)
        open_rows = np.arange(len(points))
        for count in self._rounds():
            reached = self._look_at(points, open_rows, count, nearest)
            if count == self._tree.n:
                break
            open_rows = open_rows[nearest[open_rows] > reached - self._largest_radius]
            if len(open_rows) == 0:
                break
        return nearest

    def _rounds(self) -> Iterator[int]:
        yield from (min(count, self._tree.n) for count in _CANDIDATES)
        count = _CANDIDATES[-1]
        while True:
            count = min(4 * count, self._tree.n)
            yield count

    def _look_at(
        self, points: np.ndarray, rows: np.ndarray, count: int, nearest: np.ndarray
    ) -> np.ndarray:
        """Lower `nearest` by `count` candidates of each row; gives how far those reach."""
        distance, centre = self._tree.query(points[rows], k=count)
        distance, centre = distance.reshape(len(rows), count), centre.reshape(len(rows), count)
        is_hopeful = distance - self._radius[centre] < nearest[rows, None]
        row, column = np.nonzero(is_hopeful)
        triangle = self._triangle[centre[row, column]]
        found = triangle_distances(points[rows[row]], self._corners[triangle])
        np.minimum.at(nearest, rows[row], found)
        return distance[:, -1]


def triangle_distances(
    points: Float[np.ndarray, "pairs 3"], corners: Float[np.ndarray, "pairs 3 3"]
) -> Float[np.ndarray, " pairs"]:
    """Distance of points to triangles, pair by pair; triangles may be degenerate.

    In coordinates (v, w) of the triangle's two edges the squared distance is a quadratic form, of
    which the minimum over the three edges and, if the foot lies inside, over the plane is taken.
    """
    first, second = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    offset = points - corners[:, 0]
    a, b, c = _dot(first, first), _dot(first, second), _dot(second, second)
    d, e = _dot(offset, first), _dot(offset, second)
    zero = np.zeros_like(a)
    far = _share(a - b - d + e, a - 2 * b + c)
    determinant = a * c - b * b
    inside_v, inside_w = _ratio(c * d - b * e, determinant), _ratio(a * e - b * d, determinant)
    is_inside = (inside_v >= 0) & (inside_w >= 0) & (inside_v + inside_w <= 1) & (determinant > 0)
    v = np.stack([_share(d, a), zero, 1 - far, np.where(is_inside, inside_v, 0)])
    w = np.stack([zero, _share(e, c), far, np.where(is_inside, inside_w, 0)])
    squares = v * (v * a + 2 * (w * b - d)) + w * (w * c - 2 * e)
    best = squares.argmin(0), np.arange(len(points))
    # From the foot itself, since the quadratic form loses digits when the distance is small.
    return np.linalg.norm(offset - v[best][:, None] * first - w[best][:, None] * second, axis=1)


def distances_reference(
    points: Float[np.ndarray, "points 3"], mesh: TriangleMesh
) -> Float[np.ndarray, " points"]:
    """Slow twin of `SurfaceTree.distances`: every point against every triangle."""
    return np.array(
        [min(_distance_reference(point, *corners) for corners in mesh.corners) for point in points]
    )


def _distance_reference(point: np.ndarray, a: np.ndarray, b: np.ndarray, c: np.ndarray) -> float:
    """To the plane if the foot of the perpendicular is inside all edges, else to the edges."""
    normal = np.cross(b - a, c - a)
    length = float(np.linalg.norm(normal))
    edges = ((a, b), (b, c), (c, a))
    if length > 0 and all(np.cross(y - x, point - x) @ normal >= 0 for x, y in edges):
        return abs(float((point - a) @ normal)) / length
    return min(_segment_reference(point, x, y) for x, y in edges)


def _segment_reference(point: np.ndarray, start: np.ndarray, end: np.ndarray) -> float:
    along = end - start
    square = float(along @ along)
    share = min(1.0, max(0.0, float((point - start) @ along) / square)) if square > 0 else 0.0
    return float(np.linalg.norm(point - start - share * along))


def _ratio(numerator: np.ndarray, denominator: np.ndarray) -> np.ndarray:
    return numerator / np.where(denominator > 0, denominator, 1.0)


def _share(numerator: np.ndarray, denominator: np.ndarray) -> np.ndarray:
    return np.clip(_ratio(numerator, denominator), 0.0, 1.0)


def _dot(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    return np.einsum("pi,pi->p", left, right)


def _cut(corners: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Centres of equal sub-triangles, the triangle each belongs to, and its radius.

    Cutting each edge into n parts gives n * n triangles of 1 / n the size, half of them turned.
    """
    radius = np.linalg.norm(corners - corners.mean(1, keepdims=True), axis=2).max(1)
    wanted = np.median(radius) or radius.max() or 1.0
    cuts = np.clip(np.ceil(radius / wanted), 1, _MAX_CUTS).astype(int)
    centres, owners = [], []
    for cut in np.unique(cuts):
        chosen = np.flatnonzero(cuts == cut)
        weights = _sub_centres(int(cut))
        centres.append(np.einsum("sc,tcd->tsd", weights, corners[chosen]).reshape(-1, 3))
        owners.append(np.repeat(chosen, len(weights)))
    owner = np.concatenate(owners)
    return np.concatenate(centres), owner, (radius / cuts)[owner]


def _sub_centres(cut: int) -> np.ndarray:
    """Barycentric weights of the centres of a triangle's `cut` ** 2 sub-triangles."""
    i, j = np.meshgrid(np.arange(cut), np.arange(cut), indexing="ij")
    upright = np.stack([i, j], -1)[i + j < cut] + 1 / 3
    turned = np.stack([i, j], -1)[i + j < cut - 1] + 2 / 3
    first_two = np.concatenate([upright, turned]) / cut
    return np.column_stack([first_two, 1 - first_two.sum(1)])
