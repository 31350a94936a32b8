"""Temporal encoders over a window of frames: one network for live and recorded video.

    network = TemporalNetwork(TemporalConfig(token=63, correction=22))
    correction = network(tokens, is_seen)      # of the window's middle frame

Frames that are not seen (the future, when live) are masked, and training masks at random, so that
the same weights serve with no look at the future and with six frames of it. The correction is a
weighted sum of the other frames' differences from the middle one, weights told by the network,
plus what a small head adds: smoothing costs nothing to learn, and bias can be taken out.

Source:
    DASR (CVPR 2023), section 3.3: Conv1d or transformer over 13 frames; METHODS 1.2, 6h.
"""

from dataclasses import dataclass
from typing import Literal

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float
from torch import Tensor, nn

from core.temporal_window import FRAMES, RADIUS

TemporalKind = Literal["conv", "transformer"]
_FIRST_WIDTH = 2.5
"""Standard deviation, in frames, of the mean that training starts from."""
_MASKED = -1e4


@dataclass(frozen=True)
class TemporalConfig:
    """Sizes of the network."""

    token: int
    """Numbers of a token (core/temporal_window.py)."""
    correction: int
    """Numbers of a correction; a token's first ones are differences of the same kind."""
    kind: TemporalKind = "transformer"
    width: int = 64
    layers: int = 3
    heads: int = 4
    dropout: float = 0.1
    """While training: clips are few beside what a network can learn by heart."""

    def __post_init__(self) -> None:
        if self.correction > self.token:
            raise ValueError(f"tokens of {self.token} numbers, corrections of {self.correction}")
        if self.width % self.heads:
            raise ValueError(f"width {self.width} is no multiple of {self.heads} heads")


class ConvBlock(nn.Module):
    """Norm, swish, convolution over seven frames; with the residual that the original lacks."""

    def __init__(self, config: TemporalConfig) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(config.width)
        self.conv = nn.Conv1d(config.width, config.width, 7, 1, 3)

    def forward(self, x: Tensor, is_seen: Tensor) -> Tensor:
        inner = F.silu(self.norm(x)) * is_seen[..., None]
        return x + self.conv(inner.transpose(1, 2)).transpose(1, 2)


class AttentionBlock(nn.Module):
    """Attention and perceptron side by side behind one norm, as in PaLM and in DASR's code."""

    def __init__(self, config: TemporalConfig) -> None:
        super().__init__()
        self.heads = config.heads
        self.norm = nn.LayerNorm(config.width)
        self.ask = nn.Linear(config.width, 3 * config.width)
        self.answer = nn.Linear(config.width, config.width)
        self.think = nn.Sequential(
            nn.Linear(config.width, 2 * config.width), nn.SiLU(),
            nn.Linear(2 * config.width, config.width),
        )  # fmt: skip

    def forward(self, x: Tensor, is_seen: Tensor) -> Tensor:
        normed = self.norm(x)
        query, key, value = (
            part.unflatten(-1, (self.heads, -1)).transpose(1, 2)
            for part in self.ask(normed).chunk(3, -1)
        )
        score = query @ key.transpose(-1, -2) / query.shape[-1] ** 0.5
        score = score + (1 - is_seen)[:, None, None] * _MASKED
        found = (score.softmax(-1) @ value).transpose(1, 2).flatten(2)
        return x + self.answer(found) + self.think(normed)


class TemporalNetwork(nn.Module):
    """Tokens of a window to the correction of its middle frame."""

    def __init__(self, config: TemporalConfig) -> None:
        super().__init__()
        self.config = config
        self.embed = nn.Linear(config.token, config.width)
        self.positions = nn.Parameter(0.02 * torch.randn(FRAMES, config.width))
        block = ConvBlock if config.kind == "conv" else AttentionBlock
        self.blocks = nn.ModuleList(block(config) for _ in range(config.layers))
        self.norm = nn.LayerNorm(config.width)
        self.weights = nn.Linear(config.width, 2 * config.correction)
        self.extra = nn.Linear(config.width, config.correction)
        offset = torch.arange(-RADIUS, RADIUS + 1) / _FIRST_WIDTH
        self.nearness = nn.Parameter((-0.5 * offset**2)[:, None].repeat(1, config.correction))
        for layer in (self.weights, self.extra):
            nn.init.normal_(layer.weight, std=1e-3)
            nn.init.zeros_(layer.bias)

    def forward(
        self,
        tokens: Float[Tensor, "batch frames token"],
        is_seen: Float[Tensor, "batch frames"] | Bool[Tensor, "batch frames"],
    ) -> Float[Tensor, "batch correction"]:
        is_seen = is_seen.to(tokens.dtype)
        dropout = self.config.dropout
        x = F.dropout(self.embed(tokens) + self.positions, dropout, self.training)
        for block in self.blocks:
            x = F.dropout(block(x, is_seen), dropout, self.training)
        x = self.norm(x)
        logits, pushes = self.weights(x).chunk(2, -1)
        hidden = (1 - is_seen)[..., None] * _MASKED
        share = (logits + self.nearness + hidden).softmax(1)
        # A mean cannot run ahead of what it sees; the signed pushes can.
        weight = share + pushes * is_seen[..., None]
        differences = tokens[..., : self.config.correction]
        return (weight * differences).sum(1) + self.extra(x[:, RADIUS])
