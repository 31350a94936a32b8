"""A teacher's folder: what it began with, and how far it is.

config.json              the configuration (kept, so that a resumed fit goes on as it began)
start.json, start.safetensors    body, decoder, the student's poses, names of the clips
checkpoint.safetensors   everything learned, the optimiser, steps and seconds used
log.jsonl, previews/     what happened
"""

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from core.articulation import ArticulationDecoder
from core.errors import ModelError
from core.rig import Rig, Skeleton
from training.banmo.poses import PoseStart
from training.banmo.teacher import TeacherStart

START, FACTS, CONFIG = "start.safetensors", "start.json", "config.json"
CHECKPOINT = "checkpoint.safetensors"
SCHEMA_VERSION = 1


def write_start(folder: Path, start: TeacherStart, clips: list[Path], model: str) -> None:
    """Keep the start; its facts are written last and say that it is whole."""
    rig, skeleton = start.rig, start.rig.skeleton
    arrays = {f"poses.{name}": value for name, value in vars(start.poses).items()}
    arrays |= {f"decoder.{name}": value for name, value in vars(start.decoder).items()}
    arrays |= {
        "rig.vertices": rig.vertices,
        "rig.faces": rig.faces,
        "rig.weights": rig.weights,
        "rig.colors": rig.colors,
        "rig.rest_joint_to_rig": skeleton.rest_joint_to_rig,
    }
    part = folder / f"{START}.part"
    save_file({name: np.ascontiguousarray(value) for name, value in arrays.items()}, part)
    os.replace(part, folder / START)
    facts = {
        "schema_version": SCHEMA_VERSION,
        "model": model,
        "clips": [str(path.resolve()) for path in clips],
        "frames": np.bincount(start.poses.clip_of).tolist(),
        "rig": rig.name,
        "metres_per_unit": rig.metres_per_unit,
        "joints": list(skeleton.names),
        "parents": list(skeleton.parents),
        "mirror": list(skeleton.mirror),
    }
    (folder / FACTS).write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")


def read_start(folder: Path) -> tuple[TeacherStart, dict[str, Any]]:
    """The start of a teacher and its facts.

    Raises:
        ModelError: There is no teacher, or it is damaged or of an unknown version.
    """
    try:
        facts = json.loads((folder / FACTS).read_text(encoding="utf-8"))
        if facts["schema_version"] != SCHEMA_VERSION:
            raise ModelError(
                f"The teacher in {folder} has version {facts['schema_version']}, this program "
                f"reads {SCHEMA_VERSION}; fit it again."
            )
        arrays = load_file(folder / START)
        skeleton = Skeleton(
            tuple(facts["joints"]), tuple(facts["parents"]), arrays["rig.rest_joint_to_rig"],
            tuple(facts["mirror"]),
        )  # fmt: skip
        rig = Rig(
            facts["rig"], skeleton, arrays["rig.vertices"], arrays["rig.faces"],
            arrays["rig.weights"], arrays["rig.colors"], facts["metres_per_unit"],
        )  # fmt: skip
        start = TeacherStart(
            rig,
            ArticulationDecoder(**_group(arrays, "decoder")),
            PoseStart(**_group(arrays, "poses")),
        )
    except (OSError, ValueError, KeyError, TypeError, SafetensorError) as error:
        raise ModelError(f"{folder} holds no teacher, or a damaged one ({error}).") from error
    return start, facts


def _group(arrays: dict[str, np.ndarray], prefix: str) -> dict[str, np.ndarray]:
    begin = len(prefix) + 1
    return {k[begin:]: v for k, v in arrays.items() if k.startswith(prefix + ".")}
