"""Means over clips, so that a table has a last line."""

from collections.abc import Sequence
from dataclasses import fields
from typing import Any

import numpy as np

from training.evaluation.real_scores import RealScores
from training.evaluation.truth_scores import TruthScores


def mean_truth_scores(scores: Sequence[TruthScores]) -> TruthScores:
    """Each clip counts the same; scores that do not apply to a clip are left out of the mean.

    Raises:
        ValueError: There is nothing to average, or the clips were aligned in different ways.
    """
    if not scores:
        raise ValueError("there are 0 clips to average")
    if len({one.alignment for one in scores}) > 1:
        raise ValueError("scores under different alignments have no mean")
    means: dict[str, Any] = {
        field.name: _mean([getattr(one, field.name) for one in scores])
        for field in fields(TruthScores)
        if field.name not in ("alignment", "frames")
    }
    frames = sum(one.frames for one in scores)
    return TruthScores(alignment=scores[0].alignment, frames=frames, **means)


def joined_real_scores(scores: Sequence[RealScores]) -> RealScores:
    """All key frames as if of one clip: each frame counts the same."""
    frames = tuple(frame for one in scores for frame in one.frames)
    count = sum(one.transfer_count for one in scores)
    hits = sum((one.transfer or 0.0) * one.transfer_count for one in scores)
    return RealScores(frames, hits / count if count else None, count)


def _mean(values: list[Any]) -> Any:
    """Mean of numbers, of dictionaries by key and of tuples by place; None if there is none."""
    there = [value for value in values if value is not None]
    if not there:
        return None
    if isinstance(there[0], dict):
        keys = {key: None for value in there for key in value}
        return {key: _mean([value.get(key) for value in there]) for key in keys}
    if isinstance(there[0], tuple):
        return tuple(_mean(list(column)) for column in zip(*there, strict=True))
    return float(np.mean(there))
