"""Segmenters by name."""

from collections.abc import Callable, Mapping
from pathlib import Path

from core.segment.background import BackgroundSegmenter
from core.segment.given_masks import GivenMasks
from core.segment.grabcut_flow import GrabCutFlow
from core.segment.segmenter import Segmenter


def _given_masks(
    path: Path | str, clip: str | None = None, fallback: str | None = None
) -> Segmenter:
    return GivenMasks(path, clip, make_segmenter(fallback) if fallback else None)


SEGMENTERS: Mapping[str, Callable[..., Segmenter]] = {
    "grabcut": GrabCutFlow,
    "background": BackgroundSegmenter,
    "masks": _given_masks,
}
"""Name to factory; the first is the default. Options are the factory's keyword arguments."""


def make_segmenter(name: str = "grabcut", **options: object) -> Segmenter:
    """A new segmenter.

    Raises:
        ValueError: Nobody registered this name.
        SegmentError: It cannot start, such as with a folder that holds no masks.
    """
    if name not in SEGMENTERS:
        raise ValueError(f"no segmenter {name!r}; there are {', '.join(SEGMENTERS)}")
    return SEGMENTERS[name](**options)
