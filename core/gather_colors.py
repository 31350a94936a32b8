"""Vertex colours gathered from pictures: what a body that is followed through a video looks like.

    gatherer = ColorGatherer(faces)
    for view in views:
        gatherer.add(view)
    colors = gatherer.colors(rest_vertices, model_colors)

A vertex takes part in a picture where it is seen: not hidden by the body itself, facing the camera,
away from the outline (which is never exact) and inside the mask, if there is one. Over time its
colour is the weighted median, so that a few frames with a wrong pose or a passing shadow do not
count. Vertices that are never seen take the other side of the body's colours, and where that was
not seen either, the model's, moved by as much as the seen ones differ from the model's.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Bool, Float, Int, UInt8
from scipy.spatial import cKDTree

from core.coverage import draw

SIZE_PX = 320
"""The body is looked at in a square picture of this size."""
RIM = 0.02
"""Share of that picture along the outline that is not believed."""
DEPTH_SLACK = 0.02
"""A vertex may lie this share of the body length behind what is drawn at its place."""
LEAST_COSINE = 0.25
"""Surfaces seen flatter than this (from the normal) show smeared colours."""
MODEL_EVIDENCE = 0.15
"""Weight of the model's colours; a vertex seen well in one frame has 1."""
MIRROR_SHARE = 0.25
"""Weight of what the other side of the body shows, where that was seen well."""
MIRROR_REACH = 0.03
"""How far from its mirror image a partner may lie, as a share of the body length."""


@dataclass(frozen=True, eq=False)
class BodyView:
    """A picture and the body in it."""

    rgb: UInt8[np.ndarray, "height width 3"]
    vertices: Float[np.ndarray, "verts 3"]
    """Camera space (OpenCV axes)."""
    K: Float[np.ndarray, "3 3"]
    confidence: float
    mask: UInt8[np.ndarray, "height width"] | None = None
    """255 on the subject."""


class ColorGatherer:
    """Collects samples of all vertices, picture by picture; mutable until asked."""

    def __init__(self, faces: Int[np.ndarray, "faces 3"]) -> None:
        """Start with nothing seen."""
        self._faces = faces
        self._samples: list[UInt8[np.ndarray, "verts 3"]] = []
        self._weights: list[Float[np.ndarray, " verts"]] = []

    def add(self, view: BodyView) -> None:
        """Look at one picture."""
        colors, weights = sample_view(view, self._faces)
        self._samples.append(colors)
        self._weights.append(weights.astype(np.float32))

    @property
    def evidence(self) -> Float[np.ndarray, " verts"]:
        """How well each vertex was seen: 1 is one frame, straight on, with full confidence."""
        return np.sum(self._weights, axis=0)

    def colors(
        self,
        rest_vertices: Float[np.ndarray, "verts 3"],
        model_colors: Float[np.ndarray, "verts 3"],
    ) -> Float[np.ndarray, "verts 3"]:
        """Colours of all vertices, sRGB 0..1, float32; the model's where nothing was seen at all.

        Args:
            rest_vertices: Rig space, to find the other side of the body.
            model_colors: What the unseen takes in the end.
        """
        if not self._samples or not (self.evidence > MODEL_EVIDENCE).any():
            return model_colors.astype(np.float32)
        seen = weighted_median(np.stack(self._samples) / 255, np.stack(self._weights))
        evidence = self.evidence
        is_sure = evidence > MODEL_EVIDENCE
        light = np.median((seen - model_colors)[is_sure], axis=0)
        partner = mirror_partners(rest_vertices)
        other_side = MIRROR_SHARE * np.minimum(evidence[partner], 1.0)
        mirrored = np.where(partner >= 0, other_side, 0.0)
        shares = np.stack([evidence, mirrored, np.full(len(evidence), MODEL_EVIDENCE)])
        sources = np.stack([seen, seen[partner], np.clip(model_colors + light, 0, 1)])
        mixed = (shares[..., None] * sources).sum(0) / shares.sum(0)[:, None]
        return np.clip(mixed, 0, 1).astype(np.float32)


def sample_view(
    view: BodyView, faces: Int[np.ndarray, "faces 3"]
) -> tuple[UInt8[np.ndarray, "verts 3"], Float[np.ndarray, " verts"]]:
    """Colour of every vertex in one picture, and how much it is worth (0 where it is not seen)."""
    count = len(view.vertices)
    depth = view.vertices[:, 2].astype(np.float64)
    if depth.min() <= 1e-6 or view.confidence <= 0:
        return np.zeros((count, 3), np.uint8), np.zeros(count)
    pixels = view.vertices[:, :2] / depth[:, None] * view.K[[0, 1], [0, 1]] + view.K[:2, 2]
    low, side = _square(pixels)
    small = (pixels - low) * (SIZE_PX / side)
    is_seen, rim_px = _visible(
        small, depth, faces, DEPTH_SLACK * float(np.ptp(view.vertices, 0).max())
    )
    weights = (
        view.confidence
        * _facing(view.vertices, faces)
        * np.clip((rim_px - 1) / (RIM * SIZE_PX), 0, 1)
    )
    colors, is_inside = _looked_up(view, low, side, small)
    return colors, np.where(is_seen & is_inside, weights, 0.0)


