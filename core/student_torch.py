"""The student in torch: the twin of the ONNX graph, and the way where there is none."""

import numpy as np
import torch

from core.errors import ModelError
from core.model import StudentFiles
from core.student import StudentNetwork
from core.student_paper_torch import PaperStudent, config_of, network_of


def load_student(files: StudentFiles) -> StudentNetwork | PaperStudent:
    """The fused network with a model's weights, in float32.

    Raises:
        ModelError: Weights are missing or of another shape.
    """
    network = network_of(config_of(files.config)).fuse()
    weights = {
        name: torch.from_numpy(value.astype(np.float32)) for name, value in files.weights.items()
    }
    try:
        network.load_state_dict(weights)
    except RuntimeError as error:
        raise ModelError(
            "The student's weights do not fit its sizes: get the model again."
        ) from error
    return network


def torch_network(files: StudentFiles):
    """A callable as `core.student_runner` wants it."""
    network = load_student(files)

    def run(image: np.ndarray, crop_tan: np.ndarray) -> list[np.ndarray]:
        with torch.inference_mode():
            prediction = network(torch.from_numpy(image), torch.from_numpy(crop_tan))
        return [output.numpy() for output in prediction]

    return run
