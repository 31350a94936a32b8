"""Measure the live path at 640 x 480, stage by stage, on the bundled sample.

Frames go through one after the other, as one thread would do it; the window overlaps reading,
reconstructing and drawing, so it shows at least as many frames a second. Beside it DASR's released
student, rebuilt with random weights, is timed against ours. `--json` ends with one line of figures.
"""

import argparse
import os
import tempfile
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np

from app.commands.argument_types import box, count_from
from core.progress import Writer

if TYPE_CHECKING:
    from core.model import CategoryModel
    from core.pipeline import Pipeline
    from core.results import Box, FrameResult
    from core.sources.source import Source

SAMPLE = Path(__file__).resolve().parents[2] / "assets" / "samples" / "shiba.mp4"
SAMPLE_BOX = (178.0, 82.0, 605.0, 390.0)
"""The dog on the sample's first frame, cropped to 640 x 480."""
SIZE = (640, 480)
WARM_UP_FRAMES = 10
STAGES = ("decode", "segment", "crop", "student", "temporal", "pose", "align", "skin", "draw")
OURS = ("student", "temporal", "pose")
"""From crop to joint rotations: what has to take at most 10 ms."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--model", default="dog", help="name of a model, a folder or .zip")
    parser.add_argument("--input", type=Path, default=SAMPLE, help="another video; cropped alike")
    parser.add_argument("--box", type=box, metavar="X0,Y0,X1,Y1", help="subject, after the crop")
    parser.add_argument("--frames", type=count_from(1), default=150, help="frames to measure")
    parser.add_argument(
        "--no-official", action="store_true", help="leave DASR's released student out"
    )


def run(arguments: argparse.Namespace, out: Writer) -> int:
    """Measure and print a table; the last JSON line holds the figures."""
    from app.commands.official_ratio import official_ratio
    from core.model import load_model
    from core.pipeline import Pipeline
    from core.segment.make_segmenter import make_segmenter
    from core.sources.open_source import open_source

    model = load_model(arguments.model)
    pipeline = Pipeline.of(model, make_segmenter(model=model))
    wanted_box = SAMPLE_BOX if arguments.input == SAMPLE else None
    with tempfile.TemporaryDirectory() as folder:
        video = Path(folder) / "live.mp4"
        make_live_video(arguments.input, video, out)
        with open_source(video) as source:
            path = LivePath(source, pipeline, arguments.box or wanted_box)
            try:
                figures = figures_of(path.measure(arguments.frames, out), path)
            finally:
                path.release()
    if not arguments.no_official:
        ratio = official_ratio(pipeline)
        figures |= vars(ratio) | {"official_student_ratio": ratio.official_student_ratio}
    report(figures, out)
    return 0


def make_live_video(source_path: Path, target: Path, out: Writer) -> None:
    """The input as a 640 x 480 video: scaled to cover, the middle cut out."""
    import cv2

    from app.commands.video_writer import VideoWriter
    from core.sources.open_source import open_source

    width, height = SIZE
    with open_source(source_path) as source, VideoWriter(target, width, height) as writer:
        scale = max(width / source.width_px, height / source.height_px)
        while (frame := source.read()) is not None:
            big = cv2.resize(frame.rgb, None, fx=scale, fy=scale, interpolation=cv2.INTER_LINEAR)
            top, left = (big.shape[0] - height) // 2, (big.shape[1] - width) // 2
            writer.append(big[top : top + height, left : left + width], frame.time_s)
            out.progress("preparing", frame.index + 1, source.frame_count)


class LivePath:
    """Source, pipeline and renderer, timed."""

    def __init__(self, source: "Source", pipeline: "Pipeline", wanted_box: "Box | None") -> None:
        from render.context import offscreen_context
        from render.renderer import Renderer

        self.pipeline = pipeline
        self.ctx = offscreen_context()
        self._source = source
        self._box = wanted_box
        self._renderer = Renderer(self.ctx)
        color, depth = self.ctx.renderbuffer(SIZE, 4), self.ctx.depth_renderbuffer(SIZE)
        self._target = self.ctx.framebuffer([color], depth)

    def measure(self, frames: int, out: Writer) -> list[dict[str, float]]:
        """Milliseconds by stage of each frame, the first few left out; the video is looped."""
        measured: list[dict[str, float]] = []
        memory = self.pipeline.start()
        for number in range(frames + WARM_UP_FRAMES):
            began = perf_counter()
            frame = self._source.read()
            if frame is None:  # the end: from the start again
                self._source.seek(0)
                frame = self._source.read()
                assert frame is not None
            decoded = perf_counter()
            if frame.index == 0:
                memory = self.pipeline.prompt(frame, box=self._box)
            stepped_from = perf_counter()
            result, memory = self.pipeline.step(frame, memory)
            stages = {"decode": 1000 * (decoded - began), **_renamed(result)}
            stages |= self._show(result)
            stages["total"] = 1000 * (perf_counter() - began - (stepped_from - decoded))
            if number >= WARM_UP_FRAMES:
                measured.append(stages)
            out.progress("measuring", number + 1, frames + WARM_UP_FRAMES)
        return measured

    def release(self) -> None:
        """Free the graphics."""
        self._renderer.release()
        self.ctx.release()

    def _show(self, result: "FrameResult") -> dict[str, float]:
        from core.kinematics import forward_kinematics, skin_transforms
        from render.scene import Body, Scene

        began = perf_counter()
        model: CategoryModel = self.pipeline.model
        rig = model.rig_of(result.codes.shape)
        joint_to_rig = forward_kinematics(rig.skeleton, result.joint_rotations)
        body = Body(
            rig,
            skin_transforms(rig.skeleton, joint_to_rig),
            colors=model.colors(result.codes.appearance),
        )
        posed = perf_counter()
        self._renderer.draw(Scene((body,)), self._target)
        self.ctx.finish()
        drawn = perf_counter()
        return {"skin": 1000 * (posed - began), "draw": 1000 * (drawn - posed)}


def _renamed(result: "FrameResult") -> dict[str, float]:
    """The pipeline's stages; its `decode` turns codes into a pose, which is not the video's."""
    return {("pose" if key == "decode" else key): ms for key, ms in result.stage_ms.items()}


def figures_of(stage_ms: list[dict[str, float]], path: LivePath) -> dict[str, Any]:
    """The figures as JSON values."""
    columns = {stage: np.array([frame.get(stage, 0.0) for frame in stage_ms]) for stage in STAGES}
    total = np.array([frame["total"] for frame in stage_ms])
    return {
        "fps": 1000 / float(total.mean()),
        "latency_ms_p95": float(np.percentile(total, 95)),
        "latency_ms_median": float(np.median(total)),
        "student_ms": float(np.median(columns["student"])),
        "student_temporal_decode_ms": float(np.median(sum(columns[stage] for stage in OURS))),
        "stages": {stage: float(values.mean()) for stage, values in columns.items()},
        "stages_p95": {
            stage: float(np.percentile(values, 95)) for stage, values in columns.items()
        },
        "frames": len(stage_ms),
        "size": list(SIZE),
        "cores": os.cpu_count(),
        "model": path.pipeline.model.name,
        "engine": path.pipeline.student.backend,
        "renderer": str(path.ctx.info["GL_RENDERER"]),
    }


def report(figures: dict[str, Any], out: Writer) -> None:
    """The figures as a table for people, and as they are for programs."""
    out.line(f"{'stage':<10}{'mean ms':>10}{'p95 ms':>10}")
    for stage, mean in figures["stages"].items():
        out.line(f"{stage:<10}{mean:>10.2f}{figures['stages_p95'][stage]:>10.2f}")
    out.line(
        f"{figures['fps']:.1f} frames a second, latency {figures['latency_ms_median']:.1f} ms "
        f"(95 %: {figures['latency_ms_p95']:.1f} ms) over {figures['frames']} frames"
    )
    out.line(
        f"student {figures['student_ms']:.1f} ms, with temporal stage and decoding "
        f"{figures['student_temporal_decode_ms']:.1f} ms (medians)"
    )
    if "official_student_ratio" in figures:
        out.line(
            f"side by side: ours {figures['our_student_ms']:.1f} ms, DASR's released student "
            f"{figures['official_student_ms']:.1f} ms ({figures['official_channels_last_ms']:.1f} "
            f"ms with channels last): {figures['official_student_ratio']:.1f} times faster"
        )
    out.line(
        f"{figures['size'][0]} x {figures['size'][1]}, {figures['cores']} cores, model "
        f"{figures['model']} on {figures['engine']}, drawn by {figures['renderer']}"
    )
    out.result(figures)