def weighted_median(
    samples: Float[np.ndarray, "views verts channels"], weights: Float[np.ndarray, "views verts"]
) -> Float[np.ndarray, "verts channels"]:
    """Median over the views of each number, every view counting by its weight."""
    order = np.argsort(samples, axis=0)
    spread = np.broadcast_to(weights[..., None], samples.shape)
    below = np.cumsum(np.take_along_axis(spread, order, 0), axis=0)
    place = (below < 0.5 * below[-1]).sum(0)[None]
    return np.take_along_axis(np.take_along_axis(samples, order, 0), place, 0)[0]


def mirror_partners(rest_vertices: Float[np.ndarray, "verts 3"]) -> Int[np.ndarray, " verts"]:
    """The vertex on the other side of the plane x = 0; -1 where none is near."""
    reach = MIRROR_REACH * float(np.ptp(rest_vertices, 0).max())
    distance, partner = cKDTree(rest_vertices).query(rest_vertices * [-1, 1, 1])
    return np.where(distance < reach, partner, -1)


def _square(pixels: np.ndarray) -> tuple[np.ndarray, float]:
    """Corner and side of a square around the body with a little air."""
    low, high = pixels.min(0), pixels.max(0)
    side = 1.08 * max(float((high - low).max()), 1.0)
    return 0.5 * (low + high) - 0.5 * side, side


def _visible(
    points_px: np.ndarray, depth: np.ndarray, faces: np.ndarray, slack: float
) -> tuple[Bool[np.ndarray, " verts"], Float[np.ndarray, " verts"]]:
    """Which vertices nothing hides, and how far each lies from the outline, in small pixels."""
    far_first = faces[np.argsort(-depth[faces].mean(1), kind="stable")]  # near ones paint over
    drawn = draw(points_px[None], far_first, SIZE_PX)
    column, row = np.clip(points_px.astype(int), 0, SIZE_PX - 1).T
    is_covered = drawn.is_covered[0, row, column]
    corners, shares = drawn.attach(np.zeros(len(row), int), row, column)
    in_front = (depth[corners] * shares).sum(1)
    rim = cv2.distanceTransform(drawn.is_covered[0].astype(np.uint8), cv2.DIST_L2, 3)
    return is_covered & (depth <= in_front + slack), rim[row, column].astype(np.float64)


def _facing(vertices: np.ndarray, faces: np.ndarray) -> Float[np.ndarray, " verts"]:
    """1 where the surface looks straight at the camera, 0 where it is seen too flat."""
    corners = vertices[faces].astype(np.float64)
    across = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    normals = np.zeros(vertices.shape)
    for corner in range(3):
        np.add.at(normals, faces[:, corner], across)
    lengths = np.linalg.norm(normals, axis=1) * np.linalg.norm(vertices, axis=1)
    cosine = -(normals * vertices).sum(1) / np.maximum(lengths, 1e-12)
    return np.clip((cosine - LEAST_COSINE) / (1 - LEAST_COSINE), 0, 1) ** 2


def _looked_up(
    view: BodyView, low: np.ndarray, side: float, small: np.ndarray
) -> tuple[UInt8[np.ndarray, "verts 3"], Bool[np.ndarray, " verts"]]:
    """Colours at the vertices, averaged over a small pixel, and whether the picture is there."""
    scale = SIZE_PX / side
    to_small = np.array([[scale, 0, -scale * low[0]], [0, scale, -scale * low[1]]])
    shape, flags = (SIZE_PX, SIZE_PX), cv2.INTER_LINEAR
    sharp = view.rgb
    if scale < 0.5:  # many pixels fall into one: average them first
        sharp = cv2.blur(sharp, (round(1 / scale),) * 2)
    picture = cv2.warpAffine(sharp, to_small, shape, flags=flags)
    alpha = view.mask if view.mask is not None else np.full(view.rgb.shape[:2], 255, np.uint8)
    inside = cv2.warpAffine(alpha, to_small, shape, flags=flags)
    inside = cv2.erode(inside, np.ones((5, 5), np.uint8), borderValue=0)
    where = small.astype(np.float32) - 0.5
    at = (where[:, :1].reshape(1, -1), where[:, 1:].reshape(1, -1))
    colors = cv2.remap(picture, *at, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)[0]
    alphas = cv2.remap(inside, *at, cv2.INTER_NEAREST, borderValue=0)[0]
    return colors, alphas.reshape(-1) > 127
