"""Bodies over time: what is scored, whether predicted, true or made up as a baseline.

predicted = predicted_bodies(model, results)
truth = true_bodies(clip)
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Bool, Float, Int

from core.camera import Camera
from core.decode import posed_mesh
from core.model import CategoryModel
from core.results import FrameResult
from training.clip import Clip
from training.metrics.triangle_mesh import TriangleMesh
from training.rasterize import rasterize_silhouette


@dataclass(frozen=True, eq=False)
class Bodies:
    """One body in the frames of a clip, in camera space and rig units."""

    camera: Camera
    faces: Int[np.ndarray, "faces 3"]
    vertices: Float[np.ndarray, "frames verts 3"]
    is_covered: Bool[np.ndarray, " frames"]
    """False: nothing was found in that frame; its arrays mean nothing."""
    root_to_cam: Float[np.ndarray, "frames 4 4"] | None = None
    """None where there is no such thing, as for an ellipsoid."""
    joints: Float[np.ndarray, "frames joints 3"] | None = None
    joint_names: tuple[str, ...] = ()

    @property
    def frame_count(self) -> int:
        return len(self.vertices)

    @cached_property
    def meshes(self) -> tuple[TriangleMesh, ...]:
        return tuple(TriangleMesh(vertices, self.faces) for vertices in self.vertices)

    def silhouette(self, frame: int) -> Bool[np.ndarray, "height width"]:
        """What the camera sees of the body; empty where it is not covered."""
        if not self.is_covered[frame]:
            return np.zeros((self.camera.height_px, self.camera.width_px), bool)
        return rasterize_silhouette(self.vertices[frame], self.faces, self.camera)


def predicted_bodies(model: CategoryModel, results: Sequence[FrameResult]) -> Bodies:
    """Pose the model's mesh for every result, also where nothing was found."""
    if not results:
        raise ValueError("there are 0 results to pose")
    vertices, joints = [], []
    for result in results:
        posed = posed_mesh(model, result)
        to_cam = result.root_to_cam
        vertices.append(posed.vertices)
        joints.append(posed.joint_to_rig[:, :3, 3] @ to_cam[:3, :3].T + to_cam[:3, 3])
    return Bodies(
        camera=Camera(results[0].K, *results[0].image_size),
        faces=model.rig.faces,
        vertices=np.stack(vertices),
        is_covered=np.array([result.is_covered for result in results]),
        root_to_cam=np.stack([result.root_to_cam for result in results]),
        joints=np.stack(joints),
        joint_names=model.rig.skeleton.names,
    )


def true_bodies(clip: Clip) -> Bodies:
    """The truth of a clip.

    Raises:
        ValueError: The clip has none.
    """
    if clip.truth is None:
        raise ValueError(f"the clip {clip.name} has no truth")
    truth = clip.truth
    return Bodies(
        camera=clip.camera,
        faces=truth.faces,
        vertices=truth.vertices,
        is_covered=np.ones(clip.frame_count, bool),
        root_to_cam=truth.root_to_cam,
        joints=truth.joints,
        joint_names=truth.joint_names,
    )
