"""Weights in fewer bits are the same weights, as nearly as the bits allow."""

from collections.abc import Callable

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

from training.narrow_graph import halve, plain_weights, quarter


def made_graph() -> tuple[onnx.ModelProto, np.ndarray]:
    """A matrix of which each output has another size, and a long bias."""
    rng = np.random.default_rng(0)
    sizes = np.geomspace(0.01, 100, 300, dtype=np.float32)[:, None]
    matrix = rng.normal(size=(300, 40)).astype(np.float32) * sizes
    bias = rng.normal(size=300).astype(np.float32)
    graph = helper.make_graph(
        [helper.make_node("Gemm", ["x", "matrix", "bias"], ["y"], transB=1)],
        "made",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 40])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 300])],
        [numpy_helper.from_array(matrix, "matrix"), numpy_helper.from_array(bias, "bias")],
    )
    opset = [helper.make_opsetid("", 17)]
    return helper.make_model(graph, opset_imports=opset, ir_version=9), matrix


@pytest.mark.parametrize(("narrow", "error"), [(halve, 6e-4), (quarter, 5e-3)])
def test_narrowed_weights_are_nearly_the_same(
    narrow: Callable[[onnx.ModelProto], None], error: float
) -> None:
    model, matrix = made_graph()
    before = len(model.SerializeToString())
    x = np.random.default_rng(1).normal(size=(1, 40)).astype(np.float32)
    wanted = _run(model, x)
    narrow(model)
    onnx.checker.check_model(model)
    assert len(model.SerializeToString()) < (0.55 if narrow is halve else 0.4) * before
    kept = plain_weights(model)
    assert set(kept) == {"matrix", "bias"}
    largest = np.abs(matrix).max(1, keepdims=True)
    assert (np.abs(kept["matrix"] - matrix) / largest).max() < error
    assert (np.abs(kept["matrix"] - matrix) / largest).max() > 1e-6  # it did narrow
    # An output's error is in its own size's proportion, small outputs' too.
    scale = np.abs(matrix).max(1) * np.abs(x).sum()
    assert (np.abs(_run(model, x) - wanted)[0] / (scale + 1)).max() < error


def _run(model: onnx.ModelProto, x: np.ndarray) -> np.ndarray:
    session = onnxruntime.InferenceSession(model.SerializeToString())
    return session.run(None, {"x": x})[0]
