"""The way of one frame, as DESIGN.md 2 draws it:

    source --frame--> segment --mask--> crop --square--> student
        --codes--> temporal --codes--> decode --pose--> align --pose-->

    model = load_model("dog")
    pipeline = Pipeline.of(model, make_segmenter("auto", model))
    memory = pipeline.start()                             # or pipeline.prompt(frame, box)
    result, memory = pipeline.step(frame, memory)

`step` is a function of its arguments: all state is in the memory, so a frame can be tried twice,
and a worker thread owns nothing but the last memory.
"""

from dataclasses import dataclass, replace
from time import perf_counter

import numpy as np
from jaxtyping import Float, UInt8

from core.align_to_mask import AlignMemory, align_to_mask
from core.camera import DEFAULT_FOV_RAD, Camera
from core.crop import CropCamera, student_input
from core.frame import Frame
from core.model import CategoryModel
from core.results import Box, Codes, FrameResult, Mask, RootHypotheses, SeenPoints
from core.root_pose import root_to_crop
from core.segment.segmenter import Points, Segmenter, SegmentMemory
from core.student_runner import Prediction, StudentRunner
from core.temporal import CameraPrediction, Estimate, SmoothingConfig, TemporalMemory, settle
from core.temporal_encoder import TemporalEncoder
from core.track import Track, follow


@dataclass(frozen=True, eq=False)
class PipelineMemory:
    """What one frame leaves for the next."""

    segment: SegmentMemory | None = None
    track: Track | None = None
    temporal: TemporalMemory | None = None
    align: AlignMemory | None = None
    window: tuple[FrameResult, ...] = ()
    """The last raw results, for the temporal encoder."""
    last: FrameResult | None = None


@dataclass(frozen=True, eq=False)
class Pipeline:
    """Every stage up to the pose; skinning and drawing follow where they are wanted."""

    model: CategoryModel
    segmenter: Segmenter
    student: StudentRunner
    fov_rad: float = DEFAULT_FOV_RAD
    """Field of view on the image's long side."""
    smoothing: SmoothingConfig = SmoothingConfig()  # noqa: RUF009 - frozen
    aligns: bool = True
    """Depth and place are corrected so that the body's outline lies on the mask's."""
    encoder: TemporalEncoder | None = None
    """Takes the place of the filters on pose and place, unless smoothing is off."""

    @classmethod
    def of(
        cls,
        model: CategoryModel,
        segmenter: Segmenter,
        fov_rad: float = DEFAULT_FOV_RAD,
        smoothing: SmoothingConfig | None = None,
    ) -> "Pipeline":
        """A pipeline with the model's student loaded.

        Raises:
            ModelError: The student cannot be loaded.
        """
        runner = StudentRunner.of(model)
        smoothing = smoothing or SmoothingConfig()
        encoder = TemporalEncoder.of(model)
        return cls(model, segmenter, runner, fov_rad, smoothing, encoder=encoder)

    @property
    def encodes(self) -> bool:
        """Whether the temporal encoder settles each frame."""
        return self.encoder is not None and self.smoothing.strength > 0

    def start(self) -> PipelineMemory:
        """A memory that knows nothing."""
        return PipelineMemory()

    def prompt(
        self,
        frame: Frame,
        box: Box | None = None,
        points: Points | None = None,
        mask: UInt8[np.ndarray, "height width"] | None = None,
        memory: PipelineMemory | None = None,
    ) -> PipelineMemory:
        """Say where the subject is on a frame; step through that frame next."""
        segment = self.segmenter.prompt(frame, box=box, points=points, mask=mask)
        kept = memory.last if memory else None
        return PipelineMemory(segment=segment, last=kept)

    def step(self, frame: Frame, memory: PipelineMemory) -> tuple[FrameResult, PipelineMemory]:
        """Reconstruct one frame."""
        watch = StageWatch()
        camera = Camera.from_fov(frame.width_px, frame.height_px, self.fov_rad)
        mask, segment = self.segmenter.segment(frame, memory.segment)
        track = follow(_in_order(memory.track, frame), mask, frame.time_s)
        watch.mark("segment")
        memory = replace(memory, segment=segment, track=track)
        if track.is_lost or track.box is None or track.crop_box is None:
            result = self._uncovered(frame, camera, mask, memory.last, watch)
            return result, memory
        return self._covered(frame, camera, mask, track, memory, watch)

    def _covered(
        self, frame: Frame, camera: Camera, mask: Mask, track: Track, memory: PipelineMemory,
        watch: "StageWatch",
    ) -> tuple[FrameResult, PipelineMemory]:  # fmt: skip
        assert track.crop_box is not None
        crop = CropCamera.around(camera, track.crop_box, size_px=self.model.input_px)
        image = student_input(frame, mask, crop, self.model.input_px)
        watch.mark("crop")
        prediction = self.student.predict(image, crop.crop_tan)
        watch.mark("student")
        seen = in_camera(prediction, crop, self.model)
        estimate, temporal = settle(seen, frame.time_s, memory.temporal, self.smoothing)
        if self.encodes:
            estimate = _with_raw_pose(estimate, temporal)
        watch.mark("temporal")
        rotations = self.model.joint_rotations(estimate.articulation)
        watch.mark("decode")
        result = FrameResult(
            frame_index=frame.index,
            time_s=frame.time_s,
            is_covered=True,
            confidence=float(np.clip(mask.confidence * estimate.agreement, 0, 1)),
            box=track.box,
            mask=mask,
            K=camera.K,
            image_size=(frame.width_px, frame.height_px),
            root_to_cam=root_pose(estimate.rotation, estimate.place, self.model.centre),
            joint_rotations=rotations,
            codes=_codes(estimate),
            hypotheses=_hypotheses(seen, self.model.centre),
            points=_points(prediction, crop, self.model),
            stage_ms=watch.stage_ms,
        )
        align = None
        if self.aligns:
            result, align = align_to_mask(self.model, result, memory.align)
            watch.mark("align")  # the result holds the watch's own dictionary
        window = memory.window
        if self.encodes:
            assert self.encoder is not None
            result, window = self.encoder.step(result, window)
            watch.mark("temporal")
        memory = replace(memory, temporal=temporal, align=align, window=window, last=result)
        return result, memory

    def _uncovered(
        self,
        frame: Frame,
        camera: Camera,
        mask: Mask,
        last: FrameResult | None,
        watch: "StageWatch",
    ) -> FrameResult:
        """No subject: repeat the last pose, or the mean one in front of the camera."""
        model = self.model
        pose = last.root_to_cam if last else _waiting_pose(model.centre)
        codes = last.codes if last else _mean_codes(model)
        rotations = last.joint_rotations if last else model.joint_rotations(codes.articulation)
        return FrameResult(
            frame.index, frame.time_s, False, 0.0, None, mask, camera.K,
            (frame.width_px, frame.height_px), pose, rotations, codes, stage_ms=watch.stage_ms,
        )  # fmt: skip


