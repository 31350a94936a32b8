"""The light correction against known truth: a made-up body, its drawn mask, a start beside it."""

from dataclasses import replace

import numpy as np
import pytest

from core.align_to_mask import AlignMemory, align_to_mask, mask_correction
from core.camera import Camera
from core.decode import posed_mesh
from core.model import CategoryModel
from core.pipeline import root_pose
from core.results import Codes, FrameResult, Mask
from core.rotations import matrix_from_axis_angle
from core.track import box_of_mask
from tests.made_model import made_model
from training.metrics.silhouette import silhouette_iou
from training.rasterize import rasterize_silhouette

SIDE = np.array([[0, 0, -1.0], [0, -1, 0], [-1, 0, 0]])
ROTATION = matrix_from_axis_angle(np.array([0.1, 0.3, 0.2])) @ SIDE


@pytest.fixture(scope="module")
def model() -> CategoryModel:
    return made_model()


def placed(model: CategoryModel, depth: float, x: float, y: float) -> np.ndarray:
    return root_pose(ROTATION, np.array([np.log(depth), x, y]), model.centre)


def result_of(model: CategoryModel, pose: np.ndarray, time_s: float = 0.0, px: int = 160):
    codes = Codes(np.zeros(16), np.zeros(2), np.zeros(64))
    camera = Camera.from_fov(px, px * 3 // 4)
    return FrameResult(
        0, time_s, True, 0.9, None, None, camera.K, (px, px * 3 // 4), pose,
        model.joint_rotations(codes.articulation), codes,
    )  # fmt: skip


def drawn(model: CategoryModel, result: FrameResult) -> np.ndarray:
    camera = Camera(result.K, *result.image_size)
    return rasterize_silhouette(posed_mesh(model, result).vertices, model.rig.faces, camera)


def beside(model: CategoryModel, truth: np.ndarray, start: np.ndarray, **how) -> FrameResult:
    """A result at `start` with the mask of the body at `truth`."""
    silhouette = drawn(model, result_of(model, truth, **how))
    mask = Mask(silhouette.astype(np.uint8) * np.uint8(255), 1.0)
    return replace(result_of(model, start, **how), mask=mask, box=box_of_mask(mask.alpha))


def iou(model: CategoryModel, result: FrameResult) -> float:
    assert result.mask is not None
    return silhouette_iou(drawn(model, result), result.mask.alpha > 127)


@pytest.mark.parametrize("px", [160, 480], ids=["small picture", "large picture"])
def test_size_and_place_come_right(model: CategoryModel, px: int) -> None:
    truth = placed(model, 1.9, 0.05, -0.03)
    start = beside(model, truth, placed(model, 2.2, 0.09, 0.0), px=px)
    fitted, _ = align_to_mask(model, start, None)
    assert iou(model, start) < 0.65
    assert iou(model, fitted) > 0.82
    off = [abs(r.root_to_cam[2, 3] - truth[2, 3]) for r in (start, fitted)]
    assert off[1] < 0.4 * off[0]
    np.testing.assert_array_equal(fitted.root_to_cam[:3, :3], start.root_to_cam[:3, :3])


def test_what_lies_right_stays(model: CategoryModel) -> None:
    truth = placed(model, 1.9, 0.05, -0.03)
    correction = mask_correction(model, beside(model, truth, truth))
    assert correction is not None
    assert np.abs(correction).max() < 0.02


def test_a_body_cut_by_the_border_does_not_grow_into_what_is_seen(model: CategoryModel) -> None:
    truth = placed(model, 1.9, 0.5, 0.0)
    start = beside(model, truth, truth)
    assert start.box is not None
    assert start.box[2] >= 159
    fitted, _ = align_to_mask(model, start, None)
    assert iou(model, fitted) > iou(model, start) - 0.05
    assert abs(np.log(fitted.root_to_cam[2, 3] / truth[2, 3])) < 0.08


def test_the_correction_is_smoothed_over_time_and_forgotten_after_a_gap(
    model: CategoryModel,
) -> None:
    truth, start = placed(model, 1.9, 0.0, 0.0), placed(model, 2.2, 0.0, 0.0)
    wrong = AlignMemory(0.0, np.zeros(3))
    asked = mask_correction(model, beside(model, truth, start))
    assert asked is not None
    _, soon = align_to_mask(model, beside(model, truth, start, time_s=0.05), wrong)
    _, late = align_to_mask(model, beside(model, truth, start, time_s=5.0), wrong)
    assert soon is not None
    assert late is not None
    np.testing.assert_allclose(soon.correction, (1 - np.exp(-0.1)) * asked, rtol=1e-9)
    np.testing.assert_allclose(late.correction, asked, rtol=1e-9)


def test_masks_are_not_measured_in_every_frame(model: CategoryModel) -> None:
    truth, start = placed(model, 1.9, 0.0, 0.0), placed(model, 2.2, 0.0, 0.0)
    known = AlignMemory(0.0, np.array([-0.05, 0.0, 0.0]))
    fitted, kept = align_to_mask(model, beside(model, truth, start, time_s=0.03), known)
    assert kept is known
    assert fitted.root_to_cam[2, 3] < start[2, 3]
    _, fresh = align_to_mask(model, beside(model, truth, start, time_s=0.06), known)
    assert fresh is not known


def test_an_empty_mask_keeps_the_correction_so_far(model: CategoryModel) -> None:
    start = beside(model, placed(model, 1.9, 0, 0), placed(model, 2.2, 0, 0), time_s=0.1)
    assert start.mask is not None
    empty = replace(start, mask=Mask(np.zeros_like(start.mask.alpha), 0.0), box=None)
    memory = AlignMemory(0.0, np.array([-0.1, 0.0, 0.0]))
    fitted, kept = align_to_mask(model, empty, memory)
    assert kept is memory
    depth = [float((r.root_to_cam[:3, :3] @ model.centre + r.root_to_cam[:3, 3])[2])
             for r in (empty, fitted)]  # fmt: skip
    assert depth[1] == pytest.approx(np.exp(-0.1) * depth[0])
    unchanged, nothing = align_to_mask(model, empty, None)
    assert unchanged is empty
    assert nothing is None
