"""Runs a model's finder: a whole frame in, where its category's subject is out; no prompt.

    finder = SubjectFinder.of(model)               # None: the model has none
    found = finder.find(frame.rgb)
    found.presence, found.box, found.see(view)

The graph, `finder.onnx`, lies beside the student's. It sees the frame shrunk to a long side of 320.
"""

import json
import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from jaxtyping import Bool, Float32, UInt8

from core.model import CategoryModel
from core.results import Box

FILE = "finder.onnx"
FACTS = "dasr_finder"
"""Key of the graph's metadata: JSON about its training."""
LONG_SIDE_PX = 320
CAREFUL = "careful"
"""Among these facts: what is added to the logits of the mask, for what learned from drawn bodies is
too careful with real ones."""
_CAREFUL = 0.5
"""Where the file does not say. (The dog's development key frames, whole clips with no prompt, with
its finder that says 1: masks .839 with a half, .859 with 1.)"""
STRIDE = 32
"""Sides of what the network sees are multiples of this."""
_LEAST_SHARE = 0.15
"""Blobs of less than this share of the largest one's weight are left out."""

Network = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]
"""(1, 3, height, width) sRGB 0..1 to mask logits (1, rows, columns) and presence logit (1,)."""


@dataclass(frozen=True, eq=False)
class FoundSubject:
    """What the finder says of one frame."""

    logits: Float32[np.ndarray, "rows columns"]
    """Of being the subject; covers the whole frame."""
    presence: float
    """0..1: whether there is a subject at all."""
    frame_size: tuple[int, int]
    """Width, height of the frame in pixels."""

    @cached_property
    def subject(self) -> Bool[np.ndarray, "rows columns"]:
        """The blob that is most surely the subject, with its larger satellites."""
        likely = self.logits > 0
        count, labels = cv2.connectedComponents(likely.astype(np.uint8))
        if count <= 1:
            return likely
        weight = np.bincount(labels.ravel(), weights=np.maximum(self.logits, 0).ravel())
        weight[0] = 0
        return (weight > max(_LEAST_SHARE * weight.max(), 1e-9))[labels]

    @cached_property
    def box(self) -> Box | None:
        """Around the subject in full-image pixels; None if nothing was found."""
        rows, columns = np.flatnonzero(self.subject.any(1)), np.flatnonzero(self.subject.any(0))
        if len(rows) == 0:
            return None
        x_unit = self.frame_size[0] / self.logits.shape[1]
        y_unit = self.frame_size[1] / self.logits.shape[0]
        return (
            float(columns[0] * x_unit), float(rows[0] * y_unit),
            float((columns[-1] + 1) * x_unit), float((rows[-1] + 1) * y_unit),
        )  # fmt: skip

    @cached_property
    def alpha(self) -> UInt8[np.ndarray, "height width"]:
        """The mask at the frame's size."""
        kept = np.where(self.subject, self.logits, np.minimum(self.logits, -1))
        grown = cv2.resize(kept, self.frame_size, interpolation=cv2.INTER_LINEAR)
        return np.where(grown > 0, np.uint8(255), np.uint8(0))


@dataclass(frozen=True, eq=False)
class SubjectFinder:
    """A network ready to run."""

    network: Network
    careful: float = _CAREFUL

    @classmethod
    def of(cls, model: CategoryModel) -> "SubjectFinder | None":
        """The model's finder, if it has one."""
        path = model.folder / FILE if model.folder is not None else None
        if path is None or not path.is_file():
            return None
        return _load(path)

    def find(self, rgb: UInt8[np.ndarray, "height width 3"]) -> FoundSubject:
        """Look for the subject in a whole frame."""
        height, width = rgb.shape[:2]
        rows, columns = seen_size(height, width)
        small = cv2.resize(rgb, (columns, rows), interpolation=cv2.INTER_AREA)
        picture = small.transpose(2, 0, 1)[None].astype(np.float32) / np.float32(255)
        mask, presence = self.network(picture)
        told = 1 / (1 + np.exp(-float(presence[0])))
        return FoundSubject(mask[0] + np.float32(self.careful), told, (width, height))


def seen_size(height: int, width: int) -> tuple[int, int]:
    """Rows and columns of what the network sees; nearly the frame's shape."""
    scale = LONG_SIDE_PX / max(height, width)
    rows, columns = (max(STRIDE, round(side * scale / STRIDE) * STRIDE) for side in (height, width))
    return rows, columns


def _load(path: Path) -> SubjectFinder | None:
    """The graph in ONNX Runtime; None, and a line in the log, if it cannot be used."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 2
    options.log_severity_level = 3
    # Threads that spin between frames would starve the window and the student.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        session: Any = onnxruntime.InferenceSession(
            path, options, providers=["CPUExecutionProvider"]
        )
        facts = json.loads(session.get_modelmeta().custom_metadata_map.get(FACTS, "{}"))
        careful = float(facts.get(CAREFUL, _CAREFUL))
        names = [node.name for node in session.get_outputs()]
    except Exception as error:  # onnxruntime raises classes of its own for every kind of damage
        logging.getLogger(__name__).warning("%s cannot be loaded and is left out: %s", path, error)
        return None
    if names != ["mask", "presence"]:
        logging.getLogger(__name__).warning("%s is no finder and is left out", path)
        return None

    def run(picture: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        mask, presence = session.run(["mask", "presence"], {"picture": picture})
        return mask, presence

    return SubjectFinder(run, careful)
