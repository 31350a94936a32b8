"""The crop is an exact virtual camera."""

import cv2
import numpy as np
import pytest
import scipy.ndimage
from hypothesis import given
from hypothesis import strategies as st

from core.camera import Camera
from core.crop import CropCamera, soft_dilate, student_input
from core.frame import Frame
from core.results import Box, Mask

CAMERA = Camera.from_fov(640, 480)


@st.composite
def boxes(draw: st.DrawFn) -> Box:
    """Boxes in and partly out of the frame."""
    x, y = draw(st.floats(-100, 700)), draw(st.floats(-100, 560))
    return (x, y, x + draw(st.floats(2, 500)), y + draw(st.floats(2, 500)))


def apply(homography: np.ndarray, points: np.ndarray) -> np.ndarray:
    lifted = np.concatenate([points, np.ones((len(points), 1))], axis=1) @ homography.T
    return lifted[:, :2] / lifted[:, 2:]


@given(boxes(), st.integers(8, 300))
def test_a_pixel_goes_to_the_crop_and_back(box: Box, size_px: int):
    crop = CropCamera.around(CAMERA, box, size_px=size_px)
    pixels = np.array([[1.0, 2.0], [320, 240], [600, 30]])
    there = apply(crop.homography(), pixels)
    np.testing.assert_allclose(apply(np.linalg.inv(crop.homography()), there), pixels, atol=1e-6)


@given(boxes())
def test_points_project_to_the_same_place_by_both_cameras(box: Box):
    crop = CropCamera.around(CAMERA, box)
    in_crop = np.random.default_rng(0).uniform([-0.5, -0.5, 2], [0.5, 0.5, 5], (20, 3))
    in_crop[:, :2] *= crop.crop_tan
    in_cam = in_crop @ crop.crop_to_cam.T
    by_crop = in_crop[:, :2] / in_crop[:, 2:] * crop.K[0, 0] + crop.K[:2, 2]
    by_image = apply(crop.homography(), CAMERA.project(in_cam[in_cam[:, 2] > 0]))
    np.testing.assert_allclose(by_image, by_crop[in_cam[:, 2] > 0], atol=1e-6)


@given(boxes())
def test_the_box_centre_is_the_middle_and_rows_stay_level(box: Box):
    crop = CropCamera.around(CAMERA, box)
    centre = np.array([[(box[0] + box[2]) / 2, (box[1] + box[3]) / 2]])
    middle, beside = apply(crop.homography(), centre + np.array([[0, 0], [1e-3, 0]]))
    np.testing.assert_allclose(middle, [64, 64], atol=1e-6)
    assert beside[0] > 64
    assert beside[1] == pytest.approx(64, abs=1e-9)
    np.testing.assert_allclose(crop.crop_to_cam @ crop.crop_to_cam.T, np.eye(3), atol=1e-12)
    assert np.linalg.det(crop.crop_to_cam) == pytest.approx(1)


@given(boxes(), st.floats(1, 2))
def test_the_longer_side_fills_its_share(box: Box, scale: float):
    """Measured by finite differences at the centre of the box."""
    crop = CropCamera.around(CAMERA, box, scale=scale)
    centre = np.array([(box[0] + box[2]) / 2, (box[1] + box[3]) / 2])
    step = 1e-3
    places = apply(crop.homography(), centre + step * np.array([[0, 0], [1, 0], [0, 1.0]]))
    px_per_px = np.linalg.norm(places[1:] - places[0], axis=1) / step
    sides = px_per_px * (box[2] - box[0], box[3] - box[1])
    assert sides.max() * scale == pytest.approx(crop.size_px, rel=1e-3)


def test_a_crop_on_the_axis_is_a_plain_crop():
    crop = CropCamera.around(CAMERA, (300.0, 220.0, 340.0, 260.0), scale=1.0, size_px=80)
    np.testing.assert_allclose(crop.crop_to_cam, np.eye(3), atol=1e-12)
    expected = [[2, 0, -600], [0, 2, -440], [0, 0, 1]]
    np.testing.assert_allclose(crop.homography() / crop.homography()[2, 2], expected, atol=1e-9)
    assert crop.crop_tan == pytest.approx(20 / CAMERA.K[0, 0])


def test_warp_places_pixel_centres_exactly():
    """One to one on the axis: the crop is the very same pixels."""
    rgb = np.random.default_rng(0).integers(0, 256, (480, 640, 3), dtype=np.uint8)
    crop = CropCamera.around(CAMERA, (256.0, 176.0, 384.0, 304.0), scale=1.0, size_px=128)
    np.testing.assert_array_equal(crop.warp(rgb), rgb[176:304, 256:384])


