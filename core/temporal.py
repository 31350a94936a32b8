"""From per-frame hypotheses to one steady pose: causal, so live adds no latency.

    estimate, memory = settle(prediction_in_camera, time_s, memory)

Hypotheses near each other are averaged (PROBE: 6.5 to 4.8 % with no training). Which cluster is
right is settled over time: the tracked one stays until the others have been likelier for a while,
so a single frontal frame cannot flip the body. What remains is smoothed by a One-Euro filter
(Casiez, CHI 2012).
"""

from dataclasses import dataclass, field, replace

import numpy as np
from jaxtyping import Float

from core.rotations import axis_angle_from_matrix, geodesic_angle, matrix_from_axis_angle

CLUSTER_RAD = 0.7
"""Hypotheses within this angle of the chosen one are averaged with it."""
EVIDENCE_RANGE = (-2.0, 4.0)
GAP_S = 0.7
"""After a longer gap the past says nothing."""


@dataclass(frozen=True)
class SmoothingConfig:
    """One-Euro filters: low cut-off when still, higher with speed."""

    cutoff_hz: float = 1.2
    speed_gain: float = 0.4
    """Hz per unit of speed: radians, rig units or standard deviations a second."""
    speed_cutoff_hz: float = 1.0
    slow_s: float = 2.0
    """Time constant of what hardly changes within a clip: shape and appearance."""
    strength: float = 1.0
    """0 turns smoothing off; 2 halves the cut-off."""


@dataclass(frozen=True, eq=False)
class Estimate:
    """One pose in the full camera, with its codes."""

    rotation: Float[np.ndarray, "3 3"]
    """Rig to camera."""
    place: Float[np.ndarray, " 3"]
    """log depth, and the body's centre over depth: x / z, y / z."""
    articulation: Float[np.ndarray, " articulation"]
    shape: Float[np.ndarray, " shape"]
    appearance: Float[np.ndarray, " appearance"]
    agreement: float
    """Share of probability in the chosen cluster, 0..1."""


@dataclass(frozen=True, eq=False)
class CameraPrediction:
    """The student's words turned into the full camera."""

    rotations: Float[np.ndarray, "hypotheses 3 3"]
    places: Float[np.ndarray, "hypotheses 3"]
    probabilities: Float[np.ndarray, " hypotheses"]
    articulation: Float[np.ndarray, " articulation"]
    shape: Float[np.ndarray, " shape"]
    appearance: Float[np.ndarray, " appearance"]


@dataclass(frozen=True, eq=False)
class FilterState:
    """A One-Euro filter between two samples."""

    value: Float[np.ndarray, " n"]
    speed: Float[np.ndarray, " n"]


@dataclass(frozen=True, eq=False)
class TemporalMemory:
    """What the temporal stage carries from frame to frame."""

    time_s: float
    rotation: Float[np.ndarray, "3 3"]
    turn_speed: Float[np.ndarray, " 3"]
    """Smoothed angular velocity, radians a second."""
    place: FilterState
    articulation: FilterState
    shape: Float[np.ndarray, " shape"]
    appearance: Float[np.ndarray, " appearance"]
    seen_s: float
    """How long shape and appearance have been gathered."""
    evidence: float = field(default=0.0)
    """Above 0: the tracked cluster has been right; below: others were likelier."""
    raw: Estimate | None = None
    """What was chosen and averaged on this frame, before smoothing."""


def settle(
    prediction: CameraPrediction,
    time_s: float,
    memory: TemporalMemory | None,
    config: SmoothingConfig | None = None,
) -> tuple[Estimate, TemporalMemory]:
    """Choose, average and smooth.

    Args:
        prediction: One frame's hypotheses and codes, camera space.
        time_s: Its time stamp.
        memory: What the last call gave, or None at the start or after a cut.
        config: How much to smooth.
    """
    config = config or SmoothingConfig()
    if memory is not None and not 0 < time_s - memory.time_s < GAP_S:
        memory = None
    chosen, evidence, jumped = _choose(prediction, memory)
    rotation, place, agreement = _cluster_mean(prediction, chosen)
    raw = Estimate(
        rotation, place, prediction.articulation, prediction.shape, prediction.appearance, agreement
    )
    if memory is None or config.strength <= 0:
        return raw, replace(_start(raw, time_s, evidence), raw=raw)
    estimate, fresh = _smoothed(raw, time_s, memory, config, evidence, jumped)
    return estimate, replace(fresh, raw=raw)


