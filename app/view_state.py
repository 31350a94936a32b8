"""How a session was looked at: camera, display, sliders, range and frame, kept as one small file.

write_view(folder, view); view = read_view(folder)     # None where there is none
"""

import json
import logging
import math
import os
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np

from app.look import Look
from render.view import OrbitCamera

LOG = logging.getLogger(__name__)
FILE_NAME = "view.json"
VERSION = 1
NOT_KEPT = ("joint", "has_hud", "mouse", "shows_before")
"""Belong to the moment or the person, not to the session."""


@dataclass(frozen=True, eq=False)
class ViewState:
    """What opens again with a session."""

    look: Look
    camera: OrbitCamera
    frame: int = 0
    in_frame: int | None = None
    out_frame: int | None = None
    sigmas: tuple[float, ...] | None = None
    """The sliders, if they were frozen."""


def write_view(folder: Path, view: ViewState) -> None:
    """Keep it in a session's folder; a folder that cannot be written is left as it is."""
    values = {
        "version": VERSION, "look": asdict(view.look), "camera": camera_values(view.camera),
        "frame": view.frame, "range": [view.in_frame, view.out_frame], "sigmas": view.sigmas,
    }  # fmt: skip
    part = folder / f".{FILE_NAME}.part"
    try:
        part.write_text(json.dumps(values, indent=1, allow_nan=False), encoding="utf-8")
        os.replace(part, folder / FILE_NAME)
    except (OSError, ValueError) as error:
        LOG.warning("the view of %s was not kept: %s", folder, error)


def read_view(folder: Path) -> ViewState | None:
    """What was kept; what is damaged or of another version opens as if it were not there."""
    try:
        values = json.loads((folder / FILE_NAME).read_text(encoding="utf-8"))
        return _view_of(values) if values["version"] == VERSION else None
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError, AttributeError, OverflowError) as error:
        LOG.warning("the view of %s cannot be read: %s", folder, error)
        return None


def _view_of(values: dict[str, Any]) -> ViewState:
    first, last = values["range"]
    sigmas = values["sigmas"]
    return ViewState(
        _look_of(values["look"]),
        camera_of(values["camera"]),
        _whole(values["frame"]) or 0,
        _whole(first),
        _whole(last),
        None if sigmas is None else tuple(_finite(one) for one in sigmas),
    )


def _look_of(kept: dict[str, Any]) -> Look:
    """Fields that there are, of the kind they should be; the others as they are at first."""
    plain, good = Look(), {}
    for field in fields(Look):
        was, new = getattr(plain, field.name), kept.get(field.name)
        if field.name not in NOT_KEPT and type(new) is type(was):
            good[field.name] = new
    return Look(**good).checked()


def camera_values(camera: OrbitCamera) -> dict[str, Any]:
    """A camera as JSON values."""
    return asdict(camera) | {"target": camera.target.tolist()}


def camera_of(kept: dict[str, Any]) -> OrbitCamera:
    """The camera in JSON values.

    Raises:
        ValueError, KeyError, TypeError: They are no camera's.
    """
    target = np.array([_finite(one) for one in kept["target"]])
    if target.shape != (3,):
        raise ValueError("the camera's target is no point")
    numbers = {
        name: _finite(kept[name]) for name in ("distance", "yaw_rad", "pitch_rad", "fov_rad")
    }
    return OrbitCamera(target, **numbers, is_orthographic=bool(kept["is_orthographic"]))


def _finite(value: Any) -> float:
    if not math.isfinite(value):
        raise ValueError(f"{value} is no number to look from")
    return float(value)


def _whole(value: Any) -> int | None:
    return None if value is None else max(int(value), 0)
