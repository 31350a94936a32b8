"""A finder that learns one subject from a few frames on which a person has drawn its mask.

    network = learn_subject(load_finder(model), drawn, LearnConfig(steps=500))
    logits = subject_logits(network, rgb)      # at a quarter of SEEN_PX's resolution

What learned from drawn bodies knows legs and heads, but not this coat, this floor and this light. A
handful of frames of the very clips says the rest: one-shot learning for video (Caelles et al.,
OSVOS, CVPR 2017), with the pictures turned, scaled, mirrored and lit anew each time they are shown.
"""

import copy
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float, Float32, UInt8

from core.segment.finder_torch import MASK_STRIDE, STRIDE, FinderNetwork
from training.finder.backbone import freeze_fine_stages

SEEN_PX = 576
"""Long side of what the network sees: more than the finder's 320, for legs."""
_GROWN = 2.0
"""Smaller frames are shown at most this much larger than they are."""
_FROZEN_STAGES = 3
"""Edges and textures are known already, and the finest maps cost most."""
Progress = Callable[[int, int], None]


@dataclass(frozen=True, eq=False)
class DrawnFrame:
    """One frame with the mask that a person gave it."""

    rgb: UInt8[np.ndarray, "height width 3"]
    alpha: UInt8[np.ndarray, "height width"]
    """255: subject, 0: none of it; between (64 to 191): not known, teaches nothing."""


@dataclass(frozen=True)
class LearnConfig:
    """How long and how fast."""

    steps: int = 500
    batch: int = 4
    learning_rate: float = 1e-3
    turn_rad: float = 0.2
    scale: float = 0.35
    """Pictures are shown up to exp(scale) larger or smaller."""
    seed: int = 0


def learn_subject(
    network: FinderNetwork,
    drawn: Sequence[DrawnFrame],
    config: LearnConfig,
    progress: Progress = lambda done, total: None,
) -> FinderNetwork:
    """The network after a look at the drawn frames; the average over its last steps."""
    if not drawn:
        raise ValueError("nothing to learn from: 0 drawn frames")
    network = copy.deepcopy(network).to(memory_format=torch.channels_last).train()
    freeze_fine_stages(network.backbone, _FROZEN_STAGES)
    average = copy.deepcopy(network)
    free = [weight for weight in network.parameters() if weight.requires_grad]
    optimizer = torch.optim.Adam(free, config.learning_rate)
    random = np.random.default_rng(config.seed)
    for step in range(config.steps):
        for group in optimizer.param_groups:
            group["lr"] = config.learning_rate * _cosine(step / config.steps)
        pictures, masks, known = _batch(drawn, config, random)
        optimizer.zero_grad()
        subject_loss(network(pictures).mask, masks, known).backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        _blend(average, network, min(0.98, (step + 1) / (step + 11)))
        progress(step + 1, config.steps)
    return average.eval()


def subject_loss(
    logits: Float[torch.Tensor, "batch rows columns"],
    masks: Float[torch.Tensor, "batch rows columns"],
    known: Float[torch.Tensor, "batch rows columns"],
) -> Float[torch.Tensor, ""]:
    """Cross-entropy, and Dice's overlap of each picture (Milletari et al., 3DV 2016).

    Cells on the outline are shares between 0 and 1; cells that are not known (0) count nothing.
    """
    cross = F.binary_cross_entropy_with_logits(logits, masks, known)
    likely, masks = logits.sigmoid() * known, masks * known
    both, all_ = (likely * masks).flatten(1).sum(1), (likely + masks).flatten(1).sum(1)
    return cross + 0.5 * (1 - (2 * both + 1) / (all_ + 1)).mean()


@torch.no_grad()
def subject_logits(
    network: FinderNetwork, rgb: UInt8[np.ndarray, "height width 3"]
) -> Float32[np.ndarray, "rows columns"]:
    """Log odds of being the subject, over the whole frame; as it is and in the mirror."""
    columns, rows = learner_size(rgb.shape[1], rgb.shape[0])
    small = cv2.resize(rgb, (columns, rows), interpolation=cv2.INTER_AREA)
    picture = _tensor(np.stack([small, small[:, ::-1]]))
    mask = network(picture).mask.numpy()
    return (0.5 * (mask[0] + mask[1][:, ::-1])).astype(np.float32)


