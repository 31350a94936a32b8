import numpy as np
import pytest

from core.camera import Camera
from core.crop import CropCamera
from training.synth.views import ViewConfig, aim, look_rotation, sample_view

BOX = np.stack(np.meshgrid([-0.2, 0.2], [0, 0.6], [-0.5, 0.5]), -1).reshape(-1, 3)


def test_yaw_zero_sees_the_face_upright() -> None:
    rotation = look_rotation(0.0, 0.0, 0.0)
    np.testing.assert_allclose(rotation @ [0, 0, 1], [0, 0, -1], atol=1e-12)  # the face looks at us
    np.testing.assert_allclose(rotation @ [0, 1, 0], [0, -1, 0], atol=1e-12)  # up is up
    assert np.isclose(np.linalg.det(rotation), 1)


def test_from_above_the_back_turns_to_the_camera() -> None:
    assert (look_rotation(0.3, 0.5, 0.0) @ [0, 1, 0])[2] < -0.4


@pytest.mark.parametrize("place", [(320.0, 240.0), (60.0, 400.0), (600.0, 30.0)])
def test_a_crop_is_cut_as_the_pipeline_cuts_it(place: tuple[float, float]) -> None:
    camera = Camera.from_fov(640, 480)
    x, y = place
    crop = CropCamera.around(camera, (x - 20, y - 30, x + 20, y + 30))
    ray = np.linalg.inv(camera.K) @ [x, y, 1.0]
    np.testing.assert_allclose(aim(ray), crop.crop_to_cam, atol=1e-12)


def test_the_subject_lies_in_its_crop() -> None:
    rng = np.random.default_rng(0)
    config = ViewConfig(
        truncated_share=0.0, close_frame_share=0.0, scale_noise=0.0, shift_noise=0.0,
        # The square is measured by tangents at its centre: nearer corners swell beyond it.
        distance=(2.5, 14.0),
    )  # fmt: skip
    for _ in range(200):
        view = sample_view(rng, BOX, config)
        points = BOX @ view.rig_to_crop[:3, :3].T + view.rig_to_crop[:3, 3]
        assert points[:, 2].min() > 0
        assert np.abs(points[:, :2] / points[:, 2:]).max() < view.crop_tan


def test_truncated_views_cut_part_of_the_subject() -> None:
    rng, config = np.random.default_rng(1), ViewConfig(truncated_share=1.0)
    shares = []
    for _ in range(40):
        view = sample_view(rng, BOX, config)
        points = BOX @ view.rig_to_cam[:3, :3].T + view.rig_to_cam[:3, 3]
        plane = points[:, :2] / points[:, 2:]
        shares.append(np.all((plane > view.frame[:2]) & (plane < view.frame[2:]), 1).mean())
    assert min(shares) >= 0.34
    assert np.mean(shares) < 0.95


def test_some_bodies_lie_on_their_side_or_back() -> None:
    rng = np.random.default_rng(2)
    up = np.array([sample_view(rng, BOX, ViewConfig()).rig_to_cam[1, 1] for _ in range(600)])
    assert 0.01 < (up > 0.3).mean() < 0.08  # the body's up points down in the picture
    none = [sample_view(rng, BOX, ViewConfig(lying_share=0.0, steep_share=0.0)) for _ in range(200)]
    assert max(view.rig_to_cam[1, 1] for view in none) < 0
