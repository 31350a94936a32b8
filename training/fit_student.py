"""Fit the student to packed crops: Muon and AdamW, warm-up and cosine, weight averaging,
checkpoints, resume.

    fit_student(FitConfig(minutes=60), knowledge, store, run_folder, report)

Time, not steps, is what a user has: the schedule follows the share of the minutes used, over all
resumes.
"""

import json
import math
import os
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch import nn

from core.errors import ExplainedError, ModelError
from core.model import load_model
from core.student import StudentConfig, StudentNetwork
from core.student_paper_torch import PaperConfig, PaperStudent, network_of
from training.augment import AugmentConfig
from training.crop_loader import Batch, CropLoader, MirroredTruth
from training.crop_store import CropStore
from training.fit_log import CHECK, FitLog
from training.losses import LossTerms, LossWeights, student_loss
from training.muon import split_optimizers
from training.parallel import Workers, average_gradients, join_workers, share_progress
from training.rig_teacher import Knowledge
from training.start_from_model import begin_with_model, copy_known
from training.synth.views import look_rotation
from training.template_torch import TemplateTorch

OUTER_LAYERS = ("encoder.0.", "roots.", "codes.", "point_head.votes.")
"""The first layer and the last ones: AdamW's."""
Report = Callable[[float, dict[str, float]], None]
"""Called with the share done and the latest figures."""


@dataclass(frozen=True)
class FitConfig:
    """Schedule of the student."""

    minutes: float = 60.0
    batch_size: int = 64
    learning_rate: float = 1.2e-3
    """Small batches: an hour on two cores is some 10,000 steps of 64, and steps are what is
    scarce."""
    hard_share: float = 0.3
    """Share of the crops left out because pose or viewpoint is far from what is filmed."""
    weight_decay: float = 0.02
    warm_up_share: float = 0.04
    final_share: float = 0.01
    """Learning rate at the end, as a share of the highest."""
    average_decay: float = 0.998
    clip_norm: float = 5.0
    held_out_share: float = 0.01
    checkpoint_s: float = 120.0
    log_steps: int = 50
    seed: int = 0
    threads: int = 2
    small_share: float = 0.5
    """The first part of the time sees crops of `small_px`: nearly twice as many."""
    small_px: int = 96
    is_half: bool = True
    """bfloat16 in the encoder: twice as fast on CPUs that have it."""
    start_from: str | None = None
    """Another run's folder, or a model's: begin with its network, as far as the sizes agree."""
    student: StudentConfig | PaperConfig = field(default_factory=lambda: StudentConfig(points=48))
    losses: LossWeights = field(default_factory=LossWeights)
    augment: AugmentConfig = field(default_factory=AugmentConfig)


