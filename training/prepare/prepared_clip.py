"""A prepared clip: what a teacher is fitted to, in a folder that a person can look at and edit.

write_prepared(folder, clip)
clip = read_prepared(folder)

clip.json             schema version, name, source, frames, times, K, boxes, problems
frames/00012.png      pictures, made smaller; numbered as in the video
masks/00012.png       0 / 255, and grey (64 to 191) for what nobody knows: something stands in
                      front; edit them, then fit: they are read anew and checked anew
flow.npz              forward, backward (F-1, H, W, 2) float16 pixels; their confidence, uint8
features.npz          optional: features (F, h, w, C) float16 of the surface seen in each pixel
contact.png           all of it at a glance
"""

import json
import os
import shutil
import uuid
import zipfile
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from jaxtyping import Bool, Float, Float16, Int, UInt8

from core.errors import SourceError
from core.frame import Frame
from core.results import Box
from training.prepare.mask_checks import UNUSABLE, mask_problems

SCHEMA_VERSION = 1
FACTS = "clip.json"
UNKNOWN = 127
"""In masks: may be the subject, hidden by something; such pixels teach nothing."""


@dataclass(frozen=True, eq=False)
class ClipFlow:
    """Flow between kept frames, in pixels of the kept pictures."""

    forward: Float16[np.ndarray, "pairs height width 2"]
    backward: Float16[np.ndarray, "pairs height width 2"]
    forward_confidence: UInt8[np.ndarray, "pairs height width"]
    """255: sure."""
    backward_confidence: UInt8[np.ndarray, "pairs height width"]


@dataclass(frozen=True, eq=False)
class PreparedClip:
    """Pictures, masks and flow of one clip."""

    name: str
    source: str
    """The video's file name."""
    frame_index: Int[np.ndarray, " frames"]
    """Numbers of the kept frames in the video."""
    times_s: Float[np.ndarray, " frames"]
    K: Float[np.ndarray, "3 3"]
    """Intrinsics of the kept pictures: a first guess, which a teacher corrects."""
    rgb: UInt8[np.ndarray, "frames height width 3"]
    alphas: UInt8[np.ndarray, "frames height width"]
    flow: ClipFlow
    features: Float16[np.ndarray, "frames rows columns channels"] | None = field(default=None)

    def __post_init__(self) -> None:
        if self.rgb.shape[:3] != self.alphas.shape:
            raise ValueError(f"pictures are {self.rgb.shape[:3]}, masks {self.alphas.shape}")
        if len(self.flow.forward) != len(self.rgb) - 1:
            raise ValueError(f"{len(self.flow.forward)} flows between {len(self.rgb)} frames")

    @property
    def image_size(self) -> tuple[int, int]:
        """Width, height."""
        return self.rgb.shape[2], self.rgb.shape[1]

    @cached_property
    def problems(self) -> list[str]:
        """What is wrong with each mask; see `mask_problems`."""
        return mask_problems(self.alphas)

    @cached_property
    def is_usable(self) -> Bool[np.ndarray, " frames"]:
        """Frames whose mask can be believed."""
        return np.array([problem not in UNUSABLE for problem in self.problems])

    def boxes(self) -> list[Box | None]:
        """Tight box of each mask, None where it is empty."""
        return [box_of(alpha) for alpha in self.alphas]

    def frames(self) -> list[Frame]:
        """The pictures for the pipeline, numbered within the clip."""
        return [
            Frame(number, float(time_s), rgb)
            for number, (time_s, rgb) in enumerate(zip(self.times_s, self.rgb, strict=True))
        ]


def box_of(alpha: UInt8[np.ndarray, "height width"]) -> Box | None:
    """Tight box of a mask."""
    rows, columns = np.flatnonzero((alpha > 127).any(1)), np.flatnonzero((alpha > 127).any(0))
    if not len(rows):
        return None
    return float(columns[0]), float(rows[0]), float(columns[-1] + 1), float(rows[-1] + 1)


