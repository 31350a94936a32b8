"""A take as arrays for scripts; the names and shapes are a contract (DESIGN 5)."""

import json
import zipfile
from collections.abc import Iterator
from typing import BinaryIO

import numpy as np

from core.export.stages import WRITING, Tell, silent, told
from core.export.take import Take, move
from core.kinematics import forward_kinematics

CHUNK_FRAMES = 64


def write_npz(take: Take, stream: BinaryIO, tell: Tell = silent) -> None:
    """Write the arrays one after the other; vertices are never all in memory."""
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        _write_vertices(archive, take, tell)
        for name, array in _small_arrays(take).items():
            with archive.open(f"{name}.npy", "w") as entry:
                np.lib.format.write_array(entry, np.ascontiguousarray(array), allow_pickle=False)


def chunks(take: Take) -> Iterator[slice]:
    """Runs of frames that fit in memory."""
    for start in range(0, take.frame_count, CHUNK_FRAMES):
        yield slice(start, min(start + CHUNK_FRAMES, take.frame_count))


def _write_vertices(archive: zipfile.ZipFile, take: Take, tell: Tell) -> None:
    shape = (take.frame_count, len(take.body.vertices), 3)
    header = {"descr": "<f4", "fortran_order": False, "shape": shape}
    with archive.open("vertices.npy", "w", force_zip64=True) as entry:
        np.lib.format.write_array_header_1_0(entry, header)
        total = -(-take.frame_count // CHUNK_FRAMES)
        for chunk in told(chunks(take), total, tell, WRITING):
            entry.write(np.ascontiguousarray(take.posed(chunk), "<f4").tobytes())


def _small_arrays(take: Take) -> dict[str, np.ndarray]:
    colors = take.body.colors if take.frame_colors is None else take.frame_colors
    joint_to_rig = forward_kinematics(take.body.skeleton, take.joint_rotations.astype(np.float64))
    positions = move(take.root_to_cam.astype(np.float64), joint_to_rig[..., :3, 3])
    return {
        "frame_index": take.frame_index.astype(np.int64),
        "time_s": take.times_s.astype(np.float64),
        "faces": take.body.faces.astype(np.int32),
        "colors": np.round(255 * np.clip(colors, 0, 1)).astype(np.uint8),
        "K": take.K.astype(np.float64),
        "image_size": np.array(take.image_size, np.int64),
        "root_to_cam": take.root_to_cam.astype(np.float64),
        "joint_names": np.array(take.body.skeleton.names),
        "joint_parents": np.array(take.body.skeleton.parents, np.int64),
        "joint_positions": positions.astype(np.float32),
        "joint_rotations": take.joint_rotations.astype(np.float32),
        "articulation_code": take.articulation.astype(np.float32),
        "confidence": take.confidence.astype(np.float32),
        "metres_per_unit": np.array(take.body.metres_per_unit, np.float64),
        "facts_json": np.array(json.dumps(take.facts)),
    }
