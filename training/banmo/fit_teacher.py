"""Fit a teacher: stages, checkpoints, resume, previews.

fit = TeacherFit(config, start, pool)
fit.load(folder)
run(fit, folder, report)

Time is what a user has: stages follow the share of the minutes used, over all resumes. Batches
depend on the step's number alone, so that a resumed fit sees what an unbroken one would have seen.
"""

import contextlib
import json
import math
import os
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import nn

from core.errors import ModelError
from training.banmo.config import TeacherConfig
from training.banmo.extract import rest_surface
from training.banmo.losses import LossTerms, teacher_losses, weighted
from training.banmo.outline import OutlineTargets
from training.banmo.polish import polish_poses
from training.banmo.ray_pool import RayPool
from training.banmo.teacher import Teacher, TeacherStart
from training.banmo.teacher_files import CHECKPOINT

Report = Callable[[float, dict[str, float | int]], None]
LOG_STEPS = 25
WARM_UP = 0.02
DELTA_FROM = 0.5
"""Share of the time after which the delta network joins (METHODS 2.5: late)."""
SETTLED_FROM = 0.8
"""Share after which root poses and proportions hardly move; they are polished then (polish.py)."""
DROP = 10.0
"""A frame whose silhouette is this many times worse than the median is left out."""
CLIP_NORM = 5.0
SURFACES = 20
"""Times that the outline's points are taken anew."""
SHAPE_FROM, SHAPE_FULL = 0.1, 0.25
"""Shares between which the shape begins to learn: a leg that is elsewhere must first be moved, or
it would be worn away."""


class TeacherFit:
    """The state of one fit."""

    def __init__(
        self,
        config: TeacherConfig,
        start: TeacherStart,
        pool: RayPool,
        outline: OutlineTargets | None = None,
    ) -> None:
        if pool.frame_count != len(start.poses.clip_of):
            raise ValueError(
                f"rays of {pool.frame_count} frames, poses of {len(start.poses.clip_of)}"
            )
        self.config, self.device = config, torch.device(config.place)
        self.pool = pool.to(self.device)
        self.outline = None if outline is None else outline.to(self.device)
        self.teacher = Teacher(config, start, pool.feature_channels).to(self.device)
        self.optimizer = torch.optim.Adam(parameter_groups(self.teacher), betas=(0.9, 0.98))
        self.base_rates = [group["lr"] for group in self.optimizer.param_groups]
        self.frame_error = np.full(pool.frame_count, np.nan)
        self.step, self.used_s, self.skipped = 0, 0.0, 0
        self.resumed_at, self.cpu_s = 0, 0.0

    @property
    def share(self) -> float:
        """How much of the time, or of the steps, is used, 0..1."""
        if self.config.steps is not None:
            return min(1.0, self.step / self.config.steps)
        return min(1.0, self.used_s / (60 * self.config.minutes))

    def learn(self) -> LossTerms:
        """One step."""
        began_s, began_cpu_s = time.perf_counter(), time.process_time()
        config = self.config
        self._set_rates()
        self._set_stage()
        terms, frames = self._terms()
        total = weighted(terms.values, config.losses)
        self.optimizer.zero_grad(set_to_none=True)
        total.backward()
        norm = nn.utils.clip_grad_norm_(self.teacher.parameters(), CLIP_NORM)
        if torch.isfinite(norm):
            self.optimizer.step()
        else:
            self.skipped += 1
        rows = frames.cpu().numpy()
        before = self.frame_error[rows]
        now = terms.frame_error.cpu().numpy()
        self.frame_error[rows] = np.where(np.isnan(before), now, 0.9 * before + 0.1 * now)
        self.step += 1
        self.used_s += time.perf_counter() - began_s
        self.cpu_s += time.process_time() - began_cpu_s
        return terms

    def _terms(self) -> tuple[LossTerms, torch.Tensor]:
        config = self.config
        batch = self.pool.batch(
            self.step, config.frames_per_step, config.rays_per_frame, self.dropped()
        )
        generator = torch.Generator(self.device).manual_seed(config.seed * 1_000_003 + self.step)
        extra = config.miss_weight * (1 - self.share)
        terms = teacher_losses(self.teacher, batch, generator, self.outline, extra)
        return terms, batch.frames

    def dropped(self) -> np.ndarray:
        """Frames far worse than the rest: their mask or their pose is wrong."""
        known = self.frame_error[~np.isnan(self.frame_error)]
        if len(known) < self.pool.frame_count // 2 or self.share < 0.2:
            return np.zeros(self.pool.frame_count, bool)
        return np.nan_to_num(self.frame_error) > DROP * max(float(np.median(known)), 1e-3)

    def _set_stage(self) -> None:
        config = self.config
        self.teacher.uses_delta = config.delta_skinning and self.share >= DELTA_FROM
        fall = config.beta_end / config.beta_start
        self.teacher.fields.beta_most = config.beta_start * fall**self.share
        before, now = int(self.teacher.surface_turn), int(self.share * SURFACES)
        if now > before:
            self._renew_surface()
            if before < SURFACES * SETTLED_FROM <= now and self.outline is not None:
                polish_poses(self.teacher, self.pool, self.outline, config)

    def _renew_surface(self) -> None:
        """The points that stand for the body's outline, from the field as it is now."""
        self.teacher.surface_turn.fill_(int(self.share * SURFACES))
        with contextlib.suppress(ModelError):  # a field without a surface keeps the last one
            rest = rest_surface(self.teacher, 64)
            self.teacher.keep_surface(rest.vertices, rest.faces)

    def _set_rates(self) -> None:
        for group, base in zip(self.optimizer.param_groups, self.base_rates, strict=True):
            group["lr"] = base * rate_factor(self.share, group["name"])

    def save(self, folder: Path) -> None:
        """Write a checkpoint; the last one is replaced at once or not at all."""
        tensors = {f"teacher.{k}": v for k, v in self.teacher.state_dict().items()}
        for index, state in self.optimizer.state_dict()["state"].items():
            tensors |= {f"optimizer.{index}.{k}": torch.as_tensor(v) for k, v in state.items()}
        tensors["frame_error"] = torch.from_numpy(self.frame_error)
        tensors["progress"] = torch.tensor([self.step, self.used_s], dtype=torch.float64)
        part = folder / f"{CHECKPOINT}.part"
        save_file({name: value.cpu().contiguous().clone() for name, value in tensors.items()}, part)
        os.replace(part, folder / CHECKPOINT)

    def load(self, folder: Path) -> bool:
        """Go on from a checkpoint if there is one.

        Raises:
            ModelError: It is damaged, or of other clips or another configuration.
        """
        path = folder / CHECKPOINT
        if not path.exists():
            return False
        try:
            tensors = load_file(path)
            begin = len("teacher.")
            self.teacher.load_state_dict(
                {k[begin:]: v for k, v in tensors.items() if k.startswith("teacher.")}
            )
        except (SafetensorError, RuntimeError, OSError) as error:
            raise ModelError(
                f"The checkpoint in {folder} does not fit these clips, or is damaged; fit into "
                "another folder."
            ) from error
        self.step, self.used_s = int(tensors["progress"][0]), float(tensors["progress"][1])
        self.resumed_at = self.step
        self.frame_error = tensors["frame_error"].numpy().copy()
        state = self.optimizer.state_dict()
        for name, tensor in tensors.items():
            if name.startswith("optimizer."):
                _, index, key = name.split(".")
                state["state"].setdefault(int(index), {})[key] = tensor
        self.optimizer.load_state_dict(state)
        self._set_stage()
        return True


