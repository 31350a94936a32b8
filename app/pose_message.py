"""A pose as datagrams for other programs on this machine: JSON, or OSC after the VMC protocol.

json_message(model, result)      # bytes: one object
vmc_message(model, result)       # bytes: one OSC bundle
"""

import json
import struct
from typing import Any

import numpy as np
from jaxtyping import Float

from app.shown_pose import OPENGL_FROM_OPENCV
from core.results import FrameResult
from core.rotations import quaternion_from_matrix

VERSION = 1
_NOW = struct.pack(">Q", 1)
"""OSC's time tag for "at once"."""


def json_message(model: Any, result: FrameResult) -> bytes:
    """One frame as a JSON object.

    Right-handed, y up, z towards the viewer, metres; quaternions x, y, z, w. `root` is where the
    body is from the camera; `joints` are rotations against the rest pose, each in its joint's own
    axes.
    """
    position, rotation = _root(model, result)
    quaternions = _xyzw(result.joint_rotations)
    names = model.rig.skeleton.names
    joints = {name: _rounded(q) for name, q in zip(names, quaternions, strict=True)}
    values = {
        "dasr_pose": VERSION, "model": model.name, "frame": result.frame_index,
        "time_s": round(result.time_s, 6), "is_seen": result.is_covered,
        "confidence": round(float(result.confidence), 4),
        "root": {"position_m": _rounded(position), "rotation_xyzw": _rounded(_xyzw(rotation))},
        "joints": joints,
    }  # fmt: skip
    return json.dumps(values, separators=(",", ":")).encode()


def vmc_message(model: Any, result: FrameResult) -> bytes:
    """One frame as an OSC bundle with the addresses of the VMC protocol.

    Unity's axes (left-handed: x is turned round), metres. Bones have the names of the rig: only
    a program that can map names will move a human avatar with them.
    """
    position, rotation = _root(model, result)
    skeleton = model.rig.skeleton
    offsets = skeleton.rest_joint_to_parent[:, :3, 3] * model.rig.metres_per_unit
    local = skeleton.rest_joint_to_parent[:, :3, :3] @ result.joint_rotations
    messages = [
        osc_message("/VMC/Ext/OK", 1 if result.is_covered else 0),
        osc_message("/VMC/Ext/T", float(result.time_s)),
        osc_message("/VMC/Ext/Root/Pos", "root", *_unity(position, _xyzw(rotation))),
    ]
    for name, offset, q in zip(skeleton.names, offsets, _xyzw(local), strict=True):
        messages.append(osc_message("/VMC/Ext/Bone/Pos", name, *_unity(offset, q)))
    parts = [struct.pack(">i", len(one)) + one for one in messages]
    return b"".join([_osc_text("#bundle"), _NOW, *parts])


def osc_message(address: str, *values: int | float | str) -> bytes:
    """An OSC 1.0 message: address, type tags, arguments, all in blocks of four bytes."""
    tags, packed = ",", []
    for value in values:
        if isinstance(value, str):
            tags, part = tags + "s", _osc_text(value)
        elif isinstance(value, int):
            tags, part = tags + "i", struct.pack(">i", value)
        else:
            tags, part = tags + "f", struct.pack(">f", value)
        packed.append(part)
    return b"".join([_osc_text(address), _osc_text(tags), *packed])


def _osc_text(text: str) -> bytes:
    raw = text.encode("ascii", "replace") + b"\0"
    return raw + b"\0" * (-len(raw) % 4)


def _root(model: Any, result: FrameResult) -> tuple[np.ndarray, np.ndarray]:
    position = OPENGL_FROM_OPENCV @ result.root_to_cam[:3, 3] * model.rig.metres_per_unit
    return position, OPENGL_FROM_OPENCV @ result.root_to_cam[:3, :3]


def _xyzw(matrix: Float[np.ndarray, "*batch 3 3"]) -> Float[np.ndarray, "*batch 4"]:
    return np.roll(quaternion_from_matrix(np.asarray(matrix, np.float64)), -1, axis=-1)


def _unity(position: np.ndarray, q: np.ndarray) -> list[float]:
    """Mirrored in x: the place, and the turn that is mirrored with it."""
    return [float(v) for v in (*(position * [-1, 1, 1]), *(q * [1, -1, -1, 1]))]


def _rounded(values: np.ndarray) -> list[float]:
    return [round(float(value), 5) for value in values]
