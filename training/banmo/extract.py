"""From a teacher to meshes: marching cubes, skinning weights, colours, poses of every frame.

rest = rest_surface(teacher, resolution=64)
frames = frame_vertices(teacher, rest, frames)       # camera space
"""

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components
from skimage.measure import marching_cubes

from core.camera import Camera
from core.errors import ModelError
from training.banmo.poses import Posed
from training.banmo.teacher import Teacher
from training.banmo.warp import blended, move

CHUNK = 60_000


@dataclass(frozen=True, eq=False)
class RestSurface:
    """The canonical surface as a skinned mesh."""

    vertices: Float[np.ndarray, "verts 3"]
    faces: Int[np.ndarray, "faces 3"]
    weights: Float[np.ndarray, "verts joints"]


def rest_surface(
    teacher: Teacher, resolution: int = 64, face_count: int | None = None
) -> RestSurface:
    """The largest closed part of the zero level, with skinning weights.

    Args:
        teacher: The teacher.
        resolution: Cells along the longest side of canonical space.
        face_count: Simplify to about so many faces.

    Raises:
        ModelError: The field has no surface.
    """
    low, high = teacher.fields.low.cpu().numpy(), teacher.fields.high.cpu().numpy()
    cell = float((high - low).max()) / resolution
    counts = np.ceil((high - low) / cell).astype(int) + 1
    values = sdf_volume(teacher, low, cell, counts)
    if not values.min() < 0 < values.max():
        raise ModelError("The teacher's shape has vanished; fit it again, with fewer minutes.")
    # A border of outside closes what touches the box.
    closed = np.pad(values, 1, constant_values=cell)
    vertices, faces, _, _ = marching_cubes(closed, 0.0)
    vertices = low + cell * (vertices - 1)
    vertices, faces = largest_part(vertices, faces)
    if face_count is not None and face_count < len(faces):
        vertices, faces = simplified(vertices, faces, face_count)
    return RestSurface(
        vertices.astype(np.float32), faces.astype(np.int32), skin_weights(teacher, vertices)
    )


def sdf_volume(
    teacher: Teacher, low: Float[np.ndarray, " 3"], cell: float, counts: Int[np.ndarray, " 3"]
) -> Float[np.ndarray, "x y z"]:
    """The field at low + index * cell: samples lie exactly where their vertices are placed."""
    axes = [low[axis] + cell * np.arange(counts[axis]) for axis in range(3)]
    points = np.stack(np.meshgrid(*axes, indexing="ij"), -1).reshape(-1, 3)
    with torch.no_grad():
        step = teacher.fields.ready()
        parts = [
            teacher.fields.sdf(part.to(step), step).cpu()
            for part in torch.from_numpy(points.astype(np.float32)).split(CHUNK)
        ]
    return torch.cat(parts).numpy().reshape(counts)


def largest_part(
    vertices: Float[np.ndarray, "verts 3"], faces: Int[np.ndarray, "faces 3"]
) -> tuple[Float[np.ndarray, "kept 3"], Int[np.ndarray, "kept_faces 3"]]:
    """The connected part with the most faces."""
    count = len(vertices)
    edges = np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]]])
    graph = coo_matrix((np.ones(len(edges)), (edges[:, 0], edges[:, 1])), (count, count))
    _, part = connected_components(graph, directed=False)
    chosen = np.bincount(part[faces[:, 0]]).argmax()
    is_kept = part == chosen
    number = np.cumsum(is_kept) - 1
    return vertices[is_kept], number[faces[is_kept[faces[:, 0]]]]


def simplified(
    vertices: Float[np.ndarray, "verts 3"], faces: Int[np.ndarray, "faces 3"], face_count: int
) -> tuple[Float[np.ndarray, "kept 3"], Int[np.ndarray, "kept_faces 3"]]:
    """Fewer faces by quadric errors."""
    import fast_simplification

    points, triangles = fast_simplification.simplify(
        vertices.astype(np.float32), faces.astype(np.int32), target_count=face_count
    )
    return np.asarray(points), np.asarray(triangles)


def skin_weights(
    teacher: Teacher, vertices: Float[np.ndarray, "verts 3"]
) -> Float[np.ndarray, "verts joints"]:
    """Weights of canonical points for all joints; those without a bone have 0."""
    bones = teacher.bones
    points = _on(teacher, np.ascontiguousarray(vertices, np.float32))[None]
    with torch.no_grad():
        delta = teacher.delta(points, teacher.rest_code) if teacher.uses_delta else None
        given = bones.weights(points, bones.to_bone(None), delta)[0]
    weights = np.zeros((len(vertices), len(teacher.rig.skeleton.names)), np.float32)
    weights[:, bones.joints.cpu().numpy()] = given.cpu().numpy()
    return weights / weights.sum(1, keepdims=True)


def pose_surface(
    teacher: Teacher, rest: RestSurface, posed: Posed
) -> Float[np.ndarray, "frames verts 3"]:
    """The rest surface in rig space as some frames have it."""
    with torch.no_grad():
        weights = torch.from_numpy(rest.weights).to(posed.duals).expand(len(posed.duals), -1, -1)
        points = torch.from_numpy(rest.vertices).to(posed.duals).expand(len(posed.duals), -1, -1)
        return move(points, blended(weights, posed.duals)).cpu().numpy()


def frame_vertices(
    teacher: Teacher, rest: RestSurface, frames: Int[np.ndarray, " frames"]
) -> Float[np.ndarray, "frames verts 3"]:
    """The surface of frames in camera space."""
    parts = []
    with torch.no_grad():
        for chunk in np.array_split(frames, max(1, len(frames) // 16)):
            posed = teacher.poses.at(_on(teacher, chunk))
            points = _on(teacher, pose_surface(teacher, rest, posed))
            parts.append(posed.to_camera(points).cpu().numpy())
    return np.concatenate(parts)


def learned_camera(teacher: Teacher, frame: int, image_size: tuple[int, int]) -> Camera:
    """The camera of a frame's clip, as fitted."""
    with torch.no_grad():
        posed = teacher.poses.at(_on(teacher, np.array([frame])))
    focal, middle = float(posed.focal_px[0]), posed.middle_px[0].tolist()
    K = np.array([[focal, 0, middle[0]], [0, focal, middle[1]], [0, 0, 1.0]])
    return Camera(K, *image_size)


def surface_colors(
    teacher: Teacher, rest: RestSurface, frames: Int[np.ndarray, " frames"]
) -> Float[np.ndarray, "frames verts 3"]:
    """Colours of the surface in the light of some frames, sRGB 0..1."""
    points = _on(teacher, rest.vertices)[None]
    with torch.no_grad():
        codes = teacher.poses.appearance[_on(teacher, frames)]
        step = teacher.fields.ready()
        return np.concatenate([
            teacher.fields.color(points, code[None], step).cpu().numpy() for code in codes
        ])  # fmt: skip


def _on(teacher: Teacher, values: np.ndarray) -> torch.Tensor:
    """A tensor where the teacher is."""
    return torch.from_numpy(values).to(teacher.poses.turn.device)
