"""Drawing, outlines, the body in torch and differentiable silhouettes against their slow twins."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from core.body_state_torch import BodyState, blend_weights, exp_rotation
from core.body_torch import BodyTorch
from core.camera import Camera
from core.coverage import draw
from core.decode import pose_rig
from core.outline import find_outline, match
from core.rotations import matrix_from_axis_angle
from core.silhouette_torch import BuiltinSilhouettes, draw_points, make_silhouettes
from tests.made_model import made_model
from training.rasterize import rasterize_silhouette

PX = 48
SQUARE = np.array([[0, 1, 2], [0, 2, 3]])


def square(low: float, high: float) -> np.ndarray:
    return np.array([[low, low], [high, low], [high, high], [low, high]])


@given(seed=st.integers(0, 10_000))
@settings(max_examples=30, deadline=None)
def test_drawing_agrees_with_the_rasteriser(seed: int) -> None:
    rng = np.random.default_rng(seed)
    corners = rng.uniform(-10, PX + 10, size=(2, 9, 2))
    faces = rng.permuted(np.tile(np.arange(9), (5, 1)), axis=1)[:, :3]
    drawn = draw(corners, faces, PX)
    camera = Camera(np.eye(3), PX, PX)
    for points, covered in zip(corners, drawn.is_covered, strict=True):
        flat = np.column_stack([points, np.ones(len(points))])
        assert np.array_equal(covered, rasterize_silhouette(flat, faces, camera))


def test_every_covered_pixel_hangs_on_the_mesh_where_it_is_seen() -> None:
    rng = np.random.default_rng(3)
    points = rng.uniform(0, PX, size=(3, 12, 2))
    drawn = draw(points, np.arange(12).reshape(4, 3), PX)
    body, row, column = np.nonzero(drawn.is_covered)
    corners, weights = drawn.attach(body, row, column)
    seen = np.einsum("nk,nkc->nc", weights, points[body[:, None], corners])
    np.testing.assert_allclose(seen, np.column_stack([column, row]) + 0.5, atol=1e-9)
    assert weights.min() > -1e-9


def test_the_outline_of_a_square_faces_outwards_and_ends_at_a_cut() -> None:
    inside = np.zeros((PX, PX), bool)
    inside[10:20, 12:30] = True
    everywhere = np.ones_like(inside)
    outline = find_outline(inside, everywhere)
    assert len(outline.row) == 2 * 10 + 2 * 18 - 4
    left = (outline.column == 12) & (outline.row > 12) & (outline.row < 17)
    np.testing.assert_allclose(outline.normal[left], [[-1, 0]] * int(left.sum()), atol=0.1)
    known = everywhere.copy()
    known[:, 25:] = False
    cut = find_outline(inside, known)
    assert cut.column.max() == 24
    assert len(cut.row) == 13 * 2 + 10 - 2


def test_outlines_match_only_where_they_face_alike() -> None:
    inside, other = np.zeros((2, PX, PX), bool)
    inside[10:30, 10:16] = True  # a leg
    other[10:30, 17:23] = True  # the same leg, moved by 7: its near edge is the wrong one
    everywhere = np.ones_like(inside)
    ours, theirs = find_outline(inside, everywhere), find_outline(other, everywhere)
    to_theirs, _ = match(ours, theirs, turn_px=20.0)
    middle = (ours.row > 15) & (ours.row < 25) & (ours.column == 15)
    assert (theirs.column[to_theirs[middle]] == 22).all()


@given(seed=st.integers(0, 10_000))
@settings(max_examples=10, deadline=None)
def test_the_body_in_torch_is_the_body(seed: int) -> None:
    model, rng = made_model(), np.random.default_rng(seed)
    code, shape = rng.normal(size=16), rng.normal(size=2)
    rotation = matrix_from_axis_angle(rng.normal(size=3))
    place = np.array([1.0, 0.1, -0.2])
    body = BodyTorch.of(model)
    codes = body.code_of(torch.tensor(model.latent.sigmas_of(code)[None]).float())
    vertices = body.in_camera(
        torch.tensor(rotation[None]).float(),
        torch.tensor(place[None]).float(),
        body.decode(codes),
        torch.tensor(shape[None]).float(),
    )
    pose = np.eye(4)
    pose[:3, :3] = rotation
    pose[:3, 3] = np.exp(1.0) * np.array([0.1, -0.2, 1]) - rotation @ model.centre
    twin = pose_rig(model.rig_of(shape), model.joint_rotations(code), pose).vertices
    np.testing.assert_allclose(vertices[0].numpy(), twin, atol=2e-4)


def test_rotations_of_vectors() -> None:
    vectors = np.random.default_rng(0).normal(size=(5, 3))
    ours = exp_rotation(torch.tensor(vectors)).numpy()
    np.testing.assert_allclose(ours, matrix_from_axis_angle(vectors), atol=1e-6)
    zero = torch.zeros(3, requires_grad=True)
    exp_rotation(zero)[2, 1].backward()
    assert zero.grad is not None
    np.testing.assert_allclose(zero.grad.numpy(), [1, 0, 0], atol=1e-4)


def test_blending_is_a_mean_of_neighbours_in_time() -> None:
    times = np.array([0.0, 0.1, 0.2, 5.0])
    weights = blend_weights(times[1:], times, 0.1)
    np.testing.assert_allclose(weights.sum(1), 1)
    assert weights[0].argmax() == 1
    assert weights[0, 0] == pytest.approx(weights[0, 2])
    np.testing.assert_allclose(weights[2], [0, 0, 0, 1], atol=1e-9)
    assert np.array_equal(blend_weights(times[1:], times, 0.0), np.eye(4)[1:])


def test_the_gradient_is_that_of_the_area() -> None:
    """Growing a 20 px square by d on each side adds 80 d of area: derivative 80, by 20 px edges."""
    flat = np.column_stack([square(14.0, 34.0), np.ones(4)])[None]
    points = torch.tensor(flat, requires_grad=True)
    coverage = BuiltinSilhouettes()(points, draw_points(points, SQUARE, PX))
    assert coverage.sum() == 400
    coverage.sum().backward()
    assert points.grad is not None
    outwards = torch.tensor([[-1.0, -1], [1, -1], [1, 1], [-1, 1]], dtype=points.dtype)
    growth = float((points.grad[0, :, :2] * outwards).sum())
    assert growth == pytest.approx(80, rel=0.1)
    aside = points.grad[0, :, :2].sum(0)
    np.testing.assert_allclose(aside.numpy(), 0, atol=1e-6)


def test_corrections_start_at_nothing() -> None:
    from tests.core.test_refine import moved, truth_of

    model = made_model()
    start = moved(model, truth_of(model))
    bodies = BodyState.of(model, [start], start.codes.shape).bodies(BodyTorch.of(model)).detached()
    again = bodies.result(0, start, model.centre)
    np.testing.assert_allclose(again.root_to_cam, start.root_to_cam, atol=1e-5)
    np.testing.assert_allclose(again.joint_rotations, start.joint_rotations, atol=1e-5)
    assert replace(again, mask=None).frame_index == start.frame_index


def test_pytorch3d_agrees() -> None:
    pytest.importorskip("pytorch3d")
    rng = np.random.default_rng(0)
    target = np.zeros((PX, PX))
    target[10:30, 16:40] = 1
    gradients, areas = [], []
    for name in ("builtin", "pytorch3d"):
        flat = np.column_stack([square(12.0, 33.0) + rng.normal(size=(4, 2)) * 0, np.ones(4)])[None]
        points = torch.tensor(flat, dtype=torch.float32, requires_grad=True)
        draws = make_silhouettes(name, SQUARE, PX)
        coverage = draws(points, draw_points(points, SQUARE, PX))
        (coverage * torch.tensor(1 - 2 * target, dtype=torch.float32)).sum().backward()
        assert points.grad is not None
        gradients.append(points.grad[0, :, :2].flatten())
        areas.append(float(coverage.detach().sum()))
    assert areas[0] == pytest.approx(areas[1], rel=0.05)
    assert torch.cosine_similarity(gradients[0], gradients[1], dim=0) > 0.9
