"""Fit the temporal encoder to sequences of a student's words (DASR's second stage).

    network, facts = fit_temporal(config, sequences, template, report)

Windows start anywhere, and see 0 to 6 frames of the future by chance, so one network is live and
offline. Each example is three frames in a row: their second difference is compared with the
truth's, so that steadiness is learned and not bought with lag. The loss is in camera space, of
points of the body: what turns, places and codes are worth is told by what they move.
"""

import copy
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from core.body_state_torch import exp_rotation
from core.temporal_encoder_torch import TemporalConfig, TemporalKind, TemporalNetwork
from core.temporal_window import (
    FRAMES,
    RADIUS,
    SeenFrames,
    correction_count,
    token_count,
    window_tokens,
)
from training.template_torch import TemplateTorch
from training.temporal_sequences import PoseSequence

_TRIALS = 6
"""Batches of held-out examples."""

Report = Callable[[int, int, dict[str, float]], None]
"""Steps done, steps in all, latest figures."""


@dataclass(frozen=True)
class TemporalFitConfig:
    """Schedule and loss."""

    kind: TemporalKind = "transformer"
    width: int = 64
    layers: int = 3
    steps: int = 4000
    batch_size: int = 48
    learning_rate: float = 2e-3
    weight_decay: float = 0.01
    clip_norm: float = 1.0
    held_out_share: float = 0.1
    lost_share: float = 0.04
    """Frames of a window that are hidden by chance."""
    stride_two_share: float = 0.3
    """Windows of every other frame: videos of half the frame rate."""
    steadiness: float = 3.0
    """Weight of squared second differences against squared distances."""
    depth_share: float = 0.2
    """Weight of distance along the view: one camera hardly sees it."""
    code: float = 0.002
    log_steps: int = 100
    check_steps: int = 200
    """Steps between looks at the held-out sequences."""
    seed: int = 0


class Poses(NamedTuple):
    """Poses in torch."""

    rotation: Float[Tensor, "n 3 3"]
    place: Float[Tensor, "n 3"]
    articulation: Float[Tensor, "n articulation"]


@dataclass(frozen=True, eq=False)
class Examples:
    """Windows of three frames in a row, flattened: (3 * batch, ...)."""

    window: SeenFrames
    truth: Poses


def fit_temporal(
    config: TemporalFitConfig,
    sequences: Sequence[PoseSequence],
    template: TemplateTorch,
    report: Report = lambda done, total, row: None,
) -> tuple[TemporalNetwork, dict[str, float]]:
    """Train on most sequences, measure on the rest.

    What does best on the held-out ones is kept, so the result is never worse there than the plain
    mean over time that training starts from.

    Returns:
        The network, and figures on the held-out sequences: `score`.

    Raises:
        ValueError: There are fewer than two sequences.
    """
    if len(sequences) < 2:
        raise ValueError(
            f"{len(sequences)} sequences: one to learn from and one to check are needed"
        )
    torch.manual_seed(config.seed)
    network = TemporalNetwork(network_config(config, sequences[0].seen))
    held_out = max(1, round(config.held_out_share * len(sequences)))
    check, learn = sequences[:held_out], sequences[held_out:]
    optimizer = torch.optim.AdamW(
        network.parameters(), config.learning_rate, weight_decay=config.weight_decay
    )
    trials = list(_batches(replace(config, steps=_TRIALS, seed=config.seed + 1), check))
    least, best = math.inf, copy.deepcopy(network.state_dict())
    for step, examples in enumerate(_batches(config, learn)):
        if step % config.check_steps == 0:
            least, best = _better(network, trials, template, config, (least, best))
        for group in optimizer.param_groups:
            group["lr"] = config.learning_rate * _pace(step / config.steps)
        loss = _loss(network, examples, template, config)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), config.clip_norm)
        optimizer.step()
        if (step + 1) % config.log_steps == 0 or step + 1 == config.steps:
            report(step + 1, config.steps, {"loss": float(loss.detach()), "check": least})
    least, best = _better(network, trials, template, config, (least, best))
    network.load_state_dict(best)
    network.eval()
    return network, score(network, check, template)


