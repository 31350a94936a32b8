"""Frames tried from all around, and the body's girth."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
import torch

from core.rotations import geodesic_angle, matrix_from_axis_angle
from tests.training.banmo.made_teacher import TINY, made_prepared, made_start
from training.banmo.poses import Posed, Poses
from training.banmo.root_search import TURN_COST, TURNS, likeliest_course, searched, turned_starts
from training.banmo.soft_body import SoftBody
from training.banmo.teacher import TeacherStart
from training.metrics.closest_surface import SurfaceTree
from training.metrics.triangle_mesh import TriangleMesh


def _course_by_trying_all(cost: np.ndarray, rotation: np.ndarray) -> float:
    frames, turns = cost.shape
    return min(_price(cost, rotation, course) for course in product(range(turns), repeat=frames))


def _price(cost: np.ndarray, rotation: np.ndarray, course: tuple[int, ...]) -> float:
    total = sum(cost[frame, turn] for frame, turn in enumerate(course))
    for frame in range(1, len(cost)):
        before, now = rotation[frame - 1, course[frame - 1]], rotation[frame, course[frame]]
        total += TURN_COST * float(geodesic_angle(before, now)) ** 2
    return total


@pytest.mark.parametrize("seed", range(5))
def test_the_course_is_the_cheapest_of_all(seed: int) -> None:
    rng = np.random.default_rng(seed)
    cost = rng.uniform(0, 4e-3, (5, 3))
    rotation = matrix_from_axis_angle(rng.normal(size=(15, 3))).reshape(5, 3, 3, 3)
    course = likeliest_course(cost, rotation)
    assert _price(cost, rotation, tuple(course)) == pytest.approx(
        _course_by_trying_all(cost, rotation)
    )


def test_candidates_stand_all_around_the_same_place() -> None:
    poses = made_start().poses
    turned = turned_starts(poses)
    assert len(turned.clip_of) == TURNS * len(poses.clip_of)
    assert np.allclose(turned.rotation[::TURNS], poses.rotation)
    angles = geodesic_angle(turned.rotation[:TURNS], poses.rotation[0])
    assert np.allclose(np.sort(np.rad2deg(angles)), [0, 45, 45, 90, 90, 135, 135, 180])
    up = turned.rotation[:TURNS, :, 1]
    assert np.allclose(up, up[0])


def test_a_frame_that_stands_across_is_turned_back() -> None:
    start, clip = made_start(), made_prepared()
    true = start.poses.rotation
    wrong = true.copy()
    wrong[3] = wrong[3] @ matrix_from_axis_angle(np.array([0.0, np.pi / 2, 0.0]))
    found = searched(replace(start, poses=replace(start.poses, rotation=wrong)), [clip], TINY)
    off = np.rad2deg(geodesic_angle(found.poses.rotation, true))
    assert off[3] < 30
    assert off.max() < 30


def test_a_thicker_body_is_the_thicker_rig() -> None:
    start = made_start()
    body = SoftBody.of(start.rig)
    with torch.no_grad():
        before = body.moved(_posed(start))
        body.girth.fill_(2.0)
        after = body.moved(_posed(start))
        points = (body.points + torch.einsum("g,gpa->pa", body.girth, body.modes)).numpy()
    assert float((after - before).norm(dim=-1).max()) > 0.01
    rig = body.grown(start.rig)
    surface = SurfaceTree(TriangleMesh(rig.vertices.astype(np.float64), rig.faces))
    assert surface.distances(points.astype(np.float64)).max() < 1e-5


def _posed(start: TeacherStart) -> Posed:
    return Poses(start.poses, start.rig.skeleton, start.decoder).at(torch.arange(2))
