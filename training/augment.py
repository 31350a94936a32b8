"""From clean crops to what a camera and a segmenter make of them, in torch, by the batch.

    image = Augment(AugmentConfig())(rgba, frame, crop_to_cam, crop_tan)   # (batch, 5, px, px)

Masks wobble, lose legs, leak into the background, are cut by the frame and by things in front.
The result imitates `core/crop.student_input`: RGB times the softly dilated mask, the mask,
inside-frame.
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from jaxtyping import Float, UInt8
from torch import Tensor


@dataclass(frozen=True)
class AugmentConfig:
    """Strength of each fault."""

    clean_mask_share: float = 0.3
    wobble: float = 0.5
    """Largest shift of the mask's threshold by noise; 0.5 erases thin parts here and there."""
    hole_share: float = 0.25
    """Share of masks with large blobs lost."""
    leak_share: float = 0.2
    occluder_share: float = 0.15
    """Share of pictures with something standing in front of the lower or side part."""
    blur_share: float = 0.35
    grey_share: float = 0.05
    gain: float = 0.35
    noise: float = 0.04


def noise_field(
    batch: int, channels: int, cells: int, px: int
) -> Float[Tensor, "batch channels px px"]:
    """Smooth random fields, about unit variance."""
    coarse = torch.randn(batch, channels, cells, cells)
    return F.interpolate(coarse, size=(px, px), mode="bilinear", align_corners=False) * 1.4


def _chance(batch: int, share: float) -> Float[Tensor, "batch 1 1 1"]:
    return (torch.rand(batch, 1, 1, 1) < share).float()


class Augment:
    """Draws new faults for every batch from torch's global generator."""

    def __init__(self, config: AugmentConfig) -> None:
        self.config = config

    def __call__(
        self,
        rgba: UInt8[Tensor, "batch px px 4"],
        frame: Float[Tensor, "batch 4"],
        crop_to_cam: Float[Tensor, "batch 3 3"],
        crop_tan: Float[Tensor, " batch"],
    ) -> Float[Tensor, "batch 5 px px"]:
        picture = rgba.permute(0, 3, 1, 2).float().div_(255)
        inside = inside_frame(frame, crop_to_cam, crop_tan, rgba.shape[1])
        alpha = self._occluded(picture[:, 3:])
        rgb = self._composited(picture[:, :3], alpha)
        mask = self._mask(alpha) * inside
        rgb = self._filmed(rgb) * inside
        return torch.cat([rgb * soft_dilate(mask), mask, inside], 1)

    def _occluded(self, alpha: Tensor) -> Tensor:
        """Cut away what something in front hides: a ragged edge at a random side, low ones most."""
        batch, _, px, _ = alpha.shape
        axis = torch.linspace(-1, 1, px)
        angle = torch.randn(batch, 1, 1, 1) * 0.9
        along = torch.sin(angle) * axis.view(1, 1, 1, px) + torch.cos(angle) * axis.view(
            1, 1, px, 1
        )
        edge = 0.35 + 0.45 * torch.rand(batch, 1, 1, 1) + 0.08 * noise_field(batch, 1, 10, px)
        hidden = ((along - edge) * 20).clamp(0, 1) * _chance(batch, self.config.occluder_share)
        return alpha * (1 - hidden)

    def _composited(self, rgb: Tensor, alpha: Tensor) -> Tensor:
        """Over a random background: matters only where the mask leaks."""
        batch, _, px, _ = rgb.shape
        base = torch.rand(batch, 3, 1, 1)
        ground = base + 0.18 * torch.rand(batch, 1, 1, 1) * noise_field(batch, 3, 9, px)
        ground += 0.15 * torch.rand(batch, 1, 1, 1) * noise_field(batch, 1, 40, px)
        return ground + (rgb - ground) * alpha

    def _mask(self, alpha: Tensor) -> Tensor:
        """The mask as a segmenter would give it."""
        config, (batch, _, px, _) = self.config, alpha.shape
        dirty = 1 - _chance(batch, config.clean_mask_share)
        soft = box_mean(alpha, 7)
        fine = noise_field(batch, 1, 16, px) * (config.wobble * 0.45 * torch.rand(batch, 1, 1, 1))
        large = noise_field(batch, 1, 5, px)
        holes = ((large - 1.5).clamp_min(0) * 1.6) * _chance(batch, config.hole_share)
        leaks = ((-large - 1.6).clamp_min(0) * 2.2) * _chance(batch, config.leak_share)
        near = box_mean(soft, 15)  # leaks start at the subject
        offset = 0.12 * torch.randn(batch, 1, 1, 1)
        made = (
            soft
            + fine * (4 * near).clamp_max(1)
            - holes
            + leaks * (3 * near).clamp_max(1)
            + offset * near
        )
        made = ((made - 0.5) * 6 + 0.5).clamp(0, 1)
        return torch.lerp(alpha, made, dirty)

    def _filmed(self, rgb: Tensor) -> Tensor:
        """Exposure, white balance, contrast, blur, grain."""
        config, batch = self.config, len(rgb)
        blurred = int(batch * config.blur_share)
        if blurred:
            size = int(torch.randint(40, 100, ()))
            small = F.interpolate(rgb[:blurred], size=(size, size), mode="bilinear", antialias=True)
            rgb[:blurred] = F.interpolate(small, size=rgb.shape[-2:], mode="bilinear")
        gain = torch.exp(
            config.gain * torch.randn(batch, 1, 1, 1) + 0.08 * torch.randn(batch, 3, 1, 1)
        )
        lift = 0.05 * torch.randn(batch, 3, 1, 1)
        rgb = rgb * gain + lift
        grey = rgb.mean(1, keepdim=True)
        saturation = torch.where(
            _chance(batch, config.grey_share) > 0,
            torch.zeros(()),
            1 + 0.25 * torch.randn(batch, 1, 1, 1),
        )
        rgb = grey + (rgb - grey) * saturation
        rgb = rgb + config.noise * torch.rand(batch, 1, 1, 1) * torch.randn_like(grey)
        return rgb.clamp(0, 1)


