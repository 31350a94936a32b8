"""Real frames with a teacher's pseudo truth, as the crops that a student learns from.

write_real_crops(clips, truth, knowledge, folder)      # shards, as training/synth/pack.py has them
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from jaxtyping import Float, UInt8

from core.camera import Camera
from core.crop import CropCamera
from core.model import body_centre
from core.results import Box
from core.root_pose import weak_perspective
from training.banmo.knowledge import PseudoTruth
from training.crop_store import write_shard
from training.prepare.prepared_clip import PreparedClip, box_of
from training.rig_teacher import Knowledge

SIZE_PX = 128
VARIANTS = 8
"""Crops of each frame, around boxes that are off by a little as a tracker's are."""


def write_real_crops(
    clips: Sequence[PreparedClip],
    truth: PseudoTruth,
    knowledge: Knowledge,
    folder: Path,
    variants: int = VARIANTS,
    seed: int = 0,
) -> int:
    """One shard for each clip; gives the number of crops. Unusable masks are left out."""
    first, total = 0, 0
    for number, clip in enumerate(clips):
        rng = np.random.default_rng((seed, number))
        frames = [frame for frame in np.flatnonzero(clip.is_usable) for _ in range(variants)]
        crops = [_crop(clip, int(frame), truth.K[first + frame], rng) for frame in frames]
        rows = first + np.array(frames)
        pictures = np.stack([_picture(clip, int(f), c) for f, c in zip(frames, crops, strict=True)])
        write_shard(folder, number, pictures, _truth(truth, knowledge, clip, rows, crops))
        first, total = first + len(clip.rgb), total + len(frames)
    return total


def _crop(
    clip: PreparedClip, frame: int, K: Float[np.ndarray, "3 3"], rng: np.random.Generator
) -> CropCamera:
    box = box_of(clip.alphas[frame])
    assert box is not None
    return CropCamera.around(
        Camera(K, *clip.image_size), _shaken(box, rng), float(rng.uniform(1.1, 1.35)), SIZE_PX
    )


def _shaken(box: Box, rng: np.random.Generator) -> Box:
    side = max(box[2] - box[0], box[3] - box[1])
    x, y = rng.normal(0, 0.03 * side, 2)
    return box[0] + x, box[1] + y, box[2] + x, box[3] + y


def _picture(clip: PreparedClip, frame: int, crop: CropCamera) -> UInt8[np.ndarray, "px px 4"]:
    """Colours and silhouette, colours 0 outside, as drawn crops are."""
    subject = np.where(clip.alphas[frame] > 127, 255, 0).astype(np.uint8)
    alpha = crop.warp(subject)
    rgb = crop.warp(clip.rgb[frame]) * (alpha[..., None] > 127)
    return np.concatenate([rgb, alpha[..., None]], -1)


def _truth(
    truth: PseudoTruth,
    knowledge: Knowledge,
    clip: PreparedClip,
    rows: np.ndarray,
    crops: list[CropCamera],
) -> dict[str, np.ndarray]:
    to_cam = np.stack([crop.crop_to_cam for crop in crops])
    tan = np.array([crop.crop_tan for crop in crops])
    root = truth.root_to_cam[rows].copy()
    root[:, :3] = to_cam.swapaxes(1, 2) @ root[:, :3]
    width, height = clip.image_size
    corners = np.array([[0, 0, 1.0], [width, height, 1.0]]).T
    plane = np.linalg.inv(truth.K[rows]) @ corners
    arrays = {
        "body": np.zeros(len(rows)),
        "rotation": root[:, :3, :3],
        "weak": weak_perspective(root, tan, body_centre(knowledge.rig)),
        "crop_tan": tan,
        "crop_to_cam": to_cam,
        "frame": np.concatenate([plane[:, :2, 0], plane[:, :2, 1]], 1),
        "joint_rotations": truth.joint_rotations[rows],
        "shape": truth.shape[rows],
        "appearance": truth.appearance[rows],
    }
    return {name: value.astype(np.float32) for name, value in arrays.items()}
