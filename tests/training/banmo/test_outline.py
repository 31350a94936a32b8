"""What pulls a body into its mask from far away, and what a mask does not say."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from core.kinematics import forward_kinematics, skin_transforms
from core.skin import skin_dual_quaternion
from tests.training.banmo.made_teacher import TINY, made_pool, made_prepared, made_start
from training.banmo.extract import rest_surface
from training.banmo.knowledge import silhouette_ious
from training.banmo.outline import (
    OutlineTargets,
    outline_errors,
    outline_errors_reference,
    spread_over,
)
from training.banmo.ray_pool import RayPool
from training.banmo.settle import middle_rest, rested_decoder, rested_rig, settled
from training.banmo.teacher import Teacher
from training.prepare.prepared_clip import UNKNOWN, three_values


def test_errors_are_those_of_the_slow_twin() -> None:
    targets = OutlineTargets.of_clips([made_prepared()])
    rng = np.random.default_rng(0)
    frame, side = 2, float(targets.side_px[2])
    cell = 2 * side / 128
    corner = targets.centre[frame].numpy() - side
    placed = corner + cell * (rng.integers(4, 124, (20, 2)) + 0.5)  # cells' centres: no blending
    pixels = targets.centre[frame].numpy() + rng.uniform(-0.4, 0.4, (7, 2)) * side
    ours = outline_errors(
        targets, torch.tensor([frame]), torch.from_numpy(placed)[None].float(),
        torch.from_numpy(pixels)[None].float(),
    )  # fmt: skip
    expected = outline_errors_reference(targets, frame, placed, pixels)
    assert [float(value) for value in ours] == pytest.approx(expected, abs=2e-4)
    assert min(expected) > 0.01


def test_a_body_far_away_is_pulled_towards_its_mask() -> None:
    targets = OutlineTargets.of_clips([made_prepared()])
    side = float(targets.side_px[0])
    placed = (targets.centre[:1] + torch.tensor([[2.5 * side, 0.0]]))[:, None].clone()
    placed.requires_grad_(True)
    inside, _ = outline_errors(targets, torch.tensor([0]), placed, targets.centre[:1, None])
    inside.backward()
    assert placed.grad is not None
    assert placed.grad[0, 0, 0] > 0.5 / side
    assert float(inside.detach()) > 1.0


def test_nothing_is_asked_where_nothing_is_known() -> None:
    clip = made_prepared()
    alphas = clip.alphas.copy()
    alphas[:, :, 60:][alphas[:, :, 60:] == 0] = UNKNOWN
    hidden = replace(clip, alphas=alphas)
    maps = OutlineTargets.of_clips([hidden]).distance
    assert float(maps.max()) > 0
    height = alphas.shape[1]
    pool = RayPool.of_clips([hidden], 0)
    outside = pool.pixels[:, 1].numpy().astype(int)
    assert (alphas[np.arange(6)[:, None], outside[..., 1], outside[..., 0]] == 0).all()
    assert outside[..., 0].max() < 60 or height == 0
    teacher = Teacher(TINY, made_start())
    rest = rest_surface(teacher, 32)
    told, all_known = (np.nanmean(silhouette_ious(teacher, rest, [c])) for c in (hidden, clip))
    assert told >= all_known


def test_masks_have_three_values() -> None:
    given = np.array([[0, 40, 64, 128, 191, 192, 255]], np.uint8)
    assert three_values(given).tolist() == [[0, 0, UNKNOWN, UNKNOWN, UNKNOWN, 255, 255]]


def test_a_body_put_to_rest_anew_stands_where_it_stood() -> None:
    start = made_start()
    rig, rng = start.rig, np.random.default_rng(1)
    rest = middle_rest(rig.skeleton, start.decoder.decode(rng.normal(size=(8, 16))))
    joints = len(rest)
    turned = rest.copy()
    angle = 0.4
    turned[1] = [[1, 0, 0], [0, np.cos(angle), -np.sin(angle)], [0, np.sin(angle), np.cos(angle)]]
    moved = rested_rig(rig, turned, np.ones(joints))
    decoder = rested_decoder({k: np.array(v) for k, v in vars(start.decoder).items()}, turned)
    code = rng.normal(size=16)

    def posed(body, rotations: np.ndarray) -> np.ndarray:
        transforms = skin_transforms(body.skeleton, forward_kinematics(body.skeleton, rotations))
        return skin_dual_quaternion(body.vertices, body.weights, transforms)

    before = posed(rig, start.decoder.decode(code))
    after = posed(moved, decoder.decode(code))
    whole = rig.weights.max(1) > 0.999  # between bones the blend depends on where it starts
    assert whole.sum() > 20
    assert np.allclose(after[whole], before[whole], atol=1e-4)


def test_settling_brings_bodies_into_their_masks() -> None:
    start, clip = made_start(noise=0.12), made_prepared()
    done: list[float] = []
    after = settled(
        start, [clip], replace(TINY, pose_steps=40), lambda stage, step, total: done.append(step)
    )
    assert done[-1] == 40
    ious = [
        float(np.nanmean(silhouette_ious(teacher, rest_surface(teacher, 32), [clip])))
        for teacher in (Teacher(TINY, start), Teacher(TINY, after))
    ]
    assert ious[1] > ious[0] + 0.1


def test_points_carry_what_their_corners_carry() -> None:
    vertices = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1.0]])
    faces = np.array([[0, 1, 2], [0, 2, 3]])
    points, carried = spread_over(vertices, faces, vertices[:, :2])
    assert np.allclose(points[:, :2], carried)
    assert (points.sum(1) <= 1 + 1e-6).all()
    assert made_pool().frame_count == 6
