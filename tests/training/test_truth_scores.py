"""Scores against the truth, for errors put in by hand; and the baselines."""

from dataclasses import replace

import numpy as np
import pytest

from tests.training.made_clips import FRAMES, lifted, made_clip, without_unit
from training.clip import Clip
from training.evaluation.baselines import (
    baselines,
    ellipsoids,
    fit_ellipsoid,
    turned_truth,
    unit_sphere,
)
from training.evaluation.bodies import Bodies, true_bodies
from training.evaluation.mean_scores import mean_truth_scores
from training.evaluation.truth_scores import TruthScores, score_against_truth
from training.metrics.align import AlignmentName
from training.metrics.silhouette import silhouette_iou
from training.metrics.triangle_mesh import TriangleMesh


def score(
    bodies: Bodies, clip: Clip, alignment: AlignmentName = "scale_centroid", **options: bool
) -> TruthScores:
    """In three of the frames and with few points: quick, and enough for boxes."""
    return score_against_truth(bodies, clip, alignment, stride=2, samples=300, **options)


def test_the_truth_scores_perfectly() -> None:
    clip, _ = made_clip()
    scores = score(true_bodies(clip), clip, with_depth=True)
    assert scores.chamfer_percent == pytest.approx(0.0, abs=1e-4)
    assert scores.f_scores == {"1%": 1.0, "2%": 1.0, "5%": 1.0, "10%": 1.0}
    assert scores.iou == scores.boundary_f == scores.covered_share == 1.0
    assert scores.vertex_error_percent == pytest.approx(0.0, abs=1e-4)
    assert scores.root_rotation_median_deg == pytest.approx(0.0, abs=1e-6)
    assert scores.mpjpe_percent == pytest.approx(0.0, abs=1e-4)
    assert scores.jitter_ratio == pytest.approx(1.0)
    assert scores.pose_jitter_ratio == pytest.approx(1.0)
    assert scores.depth_rmse_percent == pytest.approx(0.0, abs=1e-4)
    assert scores.depth_relative_accuracy == (1.0, 1.0, 1.0)


def test_a_shift_counts_only_where_it_is_not_forgiven() -> None:
    clip, _ = made_clip()
    assert clip.truth is not None
    up = replace(true_bodies(clip), vertices=lifted(clip, 0.05))
    strict = score(up, clip, "none")
    length = clip.truth.body_length
    assert strict.vertex_error_percent == pytest.approx(100 * 0.05 / length, rel=1e-4)
    assert strict.iou < 0.95
    assert score(up, clip).vertex_error_percent == pytest.approx(0, abs=1e-3)


def test_centimetres_follow_the_unit() -> None:
    clip, _ = made_clip()
    up = replace(true_bodies(clip), vertices=lifted(clip, 0.05))
    scores = score(up, clip, "none")
    assert clip.truth is not None
    assert scores.chamfer_percent is not None
    in_units = scores.chamfer_percent / 100 * clip.truth.body_length
    assert scores.chamfer_cm == pytest.approx(in_units * 80)
    assert scores.f_scores_cm is not None
    assert scores.f_scores_cm["5cm"] > 0.99  # 0.05 units are 4 cm
    assert score(up, without_unit(clip), "none").chamfer_cm is None


def test_frames_without_a_result_cost_silhouettes_and_coverage_only() -> None:
    clip, _ = made_clip()
    covered = np.array([True] * 3 + [False] * 3)
    scores = score(replace(true_bodies(clip), is_covered=covered), clip)
    assert scores.covered_share == 0.5
    assert scores.iou == pytest.approx(2 / 3)  # of frames 0, 2, 4
    assert scores.chamfer_percent == pytest.approx(0.0, abs=1e-4)
    nothing = replace(true_bodies(clip), is_covered=np.zeros(FRAMES, bool))
    empty = score(nothing, clip)
    assert empty.chamfer_percent is None
    assert empty.root_rotation_median_deg is None
    assert empty.iou == 0.0


