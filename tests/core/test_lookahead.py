from dataclasses import replace

import numpy as np
import pytest

from core.lookahead import Lookahead, place_of
from core.pipeline import root_pose
from core.results import Codes, FrameResult
from core.rotations import geodesic_angle, matrix_from_axis_angle
from tests.made_model import made_model

MODEL = made_model()
TURN = 0.05


def result(index: int, yaw: float, code: float = 0.0) -> FrameResult:
    rotation = matrix_from_axis_angle(np.array([0.0, yaw, 0.0]))
    return FrameResult(
        index, index / 30, True, 0.9, None, None, np.eye(3), (64, 48),
        root_pose(rotation, np.array([1.0, 0.1, -0.1]), MODEL.centre), np.tile(np.eye(3), (4, 1,
        1)), Codes(np.full(16, code), np.zeros(2), np.zeros(64)),
    )  # fmt: skip


def smooth(results: list[FrameResult], frames: int) -> list[FrameResult]:
    lookahead = Lookahead(MODEL, frames)
    out = [done for each in results for done in lookahead.push(each)]
    return out + list(lookahead.finish())


def yaw_error(out: list[FrameResult], yaws: list[float]) -> np.ndarray:
    return np.array([
        float(geodesic_angle(r.root_to_cam[:3, :3], matrix_from_axis_angle(np.array([0, yaw, 0]))))
        for r, yaw in zip(out, yaws, strict=True)
    ])  # fmt: skip


@pytest.mark.parametrize("count", [1, 3, 20])
def test_every_frame_comes_out_once_and_in_order(count: int) -> None:
    out = smooth([result(k, 0.0) for k in range(count)], 6)
    assert [r.frame_index for r in out] == list(range(count))


def test_looking_ahead_delays_by_just_as_many_frames() -> None:
    lookahead = Lookahead(MODEL, 4)
    given = [len(list(lookahead.push(result(k, 0.0)))) for k in range(10)]
    assert given == [0] * 4 + [1] * 6


def test_constant_motion_is_kept() -> None:
    yaws = [TURN * k for k in range(30)]
    error = yaw_error(smooth([result(k, yaw) for k, yaw in enumerate(yaws)], 6), yaws)
    assert error[6:-6].max() < 1e-3


def test_noise_is_smoothed() -> None:
    rng = np.random.default_rng(0)
    noisy = [result(k, float(rng.normal(0, 0.1)), float(rng.normal())) for k in range(40)]
    out = smooth(noisy, 6)
    assert yaw_error(out, [0.0] * 40).mean() < 0.6 * yaw_error(noisy, [0.0] * 40).mean()
    codes = [np.std([r.codes.articulation[0] for r in each]) for each in (out, noisy)]
    assert codes[0] < 0.6 * codes[1]


def test_flipped_frames_are_set_right() -> None:
    yaws = [TURN * k for k in range(30)]
    frames = [result(k, yaw + (np.pi if k in (12, 13) else 0)) for k, yaw in enumerate(yaws)]
    assert yaw_error(smooth(frames, 6), yaws).max() < 0.2


def test_uncovered_frames_stay_as_they_are() -> None:
    frames = [result(k, 0.0) for k in range(9)]
    frames[4] = replace(result(4, 2.0), is_covered=False, confidence=0.0)
    out = smooth(frames, 3)
    assert out[4] is frames[4]
    assert yaw_error(out[:4] + out[5:], [0.0] * 8).max() < 1e-6


def test_no_lookahead_changes_nothing() -> None:
    frames = [result(k, 0.1 * k) for k in range(5)]
    assert all(a is b for a, b in zip(smooth(frames, 0), frames, strict=True))


def test_place_and_root_pose_cancel() -> None:
    pose = result(0, 0.7).root_to_cam
    np.testing.assert_allclose(place_of(pose, MODEL.centre), [1.0, 0.1, -0.1], atol=1e-12)
