"""Write a finder beside its student, as `finder.onnx`.

ship_finder(network, model_folder, facts)
"""

import copy
import json
import logging
import os
import tempfile
import warnings
from pathlib import Path
from typing import Any

import onnx
import torch

from core.segment.finder import FACTS, FILE
from core.segment.finder_torch import FinderNetwork
from training.narrow_graph import quarter


def ship_finder(network: FinderNetwork, folder: Path, facts: dict[str, Any]) -> Path:
    """Export the network into a model's folder; returns the file."""
    with tempfile.TemporaryDirectory() as scratch:
        graph = finder_graph(network, Path(scratch))
    onnx.helper.set_model_props(graph, {FACTS: json.dumps(facts)})
    part = folder / f"{FILE}.part"
    part.write_bytes(graph.SerializeToString())
    os.replace(part, folder / FILE)
    return folder / FILE


def finder_graph(network: FinderNetwork, scratch: Path) -> onnx.ModelProto:
    """The network as ONNX for one picture of any size, weights inside as bytes."""
    fused = copy.deepcopy(network).to(memory_format=torch.contiguous_format).fuse()
    # It misses torchvision, which we do not use.
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch warns of its own exporter's calls
        torch.onnx.export(
            fused,
            (torch.zeros(1, 3, 192, 320),),
            str(scratch / FILE),
            input_names=["picture"],
            output_names=["mask", "presence"],
            dynamo=False,  # the other exporter cannot tell that any multiple of 32 will do
            dynamic_axes={
                "picture": {2: "height", 3: "width"},
                "mask": {1: "rows", 2: "columns"},
            },
            opset_version=17,
        )
    graph = onnx.load(scratch / FILE)
    quarter(graph)
    onnx.checker.check_model(graph)
    return graph
