"""A category model: everything needed to reconstruct one category.

    model = load_model("dog")                  # assets/models/dog, or any folder or .zip
    colors = model.colors(result.codes.appearance)

Arrays live in `weights.safetensors`, facts in `model.json`, the network's graph in `student.onnx`
(its weights are read out of the safetensors file, so they ship once). Nothing is unpickled.
"""

from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from core.appearance import AppearanceBasis
from core.articulation import ArticulationDecoder, LatentStatistics
from core.rig import Rig
from core.shape_space import ShapeSpace

MODELS_FOLDER = Path(__file__).resolve().parent.parent / "assets" / "models"


@dataclass(frozen=True, eq=False)
class StudentFiles:
    """Where the student's network is, and how to feed it."""

    config: dict[str, Any]
    """Sizes, as `core.student.StudentConfig`."""
    weights: dict[str, np.ndarray]
    """Fused weights, named as in `core.student.StudentNetwork`; float16."""
    onnx_path: Path | None
    """The graph for ONNX Runtime, beside its weights file."""


@dataclass(frozen=True, eq=False)
class CategoryModel:
    """Rig, decoders, student and latent statistics of one category."""

    name: str
    card: dict[str, Any]
    """Category, training data, licence, measured accuracy."""
    rig: Rig
    shape: ShapeSpace
    articulation: ArticulationDecoder
    appearance: AppearanceBasis
    latent: LatentStatistics
    student: StudentFiles
    folder: Path | None = field(default=None)

    @property
    def input_px(self) -> int:
        return int(self.student.config["input_px"])

    @property
    def shape_count(self) -> int:
        return len(self.shape.names)

    @property
    def centre(self) -> Float[np.ndarray, " 3"]:
        """The point of rig space that the student's translation places."""
        return body_centre(self.rig)

    @property
    def point_vertices(self) -> Int[np.ndarray, " points"]:
        """The vertices that the student looks for (core/results.py: SeenPoints); empty where it
        finds none, or they are not known."""
        return np.array(self.card.get("point_vertices", ()), int)

    def rig_of(self, shape_code: Float[np.ndarray, " shape"]) -> Rig:
        """The rig with the proportions of a shape code; numbers it lacks at its end are 0."""
        return self.shape.apply(self.rig, shape_code)

    def joint_rotations(
        self, articulation_code: Float[np.ndarray, "*batch articulation"]
    ) -> Float[np.ndarray, "*batch joints 3 3"]:
        """Rotations of all joints for an articulation code."""
        return self.articulation.decode(articulation_code)

    def colors(
        self, appearance_code: Float[np.ndarray, " appearance"]
    ) -> Float[np.ndarray, "verts 3"]:
        """Vertex colours, sRGB 0..1, for an appearance code."""
        return self.appearance.decode(appearance_code)


def body_centre(rig: Rig) -> Float[np.ndarray, " 3"]:
    """Middle of the rest mesh's bounding box; used by the student and by its training."""
    return 0.5 * (rig.vertices.min(0) + rig.vertices.max(0)).astype(np.float64)


def load_model(name_or_path: str | Path) -> CategoryModel:
    """Read a category model.

    Args:
        name_or_path: The name of a model in assets/models, or a folder, or a .zip of one.

    Raises:
        ModelError: It is missing, broken, of an unknown version, or holds a non-finite number.
    """
    from core.model_files import find_model, read_model

    path = find_model(name_or_path, MODELS_FOLDER)
    return _cached(read_model, path, path.stat().st_mtime_ns)


@lru_cache(maxsize=4)
def _cached(read: Any, path: Path, _changed_ns: int) -> CategoryModel:
    return read(path)
