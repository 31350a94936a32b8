"""Clips from what was typed on the command line.

clips = find_clips(["clips/gallop", "real-dev"], data, category="dog")
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from core.errors import SourceError
from training.clip import Clip, read_clip
from training.evaluation.annotations import (
    KeyFrame,
    RealClip,
    find_real_clips,
    load_real_clip,
)

TestClip = Clip | RealClip


def find_clips(words: Sequence[str], data: Path, subject: str, build: str) -> list[TestClip]:
    """Read all clips that were named.

    Args:
        words: Clip folders, annotation files, "real-dev", "real-test".
        data: Holds annotations/ and videos/ for the real sets.
        subject: Chooses among the real sets' clips: "dog", "cat", "quadruped", "human".
        build: "quadruped" or "human": chooses if no clip is of that subject.

    Raises:
        SourceError: One of them is not there or is damaged.
    """
    return [clip for word in words for clip in _clips(word, data, subject, build)]


def subject_clips(clips: Sequence[RealClip], subject: str, build: str) -> list[RealClip]:
    """Clips of the very species by name (dog_..., cat_...), else all of that build."""
    build = subject if subject in ("quadruped", "human") else build
    of_species = [clip for clip in clips if clip.name.split("_")[0] == subject]
    return of_species or [clip for clip in clips if clip.category == build]


def without_truth(clip: Clip) -> RealClip:
    """A clip of which only the masks are known, scored by them in every frame."""
    assert clip.folder is not None
    frames = tuple(
        KeyFrame(index, mask, {}) for index, mask in enumerate(clip.masks) if np.any(mask)
    )
    if not frames:
        raise SourceError(f"The clip {clip.name} has neither truth nor masks to be scored by.")
    return RealClip(clip.name, clip.category, *clip.image_size, clip.folder / "rgb.mp4", frames)


def _clips(word: str, data: Path, subject: str, build: str) -> list[TestClip]:
    if word == "real-dev" or word == "real-test":
        clips = subject_clips(find_real_clips(data, word), subject, build)
        if not clips:
            raise SourceError(f"{word} has no clip of {subject} or any {build}; see --subject.")
        return [*clips]
    path = Path(word)
    if path.suffix == ".json":
        return [load_real_clip(path, path.resolve().parent.parent / "videos")]
    if not path.is_dir():
        raise SourceError(
            f"There is no clip {word}: give a clip's folder, an annotation .json, "
            "real-dev or real-test."
        )
    clip = read_clip(path)
    return [clip if clip.truth is not None else without_truth(clip)]
