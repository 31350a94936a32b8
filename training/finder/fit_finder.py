"""Fit the finder to pasted pictures.

network = fit_finder(FinderFitConfig(minutes=25), store, run_folder, report)
figures = score(network, store)
"""

import copy
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float, UInt8
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from core.errors import ExplainedError
from core.segment.finder_torch import STRIDE, FinderConfig, FinderNetwork, Found
from training.finder.backbone import begin_with_photographs, freeze_fine_stages
from training.finder.picture_store import PictureStore
from training.finder.pictures import PictureConfig
from training.muon import split_optimizers

Report = Callable[[float, float, dict[str, float]], None]
"""Minutes done, minutes in all, latest figures."""

_EMPTY = PictureConfig.empty_share


@dataclass(frozen=True)
class FinderFitConfig:
    """Schedule and loss."""

    minutes: float = 9.0
    """On one core. After more of it, pasted pictures are found better and photographs worse
    (docs/training.md)."""
    batch_size: int = 24
    learning_rate: float = 2e-3
    weight_decay: float = 0.02
    warm_up_share: float = 0.03
    average_decay: float = 0.998
    backbone_share: float = 0.05
    """Learning rate of the backbone's last stages, as a share: they know photographs already."""
    frozen_stages: int = 3
    is_pretrained: bool = True
    """Begin with a backbone that has seen photographs; False: from nothing."""
    small_share: float = 0.3
    """Of the time, at the beginning, with pictures shrunk to `small_scale`."""
    small_scale: float = 0.67
    presence: float = 0.1
    seed: int = 0
    checkpoint_s: float = 120.0
    log_steps: int = 50
    start_from: str = ""
    """Folder of a run whose finder is begun with; none: from nothing."""
    network: FinderConfig = field(default_factory=FinderConfig)


def fit_finder(
    config: FinderFitConfig,
    store: PictureStore,
    run: Path,
    report: Report = lambda done, total, row: None,
) -> FinderNetwork:
    """Train for the time given, or go on from the run's checkpoint; the averaged network."""
    torch.manual_seed(config.seed)
    run.mkdir(parents=True, exist_ok=True)
    fit = _Fit(config, store, run)
    fit.resume()
    while fit.share < 1:
        fit.step(report)
    fit.save()
    return fit.average.eval()


@torch.no_grad()
def score(
    network: FinderNetwork, store: PictureStore, seed: int = 0, batches: int = 12
) -> dict[str, float]:
    """Mean IoU where there is a subject, and how often presence is told right."""
    rng = np.random.default_rng((seed, 1))
    overlaps, hits = [], []
    network.eval()
    for _ in range(batches):
        pictures, masks = store.take(rng, 32, is_held_out=True)
        found = network(_as_pictures(pictures))
        truth = torch.from_numpy(masks) > 127
        drawn = found.mask > 0
        is_there = truth.flatten(1).any(1)
        hits.append(((found.presence > 0) == is_there).float())
        both = (drawn & truth).flatten(1).sum(1)
        either = (drawn | truth).flatten(1).sum(1)
        overlaps.append((both / either.clamp(min=1))[is_there])
    return {
        "iou": float(torch.cat(overlaps).mean()),
        "found": float((torch.cat(overlaps) > 0.5).float().mean()),
        "presence": float(torch.cat(hits).mean()),
    }


def finder_loss(
    found: Found, mask: Float[Tensor, "batch rows columns"], presence_weight: float
) -> Tensor:
    """Cross-entropy and Dice's overlap of the mask, cross-entropy of presence.

    Dice (Milletari et al., 3DV 2016) is per picture, so that a small subject counts as a large one.
    """
    logits = found.mask.float()
    is_there = (mask.flatten(1).amax(1) > 0.5).float()
    cross = F.binary_cross_entropy_with_logits(logits, mask)
    share = logits.sigmoid()
    both = (share * mask).flatten(1).sum(1)
    total = (share + mask).flatten(1).sum(1)
    dice = (1 - (2 * both + 1) / (total + 1)).mean()
    # As if half of the pictures were empty: few are, but a camera may look at nothing for hours.
    weight = torch.where(is_there > 0, 0.5 / (1 - _EMPTY), 0.5 / _EMPTY)
    told = F.binary_cross_entropy_with_logits(found.presence.float(), is_there, weight)
    return cross + 0.5 * dice + presence_weight * told