def learner_size(width: int, height: int) -> tuple[int, int]:
    """Columns and rows of what the network sees; nearly the frame's shape."""
    scale = min(SEEN_PX / max(width, height), _GROWN)
    columns, rows = (max(1, round(side * scale / STRIDE)) * STRIDE for side in (width, height))
    return columns, rows


def _cosine(share: float) -> float:
    """1 at the start, a twentieth at the end."""
    return 0.05 + 0.475 * (1 + math.cos(math.pi * share))


def _batch(
    drawn: Sequence[DrawnFrame], config: LearnConfig, random: np.random.Generator
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Some frames, each seen a little otherwise, all of the first one's size; what of them is
    subject, and what is known."""
    chosen = random.integers(0, len(drawn), config.batch)
    first = drawn[int(chosen[0])].rgb
    size = learner_size(first.shape[1], first.shape[0])
    pairs = [_varied(drawn[int(index)], size, config, random) for index in chosen]
    alphas = torch.from_numpy(np.stack([alpha for _, alpha in pairs]))
    known = ((alphas < 64) | (alphas > 191)).float()
    cells = [F.avg_pool2d(each[:, None], MASK_STRIDE)[:, 0] for each in (alphas / 255, known)]
    return _tensor(np.stack([rgb for rgb, _ in pairs])), cells[0], (cells[1] > 0.5).float()


def _varied(
    frame: DrawnFrame, size: tuple[int, int], config: LearnConfig, random: np.random.Generator
) -> tuple[UInt8[np.ndarray, "h w 3"], Float32[np.ndarray, "h w"]]:
    """Turned, scaled, moved, mirrored; in other light."""
    height, width = frame.alpha.shape
    angle = random.normal() * config.turn_rad / 2
    scale = max(size) / max(width, height) * math.exp(random.uniform(-config.scale, config.scale))
    sides = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    if random.random() < 0.5:
        sides = sides @ np.diag([-1.0, 1.0])
    middle = np.array([width, height]) / 2
    target = np.array(size) / 2 + random.uniform(-0.15, 0.15, 2) * np.array(size)
    matrix = np.column_stack([scale * sides, target - scale * sides @ middle])
    rgb = cv2.warpAffine(frame.rgb, matrix, size, flags=cv2.INTER_LINEAR,
                         borderMode=cv2.BORDER_REFLECT_101)  # fmt: skip
    alpha = cv2.warpAffine(frame.alpha, matrix, size, flags=cv2.INTER_NEAREST,
                           borderMode=cv2.BORDER_REFLECT_101)  # fmt: skip
    return _lit(rgb, random), alpha.astype(np.float32)


def _lit(
    rgb: UInt8[np.ndarray, "h w 3"], random: np.random.Generator
) -> UInt8[np.ndarray, "h w 3"]:
    """Other exposure, contrast and white balance."""
    levels = np.arange(256, dtype=np.float32) / 255
    bent = levels ** math.exp(random.normal() * 0.2)
    gains = math.exp(random.normal() * 0.12) * np.exp(random.normal(size=3) * 0.04)
    tables = np.clip(255 * bent[:, None] * gains, 0, 255).astype(np.uint8)
    return cv2.LUT(rgb, tables[None])


def _tensor(rgb: UInt8[np.ndarray, "batch h w 3"]) -> torch.Tensor:
    pictures = torch.from_numpy(np.ascontiguousarray(rgb)).permute(0, 3, 1, 2).float() / 255
    return pictures.contiguous(memory_format=torch.channels_last)


@torch.no_grad()
def _blend(average: FinderNetwork, network: FinderNetwork, keep: float) -> None:
    for slow, fast in zip(average.parameters(), network.parameters(), strict=True):
        slow.lerp_(fast, 1 - keep)