def test_bodies_of_another_topology_have_no_vertex_error_but_a_chamfer_distance() -> None:
    clip, _ = made_clip()
    truth = true_bodies(clip)
    finer = replace(truth, faces=np.concatenate([truth.faces, truth.faces[:1]]))
    scores = score(finer, clip)
    assert scores.vertex_error_percent is None
    assert scores.chamfer_percent is not None
    assert scores.chamfer_percent < 1.0


def test_turned_truth_is_off_by_its_angle_and_keeps_its_pose() -> None:
    clip, _ = made_clip()
    scores = score(turned_truth(clip), clip)
    assert scores.root_rotation_median_deg == pytest.approx(30.0)
    assert scores.pa_mpjpe_percent == pytest.approx(0.0, abs=1e-4)
    assert scores.mpjpe_percent is not None
    assert scores.mpjpe_percent > 5
    flipped = score(turned_truth(clip, np.pi), clip)
    assert flipped.root_beyond_90_share == 1.0


def test_baselines_are_ordered_as_they_should_be() -> None:
    clip, _ = made_clip()
    scores = {who: score(one, clip) for who, one in baselines(clip).items()}
    errors = {who: one.chamfer_percent for who, one in scores.items()}
    assert 0.5 < errors["rest"] < errors["turned"] < errors["ellipsoid"]
    assert scores["rest"].root_rotation_median_deg == pytest.approx(0.0, abs=1e-6)
    assert scores["ellipsoid"].root_rotation_median_deg is None
    assert scores["ellipsoid"].mpjpe_percent is None


def test_ellipsoid_lies_over_an_elliptic_mask() -> None:
    clip, _ = made_clip()
    rows, columns = np.indices((72, 96)) + 0.5
    along, across = (columns - 40) + (rows - 30), (columns - 40) - (rows - 30)
    mask = ((along / 35) ** 2 + (across / 12) ** 2 <= 1).astype(np.uint8) * 255
    sphere, faces = unit_sphere()
    fitted = fit_ellipsoid(mask, clip.camera, 2.0, sphere)
    drawn = Bodies(clip.camera, faces, fitted[None], np.array([True]))
    assert silhouette_iou(drawn.silhouette(0), mask > 0) > 0.95


def test_unit_sphere_is_closed_and_faces_outwards() -> None:
    sphere, faces = unit_sphere()
    edges = np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]])
    assert len({tuple(edge) for edge in edges.tolist()}) == len(edges)
    assert {tuple(edge) for edge in edges.tolist()} == {(b, a) for a, b in edges.tolist()}
    corners = sphere[faces]
    normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    assert ((normal * corners.mean(1)).sum(1) > 0).all()
    assert TriangleMesh(sphere, faces).areas.sum() == pytest.approx(4 * np.pi, rel=0.02)


def test_frames_without_a_mask_have_no_ellipsoid() -> None:
    clip, _ = made_clip()
    masks = clip.masks.copy()
    masks[2] = 0
    assert ellipsoids(replace(clip, masks=masks)).is_covered.tolist() == [1, 1, 0, 1, 1, 1]


def test_a_prediction_of_another_length_is_refused() -> None:
    clip, _ = made_clip()
    truth = true_bodies(clip)
    short = Bodies(truth.camera, truth.faces, truth.vertices[:4], np.ones(4, bool))
    with pytest.raises(ValueError, match="4 bodies, clip has 6 frames"):
        score(short, clip)


def test_means_leave_out_what_does_not_apply() -> None:
    clip, _ = made_clip()
    perfect = score(true_bodies(clip), clip)
    turned = score(turned_truth(clip), clip)
    ellipsoid = score(ellipsoids(clip), clip)
    mean = mean_truth_scores([perfect, turned, ellipsoid])
    assert mean.root_rotation_median_deg == pytest.approx(15.0)
    assert mean.frames == 3 * FRAMES
    assert mean.f_scores["5%"] == pytest.approx(
        np.mean([one.f_scores["5%"] for one in (perfect, turned, ellipsoid)])
    )
    with pytest.raises(ValueError, match="0 clips"):
        mean_truth_scores([])
