"""Clips for training and evaluation: a video with what is known about it (DESIGN 5).

    write_clip(folder, clip, pictures)
    clip = read_clip(folder)
    for frame in clip.frames(): ...

A clip is a folder:

    rgb.mp4      the pictures
    masks.npz    packed, shape, frame_index: bits of the subject's masks (core/segment/mask_set.py)
    clip.json    schema version, name, category, rig, source, seed, fps, K, image size, unit
    truth.npz    where known: vertices (F, V, 3), faces (M, 3), joints (F, J, 3), joint_names,
                 root_to_cam (F, 4, 4), rest_vertices (V, 3), K (3, 3), optionally depth (F, H, W).
                 Camera space, rig units; depth is 0 where there is no subject
"""

import json
import os
import shutil
import uuid
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float, Int, UInt8

from core.camera import Camera
from core.errors import SourceError
from core.frame import Frame
from core.segment.mask_set import open_masks, save_masks
from core.sources.video_file import VideoFile
from training.write_video import write_video

SCHEMA_VERSION = 1


@dataclass(frozen=True, eq=False)
class ClipTruth:
    """Exact geometry of every frame, in camera space and rig units."""

    vertices: Float[np.ndarray, "frames verts 3"]
    faces: Int[np.ndarray, "faces 3"]
    joints: Float[np.ndarray, "frames joints 3"]
    joint_names: tuple[str, ...]
    root_to_cam: Float[np.ndarray, "frames 4 4"]
    rest_vertices: Float[np.ndarray, "verts 3"]
    """The body before any motion, in rig space."""
    depth: Float[np.ndarray, "frames height width"] | None = None

    @property
    def body_length(self) -> float:
        """Longest side of the rest mesh's box; 1 for a rig with its own proportions."""
        return float(np.ptp(self.rest_vertices, axis=0).max())


@dataclass(frozen=True, eq=False)
class Clip:
    """A video, the subject's masks and, where known, the truth."""

    name: str
    category: str
    rig_name: str
    """The rig it was rendered from; empty for real clips."""
    source: str
    """Where it comes from, for people: generator and motion, or author and licence."""
    seed: int | None
    fps: float
    K: Float[np.ndarray, "3 3"]
    image_size: tuple[int, int]
    """Width, height in pixels."""
    masks: UInt8[np.ndarray, "frames height width"]
    """0 outside, 255 inside."""
    metres_per_unit: float | None = None
    """None where the real size is not known."""
    truth: ClipTruth | None = None
    folder: Path | None = None
    """Where it was read from."""

    def __post_init__(self) -> None:
        width, height = self.image_size
        if self.masks.shape[1:] != (height, width):
            raise ValueError(f"masks are {self.masks.shape[1:]}, pictures {(height, width)}")
        if self.truth is not None and len(self.truth.vertices) != len(self.masks):
            raise ValueError(f"truth of {len(self.truth.vertices)} frames, {len(self.masks)} masks")

    @property
    def frame_count(self) -> int:
        return len(self.masks)

    @property
    def camera(self) -> Camera:
        return Camera(self.K, *self.image_size)

    def frames(self) -> Iterator[Frame]:
        """The pictures, decoded one by one.

        Raises:
            SourceError: The video is missing or damaged.
        """
        if self.folder is None:
            raise ValueError("this clip was not read from a folder; it has no pictures")
        with VideoFile(self.folder / "rgb.mp4") as video:
            while (frame := video.read()) is not None:
                yield frame


