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

HERE = Path(__file__).parent


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


def blender_silhouette(
    path: Path, time_s: float, fps: float, size_px: tuple[int, int], workplace: Path
) -> np.ndarray:
    """Where Blender draws something, seen by the file's camera; see blender_silhouette.py."""
    picture = workplace / "shown.png"
    picture.unlink(missing_ok=True)
    command = [blender_python(), HERE / "blender_silhouette.py", path, time_s, fps]
    command += [*size_px, picture]
    done = subprocess.run([*map(str, command)], capture_output=True, text=True, check=False)
    if not picture.exists():
        raise RuntimeError(done.stdout + done.stderr)
    return cv2.imread(str(picture), cv2.IMREAD_UNCHANGED)[..., 3] > 127
