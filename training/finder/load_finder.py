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
from training.finder.backbone import begin_with_photographs
from training.narrow_graph import plain_weights


def load_finder(model: CategoryModel) -> FinderNetwork:
    """The model's finder; where that is of an older kind, a network that knows photographs and has
    not looked for anything yet.

    Raises:
        ExplainedError: It has none.
    """
    path = model.folder / FILE if model.folder is not None else None
    if path is None or not path.is_file():
        raise ExplainedError(f"The model {model.name} has no finder to learn from: take another.")
    weights = {
        name: torch.from_numpy(values.copy())
        for name, values in plain_weights(onnx.load(path)).items()
    }
    with torch.random.fork_rng():
        torch.manual_seed(0)  # what begins from nothing begins alike each time
        network = FinderNetwork(FinderConfig())
    begin_with_photographs(network.backbone)
    own = network.fuse().state_dict()
    if all(name in weights and weights[name].shape == own[name].shape for name in own):
        network.load_state_dict(weights, strict=False)
    return network
