"""Weights of EfficientNet-Lite0 that have seen photographs, for finders to begin with.

    begin_with_photographs(network.backbone)

Learned by Google from ImageNet's photographs, under the Apache licence; `assets/LICENSES.md` says
where they come from. Normalisations are folded in and the last two stages left out.
"""

from pathlib import Path

from safetensors.torch import load_file

from core.errors import ExplainedError
from core.segment.finder_torch import Backbone

FILE = Path(__file__).parents[2] / "assets" / "backbones" / "efficientnet_lite0.safetensors"


def begin_with_photographs(backbone: Backbone, path: Path = FILE) -> None:
    """Fill in the weights.

    Raises:
        ExplainedError: The file is missing, damaged, or of another network.
    """
    try:
        weights = {name: weight.float() for name, weight in load_file(path).items()}
        backbone.load_state_dict(weights)
    except Exception as error:  # safetensors raises one class of its own for every kind of damage
        raise ExplainedError(
            f"{path} does not fit the finder: install the program again."
        ) from error


def freeze_fine_stages(backbone: Backbone, count: int) -> None:
    """Keep the stem and the first stages as they are: edges and textures are those of
    photographs, which drawings would spoil."""
    backbone.stem.requires_grad_(False)
    for stage in list(backbone.stages)[:count]:
        stage.requires_grad_(False)
