"""Whole frames with exact masks, pasted together: what the finder learns from.

    make = PictureMaker(stock, PictureConfig())
    picture, mask = make(rng, (192, 320))      # uint8 (192, 320, 3), float32 (48, 80)

A network that learns from pasted pictures finds what is pasted, unless other things are pasted too:
other creatures, photographed things, blobs of other surroundings, all with the same edges. The body
takes light and texture of its surroundings by chance, so that its shape is what counts.
"""

from dataclasses import dataclass, replace

import cv2
import numpy as np
from jaxtyping import Float, Float32, UInt8

from core.segment.finder_torch import MASK_STRIDE
from training.finder.sprites import Stock

_SMALL_PX = 90
"""Longer side up to which a small crop of a body is sharp enough."""


@dataclass(frozen=True, eq=False)
class Layer:
    """A patch that lies somewhere on the picture; all of it is inside."""

    rgb: Float32[np.ndarray, "rows columns 3"]
    """sRGB 0..1, not multiplied by alpha."""
    alpha: Float32[np.ndarray, "rows columns"]
    top: int
    left: int

    @property
    def place(self) -> tuple[slice, slice]:
        """Where it lies."""
        rows, columns = self.alpha.shape
        return slice(self.top, self.top + rows), slice(self.left, self.left + columns)

    def mean_of(self, rgb: np.ndarray) -> Float[np.ndarray, " 3"]:
        """Mean colour of a patch where this one covers it."""
        total = max(float(self.alpha.sum()), 1e-3)
        return np.einsum("rcx,rc->x", rgb, self.alpha) / total


@dataclass(frozen=True)
class PictureConfig:
    """What the pictures are like."""

    empty_share: float = 0.12
    """Pictures without the subject."""
    photo_share: float = 0.65
    """Backdrops that are photographs, where there are any."""
    size: tuple[float, float] = (0.16, 1.25)
    """Longer side of the body over the picture's shorter side, log-uniform."""
    close_share: float = 0.3
    """Bodies filmed from near, as pets and people are..."""
    close_size: tuple[float, float] = (0.6, 1.8)
    """...and their size."""
    least_seen: float = 0.4
    """Share of the body's box that lies in the picture."""
    mean_things: float = 1.6
    textured_share: float = 0.6
    """Bodies that get a photograph's or a drawing's texture over their own."""
    dressed_share: float = 0.5
    """Bodies with a band of something else around them: a collar, a harness, a belt, a strap."""
    wide_share: float = 0.35
    """Bands so wide that they are clothes."""
    lit_share: float = 0.5
    """Bodies that are lit from one side."""
    harmonised_share: float = 0.6
    compressed_share: float = 0.6