class StageWatch:
    """Milliseconds from mark to mark."""

    def __init__(self) -> None:
        self.stage_ms: dict[str, float] = {}
        self._last = perf_counter()

    def mark(self, stage: str) -> None:
        """The named stage, or a part of it, ends now."""
        now = perf_counter()
        self.stage_ms[stage] = self.stage_ms.get(stage, 0.0) + 1000 * (now - self._last)
        self._last = now


def in_camera(prediction: Prediction, crop: CropCamera, model: CategoryModel) -> CameraPrediction:
    """Turn what the student says of a crop into the full camera."""
    poses = root_to_crop(prediction.rotations, prediction.weak, crop.crop_tan, model.centre)
    rotations = crop.crop_to_cam @ poses[:, :3, :3]
    centre = (poses[:, :3, :3] @ model.centre + poses[:, :3, 3]) @ crop.crop_to_cam.T
    depth = np.maximum(centre[:, 2], 1e-3)
    places = np.stack([np.log(depth), centre[:, 0] / depth, centre[:, 1] / depth], 1)
    return CameraPrediction(
        rotations, places, prediction.probabilities,
        prediction.articulation, prediction.shape, prediction.appearance,
    )  # fmt: skip


def root_pose(
    rotation: Float[np.ndarray, "3 3"],
    place: Float[np.ndarray, " 3"],
    centre: Float[np.ndarray, " 3"],
) -> Float[np.ndarray, "4 4"]:
    """root_to_cam from a rotation and the place of the body's centre (log depth, x / z, y / z)."""
    depth = np.exp(place[0])
    pose = np.eye(4)
    pose[:3, :3] = rotation
    pose[:3, 3] = depth * np.array([place[1], place[2], 1.0]) - rotation @ centre
    return pose


def _with_raw_pose(smooth: Estimate, temporal: TemporalMemory) -> Estimate:
    """Proportions and colours averaged over time, the pose as this frame alone has it."""
    raw = temporal.raw
    assert raw is not None
    return replace(smooth, rotation=raw.rotation, place=raw.place, articulation=raw.articulation)


def _in_order(track: Track | None, frame: Frame) -> Track | None:
    """The track, unless time went back (a loop or a seek): then the past says nothing."""
    return track if track is not None and frame.time_s >= track.time_s else None


def _codes(estimate: Estimate) -> Codes:
    return Codes(estimate.articulation, estimate.shape, estimate.appearance)


def _hypotheses(seen: CameraPrediction, centre: np.ndarray) -> RootHypotheses:
    poses = [root_pose(r, p, centre) for r, p in zip(seen.rotations, seen.places, strict=True)]
    return RootHypotheses(np.stack(poses), seen.probabilities)


def _points(prediction: Prediction, crop: CropCamera, model: CategoryModel) -> SeenPoints | None:
    places = prediction.places
    if places is None or len(model.point_vertices) != len(places):
        return None
    return SeenPoints(places, crop.crop_to_cam, crop.crop_tan)


def _mean_codes(model: CategoryModel) -> Codes:
    appearance = np.zeros(len(model.appearance.components), np.float32)
    return Codes(model.latent.mean, np.zeros(model.shape_count, np.float32), appearance)


def _waiting_pose(centre: np.ndarray) -> Float[np.ndarray, "4 4"]:
    """Standing in front of the camera, seen from the side."""
    rotation = np.array([[0, 0, -1.0], [0, -1, 0], [-1, 0, 0]])
    return root_pose(rotation, np.array([np.log(2.5), 0.0, 0.0]), centre)
