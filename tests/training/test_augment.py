import numpy as np
import torch
import torch.nn.functional as F

from core import crop
from training.augment import Augment, AugmentConfig, box_mean, inside_frame, soft_dilate

CLEAN = AugmentConfig(
    clean_mask_share=1.0,
    hole_share=0.0,
    leak_share=0.0,
    occluder_share=0.0,
    blur_share=0.0,
    gain=0.0,
    noise=0.0,
)


def disc(px: int = 64) -> torch.Tensor:
    axis = torch.linspace(-1, 1, px)
    inside = (axis[None] ** 2 + axis[:, None] ** 2) < 0.4
    rgba = torch.full((2, px, px, 4), 200, dtype=torch.uint8)
    rgba[..., 3] = 255 * inside.to(torch.uint8)
    return rgba


def camera(batch: int = 2) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    frame = torch.tensor([[-0.1, -9.0, 9.0, 9.0]]).repeat(batch, 1)
    return frame, torch.eye(3).repeat(batch, 1, 1), torch.full((batch,), 0.2)


def test_the_torch_twins_agree_with_what_the_pipeline_does() -> None:
    mask = (torch.rand(1, 1, 128, 128) > 0.97).float()
    np.testing.assert_allclose(
        soft_dilate(mask)[0, 0].numpy(), crop.soft_dilate(mask[0, 0].numpy()), atol=1e-5
    )
    x = torch.rand(2, 1, 32, 32)
    torch.testing.assert_close(box_mean(x, 7), F.avg_pool2d(x, 7, 1, 3), atol=1e-5, rtol=0)


def test_beyond_the_frame_there_is_nothing() -> None:
    image = Augment(CLEAN)(disc(), *camera())
    assert image.shape == (2, 5, 64, 64)
    outside = image[:, 4] == 0
    assert outside[:, :, :15].all()
    assert not outside[:, :, 17:].any()
    assert (image[:, :4] * outside[:, None]).abs().max() == 0


def test_clean_masks_stay_as_they_are() -> None:
    torch.manual_seed(0)
    image = Augment(CLEAN)(disc(), *camera())
    truth = disc()[..., 3].float() / 255 * image[:, 4]
    torch.testing.assert_close(image[:, 3], truth)


def test_dirty_masks_differ_but_stay_near() -> None:
    torch.manual_seed(1)
    frame, crop_to_cam, tan = camera()
    frame[:] = torch.tensor([-9.0, -9, 9, 9])
    image = Augment(AugmentConfig(clean_mask_share=0.0))(disc(), frame, crop_to_cam, tan)
    truth = disc()[..., 3].float() / 255
    share = (image[:, 3] - truth).abs().mean()
    assert 0.001 < share < 0.2
    assert image.min() >= 0
    assert image.max() <= 1 + 1e-5  # running sums round


def test_the_whole_crop_is_inside_a_wide_frame() -> None:
    frame = torch.tensor([[-9.0, -9, 9, 9]])
    assert inside_frame(frame, torch.eye(3)[None], torch.tensor([0.3]), 16).min() == 1