def _choose(prediction: CameraPrediction, memory: TemporalMemory | None) -> tuple[int, float, bool]:
    """Index of the hypothesis to follow, the new evidence, and whether the track jumped."""
    likelihood = prediction.probabilities
    if memory is None:
        return _densest(prediction), 0.0, False
    angle = geodesic_angle(prediction.rotations, memory.rotation)
    near = angle < 2 * CLUSTER_RAD
    same, other = likelihood[near].sum(), likelihood[~near].sum()
    evidence = float(
        np.clip(memory.evidence + np.log((same + 0.05) / (other + 0.05)), *EVIDENCE_RANGE)
    )
    if near.any() and evidence > EVIDENCE_RANGE[0]:
        score = np.where(near, np.log(likelihood + 1e-3) - (angle / CLUSTER_RAD) ** 2, -np.inf)
        return int(np.argmax(score)), evidence, False
    return _densest(prediction), 0.0, True


def _densest(prediction: CameraPrediction) -> int:
    """The hypothesis with most probability around it."""
    relative = np.einsum("aij,bij->ab", prediction.rotations, prediction.rotations)
    angle = np.arccos(np.clip((relative - 1) / 2, -1, 1))
    weight = np.exp(-((angle / CLUSTER_RAD) ** 2)) @ prediction.probabilities
    return int(np.argmax(weight))


def _cluster_mean(
    prediction: CameraPrediction, chosen: int
) -> tuple[np.ndarray, np.ndarray, float]:
    """Weighted mean of the hypotheses near the chosen one."""
    angle = geodesic_angle(prediction.rotations, prediction.rotations[chosen])
    near = angle < CLUSTER_RAD
    weight = prediction.probabilities * near
    total = float(weight.sum())
    weight = weight / max(total, 1e-9)
    mean = np.einsum("h,hij->ij", weight, prediction.rotations)
    u, _, vt = np.linalg.svd(mean)
    rotation = u @ np.diag([1, 1, np.linalg.det(u @ vt)]) @ vt
    return rotation, weight @ prediction.places, total


def _start(raw: Estimate, time_s: float, evidence: float) -> TemporalMemory:
    return TemporalMemory(
        time_s, raw.rotation, np.zeros(3),
        FilterState(raw.place, np.zeros_like(raw.place)),
        FilterState(raw.articulation, np.zeros_like(raw.articulation)),
        raw.shape, raw.appearance, 0.0, evidence,
    )  # fmt: skip


def _smoothed(
    raw: Estimate, time_s: float, memory: TemporalMemory, config: SmoothingConfig,
    evidence: float, jumped: bool,
) -> tuple[Estimate, TemporalMemory]:  # fmt: skip
    passed = time_s - memory.time_s
    if jumped:
        rotation, turn_speed = raw.rotation, np.zeros(3)
    else:
        rotation, turn_speed = _turn(raw.rotation, memory, passed, config)
    place = _one_euro(memory.place, raw.place, passed, config)
    articulation = _one_euro(memory.articulation, raw.articulation, passed, config)
    seen_s = memory.seen_s + passed
    keep = 1 - passed / min(seen_s + passed, config.slow_s + passed)
    shape = raw.shape + keep * (memory.shape - raw.shape)
    appearance = raw.appearance + keep * (memory.appearance - raw.appearance)
    fresh = TemporalMemory(
        time_s, rotation, turn_speed, place, articulation, shape, appearance, seen_s, evidence
    )
    estimate = Estimate(rotation, place.value, articulation.value, shape, appearance, raw.agreement)
    return estimate, fresh


def _share(cutoff_hz: np.ndarray | float, passed_s: float) -> np.ndarray | float:
    """Weight of the new sample in a first-order low-pass."""
    return 1 - np.exp(-2 * np.pi * cutoff_hz * passed_s)


def _one_euro(
    state: FilterState, value: np.ndarray, passed_s: float, config: SmoothingConfig
) -> FilterState:
    change = (value - state.value) / passed_s
    speed = state.speed + _share(config.speed_cutoff_hz, passed_s) * (change - state.speed)
    cutoff = (config.cutoff_hz + config.speed_gain * np.abs(speed)) / config.strength
    return FilterState(state.value + _share(cutoff, passed_s) * (value - state.value), speed)


def _turn(
    rotation: np.ndarray, memory: TemporalMemory, passed_s: float, config: SmoothingConfig
) -> tuple[np.ndarray, np.ndarray]:
    """One-Euro on the rotation's tangent."""
    step = axis_angle_from_matrix(rotation @ memory.rotation.T)
    speed = memory.turn_speed + _share(config.speed_cutoff_hz, passed_s) * (
        step / passed_s - memory.turn_speed
    )
    cutoff = (config.cutoff_hz + config.speed_gain * float(np.linalg.norm(speed))) / config.strength
    return matrix_from_axis_angle(step * _share(cutoff, passed_s)) @ memory.rotation, speed
