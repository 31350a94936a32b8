"""What one video teaches: crops of its subject with the refined reconstruction as their truth.

    crops = gather_crops(model, segmenter, source, GatherConfig())

The whole video is reconstructed and refined against its masks (core/refine.py); frames that still
disagree with their mask are left out. What refinement takes a third of a second to find, the
student is then taught to say at once.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float, UInt8

from core.camera import DEFAULT_FOV_RAD, Camera
from core.crop import CropCamera
from core.fit_item import FitItem
from core.fit_score import FitPrior, fit_score
from core.frame import Frame
from core.lookahead import Lookahead
from core.model import CategoryModel
from core.pipeline import Pipeline, PipelineMemory
from core.refine import RefineConfig, Refiner
from core.results import Box, FrameResult
from core.root_pose import weak_perspective
from core.segment.segmenter import Segmenter
from core.sources.source import Source
from core.temporal import SmoothingConfig

Report = Callable[[str, int, int | None], None]
"""Told a stage, frames done and frames in all."""


@dataclass(frozen=True)
class GatherConfig:
    """Which frames, and how well they must fit."""

    box: Box | None = None
    """The subject on the first frame."""
    fov_rad: float = DEFAULT_FOV_RAD
    most_frames: int = 1200
    """Longer videos are thinned out evenly while they are read."""
    least_iou: float = 0.6
    """Refined bodies that cover their mask worse teach nothing."""
    refine: RefineConfig = RefineConfig()  # noqa: RUF009 - frozen


@dataclass(frozen=True, eq=False)
class VideoCrops:
    """Crops with their truth, as `training.crop_store.CropStore` has them, and what to score by."""

    pictures: UInt8[np.ndarray, "frames px px 4"]
    truth: dict[str, np.ndarray]
    items: tuple[FitItem, ...]
    """Masks, and the student's own first answers."""
    cameras: tuple[CropCamera, ...]

    def __len__(self) -> int:
        return len(self.items)


@dataclass(frozen=True, eq=False)
class _Seen:
    """One frame on its way."""

    crop: CropCamera
    picture: UInt8[np.ndarray, "px px 4"]
    item: FitItem


def gather_crops(
    model: CategoryModel,
    segmenter: Segmenter,
    source: Source,
    config: GatherConfig,
    report: Report = lambda stage, done, total: None,
) -> VideoCrops:
    """Reconstruct and refine a video; keep what fits."""
    refiner = Refiner(model, config.refine)
    lookahead = Lookahead(model, 6)
    seen: list[_Seen | None] = []
    for result, picture in _walk(model, segmenter, source, config, report):
        seen.append(picture)
        for smooth in lookahead.push(result):
            refiner.add(smooth)
    for smooth in lookahead.finish():
        refiner.add(smooth)
    refined = refiner.finish(lambda done, total: report("refining", done, total))
    kept = [(s, r) for s, r in zip(seen, refined, strict=True) if s and _fits(model, s, r, config)]
    return _packed(model, [s for s, _ in kept], [r for _, r in kept])


def _walk(
    model: CategoryModel,
    segmenter: Segmenter,
    source: Source,
    config: GatherConfig,
    report: Report,
) -> Iterator[tuple[FrameResult, _Seen | None]]:
    """Raw results in order, each with its crop if it has a subject."""
    pipeline = Pipeline.of(model, segmenter, config.fov_rad, SmoothingConfig(strength=0.0))
    memory, done = pipeline.start(), 0
    stride = 1 + (source.frame_count or 0) // config.most_frames
    frame = source.read()
    if frame is not None and config.box is not None:
        memory = pipeline.prompt(frame, box=config.box)
    while frame is not None:
        if frame.index % stride == 0:
            result, memory = pipeline.step(frame, memory)
            yield result, _seen(model, frame, result, memory, config)
        done += 1
        report("reconstructing", done, source.frame_count)
        frame = source.read()


def _seen(
    model: CategoryModel,
    frame: Frame,
    result: FrameResult,
    memory: PipelineMemory,
    config: GatherConfig,
) -> _Seen | None:
    track = memory.track
    if not result.is_covered or result.mask is None or track is None or track.crop_box is None:
        return None
    camera = Camera.from_fov(frame.width_px, frame.height_px, config.fov_rad)
    crop = CropCamera.around(camera, track.crop_box, size_px=model.input_px)
    alpha = (crop.warp_mask(result.mask.alpha) * 255).astype(np.uint8)
    picture = np.dstack([crop.warp(frame.rgb), alpha])
    return _Seen(crop, picture, FitItem.of(model, result, 96))


def _fits(model: CategoryModel, seen: _Seen, refined: FrameResult, config: GatherConfig) -> bool:
    target = seen.item.target
    if target is None or not refined.is_covered:
        return False
    return fit_score(model, refined, target, FitPrior(0.0, 0.0)) >= config.least_iou


def _packed(model: CategoryModel, seen: list[_Seen], refined: list[FrameResult]) -> VideoCrops:
    px = model.input_px
    pictures = np.zeros((len(seen), px, px, 4), np.uint8)
    for index, one in enumerate(seen):
        pictures[index] = one.picture
    rows = [_truth(model, one.crop, result) for one, result in zip(seen, refined, strict=True)]
    names = rows[0] if rows else {}
    truth = {name: np.stack([row[name] for row in rows]).astype(np.float32) for name in names}
    items = tuple(replace(one.item) for one in seen)
    return VideoCrops(pictures, truth, items, tuple(one.crop for one in seen))


def _truth(model: CategoryModel, crop: CropCamera, result: FrameResult) -> dict[str, np.ndarray]:
    pose = result.root_to_cam.copy()
    pose[:3] = crop.crop_to_cam.T @ result.root_to_cam[:3]
    return {
        "body": np.zeros(()),
        "rotation": pose[:3, :3],
        "weak": weak_perspective(pose, crop.crop_tan, model.centre),
        "crop_tan": np.asarray(crop.crop_tan),
        "crop_to_cam": crop.crop_to_cam,
        "frame": frame_borders(crop.camera),
        "joint_rotations": result.joint_rotations,
        "shape": result.codes.shape,
        "appearance": result.codes.appearance,
    }


def frame_borders(camera: Camera) -> Float[np.ndarray, " 4"]:
    """The image's borders in the camera's normalised plane: x0, y0, x1, y1."""
    to_ray = np.linalg.inv(camera.K)
    low = to_ray @ np.array([0.0, 0.0, 1.0])
    high = to_ray @ np.array([camera.width_px, camera.height_px, 1.0])
    return np.array([*low[:2], *high[:2]])
