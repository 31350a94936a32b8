"""How a fit begins: poses of our own student on the clips, refined against their masks.

start = start_from_student(model, clips, config, progress)
warnings = flip_warnings(start.poses, clips)

This takes the place of DensePose and PoseNet (METHODS 2.6). Where the student is unsure, the whole
clip is also tried facing the other way (core/refine.py).
"""

from collections.abc import Callable, Sequence

import numpy as np
from jaxtyping import Float, Int

from core.camera import Camera
from core.errors import ExplainedError
from core.model import CategoryModel
from core.pipeline import Pipeline
from core.refine import RefineConfig, refine_results
from core.results import FrameResult
from core.rotations import geodesic_angle
from training.banmo.config import TeacherConfig
from training.banmo.poses import PoseStart
from training.banmo.teacher import TeacherStart
from training.evaluation.predict import KnownMasks, fov_rad_of
from training.prepare.prepared_clip import PreparedClip

Progress = Callable[[str, float, float], None]
FLIP_RAD = float(np.deg2rad(80))
"""A turn between neighbouring frames that no animal makes."""


def start_from_student(
    model: CategoryModel,
    clips: Sequence[PreparedClip],
    config: TeacherConfig,
    progress: Progress = lambda stage, done, total: None,
) -> TeacherStart:
    """Reconstruct and refine every clip.

    Raises:
        ExplainedError: The student found nothing in a clip.
    """
    results = []
    for number, clip in enumerate(clips):
        results.append(_reconstructed(model, clip))
        progress("student", number + 1, len(clips))
    covered = [result for clip in results for result in clip if result.is_covered]
    shape = np.mean([result.codes.shape for result in covered], axis=0)
    poses = [_pose_rows(model, clip) for clip in results]
    if config.root_start == "still":
        poses = [_stilled(rows) for rows in poses]
    rotation, place, code, known = (np.concatenate(part) for part in zip(*poses, strict=True))
    K = np.stack([clip.K for clip in clips])
    start = PoseStart(
        clip_of=np.repeat(np.arange(len(clips)), [len(clip.rgb) for clip in clips]),
        rotation=rotation,
        place=place,
        code=code,
        focal_px=K[:, 0, 0],
        middle_px=K[:, :2, 2],
        centre=model.centre,
        is_known=known,
    )
    return TeacherStart(model.rig_of(shape), model.articulation, start)


def live_results(model: CategoryModel, clip: PreparedClip) -> list[FrameResult]:
    """What a student says of a clip, frame by frame, given its usable masks."""
    masks = {n: alpha for n, alpha in enumerate(clip.alphas) if clip.is_usable[n]}
    fov_rad = fov_rad_of(Camera(clip.K, *clip.image_size))
    pipeline = Pipeline.of(model, KnownMasks(masks), fov_rad)
    memory, results = pipeline.start(), []
    for frame in clip.frames():
        result, memory = pipeline.step(frame, memory)
        results.append(result)
    return results


def _reconstructed(model: CategoryModel, clip: PreparedClip) -> list[FrameResult]:
    results = live_results(model, clip)
    if not any(result.is_covered for result in results):
        raise ExplainedError(f"The model {model.name} finds nothing in {clip.name}; see its masks.")
    # No joint may bend beyond what the code says: the teacher's poses are codes.
    return refine_results(model, results, RefineConfig(joint_stay=0.0, tries_turned=True))


def _pose_rows(
    model: CategoryModel, results: Sequence[FrameResult]
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Rotation, place, code and whether they are known; gaps repeat the nearest known frame."""
    known = np.array([result.is_covered for result in results])
    index = np.flatnonzero(known)
    nearest = index[np.abs(index[None] - np.arange(len(results))[:, None]).argmin(1)]
    pose = np.stack([results[frame].root_to_cam for frame in nearest])
    centre = pose[:, :3, :3] @ model.centre + pose[:, :3, 3]
    depth = np.maximum(centre[:, 2], 1e-2)
    place = np.column_stack([np.log(depth), centre[:, 0] / depth, centre[:, 1] / depth])
    code = np.stack([results[frame].codes.articulation for frame in nearest])
    return pose[:, :3, :3], place, code, known


def _stilled(
    rows: tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray],
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """The middle frame's root rotation for all frames; where the body is stays known."""
    rotation, place, code, known = rows
    middle = rotation[len(rotation) // 2]
    return np.broadcast_to(middle, rotation.shape).copy(), place, np.zeros_like(code), known


def flip_warnings(
    rotation: Float[np.ndarray, "frames 3 3"],
    clip_of: Int[np.ndarray, " frames"],
    clips: Sequence[PreparedClip],
) -> list[str]:
    """A sentence for every clip whose root turns faster than an animal can."""
    sentences, first = [], 0
    angles = geodesic_angle(rotation[1:], rotation[:-1])
    is_flip = (angles > FLIP_RAD) & (clip_of[1:] == clip_of[:-1])
    for clip in clips:
        inside = np.flatnonzero(is_flip[first : first + len(clip.rgb) - 1]) + 1
        if len(inside):
            frames = ", ".join(str(int(clip.frame_index[frame])) for frame in inside[:8])
            sentences.append(f"{clip.name}: the body flips at frame {frames}; see its preview.")
        first += len(clip.rgb)
    return sentences
