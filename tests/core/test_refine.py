"""Refinement against known truth: a made-up body, its drawn mask, and a start beside it."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from core.camera import Camera
from core.decode import posed_mesh
from core.fit_item import FitItem
from core.fit_score import FitPrior, fit_score, points_off
from core.model import CategoryModel
from core.pipeline import root_pose
from core.point_pull_torch import PointPull
from core.refine import RefineConfig, Refiner, refine_results
from core.results import Codes, FrameResult, Mask, RootHypotheses, SeenPoints
from core.rotations import geodesic_angle, matrix_from_axis_angle
from core.spread_points import spread_vertices
from core.track import box_of_mask
from tests.made_model import made_model
from training.rasterize import rasterize_silhouette

SIZE = (160, 120)
CAMERA = Camera.from_fov(*SIZE)
SIDE = np.array([[0, 0, -1.0], [0, -1, 0], [-1, 0, 0]])
QUICK = RefineConfig(steps=25, size_px=64)


@pytest.fixture(scope="module")
def model() -> CategoryModel:
    return made_model()


def truth_of(model: CategoryModel, frame: int = 0, place: tuple[float, float] = (0.0, 0.0)):
    """A slowly turning body; its mask is drawn by the other rasteriser."""
    rng = np.random.default_rng(5)
    code = 0.3 * rng.normal(size=16) + 0.02 * frame * rng.normal(size=16)
    rotation = matrix_from_axis_angle(np.array([0.1, 0.3 + 0.02 * frame, 0.2])) @ SIDE
    pose = root_pose(rotation, np.array([np.log(1.9), *place]), model.centre)
    codes = Codes(code, np.array([0.8, -0.5]), np.zeros(64))
    return with_true_mask(model, result_of(model, frame, pose, codes))


def result_of(model: CategoryModel, frame: int, pose: np.ndarray, codes: Codes) -> FrameResult:
    joints = model.joint_rotations(codes.articulation)
    return FrameResult(
        frame, frame / 30, True, 0.9, None, None, CAMERA.K, SIZE, pose, joints, codes
    )


def with_true_mask(model: CategoryModel, result: FrameResult) -> FrameResult:
    drawn = rasterize_silhouette(posed_mesh(model, result).vertices, model.rig.faces, CAMERA)
    mask = Mask(drawn.astype(np.uint8) * np.uint8(255), 1.0)
    return replace(result, mask=mask, box=box_of_mask(mask.alpha))


def moved(model: CategoryModel, truth: FrameResult, seed: int = 1) -> FrameResult:
    """A start as a student might give it: turned, displaced, further off, in another pose."""
    rng = np.random.default_rng(seed)
    pose = truth.root_to_cam
    centre = pose[:3, :3] @ model.centre + pose[:3, 3]
    turn = matrix_from_axis_angle(0.12 * rng.normal(size=3))
    place = [np.log(centre[2] * 1.1), centre[0] / centre[2] + 0.04, centre[1] / centre[2] - 0.03]
    codes = replace(
        truth.codes,
        articulation=truth.codes.articulation + 0.2 * rng.normal(size=16),
        shape=np.zeros(2),
    )
    start = root_pose(turn @ pose[:3, :3], np.array(place), model.centre)
    return replace(result_of(model, truth.frame_index, start, codes), mask=truth.mask)


def iou(model: CategoryModel, result: FrameResult, truth: FrameResult) -> float:
    """On the full image, by the rasteriser that scores."""
    drawn = rasterize_silhouette(posed_mesh(model, result).vertices, model.rig.faces, CAMERA)
    assert truth.mask is not None
    mask = truth.mask.alpha > 127
    return np.count_nonzero(drawn & mask) / np.count_nonzero(drawn | mask)


def seen_error(model: CategoryModel, result: FrameResult, truth: FrameResult) -> float:
    """Mean distance of the vertices in the image, pixels: depth and scale cannot be told apart."""
    ours, theirs = (
        CAMERA.project(posed_mesh(model, r).vertices.astype(float)) for r in (result, truth)
    )
    return float(np.linalg.norm(ours - theirs, axis=1).mean())


def own_score(model: CategoryModel, result: FrameResult, masked: FrameResult) -> float:
    """The score of a result on the same small picture that was used for the start."""
    item = FitItem.of(model, masked, QUICK.size_px)
    assert item.target is not None
    return fit_score(model, result, item.target, FitPrior(QUICK.pose_prior, QUICK.shape_prior))


def same(a: FrameResult, b: FrameResult) -> bool:
    return np.array_equal(a.root_to_cam, b.root_to_cam) and np.array_equal(
        a.joint_rotations, b.joint_rotations
    )


def test_a_still_is_pulled_to_its_truth(model: CategoryModel) -> None:
    truth = truth_of(model)
    start = moved(model, truth)
    (refined,) = refine_results(model, [start], RefineConfig())
    assert iou(model, start, truth) < 0.7
    assert iou(model, refined, truth) > 0.92
    assert seen_error(model, refined, truth) < 0.5 * seen_error(model, start, truth)
    assert refined.mask is start.mask
    assert refined.stage_ms["refine"] > 0


def test_a_clip_has_one_body_and_stays_smooth(model: CategoryModel) -> None:
    truths = [truth_of(model, frame) for frame in range(12)]
    starts = [moved(model, truth) for truth in truths]
    refined = refine_results(model, starts, replace(QUICK, window=5))
    better = [iou(model, r, t) - iou(model, s, t) for r, s, t in zip(refined, starts, truths)]  # noqa: B905
    assert np.mean(better) > 0.15
    assert all(np.array_equal(r.codes.shape, refined[0].codes.shape) for r in refined)
    places = np.stack([result.root_to_cam[:3, 3] for result in refined])
    true_places = np.stack([result.root_to_cam[:3, 3] for result in truths])
    bends = np.linalg.norm(np.diff(places - true_places, n=2, axis=0), axis=1)
    assert bends.max() < 0.02  # also where windows of 5 frames meet


def test_no_frame_gets_worse_by_its_own_score(model: CategoryModel) -> None:
    starts = [moved(model, truth_of(model, 3 * seed), seed) for seed in range(6)]
    starts[2] = truth_of(model, 6)  # nothing to gain
    # Steps much too long, so that most of them do harm.
    for config in (QUICK, replace(QUICK, steps=3, region=-40.0, outline=-40.0)):
        refined = refine_results(model, starts, config)
        for start, result in zip(starts, refined, strict=True):
            assert own_score(model, result, start) >= own_score(model, start, start)


def test_what_is_beyond_the_border_costs_nothing(model: CategoryModel) -> None:
    truth = truth_of(model, place=(0.42, 0.0))
    assert truth.mask is not None
    assert truth.mask.alpha[:, -1].any()
    start = moved(model, truth)
    (refined,) = refine_results(model, [start], QUICK)
    assert iou(model, refined, truth) > max(0.85, iou(model, start, truth))
    seen = CAMERA.project(posed_mesh(model, refined).vertices.astype(float))
    assert (seen[:, 0] > SIZE[0]).mean() > 0.1  # not squeezed into the picture
    (left_alone,) = refine_results(model, [truth], QUICK)
    assert seen_error(model, left_alone, truth) < 6


def test_frames_without_a_mask_or_subject_come_back_as_they_are(model: CategoryModel) -> None:
    truth = truth_of(model)
    empty = Mask(np.zeros(SIZE[::-1], np.uint8), 0.0)
    odd = [
        replace(moved(model, truth), mask=None),
        replace(moved(model, truth), mask=empty),
        replace(moved(model, truth), is_covered=False),
        replace(truth, root_to_cam=np.diag([1.0, 1, 1, 1])),  # around the camera itself
    ]
    results = refine_results(model, [*odd, moved(model, truth)], QUICK)
    assert all(same(a, b) for a, b in zip(odd, results, strict=False))
    assert results[0].mask is None
    assert results[1].mask is empty
    assert not same(results[-1], moved(model, truth))
    assert refine_results(model, [], QUICK) == []


def test_it_is_deterministic(model: CategoryModel) -> None:
    starts = [moved(model, truth_of(model, frame), frame) for frame in range(3)]
    first, second = (refine_results(model, starts, replace(QUICK, steps=8)) for _ in range(2))
    assert all(same(a, b) for a, b in zip(first, second, strict=True))


def test_stopping_leaves_the_rest_as_it_was(model: CategoryModel) -> None:
    starts = [moved(model, truth_of(model, frame)) for frame in range(6)]
    done: list[int] = []
    refined = refine_results(
        model,
        starts,
        replace(QUICK, window=3, steps=6),
        progress=lambda now, total: done.append(now),
        should_stop=lambda: bool(done),
    )
    assert done == [3]
    assert not any(same(a, b) for a, b in zip(starts[:3], refined[:3], strict=True))
    assert all(same(a, b) for a, b in zip(starts[3:], refined[3:], strict=True))


def test_a_gathering_refiner_gives_the_same_without_masks(model: CategoryModel) -> None:
    starts = [moved(model, truth_of(model, frame)) for frame in range(2)]
    refiner = Refiner(model, replace(QUICK, steps=5))
    for start in starts:
        refiner.add(start)
    gathered = refiner.finish()
    direct = refine_results(model, starts, replace(QUICK, steps=5))
    assert all(same(a, b) for a, b in zip(gathered, direct, strict=True))
    assert all(result.mask is None for result in gathered)


def test_a_clip_that_faces_the_wrong_way_is_turned_when_asked(model: CategoryModel) -> None:
    truth = truth_of(model)
    pose = truth.root_to_cam.copy()
    pose[:3, :3] = pose[:3, :3] @ np.diag([-1.0, 1, -1])
    place = truth.root_to_cam[:3, :3] @ model.centre + truth.root_to_cam[:3, 3]
    pose[:3, 3] = place - pose[:3, :3] @ model.centre
    believed = RootHypotheses(truth.root_to_cam[None], np.ones(1))
    start = replace(truth, root_to_cam=pose, hypotheses=believed)
    (kept,) = refine_results(model, [start], QUICK)
    (turned,) = refine_results(model, [start], replace(QUICK, tries_turned=True))
    angle = [
        geodesic_angle(r.root_to_cam[:3, :3], truth.root_to_cam[:3, :3]) for r in (kept, turned)
    ]
    assert angle[0] > np.pi / 2 > 0.5 > angle[1]


def points_of(model: CategoryModel, truth: FrameResult) -> SeenPoints:
    """What a perfect eye sees of the truth, in a crop that looks aside."""
    crop = matrix_from_axis_angle(np.array([0.03, -0.05, 0.0]))
    tan = 0.35
    vertices = posed_mesh(model, truth).vertices[model.point_vertices] @ crop
    centre = (truth.root_to_cam[:3, :3] @ model.centre + truth.root_to_cam[:3, 3]) @ crop
    across = vertices[:, :2] / vertices[:, 2:] / tan
    deep = (vertices[:, 2:] - centre[2]) / (centre[2] * tan)
    places = np.concatenate([across, deep], 1)
    return SeenPoints(places, crop, tan)


@pytest.fixture(scope="module")
def seeing(model: CategoryModel) -> CategoryModel:
    """The model with a student that finds points."""
    points = spread_vertices(model.rig, 24).tolist()
    return replace(model, card=model.card | {"point_vertices": points})


def test_points_turn_a_body_that_its_outline_cannot(seeing: CategoryModel) -> None:
    truth = truth_of(seeing)
    start = moved(seeing, truth)
    saw = replace(start, points=points_of(seeing, truth))
    config = RefineConfig(points=6.0, point_depth=3.0)
    blind, led = (refine_results(seeing, [s], config)[0] for s in (start, saw))
    off = [geodesic_angle(r.root_to_cam[:3, :3], truth.root_to_cam[:3, :3]) for r in (blind, led)]
    assert off[1] < 0.7 * off[0]
    assert iou(seeing, led, truth) > 0.9


def test_the_pull_of_points_is_its_slow_twin(seeing: CategoryModel) -> None:
    truth = truth_of(seeing)
    seen = points_of(seeing, truth)
    aside = replace(seen, places=seen.places + np.array([0.9, 0.0, 0.2]))  # some beyond the border
    starts = [moved(seeing, truth), replace(moved(seeing, truth, 2), points=aside)]
    pull = PointPull.of(seeing.point_vertices, starts, 1.3, 0.4)
    assert pull is not None
    vertices = torch.stack([torch.tensor(posed_mesh(seeing, s).vertices) for s in starts]).float()
    centres = [s.root_to_cam[:3, :3] @ seeing.centre + s.root_to_cam[:3, 3] for s in starts]
    place = torch.tensor([[np.log(c[2]), c[0] / c[2], c[1] / c[2]] for c in centres]).float()
    ours = pull(vertices, place)
    slow = points_off(seeing, starts[1], aside, FitPrior(0.0, 0.0, 1.3, 0.4))
    assert ours[0] == 0
    assert float(ours[1]) == pytest.approx(slow, rel=1e-4)
    whole = FitPrior(0.0, 0.0, 1.0, 1.0)
    assert points_off(seeing, truth, seen, whole) == pytest.approx(0, abs=1e-6)


def test_frames_without_points_pull_nothing(seeing: CategoryModel) -> None:
    start = moved(seeing, truth_of(seeing))
    assert PointPull.of(seeing.point_vertices, [start], 1.0, 0.5) is None
    saw = replace(start, points=points_of(seeing, start))
    assert PointPull.of(seeing.point_vertices, [saw], 0.0, 0.0) is None
    assert PointPull.of(np.zeros(0, int), [saw], 1.0, 0.5) is None


def test_results_of_an_older_model_are_refined_too(model: CategoryModel) -> None:
    truth = truth_of(model)
    start = moved(model, truth)
    older = replace(start, codes=replace(start.codes, shape=start.codes.shape[:1]))
    (refined,) = refine_results(model, [older], QUICK)
    assert iou(model, refined, truth) > iou(model, start, truth)
