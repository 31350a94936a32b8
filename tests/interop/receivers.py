"""Other programs that read our files, where a developer has them.

BLENDER_PYTHON: a Python with the bpy package (or Blender's own).
GLTF_VALIDATOR_MODULES: the node_modules folder that holds gltf-validator; node must be on PATH.
"""

import json
import os
import shutil
import subprocess
from pathlib import Path

import cv2
import numpy as np

from core.export.gltf_evaluate import linear_reference
from core.export.joint_names import file_names
from core.export.motion import file_motion
from core.export.options import ExportOptions
from core.export.take import Take, move
from core.kinematics import forward_kinematics

HERE = Path(__file__).parent
FINER = 16


def blender_python() -> str | None:
    """The interpreter that can import bpy, if one was named."""
    return os.environ.get("BLENDER_PYTHON")


def validator_modules() -> str | None:
    """The folder with gltf-validator, if one was named and node is there."""
    return os.environ.get("GLTF_VALIDATOR_MODULES") if shutil.which("node") else None


def blender_shows(
    path: Path, times_s: np.ndarray, fps: float, workplace: Path
) -> dict[str, np.ndarray]:
    """What Blender shows of a file at some times; see blender_shows.py."""
    asked, answer = workplace / "times.npz", workplace / "shown.npz"
    np.savez(asked, times_s=times_s, fps=fps)
    command = [blender_python(), HERE / "blender_shows.py", path, asked, answer]
    done = subprocess.run([*map(str, command)], capture_output=True, text=True, check=False)
    if not answer.exists():
        raise RuntimeError(done.stdout + done.stderr)
    with np.load(answer) as shown:
        return dict(shown)


def validate(*paths: Path) -> list[dict]:
    """The Khronos validator's verdict on each file."""
    command = ["node", HERE / "gltf_validate.js", *paths]
    done = subprocess.run(
        [*map(str, command)],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "NODE_PATH": str(validator_modules())},
    )
    return [json.loads(line) for line in done.stdout.splitlines()]


def blender_silhouettes(
    path: Path, times_s: list[float], fps: float, size_px: tuple[int, int], workplace: Path
) -> list[np.ndarray]:
    """Where Blender draws something, seen by the file's camera; see blender_silhouette.py."""
    pictures = [workplace / f"{index}.png" for index in range(len(times_s))]
    for picture in pictures:
        picture.unlink(missing_ok=True)
    times = ",".join(f"{time_s:.6f}" for time_s in times_s)
    command = [blender_python(), HERE / "blender_silhouette.py", path, times, fps]
    command += [*size_px, workplace]
    done = subprocess.run([*map(str, command)], capture_output=True, text=True, check=False)
    if not all(picture.exists() for picture in pictures):
        raise RuntimeError(done.stdout + done.stderr)
    return [cv2.imread(str(one), cv2.IMREAD_UNCHANGED)[..., 3] > 127 for one in pictures]


def silhouette(vertices: np.ndarray, take: Take) -> np.ndarray:
    """Where the take's camera sees vertices of its camera space, by our own drawing.

    A pixel counts from half coverage on, as in Blender's picture. OpenCV also fills every pixel
    that an edge touches: drawn FINER times as large, that adds 1/32 pixel around the body.
    """
    places = vertices[:, :2] / vertices[:, 2:] * take.K[[0, 1], [0, 1]] + take.K[:2, 2]
    width, height = take.image_size
    large = np.zeros((FINER * height, FINER * width), np.uint8)
    for corners in FINER * places[take.body.faces] - 0.5:
        cv2.fillConvexPoly(large, np.round(16 * corners).astype(np.int32), 255, cv2.LINE_8, 4)
    return cv2.resize(large, (width, height), interpolation=cv2.INTER_AREA) > 127


def file_vertices(path: Path, take: Take, times_s: list[float]) -> np.ndarray:
    """What a .glb with its camera at the origin shows, in the take's camera space (metres)."""
    return linear_reference(path.read_bytes(), np.array(times_s)).vertices * [1, -1, -1]


def overlap(one: np.ndarray, other: np.ndarray) -> float:
    """Intersection over union."""
    return float((one & other).sum() / (one | other).sum())


def joint_distance(
    take: Take, options: ExportOptions, shown: dict[str, np.ndarray], times_s: np.ndarray
) -> float:
    """Largest distance of a joint that Blender shows from where the file's skeleton has it."""
    motion = file_motion(take, options)
    keys = np.abs(motion.times_s[:, None] - times_s).argmin(0)
    posed = forward_kinematics(take.body.skeleton, motion.joint_rotations[keys])
    expected = move(motion.rig_to_file[keys], motion.scale * posed[..., :3, 3])
    names = [name.replace("-", "_") for name in file_names(take.body.skeleton.names, {})]
    bones = [name.replace("-", "_") for name in shown["bone_names"].tolist()]
    places = shown["bone_heads"][:, [bones.index(name) for name in names]]
    return float(np.linalg.norm(places - expected, axis=-1).max())
