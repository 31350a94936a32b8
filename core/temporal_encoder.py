"""Runs a model's temporal encoder: raw poses of a window in, the middle frame's pose out.

    encoder = TemporalEncoder.of(model)            # None: the model has none
    results = encoder.refined(results, future=6)   # recorded: looks six frames ahead
    result, memory = encoder.step(result, memory)  # live: causal

The graph, `temporal.onnx`, lies beside the student's and names the weights it was trained for: with
any others it is left alone, and One-Euro filters (core/temporal.py) smooth instead.
"""

import json
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float

from core.model import CategoryModel
from core.model_files import model_hash
from core.results import FrameResult
from core.temporal_window import (
    RADIUS,
    SeenFrames,
    corrected,
    correction_count,
    token_count,
    window_tokens,
)

FILE = "temporal.onnx"
FACTS = "dasr_temporal"
"""Key of the graph's metadata: JSON with `student`, the hash of the weights it belongs to."""
GAP_S = 0.7
"""After a longer gap the past says nothing."""

Network = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""(batch, 13, numbers) and (batch, 13), both float32, to (batch, correction)."""


@dataclass(frozen=True, eq=False)
class TemporalEncoder:
    """A network with the model whose poses it corrects."""

    network: Network
    model: CategoryModel

    @classmethod
    def of(cls, model: CategoryModel) -> "TemporalEncoder | None":
        """The model's encoder, if it has one that fits its student."""
        path = model.folder / FILE if model.folder is not None else None
        if path is None or not path.is_file():
            return None
        network = _load(path, model)
        return None if network is None else cls(network, model)

    def step(
        self, result: FrameResult, memory: tuple[FrameResult, ...]
    ) -> tuple[FrameResult, tuple[FrameResult, ...]]:
        """Correct the newest frame by those before it; causal.

        Args:
            result: As the student says it, unsmoothed.
            memory: What the last call gave; empty at the start or after a cut.
        """
        if not result.is_covered:
            return result, memory
        if memory and not 0 < result.time_s - memory[-1].time_s < GAP_S:
            memory = ()
        memory = (*memory[-RADIUS:], replace(result, mask=None, stage_ms={}))
        return self._refined_at(memory, len(memory) - 1, 0, result), memory

    def refined(self, results: Sequence[FrameResult], future: int = RADIUS) -> list[FrameResult]:
        """Correct every frame by those before and `future` ones after it."""
        return [self._refined_at(results, k, future, r) for k, r in enumerate(results)]

    def refined_at(self, results: Sequence[FrameResult], at: int, future: int) -> FrameResult:
        """Correct one frame of a sequence."""
        return self._refined_at(results, at, future, results[at])

    def _refined_at(
        self, results: Sequence[FrameResult], at: int, future: int, result: FrameResult
    ) -> FrameResult:
        """`result` is `results[at]` with everything about it."""
        if not result.is_covered:
            return result
        first = max(0, at - RADIUS)
        near = [results[k] for k in range(first, min(len(results), at + RADIUS + 1))]
        seen = SeenFrames.of(near, self.model.centre)
        if seen is None:
            return result
        at -= first
        seen = replace(seen, is_seen=seen.is_seen & (np.abs(seen.time_s - seen.time_s[at]) < GAP_S))
        window = seen.window(at, future=future)
        if window.is_seen.sum() < 2:  # time says nothing about a still
            return result
        correction = self.correct(window)
        pose = corrected(seen.rotation[at], seen.place[at], seen.articulation[at], correction)
        return _with_pose(self.model, result, *pose)

    def correct(self, window: SeenFrames) -> Float[np.ndarray, " correction"]:
        """The network's word on one window."""
        tokens = window_tokens(window)[None].astype(np.float32)
        return self.network(tokens, window.is_seen[None].astype(np.float32))[0].astype(float)


def _with_pose(
    model: CategoryModel,
    result: FrameResult,
    rotation: np.ndarray,
    place: np.ndarray,
    articulation: np.ndarray,
) -> FrameResult:
    depth = np.exp(place[0])
    pose = np.eye(4)
    pose[:3, :3] = rotation
    pose[:3, 3] = depth * np.append(place[1:], 1.0) - rotation @ model.centre
    codes = replace(result.codes, articulation=articulation)
    return replace(
        result,
        root_to_cam=pose,
        codes=codes,
        joint_rotations=model.joint_rotations(articulation),
    )


def _load(path: Path, model: CategoryModel) -> Network | None:
    """The graph in ONNX Runtime; None, and a line in the log, if it is not for this student."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1  # a window is too small to share
    options.log_severity_level = 3
    log = logging.getLogger(__name__)
    try:
        session: Any = onnxruntime.InferenceSession(
            path, options, providers=["CPUExecutionProvider"]
        )
        facts = json.loads(session.get_modelmeta().custom_metadata_map.get(FACTS, "{}"))
    except Exception as error:  # onnxruntime raises classes of its own for every kind of damage
        log.warning("%s cannot be loaded and is left out: %s", path, error)
        return None
    config = model.student.config
    articulation, hypotheses = int(config["articulation"]), int(config["hypotheses"])
    sizes = [node.shape[-1] for node in (*session.get_inputs()[:1], *session.get_outputs())]
    if sizes != [token_count(articulation, hypotheses), correction_count(articulation)]:
        log.warning("%s is for a student of other sizes and is left out", path)
        return None
    if model.folder is None or facts.get("student") != model_hash(model.folder):
        log.warning("%s is for another student and is left out; train it again", path)
        return None

    def run(tokens: np.ndarray, is_seen: np.ndarray) -> np.ndarray:
        return session.run(None, {"tokens": tokens, "is_seen": is_seen})[0]

    return run
