"""Weights of an ONNX graph in fewer bits: a smaller file, the same arithmetic.

halve(graph)                               # in place: float16
quarter(graph)                             # in place: int8 and a scale per output, where it can
weights = plain_weights(graph)             # name to float32 array, whatever they are kept as

ONNX Runtime widens them once, when it loads the graph.
"""

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

_LARGE = 256
"""Arrays of more numbers are narrowed."""
_HALF, _BYTES, _SCALE = ".half", ".bytes", ".scale"


def halve(model: onnx.ModelProto) -> None:
    """Keep large arrays as float16."""
    _narrow(model, has_bytes=False)


def quarter(model: onnx.ModelProto) -> None:
    """Keep large arrays of two axes or more as int8, a scale for each output; others as float16."""
    _narrow(model, has_bytes=True)


def plain_weights(model: onnx.ModelProto) -> dict[str, np.ndarray]:
    """All weights by the names that the network gave them."""
    kept = {array.name: numpy_helper.to_array(array) for array in model.graph.initializer}
    weights = {}
    for name, values in kept.items():
        if name.endswith(_BYTES):
            weights[name.removesuffix(_BYTES)] = values * kept[name.removesuffix(_BYTES) + _SCALE]
        elif not name.endswith(_SCALE):
            weights[name.removesuffix(_HALF)] = values.astype(np.float32)
    return weights


def _narrow(model: onnx.ModelProto, has_bytes: bool) -> None:
    graph, casts, scales = model.graph, [], []
    for array in graph.initializer:
        values, name = numpy_helper.to_array(array), array.name
        if values.dtype != np.float32 or values.size <= _LARGE:
            continue
        if not has_bytes or values.ndim < 2:
            casts.append(_cast(name + _HALF, name))
            array.CopyFrom(numpy_helper.from_array(values.astype(np.float16), name + _HALF))
            continue
        whole, scale = _quantised(values)
        casts.append(_cast(name + _BYTES, name + ".whole"))
        casts.append(helper.make_node("Mul", [name + ".whole", name + _SCALE], [name]))
        array.CopyFrom(numpy_helper.from_array(whole, name + _BYTES))
        scales.append(numpy_helper.from_array(scale, name + _SCALE))
    graph.initializer.extend(scales)
    nodes = list(graph.node)
    del graph.node[:]
    graph.node.extend(casts + nodes)


def _cast(narrow: str, wide: str) -> onnx.NodeProto:
    return helper.make_node("Cast", [narrow], [wide], to=TensorProto.FLOAT)


def _quantised(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Whole numbers -127..127, and what each output's are to be multiplied by."""
    across = tuple(range(1, values.ndim))
    scale = np.maximum(np.abs(values).max(across, keepdims=True), 1e-12) / np.float32(127)
    return np.round(values / scale).astype(np.int8), scale.astype(np.float32)
