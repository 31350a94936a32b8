"""A take's joint angles as a table: one row a key, angles as in the BVH (Z, X, Y, degrees)."""

import csv
import io

import numpy as np

from core.export.bvh import aligned_angles_deg, channel_order, zxy_angles_deg
from core.export.joint_names import ROOT_BONE, file_names
from core.export.motion import FileMotion
from core.export.options import ExportOptions
from core.export.take import Take


def csv_text(take: Take, motion: FileMotion, options: ExportOptions) -> str:
    """The whole file, with a header row."""
    names = file_names(take.body.skeleton.names, options.joint_names)
    columns = ["time_s", "confidence", *(f"{ROOT_BONE}_{axis}_m" for axis in "xyz")]
    for name in (ROOT_BONE, *(names[joint] for joint in channel_order(take))):
        columns += [f"{name}_{axis}_deg" for axis in "zxy"]
    angles = aligned_angles_deg(take, motion)
    numbers = np.concatenate(
        [
            motion.times_s[:, None],
            _confidence(take, motion)[:, None],
            motion.rig_to_file[:, :3, 3],
            zxy_angles_deg(motion.rig_to_file[:, :3, :3]),
            angles.reshape(len(angles), -1),
        ],
        1,
    )
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([f"{value:.6f}" for value in row] for row in numbers.tolist())
    return text.getvalue()


def _confidence(take: Take, motion: FileMotion) -> np.ndarray:
    return np.interp(motion.times_s, take.times_s - take.times_s[0], take.confidence)
