"""The student: one shared encoder, a square crop in, codes and root hypotheses out.

    student = StudentNetwork(StudentConfig())
    prediction = student(image, crop_tan)      # StudentPrediction of tensors

DASR (section 3.3) uses two 8-hourglass encoders; the released one two ResNet18, 9.9 GFLOPs
(METHODS 7). Ours shares one encoder of under half a GFLOP between all heads. The input is the
crop of `core/crop.student_input`: masked RGB, mask, inside-frame; plus the crop's half field of
view, so that perspective is known. Roots are in the crop's virtual camera: 6D rotation, logit,
weak perspective (log scale, tx, ty); `core/root_pose.py` turns them into root_to_cam.
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

ROOT_NUMBERS = 10
"""6 rotation, 1 logit, 3 weak perspective."""


@dataclass(frozen=True)
class StudentConfig:
    """Sizes of the network."""

    input_px: int = 128
    widths: tuple[int, ...] = (32, 48, 96, 160, 256)
    """Channels of the stem (half resolution) and of each stage, each halving the resolution."""
    feature_count: int = 384
    hypotheses: int = 4
    articulation: int = 16
    shape: int = 0
    appearance: int = 64
    points: int = 0
    """Points of the body that are found in the picture on the way (`PointHead`); 0: none."""
    pyramid: int = 96
    """Channels of the maps in which they are found."""

    def __post_init__(self) -> None:
        if self.input_px % 2 ** len(self.widths):
            raise ValueError(
                f"input of {self.input_px} px is no multiple of {2 ** len(self.widths)}"
            )


class StudentPrediction(NamedTuple):
    """What the student says about a batch of crops."""

    roots: Float[Tensor, "batch hypotheses 10"]
    articulation: Float[Tensor, "batch articulation"]
    shape: Float[Tensor, "batch shape"]
    appearance: Float[Tensor, "batch appearance"]


class PointedPrediction(NamedTuple):
    """`StudentPrediction` with the places of the points found on the way."""

    roots: Float[Tensor, "batch hypotheses 10"]
    articulation: Float[Tensor, "batch articulation"]
    shape: Float[Tensor, "batch shape"]
    appearance: Float[Tensor, "batch appearance"]
    places: Float[Tensor, "batch points 3"]


class BodyPoints(NamedTuple):
    """Where points of the body are, seen or hidden."""

    places: Float[Tensor, "batch points 3"]
    """Right and down from the crop's middle, and depth behind the body's centre; half crops."""
    certainty: Float[Tensor, "batch points"]
    """How concentrated the evidence is: 1 is a single cell, 0 the whole picture."""


class Seen(NamedTuple):
    """What the encoder makes of a batch of crops."""

    features: Float[Tensor, "batch features"]
    points: BodyPoints | None


class ConvUnit(nn.Module):
    """Convolution and normalisation; `fused()` melts both into one convolution."""

    def __init__(self, inputs: int, outputs: int, size: int, stride: int = 1) -> None:
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, size, stride, size // 2, bias=False)
        self.norm: nn.Module = nn.BatchNorm2d(outputs)

    def forward(self, x: Tensor) -> Tensor:
        return self.norm(self.conv(x))

    def fuse(self) -> None:
        """Fold the running statistics of the normalisation into the convolution, in place."""
        if isinstance(self.norm, nn.BatchNorm2d):
            self.conv = nn.utils.fuse_conv_bn_eval(self.conv.eval(), self.norm.eval())
            self.norm = nn.Identity()


class ResidualBlock(nn.Module):
    """The basic block of ResNet (He et al., CVPR 2016)."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.first = ConvUnit(inputs, outputs, 3, stride)
        self.second = ConvUnit(outputs, outputs, 3)
        straight = inputs == outputs and stride == 1
        self.shortcut = nn.Identity() if straight else ConvUnit(inputs, outputs, 1, stride)

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(self.second(F.relu(self.first(x))) + self.shortcut(x))


def build_encoder(widths: tuple[int, ...]) -> nn.Sequential:
    """Stem, one block at a quarter of the resolution, then two blocks a stage."""
    layers: list[nn.Module] = [ConvUnit(5, widths[0], 5, 2), nn.ReLU()]
    layers.append(ResidualBlock(widths[0], widths[1], 2))
    for inputs, outputs in pairwise(widths[1:]):
        layers += [ResidualBlock(inputs, outputs, 2), ResidualBlock(outputs, outputs, 1)]
    return nn.Sequential(*layers)


