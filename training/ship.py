"""From a trained student to a category model folder: fused halves, an ONNX graph that reads them.

    ship_model(ShipJob("dog", knowledge, network, card), folder)

The graph's weights are not stored twice: its initialisers point into `weights.safetensors`, as
halves that the graph widens when ONNX Runtime loads it.
"""

import copy
import json
import logging
import struct
import tempfile
import warnings
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper

from core.model import CategoryModel, StudentFiles
from core.model_files import WEIGHTS, write_model
from core.spread_points import spread_vertices
from core.student import StudentNetwork
from core.student_paper_torch import PaperStudent
from core.student_runner import OUTPUTS, PLACES
from training.rig_teacher import Knowledge

_HALF = ".half"
"""Ends the names of initialisers that the graph widens."""


@dataclass(frozen=True, eq=False)
class ShipJob:
    """What goes into the folder."""

    name: str
    knowledge: Knowledge
    network: StudentNetwork | PaperStudent
    card: dict[str, Any]


def ship_model(job: ShipJob, folder: Path) -> None:
    """Write the category model."""
    network = copy.deepcopy(job.network).fuse()
    weights = {
        name: value.detach().numpy().astype(np.float16)
        for name, value in network.state_dict().items()
    }
    known = job.knowledge
    model = CategoryModel(
        job.name,
        job.card | _points(network, known),
        known.rig,
        known.space,
        known.decoder,
        known.appearance,
        known.latent,
        StudentFiles(asdict(network.config), weights, None),
    )
    write_model(model, folder)
    rounded = {name: torch.from_numpy(value.astype(np.float32)) for name, value in weights.items()}
    network.load_state_dict(rounded)
    with tempfile.TemporaryDirectory() as scratch:
        graph = export_graph(network, Path(scratch))
        link_weights(graph, folder / WEIGHTS)
        path = Path(scratch) / "student.onnx"
        path.write_bytes(graph.SerializeToString())
        shipped = replace(model, student=replace(model.student, onnx_path=path))
        write_model(shipped, folder)


def _points(network: StudentNetwork | PaperStudent, known: Knowledge) -> dict[str, list[int]]:
    """Which vertices the student looks for, for the card."""
    if not _has_points(network):
        return {}
    count = network.config.points  # pyright: ignore[reportAttributeAccessIssue]
    return {"point_vertices": spread_vertices(known.rig, count).tolist()}


def _has_points(network: StudentNetwork | PaperStudent) -> bool:
    return isinstance(network, StudentNetwork) and network.point_head is not None


def ship_again(model: CategoryModel, folder: Path) -> None:
    """Write a shipped model whose other arrays have changed: its graph's links move with them."""
    source = model.student.onnx_path
    write_model(replace(model, student=replace(model.student, onnx_path=None)), folder)
    if source is None:
        return
    graph = onnx.load(source, load_external_data=False)
    places = tensor_places(folder / WEIGHTS)
    for tensor in graph.graph.initializer:
        if tensor.data_location == TensorProto.EXTERNAL:
            offset, length = places[f"student.{tensor.name.removesuffix(_HALF)}"]
            _link(tensor, folder / WEIGHTS, offset, length)
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / "student.onnx"
        path.write_bytes(graph.SerializeToString())
        write_model(replace(model, student=replace(model.student, onnx_path=path)), folder)


def export_graph(network: StudentNetwork | PaperStudent, scratch: Path) -> onnx.ModelProto:
    """The network as ONNX with its weights inside, initialisers named as in torch."""
    px = network.config.input_px
    logging.getLogger("torch.onnx").setLevel(
        logging.ERROR
    )  # it misses torchvision, which we do not use
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch warns of its own exporter's calls
        torch.onnx.export(
            network,
            (torch.zeros(1, 5, px, px), torch.zeros(1)),
            str(scratch / "full.onnx"),
            input_names=["image", "crop_tan"],
            output_names=[*OUTPUTS, *([PLACES] if _has_points(network) else [])],
            dynamo=True,
            external_data=False,
            verbose=False,
        )
    return onnx.load(scratch / "full.onnx")


def link_weights(graph: onnx.ModelProto, weights: Path) -> None:
    """Replace initialisers that the weights file holds by links into it, widened to float32.

    Raises:
        ValueError: A large initialiser is not in the file.
    """
    places = tensor_places(weights)
    kept, linked, casts = [], [], []
    for tensor in graph.graph.initializer:
        name = f"student.{tensor.name}"
        if name not in places:
            if len(tensor.raw_data) > 4096:
                raise ValueError(f"initialiser {tensor.name} is not in {weights.name}")
            kept.append(tensor)
            continue
        offset, length = places[name]
        half = TensorProto(
            name=f"{tensor.name}{_HALF}", data_type=TensorProto.FLOAT16, dims=tensor.dims
        )
        _link(half, weights, offset, length)
        linked.append(half)
        casts.append(helper.make_node("Cast", [half.name], [tensor.name], to=TensorProto.FLOAT))
    del graph.graph.initializer[:]
    graph.graph.initializer.extend(kept + linked)
    nodes = list(graph.graph.node)
    del graph.graph.node[:]
    graph.graph.node.extend(casts + nodes)


def _link(tensor: TensorProto, weights: Path, offset: int, length: int) -> None:
    """Say where a tensor's numbers are."""
    tensor.data_location = TensorProto.EXTERNAL
    del tensor.external_data[:]
    for key, value in (("location", weights.name), ("offset", offset), ("length", length)):
        tensor.external_data.add(key=key, value=str(value))


def tensor_places(path: Path) -> dict[str, tuple[int, int]]:
    """Byte offset and length of every tensor of a safetensors file."""
    with path.open("rb") as file:
        (header_bytes,) = struct.unpack("<Q", file.read(8))
        header = json.loads(file.read(header_bytes))
    start = 8 + header_bytes
    return {
        name: (
            start + entry["data_offsets"][0],
            entry["data_offsets"][1] - entry["data_offsets"][0],
        )
        for name, entry in header.items()
        if name != "__metadata__"
    }
