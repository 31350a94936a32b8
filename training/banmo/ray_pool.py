"""Pixels to learn from: half inside the mask, half outside, half of either near its outline.

Pixels marked as unknown, where something stands in front, are neither.

pool = RayPool.of_clips(clips, seed)
batch = pool.batch(step, frames=16, rays=40)
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
import torch
from jaxtyping import Bool, Float, Int, UInt8
from torch import Tensor

from training.prepare.prepared_clip import PreparedClip, box_of

PIXELS = 1200
"""Kept of each frame, of either kind."""
REACH = 0.3
"""How far outside the mask's box rays still go, by its longer side."""
BAND_PX = 5


@dataclass(frozen=True, eq=False)
class RayBatch:
    """Rays of some frames, and what their pixels say."""

    frames: Int[Tensor, " frames"]
    after: Int[Tensor, " frames"]
    """The next frame of the same clip; the frame itself at its end."""
    pixels: Float[Tensor, "frames rays 2"]
    mask: Float[Tensor, "frames rays"]
    rgb: Float[Tensor, "frames rays 3"]
    flow: Float[Tensor, "frames rays 2"]
    """To the next frame, pixels."""
    flow_confidence: Float[Tensor, "frames rays"]
    side_px: Float[Tensor, " frames"]
    """Longer side of the mask's box: the unit of pixel errors."""
    features: Float[Tensor, "frames rays channels"] | None = None
    """What each pixel looks like to a matcher, where the clips bring it."""


