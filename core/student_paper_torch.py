"""The paper's student with our outputs: for those with a GPU who want the networks as published.

    network = PaperStudent(PaperConfig())
    prediction = network(image, crop_tan)      # core.student.StudentPrediction

Eight stacked hourglasses and a ResNet18 see pose and articulation, another ResNet18 appearance,
all at 224 px (DASR, section 3.3; METHODS 1.2). Against the original: our five input channels for
its nineteen (it needs a network for surface embeddings), means over the whole map for the corner
that its code keeps, and a weak-perspective place for each hypothesis where it borrows the
teacher's. A network of this kind learns from the same crops and losses as `core/student.py`.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn

from core.dasr_encoder_torch import DasrEncoder, EncoderSizes
from core.student import ROOT_NUMBERS, StudentConfig, StudentNetwork, StudentPrediction

INPUT_CHANNELS = 5


@dataclass(frozen=True)
class PaperConfig:
    """Sizes of the network; the defaults are the paper's."""

    input_px: int = 224
    stacks: int = 8
    channels: int = 256
    """Inside the hourglasses."""
    width: int = 64
    """Of the ResNets' first stage."""
    hypotheses: int = 6
    articulation: int = 16
    shape: int = 0
    appearance: int = 64

    def __post_init__(self) -> None:
        if self.input_px % 32:
            raise ValueError(f"input of {self.input_px} px is no multiple of 32")

    @property
    def widths(self) -> tuple[int, ...]:
        """Channels at each halving of the resolution, as `core.student.StudentConfig` has them."""
        return tuple(self.width << max(0, level - 1) for level in range(5))

    @property
    def pose_encoder(self) -> EncoderSizes:
        """Sizes of the encoder for pose and articulation."""
        return EncoderSizes(INPUT_CHANNELS, self.stacks, self.width, self.channels)

    @property
    def appearance_encoder(self) -> EncoderSizes:
        """Sizes of the encoder for appearance: no hourglasses."""
        return EncoderSizes(INPUT_CHANNELS, 0, self.width)


class PaperSeen(NamedTuple):
    """As `core.student.StudentNetwork.see` gives it; there are no points on the way."""

    features: Float[Tensor, "batch features"]
    points: None


class PaperStudent(nn.Module):
    """Two encoders, and one linear head for each of root, codes and appearance."""

    def __init__(self, config: PaperConfig) -> None:
        super().__init__()
        self.config = config
        self.pose_encoder = DasrEncoder(config.pose_encoder)
        self.appearance_encoder = DasrEncoder(config.appearance_encoder)
        features = self.pose_encoder.outputs + 1
        self.roots = nn.Linear(features, config.hypotheses * ROOT_NUMBERS)
        self.codes = nn.Linear(features, config.articulation + config.shape)
        self.appearance = nn.Linear(self.appearance_encoder.outputs, config.appearance)

    def see(
        self, image: Float[Tensor, "batch 5 height width"], crop_tan: Float[Tensor, " batch"]
    ) -> PaperSeen:
        """The features of both encoders, one after the other."""
        pose = self.pose_encoder(image).mean((2, 3))
        appearance = self.appearance_encoder(image).mean((2, 3))
        return PaperSeen(torch.cat([pose, crop_tan[:, None].to(pose.dtype), appearance], 1), None)

    def predict(self, features: Float[Tensor, "batch features"]) -> StudentPrediction:
        """All outputs from the features."""
        config = self.config
        of_pose = self.pose_encoder.outputs + 1
        pose, appearance = features[:, :of_pose], features[:, of_pose:]
        articulation, shape = self.codes(pose).split([config.articulation, config.shape], 1)
        roots = self.roots(pose).view(-1, config.hypotheses, ROOT_NUMBERS)
        return StudentPrediction(roots, articulation, shape, self.appearance(appearance))

    def forward(
        self, image: Float[Tensor, "batch 5 height width"], crop_tan: Float[Tensor, " batch"]
    ) -> StudentPrediction:
        return self.predict(self.see(image, crop_tan).features)

    def fuse(self) -> "PaperStudent":
        """For shipping; returns self. ONNX Runtime folds the normalisations itself."""
        return self.eval()


def network_of(config: StudentConfig | PaperConfig) -> StudentNetwork | PaperStudent:
    """The network of a configuration, whichever kind it is."""
    return PaperStudent(config) if isinstance(config, PaperConfig) else StudentNetwork(config)


def config_of(fields: dict[str, Any]) -> StudentConfig | PaperConfig:
    """A configuration from its fields, as they are kept with a run; `stacks` tells the kind."""
    if "stacks" in fields:
        return PaperConfig(**fields)
    return StudentConfig(**(fields | {"widths": tuple(fields["widths"])}))
