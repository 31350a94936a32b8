"""Segmenters by name."""

from collections.abc import Callable, Mapping
from pathlib import Path

from core.model import CategoryModel
from core.segment.auto import AutoSegmenter
from core.segment.background import BackgroundSegmenter
from core.segment.finder import SubjectFinder
from core.segment.given_masks import GivenMasks
from core.segment.grabcut_flow import GrabCutFlow
from core.segment.segmenter import Segmenter


def _auto(model: CategoryModel | None) -> Segmenter:
    """With the model's finder; a model that has none has its subject guessed."""
    finder = SubjectFinder.of(model) if model is not None else None
    return AutoSegmenter(finder) if finder is not None else GrabCutFlow()


def _given_masks(
    model: CategoryModel | None,
    path: Path | str,
    clip: str | None = None,
    fallback: str | None = None,
) -> Segmenter:
    return GivenMasks(path, clip, make_segmenter(fallback, model) if fallback else None)


SEGMENTERS: Mapping[str, Callable[..., Segmenter]] = {
    "auto": _auto,
    "grabcut": lambda model: GrabCutFlow(),
    "background": lambda model: BackgroundSegmenter(),
    "masks": _given_masks,
}
"""Name to factory; the first is the default. All are given the model, and keyword arguments."""


def make_segmenter(
    name: str = "auto", model: CategoryModel | None = None, **options: object
) -> Segmenter:
    """A new segmenter.

    Args:
        name: One of `SEGMENTERS`.
        model: Whose subject is looked for, if that is known.
        options: The factory's own.

    Raises:
        ValueError: Nobody registered this name.
        SegmentError: It cannot start, such as with a folder that holds no masks.
    """
    if name not in SEGMENTERS:
        raise ValueError(f"no segmenter {name!r}; there are {', '.join(SEGMENTERS)}")
    return SEGMENTERS[name](model, **options)
