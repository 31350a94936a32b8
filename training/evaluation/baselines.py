"""Three answers that need no network, to read every score against.

rest       the rest mesh of the right body at the true root pose
ellipsoid  an ellipsoid fitted to each frame's mask
turned     the truth, turned by 30 degrees about the body's upright axis
"""

from dataclasses import replace

import numpy as np
from jaxtyping import Float, Int, UInt8

from core.camera import Camera
from training.clip import Clip
from training.evaluation.bodies import Bodies, true_bodies

TURN_RAD = np.deg2rad(30.0)
_THICKNESS = 0.5
_RINGS, _STEPS = 16, 32


def baselines(clip: Clip) -> dict[str, Bodies]:
    """All three for a clip with truth, by name."""
    return {
        "rest": rest_at_true_root(clip),
        "ellipsoid": ellipsoids(clip),
        "turned": turned_truth(clip),
    }


def rest_at_true_root(clip: Clip) -> Bodies:
    """The right animal in the right place, without a pose."""
    truth = true_bodies(clip)
    assert clip.truth is not None
    assert truth.root_to_cam is not None
    rest = clip.truth.rest_vertices.astype(np.float64)
    posed = np.einsum("fij,vj->fvi", truth.root_to_cam[:, :3, :3], rest)
    return replace(
        truth, vertices=posed + truth.root_to_cam[:, None, :3, 3], joints=None, joint_names=()
    )


def turned_truth(clip: Clip, angle_rad: float = TURN_RAD) -> Bodies:
    """The right pose, turned about the body's upright axis through its centre."""
    truth = true_bodies(clip)
    assert truth.root_to_cam is not None
    cos, sin = np.cos(angle_rad), np.sin(angle_rad)
    about_y = np.array([[cos, 0, sin], [0, 1, 0], [-sin, 0, cos]])
    rig_to_cam = truth.root_to_cam[:, :3, :3]
    turn = rig_to_cam @ about_y @ rig_to_cam.transpose(0, 2, 1)
    centre = np.stack([mesh.centroid for mesh in truth.meshes])[:, None]
    root = truth.root_to_cam.copy()
    root[:, :3, :3] = turn @ rig_to_cam
    root[:, :3, 3] = _turned(truth.root_to_cam[:, None, :3, 3], turn, centre)[:, 0]
    return replace(
        truth,
        vertices=_turned(truth.vertices, turn, centre),
        joints=None if truth.joints is None else _turned(truth.joints, turn, centre),
        root_to_cam=root,
    )


def _turned(
    points: Float[np.ndarray, "frames points 3"],
    turn: Float[np.ndarray, "frames 3 3"],
    centre: Float[np.ndarray, "frames 1 3"],
) -> Float[np.ndarray, "frames points 3"]:
    return np.einsum("fij,fpj->fpi", turn, points - centre) + centre


def ellipsoids(clip: Clip) -> Bodies:
    """An ellipsoid whose outline has each mask's place, axes and area, at the true depth.

    Its third axis, along the view, is half the shorter one of the outline: of the simple choices
    (0.5, 1, 1.5) the one nearest to the truth on galloping and walking dogs.
    """
    truth = true_bodies(clip)
    sphere, faces = unit_sphere()
    depth = [float(mesh.centroid[2]) for mesh in truth.meshes]
    vertices = np.stack(
        [
            fit_ellipsoid(mask, clip.camera, z, sphere)
            for mask, z in zip(clip.masks, depth, strict=True)
        ]
    )
    has_mask = np.array([bool(mask.any()) for mask in clip.masks])
    return Bodies(clip.camera, faces, vertices, has_mask)


def fit_ellipsoid(
    mask: UInt8[np.ndarray, "height width"],
    camera: Camera,
    depth: float,
    sphere: Float[np.ndarray, "verts 3"],
) -> Float[np.ndarray, "verts 3"]:
    """Stretch a unit sphere over a mask at a depth, by the mask's second moments."""
    rows, columns = np.nonzero(mask)
    if len(rows) == 0:
        return sphere + np.array([0, 0, depth])
    points = np.stack([columns, rows], 1) + 0.5
    middle = points.mean(0)
    moments = (points - middle).T @ (points - middle) / len(points)
    variance, axes = np.linalg.eigh(moments)
    # An ellipse's variance along an axis is a quarter of the half axis squared.
    half_px = 2 * np.sqrt(np.maximum(variance, 0.25))
    in_image = axes @ (half_px[:, None] * sphere[:, :2].T)
    focal_px = camera.K[[0, 1], [0, 1]]
    place = (middle - camera.K[:2, 2] + in_image.T) / focal_px * depth
    return np.column_stack(
        [place, depth + _THICKNESS * sphere[:, 2] * half_px[0] / focal_px[0] * depth]
    )


def unit_sphere() -> tuple[Float[np.ndarray, "verts 3"], Int[np.ndarray, "faces 3"]]:
    """Rings of latitude and two poles."""
    polar = np.pi * np.arange(1, _RINGS) / _RINGS
    around = 2 * np.pi * np.arange(_STEPS) / _STEPS
    polar, around = np.meshgrid(polar, around, indexing="ij")
    ring = np.stack(
        [np.sin(polar) * np.cos(around), np.sin(polar) * np.sin(around), np.cos(polar)], -1
    )
    vertices = np.concatenate([ring.reshape(-1, 3), [[0.0, 0, 1], [0, 0, -1]]])
    index = np.arange(ring.shape[0] * _STEPS).reshape(-1, _STEPS)
    after = np.roll(index, -1, 1)
    quads = np.stack([index[:-1], index[1:], after[1:], after[:-1]], -1).reshape(-1, 4)
    top, bottom = len(vertices) - 2, len(vertices) - 1
    north = np.stack([np.full(_STEPS, top), index[0], after[0]], 1)
    south = np.stack([np.full(_STEPS, bottom), after[-1], index[-1]], 1)
    return vertices, np.concatenate([quads[:, :3], quads[:, [0, 2, 3]], north, south])
