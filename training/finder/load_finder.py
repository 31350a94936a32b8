"""A shipped finder as a network that can learn on.

    network = load_finder(model)               # FinderNetwork, normalisations folded

`finder.onnx` names its weights as the network does (`training/finder/ship_finder.py`).
"""

import onnx
import torch

from core.errors import ExplainedError
from core.model import CategoryModel
from core.segment.finder import FILE
from core.segment.finder_torch import FinderConfig, FinderNetwork
from training.narrow_graph import plain_weights


def load_finder(model: CategoryModel) -> FinderNetwork:
    """The model's finder.

    Raises:
        ExplainedError: It has none, or one of another kind.
    """
    path = model.folder / FILE if model.folder is not None else None
    if path is None or not path.is_file():
        raise ExplainedError(f"The model {model.name} has no finder to learn from: take another.")
    weights = {
        name: torch.from_numpy(values.copy())
        for name, values in plain_weights(onnx.load(path)).items()
    }
    network = FinderNetwork(FinderConfig()).fuse()
    own = network.state_dict()
    try:
        network.load_state_dict({name: weights[name].to(own[name].dtype) for name in own})
    except (KeyError, RuntimeError) as error:
        raise ExplainedError(f"The finder of {model.name} is of another kind.") from error
    return network