@dataclass(frozen=True, eq=False)
class PictureMaker:
    """Makes one picture at a time."""

    stock: Stock
    config: PictureConfig

    def __call__(
        self, rng: np.random.Generator, size: tuple[int, int]
    ) -> tuple[UInt8[np.ndarray, "height width 3"], Float32[np.ndarray, "rows columns"]]:
        """A picture of height and width, and its mask at a quarter of that."""
        picture = self._backdrop(rng, size).astype(np.float32) / 255
        mask = np.zeros(size, np.float32)
        layers = [self._thing(rng, size) for _ in range(rng.poisson(self.config.mean_things))]
        front = len(layers) - int(rng.binomial(len(layers), 0.25))
        for layer in layers[:front]:
            _lay(picture, layer)
        body = self._body(rng, picture) if rng.random() >= self.config.empty_share else None
        if body is not None:
            _shade(rng, picture, body)
            _lay(picture, body)
            mask[body.place] = body.alpha
        for layer in layers[front:]:
            _lay(picture, layer)
            mask[layer.place] *= 1 - layer.alpha
        rows, columns = size[0] // MASK_STRIDE, size[1] // MASK_STRIDE
        small = cv2.resize(mask, (columns, rows), interpolation=cv2.INTER_AREA)
        return self._filmed(rng, picture), small

    def _backdrop(self, rng: np.random.Generator, size: tuple[int, int]) -> np.ndarray:
        """Part of a photograph or of a drawn world."""
        stock = self.stock
        photos = stock.photo_count
        if photos and (rng.random() < self.config.photo_share or photos == len(stock.backdrops)):
            picture = stock.backdrops[rng.integers(photos)]
        else:
            picture = stock.backdrops[rng.integers(photos, len(stock.backdrops))]
        return _part_of(rng, picture, size, 0.35)

    def _thing(self, rng: np.random.Generator, size: tuple[int, int]) -> Layer:
        """Something that is not the subject: a creature, a thing, a blob."""
        kind = rng.random()
        if self.stock.others and kind < 0.4:
            rgba = self.stock.others[rng.integers(len(self.stock.others))].draw(rng)
        elif self.stock.things and kind < 0.7:
            rgba = self.stock.things[rng.integers(len(self.stock.things))]
        else:
            rgba = None
        if rgba is None:
            rgba = self._blob(rng)
        longest = np.exp(rng.uniform(np.log(0.08), np.log(0.9))) * min(size)
        return _recoloured(rng, _placed(rng, rgba, size, longest, 0.3, 0.3))

    def _blob(self, rng: np.random.Generator) -> np.ndarray:
        """A ragged shape or a post, filled with other surroundings."""
        high, wide = (int(v) for v in np.exp(rng.uniform(np.log(16), np.log(128), 2)))
        fill = _part_of(rng, self._backdrop(rng, (128, 128)), (high, wide), 0.5)
        alpha = np.ones((high, wide), np.float32)
        if rng.random() < 0.7:
            y, x = np.mgrid[-1 : 1 : high * 1j, -1 : 1 : wide * 1j]
            rough = cv2.resize(rng.normal(size=(5, 5)), (wide, high), interpolation=cv2.INTER_CUBIC)
            alpha = np.clip((0.6 - x**2 - y**2 + 0.35 * rough) * 12, 0, 1).astype(np.float32)
        return np.dstack([fill, (255 * alpha).astype(np.uint8)])

    def _body(self, rng: np.random.Generator, picture: np.ndarray) -> Layer | None:
        size = picture.shape[:2]
        is_close = rng.random() < self.config.close_share
        span = self.config.close_size if is_close else self.config.size
        longest = np.exp(rng.uniform(*np.log(span))) * min(size)
        bodies = self.stock.large_bodies if longest > _SMALL_PX else self.stock.bodies
        drawn = (bodies.draw(rng) for _ in range(8))
        sprite = next((body for body in drawn if body is not None), None)
        if sprite is None:
            return None
        layer = _placed(rng, sprite, size, longest, self.config.least_seen, 0.15)
        if rng.random() < self.config.textured_share:
            layer = self._textured(rng, layer)
        layer = _recoloured(rng, layer)
        if rng.random() < self.config.dressed_share:
            layer = self._dressed(rng, layer)
        if rng.random() < self.config.lit_share:
            layer = _lit(rng, layer)
        if rng.random() < self.config.harmonised_share:
            layer = _harmonised(rng, layer, picture)
        return layer

    def _textured(self, rng: np.random.Generator, layer: Layer) -> Layer:
        """Detail of a photograph multiplied in: fur and cloth that no renderer drew."""
        size = layer.alpha.shape
        detail = _part_of(rng, self._backdrop(rng, size), size, 0.3)
        grey = cv2.cvtColor(detail, cv2.COLOR_RGB2GRAY).astype(np.float32) / 255
        grey -= cv2.GaussianBlur(grey, (0, 0), 6)
        strength = np.float32(rng.uniform(0.5, 2.5))
        return replace(layer, rgb=layer.rgb * np.clip(1 + strength * grey, 0.3, 1.7)[..., None])

    def _dressed(self, rng: np.random.Generator, layer: Layer) -> Layer:
        """One to three bands across it, plain or printed; wide ones are clothes."""
        size = layer.alpha.shape
        rgb = layer.rgb.copy()
        for _ in range(int(rng.integers(1, 4))):
            across = _along(rng, size) - rng.uniform(-0.35, 0.35) + _wavy(rng, size)
            is_wide = rng.random() < self.config.wide_share
            width = rng.uniform(0.08, 0.28) if is_wide else rng.uniform(0.02, 0.1)
            band = np.clip((width - np.abs(across)) * max(size) / 2, 0, 1)[..., None]
            stuff = rng.uniform(0, 1, 3).astype(np.float32)
            if rng.random() < 0.4:
                stuff = _part_of(rng, self._backdrop(rng, size), size, 0.3) / np.float32(255)
            rgb += band.astype(np.float32) * (stuff - rgb)
        return replace(layer, rgb=rgb.astype(np.float32))

    def _filmed(self, rng: np.random.Generator, picture: np.ndarray) -> np.ndarray:
        """A camera's exposure, focus, grain and compression."""
        gain = np.exp(rng.normal(0, 0.2) + rng.normal(0, 0.05, 3))
        picture = picture * gain.astype(np.float32)
        if rng.random() < 0.15:
            picture = np.repeat(picture.mean(2, keepdims=True), 3, 2)
        if rng.random() < 0.5:
            picture = cv2.GaussianBlur(picture, (0, 0), float(rng.uniform(0.3, 1.3)))
        grain = rng.standard_normal(picture.shape[:2], dtype=np.float32)[..., None]
        picture = picture + np.float32(rng.uniform(0, 0.04)) * grain
        sensed = (255 * np.clip(picture, 0, 1) + 0.5).astype(np.uint8)
        if rng.random() < self.config.compressed_share:
            quality = [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(20, 95))]
            sensed = cv2.imdecode(cv2.imencode(".jpg", sensed, quality)[1], cv2.IMREAD_COLOR)
        return sensed


