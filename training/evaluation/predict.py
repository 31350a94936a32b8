"""Run a category model over a clip's frames.

results = predict_clip(model, clip)                       # given masks, in time
results = predict_key_frames(model, real_clip)            # given masks, each frame on its own
results = predict_unprompted(model, real_clip)            # no mask: the whole video
"""

from collections.abc import Callable, Iterable, Iterator, Mapping

import numpy as np
from jaxtyping import UInt8

from core.camera import Camera
from core.frame import Frame
from core.lookahead import Lookahead
from core.model import CategoryModel
from core.pipeline import Pipeline
from core.refine import RefineConfig, refine_results
from core.results import Box, FrameResult, Mask
from core.segment.make_segmenter import make_segmenter
from core.segment.segmenter import Points, SegmentMemory
from core.sources.video_file import VideoFile
from core.temporal import SmoothingConfig
from training.clip import Clip
from training.evaluation.annotations import RealClip

Alpha = UInt8[np.ndarray, "height width"]
NEIGHBOURS = 4
"""Frames on either side of a key frame that are refined with it."""
Report = Callable[[int, int], None]
"""Told frames done and frames in all."""


class KnownMasks:
    """A segmenter that was told the answer: masks in memory, by frame number."""

    name = "known"

    def __init__(self, masks: Mapping[int, Alpha]) -> None:
        self._masks = masks

    def prompt(
        self,
        frame: Frame,
        box: Box | None = None,
        points: Points | None = None,
        mask: Alpha | None = None,
    ) -> SegmentMemory:
        """Nothing to say to one who knows."""
        return SegmentMemory()

    def segment(self, frame: Frame, memory: SegmentMemory | None) -> tuple[Mask, SegmentMemory]:
        """The known mask; an empty one where there is none."""
        alpha = self._masks.get(frame.index)
        if alpha is None:
            alpha = np.zeros((frame.height_px, frame.width_px), np.uint8)
        return Mask(alpha, 1.0 if alpha.any() else 0.0), memory or SegmentMemory()

    def close(self) -> None:
        """Nothing is held."""


def predict_clip(
    model: CategoryModel,
    clip: Clip,
    report: Report = lambda done, total: None,
    refine: RefineConfig | None = None,
    lookahead: int = 0,
) -> list[FrameResult]:
    """Every frame in time, with the clip's masks and camera; live unless it looks ahead."""
    masks = KnownMasks(dict(enumerate(clip.masks)))
    # What looks ahead smooths without lag; filtering first would only add lag to it.
    smoothing = SmoothingConfig(strength=0.0 if lookahead else 1.0)
    pipeline = Pipeline.of(model, masks, fov_rad_of(clip.camera), smoothing)
    stepped = _stepped(pipeline, clip.frames(), clip.frame_count, report)
    results = list(_looked_ahead(model, stepped, lookahead))
    return refine_results(model, results, refine) if refine else results


def predict_key_frames(
    model: CategoryModel, clip: RealClip, refine: RefineConfig | None = None
) -> list[FrameResult]:
    """Each key frame with its given mask and no past: they lie seconds apart.

    They are refined as what they are, stills: nothing is shared between them.
    """
    masks = {key.index: key.mask for key in clip.key_frames}
    pipeline = Pipeline.of(model, KnownMasks(masks))
    results = [pipeline.step(frame, pipeline.start())[0] for frame in clip.pictures()]
    return [refine_results(model, [r], refine)[0] for r in results] if refine else results


def predict_unprompted(
    model: CategoryModel,
    clip: RealClip,
    report: Report = lambda done, total: None,
    refine: RefineConfig | None = None,
) -> list[FrameResult]:
    """The whole video with the default segmenter and no prompt; results of the key frames.

    Refined together with the frames around them; one fit of proportions for all.
    """
    wanted = [key.index for key in clip.key_frames]
    last = max(wanted)
    pipeline = Pipeline.of(model, make_segmenter(model=model))
    with VideoFile(clip.video) as video:
        frames = (frame for frame in _read_all(video) if frame.index <= last)
        reach = NEIGHBOURS if refine else 0
        near = [
            result
            for result in _stepped(pipeline, frames, last + 1, report)
            if any(abs(result.frame_index - index) <= reach for index in wanted)
        ]
    if refine:
        near = refine_results(model, near, refine)
    results = {result.frame_index: result for result in near}
    return [results[index] for index in wanted]


def fov_rad_of(camera: Camera) -> float:
    """Field of view on the image's long side."""
    return float(2 * np.arctan(0.5 * max(camera.width_px, camera.height_px) / camera.K[0, 0]))


def _stepped(
    pipeline: Pipeline, frames: Iterable[Frame], total: int, report: Report
) -> Iterator[FrameResult]:
    memory = pipeline.start()
    for done, frame in enumerate(frames, 1):
        result, memory = pipeline.step(frame, memory)
        report(done, total)
        yield result


def _looked_ahead(
    model: CategoryModel, results: Iterable[FrameResult], frames: int
) -> Iterator[FrameResult]:
    ahead = Lookahead(model, frames)
    for result in results:
        yield from ahead.push(result)
    yield from ahead.finish()


def _read_all(video: VideoFile) -> Iterator[Frame]:
    while (frame := video.read()) is not None:
        yield frame