def write_prepared(
    folder: Path, clip: PreparedClip, contact: UInt8[np.ndarray, "height width 3"]
) -> None:
    """Write a clip; it is whole or not there."""
    part = folder.with_name(f".{folder.name}.{uuid.uuid4().hex[:8]}.part")
    part.mkdir(parents=True)
    try:
        for name in ("frames", "masks"):
            (part / name).mkdir()
        for index, rgb, alpha in zip(clip.frame_index, clip.rgb, clip.alphas, strict=True):
            _write_png(part / "frames" / f"{index:05}.png", rgb[..., ::-1])
            _write_png(part / "masks" / f"{index:05}.png", alpha)
        with (part / "flow.npz").open("wb") as file:
            np.savez_compressed(file, **vars(clip.flow))
        if clip.features is not None:
            with (part / "features.npz").open("wb") as file:
                np.savez_compressed(file, features=clip.features)
        _write_png(part / "contact.png", contact[..., ::-1])
        (part / FACTS).write_text(json.dumps(_facts(clip), indent=1) + "\n", encoding="utf-8")
        if (folder / FACTS).is_file():
            shutil.rmtree(folder)
        os.replace(part, folder)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def read_prepared(folder: Path) -> PreparedClip:
    """Read a clip.

    Raises:
        SourceError: There is none, or it is damaged.
    """
    facts = _read_facts(folder)
    try:
        index = np.array(facts["frame_index"], int)
        rgb = [_read_png(folder / "frames" / f"{i:05}.png", cv2.IMREAD_COLOR) for i in index]
        alphas = [_read_mask(folder / "masks" / f"{i:05}.png", rgb[0].shape[:2]) for i in index]
        features_path = folder / "features.npz"
        return PreparedClip(
            name=facts["name"],
            source=facts["source"],
            frame_index=index,
            times_s=np.array(facts["times_s"], float),
            K=np.array(facts["K"], float),
            rgb=np.stack(rgb)[..., ::-1],
            alphas=np.stack(alphas),
            flow=ClipFlow(**_arrays(folder / "flow.npz")),
            features=_arrays(features_path)["features"] if features_path.is_file() else None,
        )
    except (KeyError, TypeError, ValueError, OSError, zipfile.BadZipFile) as error:
        raise SourceError(
            f"The clip {folder.name} is damaged ({error}); prepare it again."
        ) from error


def prepared_folders(folder: Path) -> list[Path]:
    """Folders of clips in a folder, or itself; by name.

    Raises:
        SourceError: There is none.
    """
    if (folder / FACTS).is_file():
        return [folder]
    found = sorted(path.parent for path in folder.glob(f"*/{FACTS}") if path.parent.name[0] != ".")
    if not found:
        raise SourceError(f"{folder} holds no prepared clips; make some with main.py prepare.")
    return found


def _facts(clip: PreparedClip) -> dict[str, Any]:
    return {
        "schema_version": SCHEMA_VERSION,
        "kind": "prepared",
        "name": clip.name,
        "source": clip.source,
        "frame_index": clip.frame_index.tolist(),
        "times_s": clip.times_s.tolist(),
        "K": clip.K.tolist(),
        "image_size": list(clip.image_size),
        "boxes": clip.boxes(),
        "problems": clip.problems,
    }


def _read_facts(folder: Path) -> dict[str, Any]:
    try:
        facts = json.loads((folder / FACTS).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise SourceError(f"{folder} holds no prepared clip; see main.py prepare.") from error
    if not isinstance(facts, dict) or facts.get("kind") != "prepared":
        raise SourceError(f"{folder} is no prepared clip; make one of it with main.py prepare.")
    if facts.get("schema_version") != SCHEMA_VERSION:
        raise SourceError(
            f"The clip {folder.name} has schema version {facts.get('schema_version')}, this "
            f"program reads {SCHEMA_VERSION}; prepare it again."
        )
    return facts


def _arrays(path: Path) -> dict[str, np.ndarray]:
    with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
        return {name: arrays[name] for name in arrays.files}


def _write_png(path: Path, picture: np.ndarray) -> None:
    done, coded = cv2.imencode(".png", picture)
    if not done:
        raise ValueError(f"cannot encode a picture of {picture.shape}")
    path.write_bytes(coded.tobytes())


def _read_png(path: Path, flags: int) -> np.ndarray:
    picture = cv2.imdecode(np.frombuffer(path.read_bytes(), np.uint8), flags)
    if picture is None:
        raise ValueError(f"{path.name} is no picture")
    return picture


def _read_mask(path: Path, shape: tuple[int, int]) -> np.ndarray:
    """A mask as it is now; a deleted one is an empty one."""
    if not path.is_file():
        return np.zeros(shape, np.uint8)
    alpha = _read_png(path, cv2.IMREAD_GRAYSCALE)
    if alpha.shape != shape:
        raise ValueError(f"the mask {path.name} is {alpha.shape}, the picture {shape}")
    return three_values(alpha)


def three_values(alpha: UInt8[np.ndarray, "height width"]) -> UInt8[np.ndarray, "height width"]:
    """A mask of 0, 255 and UNKNOWN: dark, light and grey."""
    levels = np.where(alpha > 191, 255, np.where(alpha >= 64, UNKNOWN, 0))
    return levels.astype(np.uint8)