class PointHead(nn.Module):
    """Points of the body by integral regression (Sun et al., ECCV 2018): each cell of a 1/8 map
    votes for each point, by a weight and an offset, so hidden and cut-off points have places too.

    A pose is easily read from points, and points are easily seen: with 160 numbers a picture to
    learn from instead of some 40, training is many times shorter.
    """

    def __init__(self, widths: tuple[int, ...], channels: int, points: int) -> None:
        super().__init__()
        self.points = points
        self.lateral = nn.ModuleList(nn.Conv2d(width, channels, 1) for width in widths)
        self.merge = ConvUnit(channels, channels, 3)
        self.votes = nn.Conv2d(channels, 4 * points, 1)

    def forward(self, grids: list[Tensor]) -> BodyPoints:
        """From feature maps, coarse ones last."""
        votes = self._votes(grids)
        rows, columns = votes.shape[3:]
        votes = votes.flatten(3)
        weight = votes[:, :, 0].softmax(-1)
        across = (torch.arange(columns, device=votes.device) + 0.5) * (2 / columns) - 1
        down = (torch.arange(rows, device=votes.device) + 0.5) * (2 / rows) - 1
        cells = torch.stack(
            [
                across.repeat(rows),
                down.repeat_interleave(columns),
                torch.zeros(rows * columns, device=votes.device),
            ]
        )
        places = ((votes[:, :, 1:] + cells) * weight[:, :, None]).sum(-1)
        return BodyPoints(places, weight.square().sum(-1))

    def evidence(self, grids: list[Tensor]) -> Float[Tensor, "batch points rows columns"]:
        """How much each cell has to say about each point; 1 over a picture."""
        weight = self._votes(grids)[:, :, 0]
        return weight.flatten(2).softmax(-1).view_as(weight)

    def _votes(self, grids: list[Tensor]) -> Float[Tensor, "batch points 4 rows columns"]:
        merged = self.lateral[-1](grids[-1])
        for lateral, grid in zip(self.lateral[-2::-1], grids[-2::-1], strict=True):
            merged = F.interpolate(merged, scale_factor=2.0, mode="nearest") + lateral(grid)
        votes = self.votes(F.relu(self.merge(merged))).float()
        return votes.unflatten(1, (self.points, 4))


class StudentNetwork(nn.Module):
    """Encoder, points of the body, features, and one linear head for all outputs."""

    def __init__(self, config: StudentConfig) -> None:
        super().__init__()
        self.config = config
        self.encoder = build_encoder(config.widths)
        last = config.widths[-1]
        self.cells = config.input_px >> len(config.widths)
        # Global pooling forgets where things are; the official top-left pooling (METHODS 1.2)
        # keeps one corner. A narrow 1x1 map keeps the whole layout for little.
        self.layout = nn.Conv2d(last, 32, 1)
        inputs = last + 32 * self.cells**2 + 1 + 4 * config.points
        self.features = nn.Linear(inputs, config.feature_count)
        self.trunk = nn.Linear(config.feature_count, config.feature_count)
        self.roots = nn.Linear(config.feature_count, config.hypotheses * ROOT_NUMBERS)
        codes = config.articulation + config.shape + config.appearance
        self.codes = nn.Linear(config.feature_count, codes)
        self.point_head = (
            PointHead(config.widths[2:], config.pyramid, config.points) if config.points else None
        )

    def see(
        self, image: Float[Tensor, "batch 5 height width"], crop_tan: Float[Tensor, " batch"]
    ) -> Seen:
        """Points of the body and the feature vector of each crop."""
        grids = self._grids(image)
        pooled, layout = grids[-1].mean((2, 3)), self.layout(grids[-1])
        if layout.shape[-1] != self.cells:  # training begins with small pictures
            layout = F.interpolate(layout, size=(self.cells, self.cells), mode="bilinear")
        parts = [pooled, layout.flatten(1), crop_tan[:, None].to(pooled.dtype)]
        points = self.point_head(grids) if self.point_head is not None else None
        if points is not None:
            # Votes say where; squared concentration spans decades, its root does not.
            parts += [
                points.places.flatten(1).to(pooled.dtype),
                points.certainty.sqrt().to(pooled.dtype),
            ]
        features = F.relu(self.features(torch.cat(parts, 1)))
        return Seen(F.relu(self.trunk(features)) + features, points)

    def evidence(
        self, image: Float[Tensor, "batch 5 height width"]
    ) -> Float[Tensor, "batch points rows columns"]:
        """Where the network sees each of its points (`PointHead.evidence`).

        Raises:
            ValueError: It finds no points.
        """
        if self.point_head is None:
            raise ValueError("the student was made with 0 points")
        return self.point_head.evidence(self._grids(image))

    def _grids(self, image: Tensor) -> list[Tensor]:
        """The encoder's maps at 1/8 of the resolution and below."""
        grids, x = [], image
        for index, layer in enumerate(self.encoder):
            x = layer(x)
            if index >= 4 and index % 2 == 0:  # after both blocks of a stage
                grids.append(x)
        return grids

    def predict(self, features: Tensor) -> StudentPrediction:
        """All outputs from the feature vector."""
        config = self.config
        roots = self.roots(features).view(-1, config.hypotheses, ROOT_NUMBERS)
        sizes = [config.articulation, config.shape, config.appearance]
        return StudentPrediction(roots, *self.codes(features).split(sizes, 1))

    def forward(
        self, image: Float[Tensor, "batch 5 height width"], crop_tan: Float[Tensor, " batch"]
    ) -> StudentPrediction | PointedPrediction:
        seen = self.see(image, crop_tan)
        prediction = self.predict(seen.features)
        if seen.points is None:
            return prediction
        return PointedPrediction(*prediction, seen.points.places)

    def fuse(self) -> "StudentNetwork":
        """Fold all normalisations, in place, for shipping; returns self."""
        for module in self.modules():
            if isinstance(module, ConvUnit):
                module.fuse()
        return self.eval()