@pytest.mark.parametrize(
    "box", [(20.0, 40.0, 90.0, 160.0), (500.0, 300.0, 630.0, 470.0), (-60.0, 200.0, 80.0, 330.0)]
)
def test_warp_agrees_with_sampling_one_pixel_at_a_time(box: Box):
    rgb = cv2.GaussianBlur(
        np.random.default_rng(1).integers(0, 256, (480, 640, 3), dtype=np.uint8), (0, 0), 3
    )
    crop = CropCamera.around(CAMERA, box, size_px=128)
    seen = crop.warp(rgb)
    inside = crop.inside_frame()
    grid = np.stack(np.meshgrid(np.arange(128) + 0.5, np.arange(128) + 0.5), -1).reshape(-1, 2)
    places = apply(np.linalg.inv(crop.homography()), grid).reshape(128, 128, 2)
    in_image = (places >= 0).all(-1) & (places[..., 0] < 640) & (places[..., 1] < 480)
    np.testing.assert_array_equal(inside, in_image)
    for channel in range(3):
        expected = scipy.ndimage.map_coordinates(
            rgb[..., channel].astype(float),
            [places[..., 1] - 0.5, places[..., 0] - 0.5],
            order=1,
            mode="nearest",
        )
        solid = scipy.ndimage.binary_erosion(in_image)
        # Bilinear weights of OpenCV have 5 bits.
        assert np.abs(seen[..., channel] - expected)[solid].max() <= 3
    assert not seen[~scipy.ndimage.binary_dilation(in_image)].any()


def test_shrinking_does_not_alias():
    """One-pixel stripes shrunk eightfold are even grey."""
    big = Camera.from_fov(1920, 1080)
    rgb = np.zeros((1080, 1920, 3), np.uint8)
    rgb[:, ::2] = 255
    crop = CropCamera.around(big, (460.0, 40.0, 1460.0, 1040.0), size_px=128)
    shown = crop.warp(rgb)[crop.inside_frame()]
    assert abs(shown.mean() - 127.5) < 8
    assert shown[:, 0].std() < 12


def test_shrinking_keeps_things_in_their_place():
    big = Camera.from_fov(1920, 1080)
    rgb = np.zeros((1080, 1920, 3), np.uint8)
    cv2.circle(rgb, (700, 420), 40, (255, 255, 255), -1)
    crop = CropCamera.around(big, (300.0, 100.0, 1300.0, 900.0), size_px=128)
    light = crop.warp(rgb)[..., 0].astype(float)
    y, x = np.mgrid[:128, :128] + 0.5
    found = np.array([(x * light).sum(), (y * light).sum()]) / light.sum()
    # A circle drawn at whole pixel (700, 420) has its centre at +0.5.
    np.testing.assert_allclose(
        found, apply(crop.homography(), np.array([[700.5, 420.5]]))[0], atol=0.1
    )


def test_inside_frame_is_cut_at_the_border():
    crop = CropCamera.around(CAMERA, (-50.0, 200.0, 50.0, 300.0), scale=1.0, size_px=100)
    inside = crop.inside_frame()
    assert 0.45 < inside.mean() < 0.55
    assert not inside[:, :45].any()
    assert inside[:, 55:].all()


def test_resized_sees_the_same():
    crop = CropCamera.around(CAMERA, (100.0, 100.0, 200.0, 180.0))
    np.testing.assert_allclose(
        crop.resized(64).homography() * 2, crop.homography() * [[1], [1], [2]], atol=1e-9
    )


def test_an_empty_box_is_a_mistake_of_the_caller():
    with pytest.raises(ValueError, match="is empty"):
        CropCamera.around(CAMERA, (10.0, 10.0, 10.0, 20.0))


@pytest.mark.parametrize("size_px", [64, 96, 128, 192])
def test_soft_dilation_agrees_with_its_definition(size_px: int):
    alpha = np.random.default_rng(2).random((size_px, size_px)).astype(np.float32) ** 12
    alpha[: size_px // 4, : size_px // 3] = 1
    reach = 2 * round(0.03 * size_px) + 1
    grown = scipy.ndimage.maximum_filter(alpha, reach, mode="constant")
    expected = scipy.ndimage.uniform_filter(grown, reach // 2 | 1, mode="constant")
    np.testing.assert_allclose(soft_dilate(alpha), expected, atol=1e-5)


def test_student_input_channels():
    rgb = np.full((480, 640, 3), (255, 128, 0), np.uint8)
    alpha = np.zeros((480, 640), np.uint8)
    alpha[200:280, 0:60] = 255
    crop = CropCamera.around(CAMERA, (0.0, 200.0, 60.0, 280.0))
    seen = student_input(Frame(0, 0.0, rgb), Mask(alpha, 1.0), crop, 128)
    assert seen.dtype == np.float32
    red, green, blue, mask, inside = seen
    assert seen.min() >= 0
    assert seen.max() <= 1.0001
    assert set(np.unique(inside)) == {0.0, 1.0}
    np.testing.assert_array_equal(inside > 0, crop.inside_frame())
    solid = mask > 0.99
    assert red[solid].min() > 0.97
    np.testing.assert_allclose(green[solid], 128 / 255, atol=0.02)
    assert blue.max() == 0
    far = scipy.ndimage.distance_transform_edt(mask < 0.01) > 10
    assert not seen[:3, far].any()
    near = (scipy.ndimage.distance_transform_edt(mask < 0.01) == 2) & (inside > 0)
    assert red[near].mean() > 0.5  # 3 % of 128 is 4 pixels around the mask


def test_student_input_at_another_size():
    rgb = np.random.default_rng(0).integers(0, 256, (480, 640, 3), dtype=np.uint8)
    mask = Mask(np.full((480, 640), 255, np.uint8), 1.0)
    crop = CropCamera.around(CAMERA, (100.0, 100.0, 300.0, 250.0), size_px=128)
    assert student_input(Frame(0, 0.0, rgb), mask, crop, 96).shape == (5, 96, 96)
