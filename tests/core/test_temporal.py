import numpy as np

from core.rotations import geodesic_angle, matrix_from_axis_angle
from core.temporal import CameraPrediction, SmoothingConfig, settle

FRONT = np.eye(3)
BACK = matrix_from_axis_angle(np.array([0.0, np.pi, 0.0]))


def seen(
    rotations: list[np.ndarray], probabilities: list[float], code: float = 0.0
) -> CameraPrediction:
    count = len(rotations)
    return CameraPrediction(
        np.stack(rotations), np.tile([1.0, 0.0, 0.0], (count, 1)), np.array(probabilities),
        np.full(16, code), np.zeros(2), np.zeros(64),
    )  # fmt: skip


def run(frames: list[CameraPrediction], config: SmoothingConfig | None = None):
    memory, estimates = None, []
    for index, frame in enumerate(frames):
        estimate, memory = settle(frame, index / 30, memory, config)
        estimates.append(estimate)
    return estimates


def test_one_frame_gives_the_likeliest_cluster() -> None:
    near = matrix_from_axis_angle(np.array([0.0, 0.1, 0.0]))
    (estimate,) = run([seen([FRONT, near, BACK], [0.3, 0.3, 0.4])])
    assert geodesic_angle(estimate.rotation, FRONT) < 0.11
    assert np.isclose(estimate.agreement, 0.6)


def test_a_single_flipped_frame_does_not_turn_the_body() -> None:
    steady, flipped = seen([FRONT, BACK], [0.8, 0.2]), seen([FRONT, BACK], [0.1, 0.9])
    estimates = run([steady] * 5 + [flipped] + [steady] * 3)
    assert max(geodesic_angle(e.rotation, FRONT) for e in estimates) < 0.1


def test_lasting_evidence_turns_the_body() -> None:
    estimates = run([seen([FRONT, BACK], [0.8, 0.2])] * 3 + [seen([FRONT, BACK], [0.1, 0.9])] * 8)
    assert geodesic_angle(estimates[-1].rotation, BACK) < 0.1


def test_noise_is_smoothed_and_constant_motion_is_followed() -> None:
    rng = np.random.default_rng(0)
    noisy = [seen([FRONT], [1.0], code=float(rng.normal())) for _ in range(60)]
    raw = np.array([frame.articulation[0] for frame in noisy])
    smooth = np.array([e.articulation[0] for e in run(noisy)])
    assert np.abs(np.diff(smooth)).mean() < 0.5 * np.abs(np.diff(raw)).mean()
    ramp = run([seen([FRONT], [1.0], code=k / 10) for k in range(60)])
    assert abs(ramp[-1].articulation[0] - 5.9) < 0.5


def test_no_smoothing_gives_the_raw_prediction() -> None:
    frames = [seen([FRONT], [1.0], code=float(k % 2)) for k in range(6)]
    estimates = run(frames, SmoothingConfig(strength=0.0))
    assert [e.articulation[0] for e in estimates] == [0, 1, 0, 1, 0, 1]


def test_a_gap_forgets_the_past() -> None:
    _, memory = settle(seen([FRONT], [1.0]), 0.0, None)
    estimate, _ = settle(seen([BACK], [1.0]), 5.0, memory)
    assert geodesic_angle(estimate.rotation, BACK) < 1e-6
