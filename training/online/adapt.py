"""Tune a student to one video: its own refined reconstruction is the truth it learns from.

    adapted = adapt(model, crops, AdaptConfig(minutes=3), report)
    ship_adapted(model, adapted, folder, "walk.mp4")

Blocks of frames are held out: tuning stops when they get no better, and the best state is kept.
The base model is never touched.
"""

import time
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from core.errors import ExplainedError
from core.fit_score import FitPrior, fit_score
from core.model import CategoryModel
from core.pipeline import in_camera, root_pose
from core.results import Codes
from core.student import StudentNetwork
from core.student_runner import Prediction
from core.student_torch import load_student
from core.temporal import settle
from training.articulation import ArticulationFit
from training.augment import AugmentConfig, inside_frame, soft_dilate
from training.crop_loader import CropLoader, MirroredTruth
from training.crop_store import CropStore
from training.losses import LossWeights, student_loss
from training.online.video_crops import VideoCrops
from training.rig_teacher import Knowledge
from training.ship import ShipJob, ship_model
from training.template_torch import TemplateTorch

Report = Callable[[float, dict[str, float]], None]
"""Called with the share of the time that is used, and figures."""


@dataclass(frozen=True)
class AdaptConfig:
    """Schedule of the tuning."""

    minutes: float = 4.0
    most_steps: int = 100_000
    batch_size: int = 32
    learning_rate: float = 1.5e-4
    held_out_share: float = 0.25
    block: int = 12
    """Frames in a row that are held out together: neighbours look alike."""
    check_steps: int = 20
    patience: int = 6
    """Checks without a better score after which it stops."""
    least_frames: int = 24
    threads: int = 2
    seed: int = 0
    augment: AugmentConfig = field(default_factory=lambda: AugmentConfig(clean_mask_share=0.6))
    # Colours are what the student said itself: nothing to learn there.
    losses: LossWeights = field(default_factory=lambda: LossWeights(color=0.0))


@dataclass(frozen=True, eq=False)
class Adapted:
    """A tuned network, and what that brought on the frames held out."""

    network: StudentNetwork
    before_iou: float
    after_iou: float
    curve: tuple[tuple[int, float], ...]
    """Steps and held-out IoU."""
    frames: int


class LinearEncoder(nn.Module):
    """Codes of poses by ridge regression on the decoder's own poses: models ship no encoder."""

    def __init__(self, model: CategoryModel, samples: int = 4096, ridge: float = 1e-2) -> None:
        super().__init__()
        rng = np.random.default_rng(0)
        code = rng.normal(size=(samples, len(model.latent.mean)))
        poses = model.joint_rotations(code.astype(np.float32))
        six = np.swapaxes(poses[..., :, :2], -1, -2).reshape(samples, -1)
        mean = six.mean(0)
        gram = (six - mean).T @ (six - mean) + ridge * samples * np.eye(six.shape[1])
        matrix = np.linalg.solve(gram, (six - mean).T @ (code - code.mean(0)))
        self.register_buffer("mean", torch.from_numpy(mean).float())
        self.register_buffer("matrix", torch.from_numpy(matrix).float())

    def forward(self, six: Float[Tensor, "batch numbers"]) -> Float[Tensor, "batch articulation"]:
        return (six - self.mean) @ self.matrix


def adapt(
    model: CategoryModel,
    crops: VideoCrops,
    config: AdaptConfig,
    report: Report = lambda share, row: None,
) -> Adapted:
    """Tune; Ctrl-C keeps the best so far.

    Raises:
        ExplainedError: Too few frames fit, or tuning does not help.
    """
    if len(crops) < config.least_frames:
        raise ExplainedError(
            f"Only {len(crops)} frames could be fitted to their masks, {config.least_frames} are "
            "needed: give a longer video, a box around the subject, or better masks."
        )
    torch.manual_seed(config.seed)
    torch.set_num_threads(config.threads)
    tuning = _Tuning(model, crops, config)
    with suppress(KeyboardInterrupt):  # stopped by hand: what is best so far stays
        tuning.run(report)
    before, (step, after) = tuning.curve[0][1], max(tuning.curve, key=lambda row: row[1])
    if step == 0:
        raise ExplainedError(
            f"Tuning did not help: bodies cover {before:.1%} of frames held out, before and after. "
            "Nothing was written."
        )
    return Adapted(tuning.best, before, after, tuple(tuning.curve), len(crops))


