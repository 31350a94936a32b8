"""Make one prepared clip of one video.

clip = prepare_clip(PrepareJob("walk", source, segmenter, PrepareConfig()))
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise

import cv2
import numpy as np
from jaxtyping import Float, UInt8

from core.camera import Camera
from core.errors import SourceError
from core.frame import Frame
from core.results import Box
from core.segment.segmenter import Points, Segmenter
from core.sources.source import Source
from training.prepare.flow import FlowMethod, dis_flow, flow_pair
from training.prepare.prepared_clip import UNKNOWN, ClipFlow, PreparedClip, three_values

Progress = Callable[[int, int | None], None]
LEAST_FRAMES = 2
LEAST_USABLE = 2


@dataclass(frozen=True)
class PrepareConfig:
    """What is kept of a video."""

    size_px: int = 256
    """Long side of the kept pictures; smaller ones stay as they are."""
    start: int = 0
    end: int | None = None
    """Frame to stop before."""
    fps: float = 15.0
    """Frames a second that are kept, at most."""
    frames: int = 100
    """Frames that are kept, at most."""
    fov_rad: float = float(np.deg2rad(55.0))
    also: frozenset[int] = frozenset()
    """Frames that are kept whatever `fps` says."""


@dataclass(frozen=True, eq=False)
class Prompt:
    """What a person says of one frame, in the video's pixels."""

    box: Box | None = None
    points: Points | None = None


@dataclass(frozen=True, eq=False)
class PrepareJob:
    """One video, and who finds its subject."""

    name: str
    source: Source
    segmenter: Segmenter
    config: PrepareConfig
    prompts: Mapping[int, Prompt] = field(default_factory=dict)
    """By frame; one of an earlier frame than the first counts for the first."""
    K: Float[np.ndarray, "3 3"] | None = None
    """Of the video's pictures, where known."""
    flow: FlowMethod = dis_flow
    sees_all: bool = True
    """Whether the segmenter must also see the frames between those that are kept."""


def prepare_clip(job: PrepareJob, progress: Progress = lambda done, total: None) -> PreparedClip:
    """Masks, flow and smaller pictures.

    Raises:
        SourceError: Fewer than two frames, pictures of several sizes, or no subject in them.
    """
    frames, alphas = _segmented(job, progress)
    if len(frames) < LEAST_FRAMES:
        raise SourceError(
            f"{job.source.name} gives {len(frames)} frame; a teacher needs motion: take a longer "
            "video or a higher --fps."
        )
    height, width = frames[0].rgb.shape[:2]
    small = _small_size((width, height), job.config.size_px)
    rgb = np.stack([cv2.resize(f.rgb, small, interpolation=cv2.INTER_AREA) for f in frames])
    masks = np.stack([_small_mask(alpha, small) for alpha in alphas])
    clip = PreparedClip(
        name=job.name,
        source=job.source.name,
        frame_index=np.array([frame.index for frame in frames]),
        times_s=np.array([frame.time_s for frame in frames]),
        K=_small_intrinsics(job, (width, height), small),
        rgb=rgb,
        alphas=masks,
        flow=_clip_flow(rgb, job.flow, progress),
    )
    _check(clip, job)
    return clip


def _check(clip: PreparedClip, job: PrepareJob) -> None:
    count = int(clip.is_usable.sum())
    if count >= LEAST_USABLE:
        return
    empty = sum(problem == "empty" for problem in clip.problems)
    raise SourceError(
        f"{job.source.name} has {count} usable masks of {len(clip.rgb)} ({empty} are empty): say "
        f"where the subject is with --box {job.name}=X0,Y0,X1,Y1, or give masks with --masks."
    )


def _segmented(
    job: PrepareJob, progress: Progress
) -> tuple[list[Frame], list[UInt8[np.ndarray, "height width"]]]:
    """Kept frames with their masks; the segmenter sees all frames in between."""
    config, source = job.config, job.source
    if config.start:
        source.seek(config.start)
    last = config.end if config.end is not None else source.frame_count
    frames: list[Frame] = []
    alphas: list[np.ndarray] = []
    memory = regular_s = None
    prompts = {max(index, config.start): each for index, each in sorted(job.prompts.items())}
    while len(frames) < config.frames and (frame := source.read()) is not None:
        if last is not None and frame.index >= last:
            break
        if frames and frame.rgb.shape != frames[0].rgb.shape:
            raise SourceError(
                f"{source.name} has pictures of {_size_text(frames[0])} and {_size_text(frame)}; "
                "give pictures of one size."
            )
        if (said := prompts.get(frame.index)) is not None:
            memory = job.segmenter.prompt(frame, box=said.box, points=said.points)
        is_due = regular_s is None or frame.time_s >= regular_s + 0.97 / config.fps
        regular_s = frame.time_s if is_due else regular_s
        is_kept = is_due or frame.index in config.also
        if is_kept or job.sees_all:
            mask, memory = job.segmenter.segment(frame, memory)
            if is_kept:
                frames.append(frame)
                alphas.append(mask.alpha)
        progress(frame.index + 1 - config.start, None if last is None else last - config.start)
    return frames, alphas


def _clip_flow(
    rgb: UInt8[np.ndarray, "frames height width 3"], method: FlowMethod, progress: Progress
) -> ClipFlow:
    pairs = [flow_pair(first, second, method) for first, second in pairwise(rgb)]

    def flows(name: str) -> np.ndarray:
        return np.stack([getattr(pair, name) for pair in pairs]).astype(np.float16)

    def confidences(name: str) -> np.ndarray:
        return np.stack([np.rint(255 * getattr(p, name)) for p in pairs]).astype(np.uint8)

    return ClipFlow(
        flows("forward"), flows("backward"),
        confidences("forward_confidence"), confidences("backward_confidence"),
    )  # fmt: skip


def _small_size(size: tuple[int, int], size_px: int) -> tuple[int, int]:
    scale = min(1.0, size_px / max(size))
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def _small_mask(
    alpha: UInt8[np.ndarray, "height width"], size: tuple[int, int]
) -> UInt8[np.ndarray, "h w"]:
    """Mostly subject, else touched by what is unknown, else outside."""
    levels = three_values(alpha)
    subject, unknown = (
        cv2.resize((levels == value).astype(np.float32), size, interpolation=cv2.INTER_AREA)
        for value in (255, UNKNOWN)
    )
    return np.where(subject > 0.5, 255, np.where(unknown > 0.25, UNKNOWN, 0)).astype(np.uint8)


def _small_intrinsics(
    job: PrepareJob, size: tuple[int, int], small: tuple[int, int]
) -> Float[np.ndarray, "3 3"]:
    K = job.K if job.K is not None else Camera.from_fov(*size, job.config.fov_rad).K
    return np.diag([small[0] / size[0], small[1] / size[1], 1.0]) @ K


def _size_text(frame: Frame) -> str:
    return f"{frame.width_px}x{frame.height_px}"
