"""The network that finds its category's subject in a whole frame, with no prompt.

    network = FinderNetwork(FinderConfig())
    found = network(picture)                   # logits at a quarter of the resolution

A narrow residual encoder down to 1/32 and a feature pyramid back up to 1/4 (Lin et al., CVPR 2017).
Frames of any size whose sides are multiples of 32; `core/segment/finder.py` runs it.
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

STRIDE = 32
"""Sides of a picture are multiples of this."""
MASK_STRIDE = 4
"""Pixels of the picture per pixel of the mask."""


@dataclass(frozen=True)
class FinderConfig:
    """Sizes of the network."""

    widths: tuple[int, ...] = (16, 24, 48, 96, 128)
    """Channels at 1/2, 1/4, 1/8, 1/16 and 1/32 of the resolution."""
    depths: tuple[int, ...] = (0, 1, 2, 3, 2)
    """Blocks of each."""
    pyramid: int = 40


class Found(NamedTuple):
    """What the network says of a batch of pictures."""

    mask: Float[Tensor, "batch rows columns"]
    """Logits of being the subject."""
    presence: Float[Tensor, " batch"]
    """Logit of there being one at all."""


def conv(inputs: int, outputs: int, size: int, stride: int = 1) -> nn.Sequential:
    """Convolution and normalisation."""
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, size, stride, size // 2, bias=False), nn.BatchNorm2d(outputs)
    )


class Bottleneck(nn.Module):
    """ResNet's narrow block (He et al., CVPR 2016): a third of a plain one's work."""

    def __init__(self, width: int) -> None:
        super().__init__()
        half = width // 2
        self.layers = nn.Sequential(
            conv(width, half, 1), nn.ReLU(), conv(half, half, 3), nn.ReLU(), conv(half, width, 1)
        )

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(x + self.layers(x))


class FinderNetwork(nn.Module):
    """See the module."""

    def __init__(self, config: FinderConfig) -> None:
        super().__init__()
        self.config = config
        stages = []
        for (inputs, outputs), depth in zip(
            pairwise((3, *config.widths)), config.depths, strict=True
        ):
            blocks = [Bottleneck(outputs) for _ in range(depth)]
            stages.append(nn.Sequential(conv(inputs, outputs, 3, 2), nn.ReLU(), *blocks))
        self.stages = nn.ModuleList(stages)
        # Whether a blob is the subject is told by the whole frame too.
        self.context = nn.Linear(config.widths[-1], config.pyramid)
        self.presence = nn.Linear(config.widths[-1], 1)
        self.lateral = nn.ModuleList(nn.Conv2d(w, config.pyramid, 1) for w in config.widths[1:])
        self.smooth = nn.ModuleList(
            conv(config.pyramid, config.pyramid, 3) for _ in config.widths[2:]
        )
        self.mask = nn.Conv2d(config.pyramid, 1, 1)

    def forward(self, picture: Float[Tensor, "batch 3 height width"]) -> Found:
        """Logits of a batch of pictures, sRGB 0..1."""
        grids, x = [], picture * 2 - 1
        for stage in self.stages:
            x = stage(x)
            grids.append(x)
        pooled = x.mean((2, 3))
        merged = self.lateral[-1](x) + self.context(pooled)[..., None, None]
        for lateral, smooth, grid in zip(
            self.lateral[-2::-1], self.smooth, grids[-2:0:-1], strict=True
        ):
            merged = F.interpolate(merged, scale_factor=2.0, mode="nearest") + lateral(grid)
            merged = F.relu(smooth(merged))
        return Found(self.mask(merged)[:, 0], self.presence(pooled)[:, 0])

    def fuse(self) -> "FinderNetwork":
        """Fold all normalisations, in place, for shipping; returns self."""
        self.eval()
        for module in list(self.modules()):
            for name, child in module.named_children():
                if _is_conv(child):
                    setattr(module, name, nn.utils.fuse_conv_bn_eval(child[0], child[1]))
                elif isinstance(child, nn.Sequential):
                    _fuse_inside(child)
        return self


def _is_conv(module: nn.Module) -> bool:
    return (
        isinstance(module, nn.Sequential)
        and len(module) == 2
        and isinstance(module[0], nn.Conv2d)
        and isinstance(module[1], nn.BatchNorm2d)
    )


def _fuse_inside(layers: nn.Sequential) -> None:
    for index, layer in enumerate(layers):
        if _is_conv(layer):
            layers[index] = nn.utils.fuse_conv_bn_eval(layer[0], layer[1])
