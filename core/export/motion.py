"""Motion as a file wants it: y up, facing +z, metres, time from zero, one root bone.

motion = file_motion(take, options)
vertices = motion.posed(take.body)         # what the viewport shows, in the file's space
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from scipy.ndimage import minimum_filter1d, uniform_filter1d
from scipy.spatial.transform import Rotation, Slerp

from core.export.options import ExportOptions
from core.export.take import Take, move, posed_in_rig
from core.rig import Rig

CAMERA_TO_FILE = np.diag([1.0, -1.0, -1.0, 1.0])
"""OpenCV (y down, z ahead) to glTF (y up, looking down -z)."""
CONTACT_WINDOW_S = 1.0
"""Feet touch the ground at least this often; longer flight is taken for drift."""
LEVEL_FRAMES = 400
"""Poses looked at to find the lowest vertices."""


@dataclass(frozen=True, eq=False)
class FileMotion:
    """Joint rotations and root transforms at the key times of a file."""

    times_s: Float[np.ndarray, " keys"]
    """From zero, strictly increasing."""
    joint_rotations: Float[np.ndarray, "keys joints 3 3"]
    rig_to_file: Float[np.ndarray, "keys 4 4"]
    """Rigid, in metres: file = R @ (scale * rig) + t."""
    scale: float
    """Metres per rig unit."""
    scale_source: str
    """Where the scale comes from, for `extras`."""
    fps: float
    """Of the keys; the median where they are not evenly spaced."""

    def posed(self, body: Rig, keys: slice = slice(None)) -> Float[np.ndarray, "keys verts 3"]:
        """Vertices in file space by dual-quaternion skinning: the truth a file is judged by."""
        posed = posed_in_rig(body, self.joint_rotations[keys])
        return move(self.rig_to_file[keys], self.scale * posed)


def file_motion(take: Take, options: ExportOptions) -> FileMotion:
    """The take's motion by the chosen root motion, scale and key times."""
    scale, source = file_scale(take, options)
    rig_to_file = _rig_to_file(take, options)
    rig_to_file[:, :3, 3] *= scale
    times_s = take.times_s - take.times_s[0]
    rotations = take.joint_rotations.astype(np.float64)
    if options.fps is not None and len(times_s) > 1:
        keys_s = _even_times(times_s[-1], float(options.fps))
        rotations = _resampled_rotations(times_s, rotations, keys_s)
        rig_to_file = _resampled_transforms(times_s, rig_to_file, keys_s)
        times_s = keys_s
    return FileMotion(times_s, rotations, rig_to_file, scale, source, _median_fps(times_s, options))


def level_rotation(
    root_to_camera: Float[np.ndarray, "frames 4 4"], weights: Float[np.ndarray, " frames"]
) -> Float[np.ndarray, "3 3"]:
    """Camera (y up) to world: undo the camera's tilt, judged by the body's own up.

    Cameras are mostly held without roll, while a body's up is only right on average; so only the
    pitch is taken from the body, as a weighted median over the frames. Where the body tumbles,
    the camera is believed level.
    """
    up = root_to_camera[:, :3, 1]
    mean = np.average(up, axis=0, weights=weights)
    if np.linalg.norm(mean) < 0.6 or mean[1] <= 0:
        return np.eye(3)
    pitch = _weighted_median(np.arctan2(up[:, 2], up[:, 1]), weights)
    return Rotation.from_euler("x", -pitch).as_matrix()


def ground_heights(
    lowest: Float[np.ndarray, " frames"], times_s: Float[np.ndarray, " frames"]
) -> Float[np.ndarray, " frames"]:
    """Height of the ground under each frame, never above the body's lowest point.

    A running minimum and then a running mean of the same width: both windows hold the frame
    itself, so the result cannot exceed it. Short flight (a jump) stays, slow drift goes.
    """
    if len(lowest) == 1:
        return lowest.copy()
    width = max(1, round(CONTACT_WINDOW_S / float(np.median(np.diff(times_s)))))
    width += 1 - width % 2
    return uniform_filter1d(minimum_filter1d(lowest, width, mode="nearest"), width, mode="nearest")


def file_scale(take: Take, options: ExportOptions) -> tuple[float, str]:
    """Metres per rig unit, and where that comes from."""
    if options.body_length_m is not None:
        return options.body_length_m / take.body_length, "body length given by the user"
    return float(take.body.metres_per_unit), "typical size of the category"