class StudentFit:
    """The state of one fit: network, averaged network, optimiser, time used."""

    def __init__(
        self, config: FitConfig, knowledge: Knowledge, workers: Workers | None = None
    ) -> None:
        torch.manual_seed(config.seed)
        self.config = config
        self.workers = workers or Workers(0, 1, torch.device("cpu"))
        self.net = network_of(config.student)
        initialise_roots(self.net)
        if config.start_from is not None and not _is_model(config.start_from):
            begin_with(self.net, Path(config.start_from) / "checkpoint.safetensors")
        device = self.workers.device
        self.net.to(device, memory_format=torch.channels_last)
        self.average = network_of(config.student).to(device)
        self.average.load_state_dict(self.net.state_dict())
        self.average.requires_grad_(False)
        self.template = TemplateTorch(
            knowledge.rig, knowledge.space, knowledge.decoder, knowledge.appearance
        ).to(device)
        self.optimizers = split_optimizers(
            self.net, config.learning_rate, config.weight_decay, OUTER_LAYERS
        )
        self.step, self.used_s = 0, 0.0
        self.skipped = 0
        """Steps without effect because a gradient was not finite."""

    @property
    def share(self) -> float:
        """How much of the time is used, 0..1."""
        return min(1.0, self.used_s / (60 * self.config.minutes))

    @property
    def _small_size(self) -> tuple[int, int]:
        coarsest = 2 ** len(self.config.student.widths)
        px = min(self.config.small_px, self.config.student.input_px) // coarsest * coarsest
        return px, px

    def learn(self, batch: Batch) -> LossTerms:
        """One step."""
        started = time.perf_counter()
        for optimizer in self.optimizers:
            for group in optimizer.param_groups:
                group["lr"] = learning_rate(self.config, self.share)
        self.net.train()
        terms = self._terms(self.net, batch)
        self.net.zero_grad(set_to_none=True)
        terms.total.backward()
        average_gradients(self.net, self.workers)
        norm = nn.utils.clip_grad_norm_(self.net.parameters(), self.config.clip_norm)
        if torch.isfinite(norm):  # two parallel columns of a 6D rotation have no gradient
            for optimizer in self.optimizers:
                optimizer.step()
            self._update_average()
        else:
            self.skipped += 1
        self.step += 1
        self.used_s = share_progress(self.used_s + time.perf_counter() - started, self.workers)
        return terms

    def begin_with_model(self, folder: Path, batches: list[Batch]) -> None:
        """Begin with a shipped model's network; some crops to measure its normalisations on."""
        image = torch.cat([batch.image for batch in batches[:2]])
        crop_tan = torch.cat([batch.crop_tan for batch in batches[:2]])
        begin_with_model(self.net, load_model(folder).student, image, crop_tan)
        self.average.load_state_dict(self.net.state_dict())

    def validate(self, batches: list[Batch]) -> dict[str, float]:
        """Figures of the averaged network on held-out crops."""
        self.average.eval()
        with torch.no_grad():
            rows = [[float(term) for term in self._terms(self.average, batch)] for batch in batches]
        return dict(zip(LossTerms._fields, np.mean(rows, 0).tolist(), strict=True))

    def _terms(self, net: StudentNetwork | PaperStudent, batch: Batch) -> LossTerms:
        batch = batch.to(self.workers.device)
        image = batch.image
        if net is self.net and self.share < self.config.small_share:
            image = nn.functional.interpolate(image, size=self._small_size, mode="area")
        image = image.contiguous(memory_format=torch.channels_last)
        with torch.autocast(image.device.type, torch.bfloat16, enabled=self.config.is_half):
            seen = net.see(image, batch.crop_tan)
        prediction = net.predict(seen.features.float())
        return student_loss(
            prediction, seen.points, batch.truth, batch.crop_tan, self.template, self.config.losses
        )

    def _update_average(self) -> None:
        decay = min(self.config.average_decay, (1 + self.step) / (10 + self.step))
        with torch.no_grad():
            ours, theirs = self.average.state_dict(), self.net.state_dict()
            for name, value in ours.items():
                if value.is_floating_point():
                    value.lerp_(theirs[name].to(value.dtype), 1 - decay)
                else:
                    value.copy_(theirs[name])

    def save(self, folder: Path) -> None:
        """Write a checkpoint that `load` resumes from; replaces the last one atomically."""
        tensors = {f"net.{k}": v for k, v in self.net.state_dict().items()}
        tensors |= {f"average.{k}": v for k, v in self.average.state_dict().items()}
        for optimizer in self.optimizers:
            for index, state in optimizer.state_dict()["state"].items():
                name = f"{type(optimizer).__name__}.{index}"
                tensors |= {f"{name}.{k}": torch.as_tensor(v) for k, v in state.items()}
        tensors = {name: tensor.contiguous().clone() for name, tensor in tensors.items()}
        tensors["progress"] = torch.tensor([self.step, self.used_s], dtype=torch.float64)
        save_file(tensors, folder / "checkpoint.part")
        os.replace(folder / "checkpoint.part", folder / "checkpoint.safetensors")

    def load(self, folder: Path) -> bool:
        """Resume from a checkpoint if there is one."""
        path = folder / "checkpoint.safetensors"
        if not path.exists():
            return False
        tensors = load_file(path)
        self.step, self.used_s = int(tensors["progress"][0]), float(tensors["progress"][1])
        for prefix, net in (("net.", self.net), ("average.", self.average)):
            net.load_state_dict(
                {k[len(prefix) :]: v for k, v in tensors.items() if k.startswith(prefix)}
            )
        for optimizer in self.optimizers:
            state = optimizer.state_dict()
            for name, tensor in tensors.items():
                if name.startswith(f"{type(optimizer).__name__}."):
                    _, index, key = name.split(".")
                    state["state"].setdefault(int(index), {})[key] = tensor
            optimizer.load_state_dict(state)
        return True


def learning_rate(config: FitConfig, share: float) -> float:
    """Linear warm-up, then cosine to the final share."""
    if share < config.warm_up_share:
        return config.learning_rate * (0.02 + 0.98 * share / config.warm_up_share)
    along = (share - config.warm_up_share) / (1 - config.warm_up_share)
    low = config.final_share
    return config.learning_rate * (low + (1 - low) * 0.5 * (1 + math.cos(math.pi * along)))