class _Fit:
    """The state of a training run."""

    def __init__(self, config: FinderFitConfig, store: PictureStore, run: Path) -> None:
        self.config, self.store, self.run = config, store, run
        self.net = FinderNetwork(config.network).to(memory_format=torch.channels_last)
        if config.is_pretrained:
            begin_with_photographs(self.net.backbone)
            freeze_fine_stages(self.net.backbone, config.frozen_stages)
        self.average = copy.deepcopy(self.net)
        self.optimizers = _optimizers(self.net, config)
        self.rng = np.random.default_rng(config.seed)
        self.steps, self.used_s, self.saved_s = 0, 0.0, 0.0
        self.sums: dict[str, float] = {}

    @property
    def share(self) -> float:
        return self.used_s / (60 * self.config.minutes)

    def step(self, report: Report) -> None:
        """One batch."""
        started = time.perf_counter()
        loss = self._descend()
        self.steps += 1
        self.sums["loss"] = self.sums.get("loss", 0.0) + loss
        self.used_s += time.perf_counter() - started
        if self.steps % self.config.log_steps == 0:
            row = {k: v / self.config.log_steps for k, v in self.sums.items()}
            self.sums = {}
            report(self.used_s / 60, self.config.minutes, row | {"step": self.steps})
        if self.used_s - self.saved_s > self.config.checkpoint_s:
            self.save()

    def _descend(self) -> float:
        config = self.config
        pace = _pace(self.share, config.warm_up_share)
        for optimizer in self.optimizers:
            for group in optimizer.param_groups:
                group["lr"] = config.learning_rate * pace * group.get("share", 1.0)
        pictures, masks = self._batch()
        self.net.train()
        with torch.autocast("cpu", torch.bfloat16):
            found = self.net(pictures)
        loss = finder_loss(found, masks, config.presence)
        for optimizer in self.optimizers:
            optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.net.parameters(), 5.0)
        for optimizer in self.optimizers:
            optimizer.step()
        self._average()
        return float(loss.detach())

    def _batch(self) -> tuple[Tensor, Tensor]:
        """Pictures mirrored and exposed anew; small ones at first."""
        pictures, masks = self.store.take(self.rng, self.config.batch_size, turn=self.steps)
        if self.rng.random() < 0.5:
            pictures, masks = pictures[:, :, ::-1], masks[:, :, ::-1]
        image = _as_pictures(np.ascontiguousarray(pictures))
        mask = torch.from_numpy(np.ascontiguousarray(masks)).float() / 255
        if self.share < self.config.small_share:
            size = [
                max(STRIDE, round(s * self.config.small_scale / STRIDE) * STRIDE)
                for s in image.shape[2:]
            ]
            image = F.interpolate(image, size=size, mode="area")
            mask = F.interpolate(mask[:, None], size=[s // 4 for s in size], mode="area")[:, 0]
        gain = torch.exp(0.15 * torch.randn(len(image), 1, 1, 1))
        tint = torch.exp(0.05 * torch.randn(len(image), 3, 1, 1))
        image = (image * gain * tint).clamp(0, 1)
        return image.contiguous(memory_format=torch.channels_last), mask

    @torch.no_grad()
    def _average(self) -> None:
        decay = min(self.config.average_decay, (1 + self.steps) / (10 + self.steps))
        theirs = self.net.state_dict()
        for name, value in self.average.state_dict().items():
            if value.is_floating_point():
                value.lerp_(theirs[name], 1 - decay)
            else:
                value.copy_(theirs[name])

    def save(self) -> None:
        """Write a checkpoint; it replaces the last one atomically."""
        tensors = {f"net.{k}": v for k, v in self.net.state_dict().items()}
        tensors |= {f"average.{k}": v for k, v in self.average.state_dict().items()}
        tensors["progress"] = torch.tensor([self.steps, self.used_s], dtype=torch.float64)
        tensors = {name: tensor.contiguous().clone() for name, tensor in tensors.items()}
        save_file(tensors, self.run / "finder.part")
        os.replace(self.run / "finder.part", self.run / "finder.safetensors")
        self.saved_s = self.used_s

    def resume(self) -> None:
        """Go on from a checkpoint; the optimizers' memory, a few steps long, starts anew."""
        path = self.run / "finder.safetensors"
        if path.exists():
            progress = self._load(path)["progress"]
            self.steps, self.used_s = int(progress[0]), float(progress[1])
            self.saved_s = self.used_s
            self.rng = np.random.default_rng((self.config.seed, self.steps))
        elif self.config.start_from:
            other = Path(self.config.start_from) / "finder.safetensors"
            if not other.is_file():
                raise ExplainedError(
                    f"{other.parent} has no finder to start from: train one there."
                )
            self._load(other)

    def _load(self, path: Path) -> dict[str, Tensor]:
        tensors = load_file(path)
        try:
            for prefix, net in (("net.", self.net), ("average.", self.average)):
                net.load_state_dict(
                    {k[len(prefix) :]: v for k, v in tensors.items() if k.startswith(prefix)}
                )
        except RuntimeError as error:
            raise ExplainedError(
                f"{path} is a finder of another kind: remove it, or take another folder."
            ) from error
        return tensors


def _optimizers(net: FinderNetwork, config: FinderFitConfig) -> list[torch.optim.Optimizer]:
    """Muon and AdamW for what begins from nothing, a slow AdamW for the backbone."""
    own = nn.ModuleDict({
        name: module for name, module in net.named_children() if name != "backbone"
    })  # fmt: skip
    rate, decay = config.learning_rate, config.weight_decay
    known = [weight for weight in net.backbone.parameters() if weight.requires_grad]
    share = config.backbone_share if config.is_pretrained else 1.0
    return [
        *split_optimizers(own, rate, decay, ("mask", "presence")),
        torch.optim.AdamW([{"params": known, "share": share}], rate, weight_decay=decay),
    ]


def _as_pictures(pictures: UInt8[np.ndarray, "batch height width 3"]) -> Tensor:
    return torch.from_numpy(pictures).permute(0, 3, 1, 2).float().div_(255)


def _pace(share: float, warm_up: float) -> float:
    """Linear warm-up, then a cosine to a hundredth."""
    if share < warm_up:
        return 0.02 + 0.98 * share / warm_up
    along = min(1.0, (share - warm_up) / (1 - warm_up))
    return 0.01 + 0.99 * 0.5 * (1 + float(np.cos(np.pi * along)))