def _rig_to_file(take: Take, options: ExportOptions) -> np.ndarray:
    """Root transforms in the file's axes, rig units."""
    seen = CAMERA_TO_FILE @ take.root_to_cam.astype(np.float64)
    if options.root_motion == "camera":
        return seen
    weights = np.where(take.is_covered, take.confidence + 1e-3, 0.0)
    if not weights.any():
        weights = np.ones(take.frame_count)
    world = np.eye(4)
    world[:3, :3] = level_rotation(seen, weights)
    world[:3, :3] = _facing(world[:3, :3] @ seen[0, :3, :3]) @ world[:3, :3]
    moved = world @ seen
    moved[:, :3, 3] -= moved[0, :3, 3]
    if options.root_motion == "in_place":
        moved[:, [0, 2], 3] = 0.0
    moved[:, 1, 3] -= ground_heights(_lowest(take, moved), take.times_s)
    return moved


def _facing(first: np.ndarray) -> np.ndarray:
    """The turn about y that makes a body of rotation `first` face +z."""
    x, _, z = first[:, 2]
    if np.hypot(x, z) < 1e-6:  # looking straight up or down has no heading
        return np.eye(3)
    return Rotation.from_euler("y", -np.arctan2(x, z)).as_matrix()


def _lowest(take: Take, rig_to_file: np.ndarray) -> np.ndarray:
    """Height of the lowest vertex of every frame, rig units."""
    low = _low_vertices(take, rig_to_file)
    part = Rig(
        name=take.body.name,
        skeleton=take.body.skeleton,
        vertices=take.body.vertices[low],
        faces=np.zeros((0, 3), np.int32),
        weights=take.body.weights[low],
        colors=take.body.colors[low],
        metres_per_unit=take.body.metres_per_unit,
    )
    chunks = [slice(start, start + 256) for start in range(0, take.frame_count, 256)]
    return np.concatenate(
        [
            move(rig_to_file[chunk], posed_in_rig(part, take.joint_rotations[chunk]))[..., 1].min(1)
            for chunk in chunks
        ]
    )


def _low_vertices(take: Take, rig_to_file: np.ndarray) -> np.ndarray:
    """Vertices that are among the lowest of some frame; only they can touch the ground."""
    step = -(-take.frame_count // LEVEL_FRAMES)
    low: set[int] = set()
    for frame in range(0, take.frame_count, step):
        one = slice(frame, frame + 1)
        posed = move(rig_to_file[one], posed_in_rig(take.body, take.joint_rotations[one]))[0]
        count = min(32, len(posed) - 1)
        low.update(np.argpartition(posed[:, 1], count)[: count + 1].tolist())
    return np.array(sorted(low))


def _even_times(last_s: float, fps: float) -> np.ndarray:
    """Multiples of 1/fps that cover the take; the last one may lie up to half a key beyond."""
    return np.arange(round(last_s * fps) + 1) / fps


def _resampled_rotations(
    times_s: np.ndarray, rotations: np.ndarray, keys_s: np.ndarray
) -> np.ndarray:
    clamped = np.minimum(keys_s, times_s[-1])
    joints = [
        Slerp(times_s, Rotation.from_matrix(rotations[:, joint]))(clamped).as_matrix()
        for joint in range(rotations.shape[1])
    ]
    return np.stack(joints, 1)


def _resampled_transforms(
    times_s: np.ndarray, transforms: np.ndarray, keys_s: np.ndarray
) -> np.ndarray:
    clamped = np.minimum(keys_s, times_s[-1])
    resampled = np.tile(np.eye(4), (len(keys_s), 1, 1))
    resampled[:, :3, :3] = _resampled_rotations(times_s, transforms[:, None, :3, :3], keys_s)[:, 0]
    for axis in range(3):
        resampled[:, axis, 3] = np.interp(clamped, times_s, transforms[:, axis, 3])
    return resampled


def _median_fps(times_s: np.ndarray, options: ExportOptions) -> float:
    if options.fps is not None:
        return float(options.fps)
    return float(1 / np.median(np.diff(times_s))) if len(times_s) > 1 else 30.0


def _weighted_median(values: np.ndarray, weights: np.ndarray) -> float:
    order = np.argsort(values)
    below = np.cumsum(weights[order])
    return float(values[order][np.searchsorted(below, 0.5 * below[-1])])