def soft_dilate(mask: Float[Tensor, "batch 1 px px"]) -> Float[Tensor, "batch 1 px px"]:
    """The torch twin of `core.crop.soft_dilate`."""
    reach = 2 * round(0.03 * mask.shape[-1]) + 1
    softness = reach // 2 | 1
    grown = F.max_pool2d(
        F.max_pool2d(mask, (reach, 1), 1, (reach // 2, 0)), (1, reach), 1, (0, reach // 2)
    )
    return box_mean(grown, softness)


def box_mean(
    x: Float[Tensor, "batch channels px px"], size: int
) -> Float[Tensor, "batch channels px px"]:
    """Mean over a square with zeros beyond the border: avg_pool2d(x, size, 1, size // 2), 20
    times faster."""
    for axis in (-1, -2):
        pad = (size // 2 + 1, size // 2) if axis == -1 else (0, 0, size // 2 + 1, size // 2)
        sums = F.pad(x, pad).cumsum(axis)
        count = x.shape[axis]
        x = (sums.narrow(axis, size, count) - sums.narrow(axis, 0, count)) / size
    return x


def inside_frame(
    frame: Float[Tensor, "batch 4"],
    crop_to_cam: Float[Tensor, "batch 3 3"],
    crop_tan: Float[Tensor, " batch"],
    px: int,
) -> Float[Tensor, "batch 1 px px"]:
    """1 where the crop sees the filmed frame."""
    axis = (torch.arange(px) + 0.5) / px * 2 - 1
    x = axis.view(1, 1, px) * crop_tan.view(-1, 1, 1)
    y = axis.view(1, px, 1) * crop_tan.view(-1, 1, 1)
    r = crop_to_cam
    rows = [
        r[:, i, 0, None, None] * x + r[:, i, 1, None, None] * y + r[:, i, 2, None, None]
        for i in range(3)
    ]
    u, v = rows[0] / rows[2], rows[1] / rows[2]
    low, high = frame[:, :2, None, None], frame[:, 2:, None, None]
    seen = (u > low[:, 0]) & (u < high[:, 0]) & (v > low[:, 1]) & (v < high[:, 1])
    return (seen & (rows[2] > 0)).float()[:, None]
