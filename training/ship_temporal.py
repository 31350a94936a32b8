"""Write a temporal encoder beside its student, as `temporal.onnx`.

ship_temporal(network, model, facts)
"""

import json
import logging
import os
import tempfile
import warnings
from pathlib import Path
from typing import Any

import onnx
import torch

from core.model import CategoryModel
from core.model_files import model_hash
from core.temporal_encoder import FACTS, FILE
from core.temporal_encoder_torch import TemporalNetwork
from core.temporal_window import FRAMES
from training.narrow_graph import halve


def ship_temporal(network: TemporalNetwork, model: CategoryModel, facts: dict[str, Any]) -> Path:
    """Export the network into the model's folder; returns the file.

    Raises:
        ValueError: The model is not in a folder.
    """
    if model.folder is None:
        raise ValueError(f"the model {model.name} is in no folder")
    with tempfile.TemporaryDirectory() as scratch:
        graph = temporal_graph(network, Path(scratch))
    facts = facts | {"student": model_hash(model.folder)}
    onnx.helper.set_model_props(graph, {FACTS: json.dumps(facts)})
    part = model.folder / f"{FILE}.part"
    part.write_bytes(graph.SerializeToString())
    os.replace(part, model.folder / FILE)
    return model.folder / FILE


def temporal_graph(network: TemporalNetwork, scratch: Path) -> onnx.ModelProto:
    """The network as ONNX, batch 1, weights inside as halves."""
    tokens = torch.zeros(1, FRAMES, network.config.token)
    # It misses torchvision, which we do not use.
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch warns of its own exporter's calls
        torch.onnx.export(
            network.eval(),
            (tokens, torch.ones(1, FRAMES)),
            str(scratch / "temporal.onnx"),
            input_names=["tokens", "is_seen"],
            output_names=["correction"],
            dynamo=True,
            external_data=False,
            verbose=False,
        )
    graph = onnx.load(scratch / "temporal.onnx")
    halve(graph)
    return graph