def initialise_roots(net: StudentNetwork | PaperStudent) -> None:
    """Start the hypotheses all around the animal, so that they compete from the beginning."""
    config = net.config
    bias = torch.zeros(config.hypotheses, 10)
    for index in range(config.hypotheses):
        rotation = look_rotation(2 * math.pi * index / config.hypotheses + 0.4, 0.3, 0.0)
        bias[index, :6] = torch.from_numpy(rotation[:, :2].T.reshape(6)).float()
        bias[index, 7] = 0.5
    with torch.no_grad():
        net.roots.weight.mul_(0.1)
        net.roots.bias.copy_(bias.flatten())


def begin_with(net: StudentNetwork | PaperStudent, checkpoint: Path) -> None:
    """Copy the averaged weights of another run (`training.start_from_model.copy_known`).

    Raises:
        ModelError: There is no such checkpoint.
    """
    if not checkpoint.exists():
        raise ModelError(f"No checkpoint to start from at {checkpoint}: train that run first.")
    average = "average."
    theirs = load_file(checkpoint)
    known = {k[len(average) :]: v for k, v in theirs.items() if k.startswith(average)}
    copy_known(net, known, _sizes_of(checkpoint.parent / "fit.json"))


def _sizes_of(facts: Path) -> tuple[int, int, int] | None:
    """`code_sizes` of a run's student; None for one of another kind."""
    try:
        student = json.loads(facts.read_text())["student"]
        return student["articulation"], student["shape"], student["appearance"]
    except (OSError, ValueError, KeyError):
        return None


def _is_model(folder: str) -> bool:
    return (Path(folder) / "model.json").is_file()


def fit_student(
    config: FitConfig, knowledge: Knowledge, store: CropStore, folder: Path, report: Report
) -> StudentNetwork | PaperStudent:
    """Train until the minutes are used; returns the averaged network, on the CPU."""
    torch.set_num_threads(config.threads)
    workers = join_workers()
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "fit.json").write_text(json.dumps(asdict(config), indent=1))
    fit = StudentFit(config, knowledge, workers)
    fit.load(folder)
    truth = MirroredTruth.of(store, knowledge)
    order = usual_crops(store, truth, config.hard_share)
    held_out = max(config.batch_size, int(config.held_out_share * len(order)))
    if len(order) <= held_out:
        raise ExplainedError(
            f"{len(order)} usual crops are too few to learn from and check with: draw more shards."
        )
    loader = CropLoader(store, truth, order[held_out:], config.augment, config.batch_size)
    checker = CropLoader(store, truth, order[:held_out], config.augment, config.batch_size)
    check = _first(checker, min(8, held_out // config.batch_size), config.seed)
    if fit.step == 0 and config.start_from is not None and _is_model(config.start_from):
        fit.begin_with_model(Path(config.start_from), check)
    _run(fit, loader, check, folder, report)
    if workers.is_first:
        fit.save(folder)
    return fit.average.cpu()


def usual_crops(store: CropStore, truth: MirroredTruth, hard_share: float) -> np.ndarray:
    """Indices of crops without the most unusual: pose far from the mean, or, less so, body tilted
    far from upright. (Animals do lie on their side.)"""
    tilt = 1 + store.truth["rotation"][:, 1, 1]  # 0: upright in the picture; 2: upside down
    far = np.linalg.norm(truth.fields["code"][0], axis=1)
    unusual = 0.35 * tilt / max(tilt.std(), 1e-6) + far / max(far.std(), 1e-6)
    return np.flatnonzero(unusual <= np.quantile(unusual, 1 - hard_share))


def _first(loader: CropLoader, count: int, seed: int) -> list[Batch]:
    with closing(loader.batches(seed)) as batches:
        return [next(batches) for _ in range(count)]


def _run(
    fit: StudentFit, loader: CropLoader, check: list[Batch], folder: Path, report: Report
) -> None:
    """Steps, log and checkpoints until the time is used."""
    saved = time.monotonic()
    seed = fit.config.seed + 1000 + fit.step + 100_003 * fit.workers.rank
    with FitLog(folder, LossTerms._fields) as log, closing(loader.batches(seed)) as batches:
        while fit.share < 1.0:
            waited = time.perf_counter()
            batch = next(batches)
            fit.used_s += time.perf_counter() - waited
            terms = fit.learn(batch)
            if not fit.workers.is_first:
                continue
            if fit.step % fit.config.log_steps == 0:
                row = {"step": fit.step, "minutes": fit.used_s / 60, "skipped": fit.skipped}
                row |= {k: float(v.detach()) for k, v in terms._asdict().items()}
                if fit.step % (10 * fit.config.log_steps) == 0:
                    row |= {CHECK + k: v for k, v in fit.validate(check).items()}
                log.add(row)
                report(fit.share, row)
            if time.monotonic() - saved > fit.config.checkpoint_s:
                fit.save(folder)
                saved = time.monotonic()
