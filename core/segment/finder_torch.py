"""The network that finds its category's subject in a whole frame, with no prompt.

    network = FinderNetwork(FinderConfig())
    found = network(picture)                   # logits at a quarter of the resolution

EfficientNet-Lite0 (Tan and Le, ICML 2019; Liu, 2020) down to 1/16, begun with weights that have
seen a million photographs, since drawn bodies alone teach little of what a photograph is; two
blocks more at 1/32 and a feature pyramid back up to 1/4 (Lin et al., CVPR 2017). Frames of any size
whose sides are multiples of 32; `core/segment/finder.py` runs it.
"""

from collections.abc import Callable
from dataclasses import dataclass
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
    """Sizes of the network; the backbone's are EfficientNet-Lite0's."""

    stem: int = 32
    widths: tuple[int, ...] = (16, 24, 40, 80, 112)
    depths: tuple[int, ...] = (1, 2, 2, 3, 3)
    kernels: tuple[int, ...] = (3, 3, 5, 3, 5)
    strides: tuple[int, ...] = (1, 2, 2, 2, 1)
    expand: int = 6
    deep_blocks: int = 2
    """At 1/32: whether a blob is the subject is told by all around it."""
    deep_expand: int = 2
    pyramid: int = 48


class Found(NamedTuple):
    """What the network says of a batch of pictures."""

    mask: Float[Tensor, "batch rows columns"]
    """Logits of being the subject."""
    presence: Float[Tensor, " batch"]
    """Logit of there being one at all."""


class PaddedConv(nn.Conv2d):
    """A convolution whose border falls as TensorFlow's SAME, for even sides: with stride 2 one
    pixel more at the end than at the start."""

    def __init__(
        self, inputs: int, outputs: int, size: int, stride: int, groups: int, bias: bool = True
    ) -> None:
        total = size - stride
        is_even = total % 2 == 0
        inner = total // 2 if is_even else 0  # a border of its own would cost a copy of the map
        super().__init__(inputs, outputs, size, stride, inner, groups=groups, bias=bias)
        self.border = () if is_even else (total // 2, total - total // 2) * 2

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(F.pad(x, self.border) if self.border else x)


def conv(inputs: int, outputs: int, size: int, stride: int = 1, groups: int = 1) -> nn.Sequential:
    """Convolution and normalisation."""
    return nn.Sequential(
        PaddedConv(inputs, outputs, size, stride, groups, bias=False), nn.BatchNorm2d(outputs)
    )


def folded_conv(
    inputs: int, outputs: int, size: int, stride: int = 1, groups: int = 1
) -> nn.Module:
    """A convolution with its normalisation folded in: what photographs have taught its statistics
    must not be unlearned from drawings."""
    return PaddedConv(inputs, outputs, size, stride, groups)


ConvMaker = Callable[[int, int, int, int, int], nn.Module]


class InvertedResidual(nn.Module):
    """MobileNetV2's block (Sandler et al., CVPR 2018): widen, convolve each channel, narrow."""

    def __init__(
        self, inputs: int, outputs: int, size: int, stride: int, expand: int, make: ConvMaker = conv
    ) -> None:
        super().__init__()
        wide = inputs * expand
        widen = [make(inputs, wide, 1, 1, 1), nn.ReLU6()] if expand > 1 else []
        self.layers = nn.Sequential(
            *widen, make(wide, wide, size, stride, wide), nn.ReLU6(), make(wide, outputs, 1, 1, 1)
        )
        self.is_residual = inputs == outputs and stride == 1

    def forward(self, x: Tensor) -> Tensor:
        return x + self.layers(x) if self.is_residual else self.layers(x)


class Backbone(nn.Module):
    """EfficientNet-Lite0 without its last two stages: grids at 1/2, 1/4, 1/8 and 1/16."""

    def __init__(self, config: FinderConfig) -> None:
        super().__init__()
        self.stem = nn.Sequential(folded_conv(3, config.stem, 3, 2), nn.ReLU6())
        stages, inputs = [], config.stem
        for number, (outputs, depth) in enumerate(zip(config.widths, config.depths, strict=True)):
            expand = config.expand if number else 1
            blocks = []
            for block in range(depth):
                stride = 1 if block else config.strides[number]
                kernel = config.kernels[number]
                blocks.append(
                    InvertedResidual(inputs, outputs, kernel, stride, expand, folded_conv)
                )
                inputs = outputs
            stages.append(nn.Sequential(*blocks))
        self.stages = nn.ModuleList(stages)

    def forward(self, picture: Float[Tensor, "batch 3 height width"]) -> list[Tensor]:
        """The last grid of each resolution, fine ones first; pictures are sRGB 0..1."""
        x = self.stem(picture * (255 / 128) - 127 / 128)
        grids: list[Tensor] = []
        for stage in self.stages:
            x = stage(x)
            if grids and grids[-1].shape[-1] == x.shape[-1]:
                grids.pop()
            grids.append(x)
        return grids


class FinderNetwork(nn.Module):
    """See the module."""

    def __init__(self, config: FinderConfig) -> None:
        super().__init__()
        self.config = config
        self.backbone = Backbone(config)
        deepest = config.widths[-1]
        self.deep = nn.Sequential(*(
            InvertedResidual(deepest, deepest, 5, 1 if block else 2, config.deep_expand)
            for block in range(config.deep_blocks)
        ))  # fmt: skip
        self.context = nn.Linear(deepest, config.pyramid)
        self.presence = nn.Linear(deepest, 1)
        self.lateral = nn.ModuleList(
            nn.Conv2d(width, config.pyramid, 1) for width in (*config.widths[1:3], deepest, deepest)
        )
        self.smooth = nn.ModuleList(conv(config.pyramid, config.pyramid, 3) for _ in range(3))
        self.mask = nn.Conv2d(config.pyramid, 1, 1)

    def forward(self, picture: Float[Tensor, "batch 3 height width"]) -> Found:
        """Logits of a batch of pictures, sRGB 0..1."""
        grids = self.backbone(picture)[1:]
        grids.append(self.deep(grids[-1]))
        pooled = grids[-1].mean((2, 3))
        merged = self.lateral[-1](grids[-1]) + self.context(pooled)[..., None, None]
        for lateral, smooth, grid in zip(
            self.lateral[-2::-1], self.smooth, grids[-2::-1], strict=True
        ):
            merged = F.interpolate(merged, scale_factor=2.0, mode="nearest") + lateral(grid)
            merged = F.relu(smooth(merged))
        return Found(self.mask(merged)[:, 0], self.presence(pooled)[:, 0])

    def fuse(self) -> "FinderNetwork":
        """Fold all normalisations, in place, for shipping; returns self."""
        _fuse_convs(self.eval())
        return self


def _fuse_convs(module: nn.Module) -> None:
    """Fold the normalisation of every `conv` inside of a module, in place."""
    for name, child in module.named_children():
        if _is_conv(child):
            setattr(module, name, nn.utils.fuse_conv_bn_eval(child[0], child[1]))
        else:
            _fuse_convs(child)


def _is_conv(module: nn.Module) -> bool:
    return (
        isinstance(module, nn.Sequential)
        and len(module) == 2
        and isinstance(module[0], nn.Conv2d)
        and isinstance(module[1], nn.BatchNorm2d)
    )
