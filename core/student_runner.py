"""Runs a model's student on one crop: ONNX Runtime where there is a graph, else torch.

runner = StudentRunner.of(model)
prediction = runner.predict(image, crop_tan)       # Prediction of numpy arrays
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float, Float32

from core.errors import ModelError
from core.model import CategoryModel
from core.rotations import matrix_from_6d

OUTPUTS = ("roots", "articulation", "shape", "appearance")
PLACES = "places"
"""Of students that find points of the body (core/student.py: BodyPoints)."""


@dataclass(frozen=True, eq=False)
class Prediction:
    """What the student says about one crop."""

    rotations: Float[np.ndarray, "hypotheses 3 3"]
    """Rig to crop camera."""
    probabilities: Float[np.ndarray, " hypotheses"]
    weak: Float[np.ndarray, "hypotheses 3"]
    """log scale, tx, ty (core/root_pose.py)."""
    articulation: Float[np.ndarray, " articulation"]
    shape: Float[np.ndarray, " shape"]
    appearance: Float[np.ndarray, " appearance"]
    places: Float[np.ndarray, "points 3"] | None = None
    """Where points of the body are in the crop (core/results.py: SeenPoints)."""

    @classmethod
    def from_outputs(cls, roots: np.ndarray, *codes: np.ndarray) -> "Prediction":
        """From the network's raw outputs for one crop."""
        roots = roots.astype(np.float64)
        score = np.exp(roots[:, 6] - roots[:, 6].max())
        return cls(matrix_from_6d(roots[:, :6]), score / score.sum(), roots[:, 7:], *codes)


Network = Callable[[np.ndarray, np.ndarray], list[np.ndarray]]
"""(1, 5, px, px) and (1,) to the raw outputs, four or five, each with a batch axis of 1."""


@dataclass(frozen=True, eq=False)
class StudentRunner:
    """A student ready to run."""

    network: Network
    backend: str
    """"onnxruntime" or "torch"."""

    @classmethod
    def of(cls, model: CategoryModel, threads: int = 2) -> "StudentRunner":
        """Load the student of a model.

        Raises:
            ModelError: The graph and the weights do not fit together.
        """
        if model.student.onnx_path is not None:
            return cls(_onnx_network(model.student.onnx_path, threads), "onnxruntime")
        from core.student_torch import torch_network

        return cls(torch_network(model.student), "torch")

    def predict(self, image: Float32[np.ndarray, "5 px px"], crop_tan: float) -> Prediction:
        """Run the network on one crop."""
        outputs = self.network(image[None], np.array([crop_tan], np.float32))
        return Prediction.from_outputs(*(output[0] for output in outputs))


def _onnx_network(path: Path, threads: int) -> Network:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 3
    # Threads that spin between frames would starve the window and the segmenter.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime raises classes of its own for every kind of damage
        raise ModelError(
            f"The student in {path.parent} cannot be loaded: get the model again."
        ) from error

    there = {output.name for output in session.get_outputs()}
    wanted = [*OUTPUTS, PLACES] if PLACES in there else list(OUTPUTS)

    def run(image: np.ndarray, crop_tan: np.ndarray) -> list[np.ndarray]:
        return session.run(wanted, {"image": image, "crop_tan": crop_tan})

    return run
