"""Weights of an ONNX graph as halves: half the file, the same arithmetic.

halve(graph)                               # in place
"""

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

_LARGE = 256
"""Arrays of more numbers are kept as halves."""


def halve(model: onnx.ModelProto) -> None:
    """Keep large arrays as float16, cast back when the graph is loaded."""
    graph, casts = model.graph, []
    for array in graph.initializer:
        values = numpy_helper.to_array(array)
        if values.dtype != np.float32 or values.size <= _LARGE:
            continue
        half = f"{array.name}.half"
        casts.append(helper.make_node("Cast", [half], [array.name], to=TensorProto.FLOAT))
        array.CopyFrom(numpy_helper.from_array(values.astype(np.float16), half))
    nodes = list(graph.node)
    del graph.node[:]
    graph.node.extend(casts + nodes)