@dataclass(frozen=True, eq=False)
class RayPool:
    """A random choice of pixels of every frame, ready as tensors."""

    usable: Int[np.ndarray, " usable"]
    """Numbers of frames with a mask to believe, over all clips."""
    after: Int[np.ndarray, " frames"]
    pixels: Float[Tensor, "frames kinds pool 2"]
    rgb: UInt8[Tensor, "frames kinds pool 3"]
    flow: Float[Tensor, "frames kinds pool 3"]
    """x, y and confidence."""
    side_px: Float[Tensor, " frames"]
    seed: int
    features: Float[Tensor, "frames kinds pool channels"] | None = None

    @classmethod
    def of_clips(cls, clips: Sequence[PreparedClip], seed: int) -> "RayPool":
        """Choose pixels of all frames of all clips, one clip after the other."""
        rng = np.random.default_rng(seed)
        rows, usable, after, first = [], [], [], 0
        for clip in clips:
            for frame in range(len(clip.rgb)):
                rows.append(_frame_rows(clip, frame, rng))
                has_next = frame + 1 < len(clip.rgb)
                after.append(first + frame + (1 if has_next else 0))
            usable.append(first + np.flatnonzero(clip.is_usable))
            first += len(clip.rgb)
        pixels, rgb, flow, sides = zip(*rows, strict=True)
        features = _features(clips, np.stack(pixels))
        return cls(
            np.concatenate(usable), np.array(after), torch.from_numpy(np.stack(pixels)),
            torch.from_numpy(np.stack(rgb)), torch.from_numpy(np.stack(flow)),
            torch.tensor(sides, dtype=torch.float32), seed, features,
        )  # fmt: skip

    def to(self, device: torch.device) -> "RayPool":
        """The same with its tensors on a device."""
        moved = {k: v.to(device) for k, v in vars(self).items() if isinstance(v, Tensor)}
        return replace(self, **moved)

    @property
    def frame_count(self) -> int:
        return len(self.after)

    def batch(
        self,
        step: int,
        frames: int,
        rays: int,
        is_dropped: Bool[np.ndarray, " frames"] | None = None,
    ) -> RayBatch:
        """The rays of a step: the same for the same step and seed, however often it is resumed."""
        rng = np.random.default_rng((self.seed, step))
        usable = self.usable
        if is_dropped is not None and not is_dropped[usable].all():
            usable = usable[~is_dropped[usable]]
        chosen = rng.choice(usable, min(frames, len(usable)), replace=False)
        half = max(1, rays // 2)
        device = self.pixels.device
        column = torch.from_numpy(rng.integers(0, PIXELS, (len(chosen), 2, half))).to(device)
        index = torch.from_numpy(chosen).to(device)
        row = index[:, None, None]
        kind = torch.arange(2, device=device)[None, :, None]
        pixels = self.pixels[row, kind, column].flatten(1, 2)
        flow = self.flow[row, kind, column].flatten(1, 2)
        return RayBatch(
            frames=index,
            after=torch.from_numpy(self.after[chosen]).to(device),
            pixels=pixels,
            mask=kind.eq(0).expand(len(chosen), 2, half).flatten(1).float(),
            rgb=self.rgb[row, kind, column].flatten(1, 2).float() / 255,
            flow=flow[..., :2],
            flow_confidence=flow[..., 2],
            side_px=self.side_px[index],
            features=None
            if self.features is None
            else self.features[row, kind, column].flatten(1, 2).float(),
        )

    @property
    def feature_channels(self) -> int:
        return 0 if self.features is None else self.features.shape[-1]


def _frame_rows(
    clip: PreparedClip, frame: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray, float]:
    """Pixel places, colours, flow with confidence, for inside and outside; the box's side."""
    alpha = clip.alphas[frame]
    box = box_of(alpha)
    height, width = alpha.shape
    if box is None:
        box = (0.0, 0.0, float(width), float(height))
    side = max(box[2] - box[0], box[3] - box[1])
    mask = (alpha > 127).astype(np.uint8)
    is_free = alpha == 0  # neither subject nor unknown
    kernel = np.ones((2 * BAND_PX + 1, 2 * BAND_PX + 1), np.uint8)
    near = (cv2.dilate(mask, kernel) > 0) & (cv2.erode(mask, kernel) == 0)
    within = np.zeros_like(near)
    reach = REACH * side
    within[
        max(0, int(box[1] - reach)) : int(box[3] + reach) + 1,
        max(0, int(box[0] - reach)) : int(box[2] + reach) + 1,
    ] = True
    places = np.stack([_choose(mask > 0, near, rng), _choose(is_free & within, near, rng)])
    row, column = places // width, places % width
    flow = np.zeros((height, width, 3), np.float32)
    if frame < len(clip.flow.forward) and clip.is_usable[min(frame + 1, len(clip.rgb) - 1)]:
        flow[..., :2] = clip.flow.forward[frame]
        flow[..., 2] = clip.flow.forward_confidence[frame] / np.float32(255) * mask
    pixels = np.stack([column + 0.5, row + 0.5], -1).astype(np.float32)
    return pixels, clip.rgb[frame][row, column], flow[row, column], side


def _features(clips: Sequence[PreparedClip], pixels: np.ndarray) -> Tensor | None:
    """Features of the chosen pixels, if every clip has them; maps may be smaller than pictures."""
    maps = [clip.features for clip in clips]
    if any(each is None for each in maps) or len({each.shape[-1] for each in maps}) != 1:
        return None
    parts, first = [], 0
    for clip, each in zip(clips, maps, strict=True):
        height, width = clip.alphas.shape[1:]
        places = pixels[first : first + len(clip.rgb)]
        row = (places[..., 1] * each.shape[1] / height).astype(int)
        column = (places[..., 0] * each.shape[2] / width).astype(int)
        frame = np.arange(len(clip.rgb))[:, None, None]
        parts.append(each[frame, row, column])
        first += len(clip.rgb)
    return torch.from_numpy(np.concatenate(parts).astype(np.float16))


def _choose(region: np.ndarray, near: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Flat places in a region, half of them near the outline."""
    everywhere, edge = np.flatnonzero(region), np.flatnonzero(region & near)
    if not len(everywhere):
        everywhere = np.arange(region.size)
    if not len(edge):
        edge = everywhere
    return np.concatenate([rng.choice(edge, PIXELS // 2), rng.choice(everywhere, PIXELS // 2)])