def write_clip(
    folder: Path, clip: Clip, pictures: Iterable[UInt8[np.ndarray, "height width 3"]]
) -> None:
    """Write a clip; an older one at that place is replaced once the new one is whole."""
    unfinished = folder.with_name(f".{folder.name}.{uuid.uuid4().hex[:8]}.part")
    unfinished.mkdir(parents=True)
    try:
        _write_parts(unfinished, clip, pictures)
        if folder.exists():
            if not (folder / "clip.json").is_file():
                raise SourceError(f"{folder} exists and is no clip; choose another place.")
            shutil.rmtree(folder)
        os.replace(unfinished, folder)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def read_clip(folder: Path) -> Clip:
    """Read a clip; its pictures stay on disk until asked for.

    Raises:
        SourceError: There is no clip, it is damaged, or of an unknown version.
        SegmentError: Its masks cannot be read.
    """
    facts = _read_facts(folder / "clip.json")
    masks = open_masks(folder / "masks.npz")
    width, height = facts["image_size"]
    alphas = [masks.read(frame) for frame in range(facts["frame_count"])]
    empty = np.zeros((height, width), np.uint8)
    truth_path = folder / "truth.npz"
    try:
        return Clip(
            name=facts["name"],
            category=facts["category"],
            rig_name=facts["rig"],
            source=facts["source"],
            seed=facts["seed"],
            fps=float(facts["fps"]),
            K=np.array(facts["K"], dtype=float),
            image_size=(width, height),
            masks=np.stack([empty if alpha is None else alpha for alpha in alphas]),
            metres_per_unit=facts["metres_per_unit"],
            truth=_read_truth(truth_path) if truth_path.is_file() else None,
            folder=folder,
        )
    except (KeyError, TypeError, ValueError) as error:
        raise SourceError(f"The clip {folder.name} is damaged ({error}); make it again.") from error


def _write_parts(folder: Path, clip: Clip, pictures: Iterable[np.ndarray]) -> None:
    count = write_video(folder / "rgb.mp4", pictures, clip.fps)
    if count != clip.frame_count:
        raise ValueError(f"{count} pictures for {clip.frame_count} masks")
    save_masks(folder / "masks.npz", np.arange(clip.frame_count), clip.masks)
    if clip.truth is not None:
        arrays: dict[str, Any] = _truth_arrays(clip.truth, clip.K)
        np.savez_compressed(folder / "truth.npz", **arrays)
    facts = {
        "schema_version": SCHEMA_VERSION,
        "name": clip.name,
        "category": clip.category,
        "rig": clip.rig_name,
        "source": clip.source,
        "seed": clip.seed,
        "fps": clip.fps,
        "K": clip.K.tolist(),
        "image_size": list(clip.image_size),
        "frame_count": clip.frame_count,
        "metres_per_unit": clip.metres_per_unit,
    }
    (folder / "clip.json").write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")


def _truth_arrays(truth: ClipTruth, K: np.ndarray) -> dict[str, np.ndarray]:
    arrays = {
        "vertices": truth.vertices.astype(np.float32),
        "faces": truth.faces.astype(np.int32),
        "joints": truth.joints.astype(np.float32),
        "joint_names": np.array(truth.joint_names, dtype=np.str_),
        "root_to_cam": truth.root_to_cam,
        "rest_vertices": truth.rest_vertices.astype(np.float32),
        "K": K,
    }
    if truth.depth is not None:
        arrays["depth"] = truth.depth.astype(np.float16)
    return arrays


def _read_truth(path: Path) -> ClipTruth:
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            return ClipTruth(
                vertices=arrays["vertices"].astype(np.float32),
                faces=arrays["faces"],
                joints=arrays["joints"].astype(np.float32),
                joint_names=tuple(str(name) for name in arrays["joint_names"]),
                root_to_cam=arrays["root_to_cam"].astype(float),
                rest_vertices=arrays["rest_vertices"].astype(np.float32),
                depth=arrays["depth"].astype(np.float32) if "depth" in arrays else None,
            )
    except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise SourceError(f"{path} is not a clip's truth, or is damaged; make it again.") from error


def _read_facts(path: Path) -> dict[str, Any]:
    try:
        facts = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise SourceError(f"{path.parent} is no clip: it has no clip.json.") from error
    except (OSError, ValueError) as error:
        raise SourceError(f"{path} is damaged; make the clip again.") from error
    version = facts.get("schema_version") if isinstance(facts, dict) else None
    if version != SCHEMA_VERSION:
        raise SourceError(
            f"{path} has schema version {version}, this program reads {SCHEMA_VERSION}; "
            "make the clip again."
        )
    missing = {"frame_count", "image_size"} - facts.keys()
    if missing:
        raise SourceError(f"{path} lacks {', '.join(sorted(missing))}; make the clip again.")
    return facts
