"""Encoders of DASR's student: a ResNet18 with swish, after stacked hourglasses if wished.

    encoder = DasrEncoder(EncoderSizes(inputs=19, stacks=8))
    grid = encoder(image)                      # (batch, 512, px / 32, px / 32)

The paper puts 8 stacked hourglasses before the ResNet; the released checkpoints have none
(METHODS 1.2, 7). Nothing is initialised from ImageNet.

Source:
    Tan et al., "Distilling Neural Fields for Real-Time Articulated Shape Reconstruction", CVPR
    2023; Newell et al., "Stacked Hourglass Networks", ECCV 2016; He et al., "Deep Residual
    Learning", CVPR 2016.
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn


@dataclass(frozen=True)
class EncoderSizes:
    """What an encoder is built of; the defaults are the released sizes."""

    inputs: int = 19
    stacks: int = 0
    """Hourglasses before the ResNet; 0: the released checkpoints, 8: the paper."""
    width: int = 64
    """Channels of the first stage; each following one has twice as many."""
    channels: int = 256
    """Channels inside the hourglasses."""
    predictions: int = 16
    """Maps that each hourglass hands on; together they are the ResNet's input."""
    depth: int = 3
    """How often an hourglass halves its picture."""


class SwishBlock(nn.Module):
    """ResNet's basic block with swish for ReLU."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.norm1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.norm2 = nn.BatchNorm2d(outputs)
        self.shortcut: nn.Module = nn.Identity()
        if stride != 1 or inputs != outputs:
            self.shortcut = nn.Sequential(
                nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs)
            )

    def forward(self, x: Tensor) -> Tensor:
        inner = self.norm2(self.conv2(F.silu(self.norm1(self.conv1(x)))))
        return F.silu(inner + self.shortcut(x))


class Bottleneck(nn.Module):
    """The pre-activation residual of the hourglasses: 1x1, 3x3, 1x1."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        half = outputs // 2
        self.norms = nn.ModuleList(nn.BatchNorm2d(count) for count in (inputs, half, half))
        self.convs = nn.ModuleList(
            [
                nn.Conv2d(inputs, half, 1),
                nn.Conv2d(half, half, 3, 1, 1),
                nn.Conv2d(half, outputs, 1),
            ]
        )
        self.shortcut = nn.Identity() if inputs == outputs else nn.Conv2d(inputs, outputs, 1)

    def forward(self, x: Tensor) -> Tensor:
        inner = x
        for norm, conv in zip(self.norms, self.convs, strict=True):
            inner = conv(F.silu(norm(inner)))
        return inner + self.shortcut(x)


class Hourglass(nn.Module):
    """Down and up again, with a way past at every size."""

    def __init__(self, depth: int, channels: int) -> None:
        super().__init__()
        self.past = Bottleneck(channels, channels)
        self.down = Bottleneck(channels, channels)
        self.inner = Hourglass(depth - 1, channels) if depth > 1 else Bottleneck(channels, channels)
        self.up = Bottleneck(channels, channels)

    def forward(self, x: Tensor) -> Tensor:
        small = self.up(self.inner(self.down(F.max_pool2d(x, 2))))
        return self.past(x) + F.interpolate(small, scale_factor=2.0, mode="nearest")


class HourglassStack(nn.Module):
    """Hourglasses one after the other; gives the maps of all, a quarter of the picture's side."""

    def __init__(self, sizes: EncoderSizes) -> None:
        super().__init__()
        wide = sizes.channels
        self.stem = nn.Sequential(
            nn.Conv2d(sizes.inputs, wide // 4, 7, 2, 3), nn.BatchNorm2d(wide // 4), nn.SiLU(),
            Bottleneck(wide // 4, wide // 2), nn.MaxPool2d(2),
            Bottleneck(wide // 2, wide // 2), Bottleneck(wide // 2, wide),
        )  # fmt: skip
        self.features = nn.ModuleList(
            nn.Sequential(
                Hourglass(sizes.depth, wide), Bottleneck(wide, wide),
                nn.Conv2d(wide, wide, 1), nn.BatchNorm2d(wide), nn.SiLU(),
            )
            for _ in range(sizes.stacks)
        )  # fmt: skip
        self.predictions = nn.ModuleList(
            nn.Conv2d(wide, sizes.predictions, 1) for _ in range(sizes.stacks)
        )
        between = range(sizes.stacks - 1)
        self.keep_features = nn.ModuleList(nn.Conv2d(wide, wide, 1) for _ in between)
        self.keep_predictions = nn.ModuleList(
            nn.Conv2d(sizes.predictions, wide, 1) for _ in between
        )

    def forward(self, image: Tensor) -> Tensor:
        x, maps = self.stem(image), []
        for index, (features, predict) in enumerate(
            zip(self.features, self.predictions, strict=True)
        ):
            found = features(x)
            maps.append(predict(found))
            if index < len(self.keep_features):
                x = x + self.keep_features[index](found) + self.keep_predictions[index](maps[-1])
        return torch.cat(maps, 1)


class DasrEncoder(nn.Module):
    """Picture to a map of 8 * width channels, 1/32 of the picture's side."""

    def __init__(self, sizes: EncoderSizes) -> None:
        super().__init__()
        width = sizes.width
        if sizes.stacks:
            maps = sizes.stacks * sizes.predictions
            self.stem = nn.Sequential(HourglassStack(sizes), nn.Conv2d(maps, width, 3, 1, 1))
        else:
            self.stem = nn.Sequential(
                nn.Conv2d(sizes.inputs, width, 7, 2, 3, bias=False), nn.BatchNorm2d(width),
                nn.SiLU(), nn.MaxPool2d(3, 2, 1),
            )  # fmt: skip
        stages: list[nn.Module] = []
        before = width
        for stage in range(4):
            wide = width << stage
            stages += [SwishBlock(before, wide, 1 if stage == 0 else 2), SwishBlock(wide, wide, 1)]
            before = wide
        self.stages = nn.Sequential(*stages)
        self.outputs = before

    def forward(self, image: Tensor) -> Tensor:
        return self.stages(self.stem(image))


def parameter_count(module: nn.Module) -> int:
    """How many numbers a network learns."""
    return sum(parameter.numel() for parameter in module.parameters())
