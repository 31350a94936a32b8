"""The "PC explorer": one body with two sliders for each principal component of its poses.

    file = explorer_document(take, model, 8, scale)

Morph targets are named `PC1 +2 sigma`, `PC1 -2 sigma` and so on; at weight 1 the body stands two
standard deviations from the mean pose, exactly as the studio's slider shows it. Between, a slider
moves vertices along straight lines, while the decoder's poses lie on curves: the difference at one
standard deviation is measured and noted.
"""

from dataclasses import dataclass, replace
from typing import Any, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float

from core.articulation import LatentStatistics
from core.errors import ExportError
from core.export.fidelity import Fidelity
from core.export.gltf_document import ARRAY_BUFFER, GltfDocument
from core.export.gltf_parts import add_primitive, vertex_normals
from core.export.joint_names import file_names
from core.export.options import ExportOptions
from core.export.take import Take, posed_in_rig

FULL_SIGMAS = 2.0
"""Where a slider ends."""


@runtime_checkable
class PoseModel(Protocol):
    """The part of a category model that the sliders need."""

    @property
    def latent(self) -> LatentStatistics: ...
    def joint_rotations(self, articulation_code: np.ndarray) -> np.ndarray: ...


@dataclass(frozen=True, eq=False)
class Slider:
    """One morph target."""

    component: int
    """From 0."""
    sign: int
    variance_share: float

    @property
    def name(self) -> str:
        return f"PC{self.component + 1} {self.sign * FULL_SIGMAS:+g} sigma"


def explorer_document(
    take: Take, model: object, options: ExportOptions, scale: float
) -> tuple[GltfDocument, Fidelity]:
    """Build the document and measure it; the caller adds `asset` facts and writes it.

    Args:
        take: For its body and colours.
        model: The one the take was made with.
        options: `explorer_components` and `is_unlit`.
        scale: Metres per rig unit.

    Raises:
        ExportError: Without a model there are no components.
    """
    if not isinstance(model, PoseModel):
        raise ExportError("The explorer needs the model the session was made with: install it.")
    sliders = _sliders(model, options.explorer_components or 1)
    shown = _shown(take, model, sliders, FULL_SIGMAS) * scale
    base, ends = shown[0], shown[1:]
    floor = np.array([0.0, base[:, 1].min(), 0.0])
    body = replace(take.body, vertices=((base - floor) / scale).astype(np.float32))
    document = GltfDocument()
    normals = vertex_normals(base, body.faces)
    targets = [_target(document, end, base, normals, body.faces) for end in ends]
    posed = replace(take, body=body)
    mesh = add_primitive(document, posed, scale, is_unlit=options.is_unlit, targets=targets)
    document.json["meshes"][mesh]["extras"] = {"targetNames": [one.name for one in sliders]}
    name = f"{file_names((take.body.name,), {})[0]}_mesh"
    node = document.add("nodes", {"name": name, "mesh": mesh})
    document.json["scenes"] = [{"name": take.name, "nodes": [node]}]
    document.json["scene"] = 0
    halfway = _shown(take, model, sliders, 0.5 * FULL_SIGMAS)[1:] * scale
    return document, _fidelity(halfway, 0.5 * (base + ends), take.body_length * scale)


def explorer_facts(model: PoseModel, count: int) -> dict[str, Any]:
    """For `extras`: what the sliders stand for."""
    sliders = [
        {"name": one.name, "variance_share": round(one.variance_share, 6)}
        for one in _sliders(model, count)
    ]
    return {"sliders": sliders, "sigmas_at_weight_1": FULL_SIGMAS}


def _sliders(model: PoseModel, count: int) -> list[Slider]:
    shares = model.latent.variance_share
    if count > len(shares):
        raise ExportError(f"The model has {len(shares)} components: ask for at most as many.")
    return [
        Slider(component, sign, float(shares[component]))
        for component in range(count)
        for sign in (1, -1)
    ]


def _shown(
    take: Take, model: PoseModel, sliders: list[Slider], sigmas: float
) -> Float[np.ndarray, "shapes verts 3"]:
    """The mean pose and the body at `sigmas` on each slider, rig space."""
    places = np.zeros((1 + len(sliders), len(model.latent.std)))
    for row, slider in enumerate(sliders, start=1):
        places[row, slider.component] = slider.sign * sigmas
    codes = np.stack([model.latent.code_of(place) for place in places])
    rotations = np.asarray(model.joint_rotations(codes), np.float64)
    return posed_in_rig(take.body, rotations).astype(np.float64)


def _target(
    document: GltfDocument,
    end: np.ndarray,
    base: np.ndarray,
    normals: np.ndarray,
    faces: np.ndarray,
) -> dict[str, int]:
    moved = (end - base).astype(np.float32)
    turned = vertex_normals(end, faces) - normals
    return {
        "POSITION": document.add_accessor(moved, "VEC3", target=ARRAY_BUFFER, has_bounds=True),
        "NORMAL": document.add_accessor(turned, "VEC3", target=ARRAY_BUFFER),
    }


def _fidelity(truth: np.ndarray, shown: np.ndarray, length_m: float) -> Fidelity:
    distance = np.linalg.norm(shown - truth, axis=-1)
    mean, worst = float(distance.mean()), float(distance.max())
    return Fidelity(
        100 * mean, 100 * worst, 100 * mean / length_m, 100 * worst / length_m, len(truth)
    )
