"""The real parts behind `app/ports.py`. Imports of the heavy ones wait until they are called."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from app.model_shelf import model_place, shelf_models
from app.opening import RIG_SCHEME, RIG_SUFFIXES
from app.ports import Memory, Reconstructor, SegmenterChoice, Services
from core.frame import Frame
from core.results import Box, FrameResult
from core.sources.source import Source

ASSETS = Path(__file__).resolve().parent.parent / "assets"
SAMPLE_BOX = (215.0, 58.0, 545.0, 290.0)
SAMPLE_MASKS = Path(__file__).resolve().parent.parent / "assets" / "samples" / "shiba_masks"
"""The dog on the first frame of assets/samples/shiba.mp4, drawn by hand."""
SEGMENTERS = (
    SegmenterChoice("auto", "Automatic", "Finds its subject by itself; a box corrects it"),
    SegmenterChoice(
        "grabcut", "Colour and motion", "Starts from a box or a guess, follows with optical flow"
    ),
    SegmenterChoice("background", "Still camera", "Whatever moves in front of a fixed background"),
)


def real_services() -> Services:
    """Everything as shipped."""
    sample = ASSETS / "samples" / "shiba.mp4"
    return Services(
        open_source=_open_source,
        list_cameras=_list_cameras,
        list_models=_list_models,
        load_model=_load_model,
        segmenters=SEGMENTERS,
        make_reconstructor=_make_reconstructor,
        sample_path=str(sample) if sample.exists() else None,
        sample_box=SAMPLE_BOX,
        accepted="a video, a folder of images, or a network stream",
    )


def _open_source(text: str) -> Source:
    if text.startswith(RIG_SCHEME):
        from app.played_rig import PlayedSource

        return PlayedSource(text)
    from app.camera_identity import present_text
    from core.sources.open_source import open_source

    return open_source(present_text(text))


def _list_cameras() -> list[tuple[str, str]]:
    from app.camera_identity import lasting_text
    from core.sources.camera import list_cameras

    cameras = list_cameras()
    return [(lasting_text(camera, cameras), camera.name) for camera in cameras]


def _list_models() -> list[str]:
    shipped = sorted(path.parent.name for path in (ASSETS / "models").glob("*/model.json"))
    return [*shipped, *(name for name in shelf_models() if name not in shipped)]


def _load_model(name: str) -> Any:
    if name.lower().endswith(RIG_SUFFIXES):
        from app.played_rig import load_played

        return load_played(Path(name))
    from core.model import load_model

    return load_model(model_place(name))


@dataclass(frozen=True, eq=False)
class PipelineReconstructor:
    """`core.pipeline.Pipeline` as the window's `Reconstructor`."""

    pipeline: Any

    def first_memory(self) -> Memory:
        return self.pipeline.start()

    def step(self, frame: Frame, memory: Memory) -> tuple[FrameResult, Memory]:
        return self.pipeline.step(frame, memory)

    def smoothed(self, strength: float) -> Reconstructor:
        smoothing = replace(self.pipeline.smoothing, strength=strength)
        return PipelineReconstructor(replace(self.pipeline, smoothing=smoothing))

    def prompt(self, frame: Frame, box: Box) -> Memory:
        outline = _sample_outline(frame) if frame.index == 0 and box == SAMPLE_BOX else None
        return self.pipeline.prompt(frame, None if outline is not None else box, mask=outline)


def _sample_outline(frame: Frame) -> Any:
    """The dog's outline on the sample's first frame, drawn by hand: a door shows under its belly,
    and a box cannot tell the two apart."""
    from core.segment.mask_set import open_masks

    outline = open_masks(SAMPLE_MASKS, None).read(0)
    fits = outline is not None and outline.shape == frame.rgb.shape[:2]
    return outline if fits else None


def _make_reconstructor(model: Any, segmenter: str, width_px: int, height_px: int) -> Reconstructor:
    from app.played_rig import PlayedReconstructor, is_played
    from core.pipeline import Pipeline
    from core.segment.make_segmenter import make_segmenter

    if is_played(model):
        return PlayedReconstructor(model)
    return PipelineReconstructor(Pipeline.of(model, make_segmenter(segmenter, model)))