def _better(
    network: TemporalNetwork,
    trials: Sequence[Examples],
    template: TemplateTorch,
    config: TemporalFitConfig,
    known: tuple[float, dict[str, Tensor]],
) -> tuple[float, dict[str, Tensor]]:
    """The lower loss on held-out examples, and the weights that have it; leaves training on."""
    network.eval()
    with torch.no_grad():
        loss = np.mean([float(_loss(network, trial, template, config)) for trial in trials])
    if loss < known[0]:
        known = float(loss), copy.deepcopy(network.state_dict())
    network.train()
    return known


def network_config(config: TemporalFitConfig, seen: SeenFrames) -> TemporalConfig:
    """Sizes that follow from what the student says."""
    articulation, hypotheses = seen.articulation.shape[-1], seen.probabilities.shape[-1]
    return TemporalConfig(
        token_count(articulation, hypotheses), correction_count(articulation),
        config.kind, config.width, config.layers,
    )  # fmt: skip


def _pace(share: float) -> float:
    """Learning rate over time: a short warm-up, then cosine."""
    return min(1.0, share / 0.05 + 0.01) * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * share)))


def _batches(config: TemporalFitConfig, sequences: Sequence[PoseSequence]) -> Iterator[Examples]:
    rng = np.random.default_rng(config.seed)
    for _ in range(config.steps):
        chosen = []
        for _ in range(config.batch_size):
            sequence = sequences[rng.integers(len(sequences))]
            stride = 2 if rng.random() < config.stride_two_share else 1
            first = int(rng.integers(0, max(1, len(sequence) - 2 * stride)))
            middles = np.minimum(first + stride * np.arange(3), len(sequence) - 1)
            future = int(rng.integers(0, RADIUS + 1))
            lost = rng.random(FRAMES) < config.lost_share
            chosen.append(_cut_out(sequence, middles, stride, future, lost))
        yield _joined(chosen)


def _cut_out(
    sequence: PoseSequence,
    middles: Int[np.ndarray, " n"],
    stride: int,
    future: int,
    lost: np.ndarray | None = None,
) -> Examples:
    """Windows around frames of one sequence."""
    offset = np.arange(-RADIUS, RADIUS + 1)
    is_known = offset <= future
    if lost is not None:
        is_known &= ~lost | (offset == 0)
    index = middles[:, None] + stride * offset
    window = sequence.seen.take(index, np.broadcast_to(is_known, index.shape))
    truth = Poses(*(
        torch.from_numpy(value[middles]).float()
        for value in (sequence.rotation, sequence.place, sequence.articulation)
    ))  # fmt: skip
    return Examples(window, truth)


def _joined(examples: list[Examples]) -> Examples:
    windows = [one.window for one in examples]
    fields_ = vars(windows[0])
    window = SeenFrames(
        **{name: np.concatenate([getattr(one, name) for one in windows]) for name in fields_}
    )
    truth = Poses(*(torch.cat(parts) for parts in zip(*(e.truth for e in examples), strict=True)))
    return Examples(window, truth)


def predicted(network: TemporalNetwork, window: SeenFrames) -> Poses:
    """The middle frames' poses after the network's correction, with gradients."""
    tokens = torch.from_numpy(window_tokens(window)).float()
    correction = network(tokens, torch.from_numpy(window.is_seen))
    raw = raw_poses(window)
    to_units = torch.exp(raw.place[:, :1])
    across = raw.place[:, 1:] + correction[:, 4:6] / to_units
    return Poses(
        raw.rotation @ exp_rotation(correction[:, :3]),
        torch.cat([raw.place[:, :1] + correction[:, 3:4], across], 1),
        raw.articulation + correction[:, 6:],
    )


