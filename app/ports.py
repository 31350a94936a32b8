"""What the window needs from the rest, as protocols: tests put small fakes behind them.

The real ones are made in `app/services.py`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from core.frame import Frame
from core.results import Box, FrameResult
from core.sources.source import Source

Memory = Any
"""State across frames; opaque here. `core.pipeline.Memory` in the real program."""


class Reconstructor(Protocol):
    """The pipeline: frame in, result out, state passed along. Used on the inference thread only."""

    def first_memory(self) -> Memory:
        """The state before the first frame."""
        ...

    def step(self, frame: Frame, memory: Memory) -> tuple[FrameResult, Memory]: ...

    def smoothed(self, strength: float) -> "Reconstructor":
        """The same with another strength of smoothing (1 is usual, 0 none); memories stay good."""
        ...

    def prompt(self, frame: Frame, box: Box) -> Memory:
        """The state after being told that the subject of `frame` is inside `box`."""
        ...


@dataclass(frozen=True)
class SegmenterChoice:
    """A way to find the subject, as offered in the toolbar."""

    id: str
    title: str
    hint: str


@dataclass(frozen=True, eq=False)
class Services:
    """Everything the window asks of the outside world."""

    open_source: Callable[[str], Source]
    """Raises SourceError. Called off the GUI thread."""
    list_cameras: Callable[[], list[tuple[str, str]]]
    """(text to open, name) of each camera. Called off the GUI thread."""
    list_models: Callable[[], list[str]]
    load_model: Callable[[str], Any]
    """Gives a `core.model.CategoryModel`; raises ModelError. Called off the GUI thread."""
    segmenters: tuple[SegmenterChoice, ...]
    make_reconstructor: Callable[[Any, str, int, int], Reconstructor]
    """(model, segmenter id, width_px, height_px). Called on the inference thread."""
    sample_path: str | None
    """The bundled clip, or None where it is missing."""
    sample_box: Box | None
    """Where its subject is on the first frame."""
    accepted: str
    """What can be opened, in words, for messages."""
