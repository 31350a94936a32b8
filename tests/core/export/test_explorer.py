"""The explorer's sliders stand where the studio's do."""

import json
from types import SimpleNamespace

import numpy as np
import pytest

from core.errors import ExportError
from core.export.explorer import explorer_document
from core.export.gltf_evaluate import linear_reference
from core.export.options import ExportOptions
from core.export.take import Take, posed_in_rig
from tests.made_model import made_model

MODEL = made_model()


def tube_take() -> Take:
    eye = np.tile(np.eye(4), (2, 1, 1))
    joints = len(MODEL.rig.skeleton.names)
    return Take(
        name="tube", body=MODEL.rig, frame_index=np.arange(2), times_s=np.array([0.0, 0.1]),
        is_covered=np.ones(2, bool), confidence=np.ones(2),
        joint_rotations=np.tile(np.eye(3), (2, joints, 1, 1)), root_to_cam=eye,
        articulation=np.zeros((2, 16)), K=np.eye(3), image_size=(64, 48),
    )  # fmt: skip


def test_each_slider_ends_at_two_sigma_and_is_named_so() -> None:
    options = ExportOptions(explorer_components=3)
    document, fidelity = explorer_document(tube_take(), MODEL, options, 2.0)
    assert document.json["meshes"][0]["extras"]["targetNames"] == [
        "PC1 +2 sigma", "PC1 -2 sigma", "PC2 +2 sigma", "PC2 -2 sigma", "PC3 +2 sigma",
        "PC3 -2 sigma",
    ]  # fmt: skip
    places = np.zeros((7, 16))
    for target in range(6):
        places[target + 1, target // 2] = 2.0 * (-1) ** target
    codes = np.stack([MODEL.latent.code_of(place) for place in places])
    truth = 2.0 * posed_in_rig(MODEL.rig, MODEL.joint_rotations(codes))
    truth[..., 1] -= truth[0, :, 1].min()
    for target, expected in enumerate(truth):
        shown = shown_with(document.to_glb(), target - 1)
        np.testing.assert_allclose(shown, expected, atol=2e-6)
    assert 0 < fidelity.mean_cm < fidelity.max_cm
    assert fidelity.frames_measured == 6


def shown_with(glb: bytes, target: int) -> np.ndarray:
    """What our receiver shows with one slider at its end: a file whose animation says so."""
    length = int.from_bytes(glb[12:16], "little")
    document = json.loads(glb[20 : 20 + length])
    targets = document["meshes"][0]["primitives"][0]["targets"]
    binary = glb[28 + length :]
    weights = np.zeros(len(targets), "<f4")
    if target >= 0:
        weights[target] = 1
    offset = len(binary)
    binary += np.zeros(1, "<f4").tobytes() + weights.tobytes()
    views, accessors = document["bufferViews"], document["accessors"]
    for start, count in ((offset, 1), (offset + 4, len(weights))):
        views.append({"buffer": 0, "byteOffset": start, "byteLength": 4 * count})
        accessors.append(
            {"bufferView": len(views) - 1, "componentType": 5126, "count": count, "type": "SCALAR"}
        )
    sampler = {"input": len(accessors) - 2, "output": len(accessors) - 1}
    channel = {"sampler": 0, "target": {"node": 0, "path": "weights"}}
    document["animations"] = [{"samplers": [sampler], "channels": [channel]}]
    text = json.dumps(document).encode()
    whole = b"glTF" + np.array([2, 28 + len(text) + len(binary)], "<u4").tobytes()
    whole += np.array([len(text), 0x4E4F534A], "<u4").tobytes() + text
    whole += np.array([len(binary), 0x004E4942], "<u4").tobytes() + binary
    return linear_reference(whole, np.zeros(1)).vertices[0]


def test_what_cannot_be_explored_is_refused() -> None:
    with pytest.raises(ExportError, match="needs the model"):
        explorer_document(tube_take(), SimpleNamespace(), ExportOptions(explorer_components=1), 1.0)
    with pytest.raises(ValueError, match="1 to 16"):
        ExportOptions(explorer_components=17)