def raw_poses(window: SeenFrames) -> Poses:
    """The middle frames' poses as the student says them."""
    anchor = window.anchor()
    return Poses(*(
        torch.from_numpy(value[:, 0]).float()
        for value in (anchor.rotation, anchor.place, anchor.articulation)
    ))  # fmt: skip


def points_in_camera(poses: Poses, template: TemplateTorch) -> Float[Tensor, "n points 3"]:
    """Points of the mean body, camera space, rig units."""
    shape = torch.zeros(len(poses.place), template.shape_places.shape[0])
    body = template.pose(template.decode(poses.articulation), shape) - template.centre
    depth = torch.exp(poses.place[:, :1])
    centre = torch.cat([poses.place[:, 1:] * depth, depth], 1)
    return body @ poses.rotation.transpose(-1, -2) + centre[:, None]


def _loss(
    network: TemporalNetwork, examples: Examples, template: TemplateTorch, config: TemporalFitConfig
) -> Tensor:
    ours = predicted(network, examples.window)
    off = points_in_camera(ours, template) - points_in_camera(examples.truth, template)
    off = off.unflatten(0, (-1, 3))  # examples, three frames in a row, points, axes
    seen = torch.from_numpy(examples.window.anchor().is_seen[:, 0]).view(-1, 3)
    axis = torch.tensor([1.0, 1.0, config.depth_share])
    # A body on its head is off by as much as a length: such frames must not drown the others.
    distance = torch.sqrt((off * axis).square().sum(-1) + 1e-4).mean(-1)
    jump = (off[:, 2] - 2 * off[:, 1] + off[:, 0]).square().sum(-1).mean(-1)
    steady = torch.sqrt(jump + 1e-5) * seen.all(1)
    code = (ours.articulation - examples.truth.articulation).square().mean(1).view(-1, 3)
    of_frame = (distance + config.code * code) * seen
    return of_frame.sum() / seen.sum().clamp_min(1) + config.steadiness * steady.mean()


@torch.no_grad()
def score(
    network: TemporalNetwork, sequences: Sequence[PoseSequence], template: TemplateTorch
) -> dict[str, float]:
    """Mean distance of points from the truth's about the body's centre (rig units), root angle
    (degrees, median), and acceleration by the truth's: raw, live (0 frames ahead), offline (6)."""
    rows: dict[str, list[tuple[float, float, float, float]]] = {}
    for sequence in sequences:
        middles = np.arange(len(sequence))
        for name, future in (("raw", 0), ("live", 0), ("offline", RADIUS)):
            examples = _cut_out(sequence, middles, 1, future)
            window = examples.window
            ours = raw_poses(window) if name == "raw" else predicted(network, window)
            rows.setdefault(name, []).append(
                _measured(ours, examples.truth, sequence.seen.is_seen, template)
            )
    figures: dict[str, float] = {}
    for name, values in rows.items():
        distance, angle, ours_moved, truth_moved = np.nanmean(np.array(values), 0)
        figures |= {f"{name}_distance": float(distance), f"{name}_root_deg": float(angle)}
        figures[f"{name}_jitter"] = float(ours_moved / truth_moved)
    return figures


def _measured(
    ours: Poses, truth: Poses, is_seen: np.ndarray, template: TemplateTorch
) -> tuple[float, float, float, float]:
    a, b = points_in_camera(ours, template), points_in_camera(truth, template)
    seen = torch.from_numpy(is_seen)
    centred = (a - a.mean(1, keepdim=True)) - (b - b.mean(1, keepdim=True))
    trace = (ours.rotation * truth.rotation).sum((-1, -2))
    angle = torch.rad2deg(torch.acos(((trace - 1) / 2).clamp(-1, 1)))
    runs = seen[2:] & seen[1:-1] & seen[:-2]
    moved = [(p[2:] - 2 * p[1:-1] + p[:-2]).norm(dim=-1).mean(1)[runs].mean() for p in (a, b)]
    return (
        float(centred.norm(dim=-1).mean(1)[seen].mean()),
        float(angle[seen].median()),
        float(moved[0]),
        float(moved[1]),
    )