class _Tuning:
    """The network being tuned, the best of it, and how it went."""

    def __init__(self, model: CategoryModel, crops: VideoCrops, config: AdaptConfig) -> None:
        self.model, self.crops, self.config = model, crops, config
        self.knowledge = knowledge_of(model)
        self.net = load_student(model.student)
        self.best = load_student(model.student)
        self.held_out = held_out_frames(len(crops), config)
        self.curve: list[tuple[int, float]] = [
            (0, held_out_iou(model, self.net, crops, self.held_out))
        ]

    def run(self, report: Report) -> None:
        """Steps until the time is used or the frames held out get no better."""
        config, started, step, stale = self.config, time.monotonic(), 0, 0
        optimizer = torch.optim.AdamW(self.net.parameters(), config.learning_rate)
        template = TemplateTorch(
            self.model.rig, self.model.shape, self.model.articulation, self.model.appearance
        )
        with closing(self._loader().batches(config.seed)) as batches:
            while stale < config.patience:
                share = (time.monotonic() - started) / (60 * config.minutes)
                if share >= 1 or step >= config.most_steps:
                    return
                batch = next(batches)
                self.net.train()
                seen = self.net.see(batch.image, batch.crop_tan)
                terms = student_loss(
                    self.net.predict(seen.features), seen.points, batch.truth, batch.crop_tan,
                    template, config.losses,
                )  # fmt: skip
                optimizer.zero_grad(set_to_none=True)
                terms.total.backward()
                nn.utils.clip_grad_norm_(self.net.parameters(), 5.0)
                optimizer.step()
                step += 1
                if step % config.check_steps == 0:
                    stale = 0 if self._check(step) else stale + 1
                    report(share, {"step": step, "iou": self.curve[-1][1]})

    def _check(self, step: int) -> bool:
        """Score the frames held out; keep the network if it was never better."""
        iou = held_out_iou(self.model, self.net, self.crops, self.held_out)
        is_best = iou > max(score for _, score in self.curve)
        self.curve.append((step, iou))
        if is_best:
            self.best.load_state_dict(self.net.state_dict())
        return is_best

    def _loader(self) -> CropLoader:
        crops = self.crops
        store = CropStore((crops.pictures,), crops.truth, np.array([0, len(crops)]))
        learn = np.setdiff1d(np.arange(len(crops)), self.held_out)
        truth = MirroredTruth.of(store, self.knowledge)
        return CropLoader(store, truth, learn, self.config.augment, self.config.batch_size)


def knowledge_of(model: CategoryModel) -> Knowledge:
    """What a model knows of its category, as a teacher would tell it."""
    fit = ArticulationFit(model.articulation, model.latent, LinearEncoder(model), 0.0)
    return Knowledge(model.rig, model.shape, fit, model.appearance)


def held_out_frames(count: int, config: AdaptConfig) -> Int[np.ndarray, " held"]:
    """Every so many blocks one is held out; at least one block, never all."""
    every = max(2, round(1 / config.held_out_share))
    block = min(config.block, max(1, count // (2 * every)))
    index = np.arange(count)
    return index[(index // block) % every == every - 1]


def held_out_iou(
    model: CategoryModel, net: StudentNetwork, crops: VideoCrops, chosen: Int[np.ndarray, " held"]
) -> float:
    """Mean IoU of single frames' bodies with their masks, no smoothing, no refinement."""
    net.eval()
    scores = []
    for index in chosen.tolist():
        image = plain_image(crops, index)
        with torch.inference_mode():
            outputs = net(image, torch.tensor([crops.cameras[index].crop_tan]).float())
        scores.append(_iou(model, crops, index, [part[0].numpy() for part in outputs]))
    return float(np.mean(scores))


def _iou(model: CategoryModel, crops: VideoCrops, index: int, outputs: list[np.ndarray]) -> float:
    item = crops.items[index]
    assert item.target is not None
    seen = in_camera(Prediction.from_outputs(*outputs), crops.cameras[index], model)
    estimate, _ = settle(seen, item.start.time_s, None)
    result = replace(
        item.start,
        root_to_cam=root_pose(estimate.rotation, estimate.place, model.centre),
        joint_rotations=model.joint_rotations(estimate.articulation),
        codes=Codes(estimate.articulation, estimate.shape, estimate.appearance),
    )
    return max(0.0, fit_score(model, result, item.target, FitPrior(0.0, 0.0)))


def plain_image(crops: VideoCrops, index: int) -> Float[Tensor, "1 5 px px"]:
    """A crop as the student is shown it, with no faults added (core/crop.student_input)."""
    picture = torch.from_numpy(crops.pictures[index : index + 1]).permute(0, 3, 1, 2).float() / 255
    known = [
        torch.from_numpy(crops.truth[name][index : index + 1])
        for name in ("frame", "crop_to_cam", "crop_tan")
    ]
    inside = inside_frame(*known, picture.shape[-1])
    mask = picture[:, 3:]
    return torch.cat([picture[:, :3] * soft_dilate(mask), mask, inside], 1)


def ship_adapted(
    model: CategoryModel, adapted: Adapted, folder: Path, video: str, config: AdaptConfig
) -> None:
    """Write the tuned model beside the base one; its card says what it was tuned to."""
    facts: dict[str, Any] = {
        "base": model.name,
        "video": video,
        "frames": adapted.frames,
        "held_out_iou": {
            "before": round(adapted.before_iou, 4),
            "after": round(adapted.after_iou, 4),
        },
        "curve": [[step, round(iou, 4)] for step, iou in adapted.curve],
        "config": {"minutes": config.minutes, "learning_rate": config.learning_rate},
    }
    card = model.card | {"adapted": facts}
    ship_model(ShipJob(folder.stem, knowledge_of(model), adapted.network, card), folder)


def facts_of(adapted: Adapted) -> dict[str, Any]:
    """For the command's answer."""
    row = asdict(replace(adapted, network=None))  # type: ignore[arg-type]
    return {key: row[key] for key in ("before_iou", "after_iou", "frames")}