def parameter_groups(teacher: Teacher) -> list[dict]:
    """Parameters by their rates."""
    rates, poses = teacher.config.rates, teacher.poses
    groups = {
        "field": (rates.field, teacher.fields.parameters_of("field")),
        "color": (rates.color, [*teacher.fields.parameters_of("color"), poses.appearance]),
        "root": (rates.root, [poses.turn, poses.place]),
        "code": (rates.code, [poses.code]),
        "decoder": (rates.decoder, [v for k, v in poses.decoder.items() if k != "mean"]),
        "decoder_mean": (rates.decoder_mean, [poses.decoder["mean"]]),
        "skin": (rates.skin, [*teacher.bones.parameters(), *teacher.delta.parameters()]),
        "length": (rates.length, [poses.log_length]),
        "camera": (rates.camera, [poses.log_focal, poses.middle_shift]),
        "beta": (rates.beta, [teacher.fields.beta]),
    }
    return [{"name": name, "lr": rate, "params": values} for name, (rate, values) in groups.items()]


def rate_factor(share: float, name: str) -> float:
    """Warm-up, then a cosine to a tenth; the shape waits for the poses, and what is settled hardly
    moves."""
    factor = min(1.0, 0.1 + share / WARM_UP)
    factor *= 0.1 + 0.45 * (1 + math.cos(math.pi * share))
    if name in ("decoder", "decoder_mean"):
        factor *= min(1.0, max(0.0, (share - 0.01) / 0.05))
    if name in ("skin", "length", "camera"):
        factor *= min(1.0, max(0.0, (share - 0.1) / 0.1))
    if name == "field":
        factor *= min(1.0, max(0.0, (share - SHAPE_FROM) / (SHAPE_FULL - SHAPE_FROM)))
    if name in ("root", "length", "camera") and share > SETTLED_FROM:
        factor *= 0.2
    return factor


def run(
    fit: TeacherFit, folder: Path, report: Report, preview: Callable[[TeacherFit], None]
) -> None:
    """Steps, log, checkpoints and previews until the time is used."""
    torch.set_num_threads(fit.config.threads)
    saved_s = shown_s = time.monotonic()
    with (folder / "log.jsonl").open("a", encoding="utf-8") as log:
        try:
            while fit.share < 1.0:
                terms = fit.learn()
                if fit.step % LOG_STEPS == 0:
                    row = log_row(fit, terms)
                    log.write(json.dumps(row) + "\n")
                    log.flush()
                    report(fit.share, row)
                now_s = time.monotonic()
                if now_s - saved_s > fit.config.checkpoint_s:
                    fit.save(folder)
                    saved_s = now_s
                if now_s - shown_s > fit.config.preview_s:
                    preview(fit)
                    shown_s = time.monotonic()
        finally:
            fit.save(folder)
    preview(fit)


def log_row(fit: TeacherFit, terms: LossTerms) -> dict[str, float | int]:
    """Figures of a step."""
    row: dict[str, float | int] = {"step": fit.step, "skipped": fit.skipped}
    row["minutes"] = fit.used_s / 60
    row |= {name: float(value.detach()) for name, value in terms.values.items()}
    row["beta"] = float(fit.teacher.fields.density_beta().detach())
    row["dropped"] = int(fit.dropped().sum())
    rays = fit.config.frames_per_step * fit.config.rays_per_frame
    row["rays_per_s"] = rays * fit.step / max(fit.used_s, 1e-6)
    # On a busy machine seconds of the processor say more than those on the wall.
    row["rays_per_cpu_s"] = rays * (fit.step - fit.resumed_at) / max(fit.cpu_s, 1e-6)
    return row