def _part_of(
    rng: np.random.Generator, picture: np.ndarray, size: tuple[int, int], least: float
) -> np.ndarray:
    """A random window of a picture, of at least a share of what fits, mirrored by chance."""
    rows, columns = picture.shape[:2]
    scale = min(rows / size[0], columns / size[1]) * rng.uniform(least, 1.0)
    high, wide = max(2, int(size[0] * scale)), max(2, int(size[1] * scale))
    y, x = rng.integers(rows - high + 1), rng.integers(columns - wide + 1)
    part = picture[y : y + high, x : x + wide]
    how = cv2.INTER_AREA if scale > 1 else cv2.INTER_LINEAR
    part = cv2.resize(part, size[::-1], interpolation=how)
    return part[:, ::-1] if rng.random() < 0.5 else part


def _placed(
    rng: np.random.Generator, rgba: np.ndarray, size: tuple[int, int], longest_px: float,
    least_seen: float, turn_rad: float,
) -> Layer:  # fmt: skip
    """A sprite of a given length somewhere in a frame, a little turned and stretched."""
    rows, columns = rgba.shape[:2]
    while longest_px < 0.5 * max(rows, columns):  # warping samples sparsely: average first
        rgba = cv2.resize(
            rgba, (max(1, columns // 2), max(1, rows // 2)), interpolation=cv2.INTER_AREA
        )
        rows, columns = rgba.shape[:2]
    scale, stretch = longest_px / max(rows, columns), np.exp(rng.normal(0, 0.06))
    sx, sy = scale * stretch * rng.choice([-1, 1]), scale / stretch
    angle = rng.normal(0, turn_rad)
    matrix = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    matrix = matrix * [sx, sy]
    half = np.abs(matrix) @ [columns / 2, rows / 2]
    slack = 2 * (1 - least_seen) * half
    low, high = half - slack, np.array(size[::-1]) - half + slack
    centre = rng.uniform(np.minimum(low, high), np.maximum(low, high))
    x0, y0 = np.clip(np.floor(centre - half - 2), 0, np.array(size[::-1]) - 1).astype(int)
    x1, y1 = np.clip(np.ceil(centre + half + 2), [x0 + 1, y0 + 1], size[::-1]).astype(int)
    shift = centre - [x0, y0] - matrix @ [columns / 2, rows / 2]
    rgba = rgba.astype(np.float32) / 255
    stacked = np.dstack([rgba[..., :3] * rgba[..., 3:], rgba[..., 3]])
    warp = np.column_stack([matrix, shift])
    layer = cv2.warpAffine(stacked, warp, (int(x1 - x0), int(y1 - y0)), flags=cv2.INTER_LINEAR)
    if rng.random() < 0.5:
        layer = cv2.GaussianBlur(layer, (0, 0), float(rng.uniform(0.3, 1.0)))
    rgb, alpha = layer[..., :3], layer[..., 3]
    return Layer(rgb / np.maximum(alpha, 1e-3)[..., None], alpha, int(y0), int(x0))


def _recoloured(rng: np.random.Generator, layer: Layer) -> Layer:
    """Other exposure, tint and contrast."""
    mean = layer.mean_of(layer.rgb).astype(np.float32)
    contrast = np.float32(np.exp(rng.normal(0, 0.3)))
    gain = np.exp(rng.normal(0, 0.35) + rng.normal(0, 0.08, 3)).astype(np.float32)
    return replace(layer, rgb=np.clip((mean + contrast * (layer.rgb - mean)) * gain, 0, 1))


def _along(rng: np.random.Generator, size: tuple[int, int]) -> Float[np.ndarray, "rows columns"]:
    """How far each pixel lies along a random direction, -0.5 to 0.5 over the longer side."""
    angle = rng.uniform(-np.pi, np.pi)
    y = (np.arange(size[0]) - size[0] / 2)[:, None] / max(size)
    x = (np.arange(size[1]) - size[1] / 2)[None] / max(size)
    return np.cos(angle) * x + np.sin(angle) * y


def _wavy(rng: np.random.Generator, size: tuple[int, int]) -> Float[np.ndarray, "rows columns"]:
    """Smooth noise that bends a seam."""
    rough = rng.normal(0, rng.uniform(0, 0.05), (4, 4)).astype(np.float32)
    return cv2.resize(rough, size[::-1], interpolation=cv2.INTER_CUBIC)


def _lit(rng: np.random.Generator, layer: Layer) -> Layer:
    """Bright on one side, dark on the other."""
    slope = np.exp(rng.uniform(0.5, 2.0) * _along(rng, layer.alpha.shape))
    return replace(layer, rgb=np.clip(layer.rgb * slope[..., None], 0, 1).astype(np.float32))


def _harmonised(rng: np.random.Generator, layer: Layer, picture: np.ndarray) -> Layer:
    """Brightness and tint moved towards what lies behind."""
    ours, theirs = layer.mean_of(layer.rgb), layer.mean_of(picture[layer.place])
    gain = ((theirs + 0.05) / (ours + 0.05)) ** rng.uniform(0, 0.9)
    return replace(layer, rgb=np.clip(layer.rgb * gain.astype(np.float32), 0, 1))


def _shade(rng: np.random.Generator, picture: np.ndarray, body: Layer) -> None:
    """Darken what lies in the body's soft shadow: the body pressed flat around its feet."""
    rows = np.flatnonzero(body.alpha.max(1) > 0.5)
    if rng.random() < 0.4 or len(rows) < 4:
        return
    high, foot = float(len(rows)), float(rows[-1])
    flat = rng.uniform(0.15, 0.4)
    warp = np.array([[1, 0, rng.normal(0, 0.15) * high], [0, flat, foot * (1 - flat)]])
    size = body.alpha.shape[::-1]
    cast = cv2.GaussianBlur(cv2.warpAffine(body.alpha, warp, size), (0, 0), max(0.8, 0.05 * high))
    picture[body.place] *= (1 - np.float32(rng.uniform(0.1, 0.6)) * cast)[..., None]


def _lay(picture: np.ndarray, layer: Layer) -> None:
    under = picture[layer.place]
    under += layer.alpha[..., None] * (layer.rgb - under)
