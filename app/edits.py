"""Everything that a person has edited, as one value: what undo goes back to."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from app.explore import ExploreState
from core.results import Box, FrameResult

NOTHING: Mapping[int, FrameResult] = MappingProxyType({})


@dataclass(frozen=True)
class KeyedCode:
    """An articulation code that a person put in place of a frame's own."""

    frame: int
    code: tuple[float, ...]


@dataclass(frozen=True)
class Preset:
    """A pose with a name."""

    name: str
    model_name: str
    """Sliders mean nothing to another model."""
    sigmas: tuple[float, ...]


@dataclass(frozen=True)
class Edits:
    """The state between two edits."""

    pose: ExploreState | None = None
    """The sliders; None while they follow the video."""
    locks: frozenset[int] = frozenset()
    """Components that reset, random, mirror, presets and blends leave alone."""
    keys: tuple[KeyedCode, ...] = ()
    """In frame order, one a frame."""
    prompts: tuple[tuple[int, Box], ...] = ()
    """Where the subject was said to be, by frame."""
    in_frame: int | None = None
    out_frame: int | None = None
    presets: tuple[Preset, ...] = ()
    improved: Mapping[int, FrameResult] = field(default_factory=lambda: NOTHING)
    """Results of a slower method, by frame, in place of the first ones."""


def with_key(keys: tuple[KeyedCode, ...], new: KeyedCode) -> tuple[KeyedCode, ...]:
    """The keys with one more, which replaces an older one of its frame."""
    return tuple(sorted((*without_key(keys, new.frame), new), key=lambda key: key.frame))


def without_key(keys: tuple[KeyedCode, ...], frame: int) -> tuple[KeyedCode, ...]:
    """The keys without that of a frame."""
    return tuple(key for key in keys if key.frame != frame)


def with_preset(presets: tuple[Preset, ...], new: Preset) -> tuple[Preset, ...]:
    """The presets with one more, which replaces one of its name; sorted by name."""
    return tuple(sorted((*without_preset(presets, new.name), new), key=lambda one: one.name))


def without_preset(presets: tuple[Preset, ...], name: str) -> tuple[Preset, ...]:
    """The presets without the one of a name."""
    return tuple(one for one in presets if one.name != name)
