"""What a teacher knows, kept in the run folder: a resumed run goes on with the very same decoders.

Learning anew would not do: sums over threads differ in the last digits, and training magnifies
them.
"""

import os
from pathlib import Path

import numpy as np
import torch
from safetensors.numpy import load_file, save_file

from core.appearance import AppearanceBasis
from core.articulation import ArticulationDecoder, LatentStatistics
from training.articulation import ArticulationFit, PoseAutoencoder, WhitenedEncoder
from training.rig_teacher import Knowledge
from training.teacher_protocol import KnowledgeTeacher

FILE = "knowledge.safetensors"


def save_knowledge(knowledge: Knowledge, folder: Path) -> None:
    """Write decoders, statistics and the encoder."""
    fit = knowledge.articulation
    arrays = {f"decoder.{k}": v for k, v in vars(fit.decoder).items()}
    arrays |= {f"latent.{k}": v for k, v in vars(fit.latent).items()}
    arrays |= {f"appearance.{k}": v for k, v in vars(knowledge.appearance).items()}
    arrays |= {f"encoder.{k}": v.numpy() for k, v in fit.encoder.state_dict().items()}
    arrays["rms_error"] = np.array([fit.rms_error])
    part = folder / f"{FILE}.part"
    save_file({k: np.ascontiguousarray(v) for k, v in arrays.items()}, part)
    os.replace(part, folder / FILE)


def load_knowledge(teacher: KnowledgeTeacher, folder: Path) -> Knowledge | None:
    """What was saved for the same rigs, or None."""
    path = folder / FILE
    if not path.exists():
        return None
    arrays = load_file(path)

    def group(prefix: str) -> dict[str, np.ndarray]:
        start = len(prefix) + 1
        return {k[start:]: v for k, v in arrays.items() if k.startswith(prefix + ".")}

    fit = ArticulationFit(
        ArticulationDecoder(**group("decoder")),
        LatentStatistics(**group("latent")),
        _encoder(group("encoder")),
        float(arrays["rms_error"][0]),
    )
    return Knowledge(teacher.template, teacher.space, fit, AppearanceBasis(**group("appearance")))


def _encoder(arrays: dict[str, np.ndarray]) -> WhitenedEncoder:
    state = {name: torch.from_numpy(value.copy()) for name, value in arrays.items()}
    linear = state["net.linear"]
    net = PoseAutoencoder(
        state["net.mean"], linear, torch.ones(linear.shape[1]), len(state["net.decode_hidden.bias"])
    )
    encoder = WhitenedEncoder(net, state["mean"], state["to_white"])
    encoder.load_state_dict(state)
    return encoder
