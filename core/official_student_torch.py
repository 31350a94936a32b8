"""DASR's released student, rebuilt to be timed against ours: the same sizes, random weights.

    student = OfficialStudent()
    pose = student(image, window)              # one frame of a running video

Two encoders (pose with articulation; surroundings, that is appearance) see a crop of 224 px with
19 channels; temporal encoders over 13 frames; root and angle decoders. Segmentation, surface
embeddings, skinning and colours are left out on both sides. Parameter counts agree with the
official classes (METHODS 7).
"""

from collections.abc import Callable
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn

from core.dasr_encoder_torch import DasrEncoder, EncoderSizes

INPUT_PX = 224
CHANNELS = 19
FRAMES = 13
HYPOTHESES, ROOT_NUMBERS = 6, 30
ARTICULATION, SURROUNDINGS = 16, 64
ANGLES = 54
"""Three for each of the 18 joints of the human skeleton."""


class OfficialPose(NamedTuple):
    """What comes out for one frame."""

    root: Float[Tensor, "batch 9"]
    angles: Float[Tensor, "batch angles"]
    surroundings: Float[Tensor, "batch surroundings"]


class TemporalConv(nn.Module):
    """Three blocks of two convolutions over time, without residuals, as released."""

    def __init__(self, channels: int, outputs: int | None = None) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for _ in range(6):
            layers += [nn.BatchNorm1d(channels), nn.SiLU(), nn.Conv1d(channels, channels, 7, 1, 3)]
        self.layers = nn.Sequential(*layers)
        self.last = nn.Identity() if outputs is None else nn.Linear(channels, outputs)

    def forward(self, window: Float[Tensor, "batch frames channels"]) -> Tensor:
        """The code of the window's centre."""
        centre = self.layers(window.transpose(1, 2))[:, :, window.shape[1] // 2]
        return self.last(centre)


class AngleDecoder(nn.Module):
    """The teacher's frozen network: articulation code to joint angles."""

    def __init__(self) -> None:
        super().__init__()
        widths = [ARTICULATION] + [256] * 4
        self.before = nn.ModuleList(nn.Linear(a, 256) for a in widths[:4])
        self.after = nn.ModuleList(
            nn.Linear(256 + ARTICULATION if k == 0 else 256, 256) for k in range(4)
        )
        self.last = nn.Linear(256, ANGLES)

    def forward(self, code: Tensor) -> Tensor:
        x = code
        for layer in self.before:
            x = torch.relu(layer(x))
        x = torch.cat([x, code], -1)
        for layer in self.after:
            x = torch.relu(layer(x))
        return self.last(x)


class CodeEncoder(nn.Module):
    """A picture to one code: encoder, 3x3, normalisation, swish, and the released pooling."""

    def __init__(self, outputs: int, stacks: int = 0) -> None:
        super().__init__()
        self.encoder = DasrEncoder(EncoderSizes(CHANNELS, stacks))
        self.head = nn.Sequential(
            nn.Conv2d(self.encoder.outputs, outputs, 3, 1, 1, bias=False),
            nn.BatchNorm2d(outputs), nn.SiLU(),
            nn.MaxPool2d(4, 4),  # keeps one corner of the map: a fault of the original
        )  # fmt: skip

    def forward(self, image: Float[Tensor, "batch channels height width"]) -> Tensor:
        return self.head(self.encoder(image))[:, :, 0, 0]


class OfficialStudent(nn.Module):
    """The released sizes; `stacks=8` gives the paper's encoder."""

    def __init__(self, stacks: int = 0) -> None:
        super().__init__()
        self.pose = CodeEncoder(HYPOTHESES * ROOT_NUMBERS + ARTICULATION, stacks)
        self.surroundings = CodeEncoder(SURROUNDINGS)
        self.root_over_time = TemporalConv(HYPOTHESES * ROOT_NUMBERS, ROOT_NUMBERS)
        self.articulation_over_time = TemporalConv(ARTICULATION)
        self.surroundings_over_time = TemporalConv(SURROUNDINGS)
        self.root_decoder = nn.Linear(20, 9)
        self.angle_decoder = AngleDecoder()

    def codes(self, image: Float[Tensor, "batch 19 224 224"]) -> Tensor:
        """All codes of a frame: roots, articulation, surroundings."""
        return torch.cat([self.pose(image), self.surroundings(image)], 1)

    def forward(
        self,
        image: Float[Tensor, "batch 19 224 224"],
        past: Float[Tensor, "batch 12 codes"],
    ) -> OfficialPose:
        """A new frame at the end of a window of codes."""
        window = torch.cat([past, self.codes(image)[:, None]], 1)
        sizes = [HYPOTHESES * ROOT_NUMBERS, ARTICULATION, SURROUNDINGS]
        roots, articulation, surroundings = window.split(sizes, 2)
        return OfficialPose(
            self.root_decoder(self.root_over_time(roots)[:, :20]),
            self.angle_decoder(self.articulation_over_time(articulation)),
            self.surroundings_over_time(surroundings),
        )


def official_step(channels_last: bool = False, seed: int = 0) -> Callable[[], None]:
    """One frame of the released student at batch 1, to be timed; in inference mode, fp32."""
    torch.manual_seed(seed)
    student = OfficialStudent().eval()
    image = torch.rand(1, CHANNELS, INPUT_PX, INPUT_PX)
    if channels_last:
        student = student.to(memory_format=torch.channels_last)
        image = image.contiguous(memory_format=torch.channels_last)
    codes = HYPOTHESES * ROOT_NUMBERS + ARTICULATION + SURROUNDINGS
    past = torch.rand(1, FRAMES - 1, codes)

    def step() -> None:
        with torch.inference_mode():
            student(image, past)

    return step
