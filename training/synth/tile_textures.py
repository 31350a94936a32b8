"""Procedural pictures that repeat without a seam: grounds to walk on, and what stands around.

ground = ground_texture(rng, 512, is_indoors=False)       # (512, 512, 3) float32, sRGB 0..1
panorama = panorama_texture(rng, 1024, 256, is_indoors=False)
"""

import cv2
import numpy as np
from jaxtyping import Float, Float32

Texture = Float32[np.ndarray, "rows columns 3"]
Field = Float[np.ndarray, "rows columns"]

_GROUNDS = {  # darkest and lightest colour, sRGB
    "grass": ((38, 58, 22), (128, 148, 66)),
    "dry grass": ((104, 92, 50), (186, 170, 110)),
    "soil": ((62, 46, 34), (140, 112, 84)),
    "sand": ((170, 146, 108), (226, 206, 168)),
    "asphalt": ((62, 62, 66), (124, 124, 126)),
    "snow": ((196, 204, 216), (246, 248, 252)),
    "carpet": ((70, 60, 80), (180, 160, 150)),
}


def noise_octaves(
    rng: np.random.Generator, rows: int, columns: int, cells: tuple[int, ...], fall: float = 0.6
) -> Field:
    """Value noise that repeats, octaves added, about unit variance.

    Args:
        cells: Cells per picture height of each octave; coarse first.
        fall: Strength of each octave over the one before.
    """
    total, strength, power = np.zeros((rows, columns), np.float32), 1.0, 0.0
    for count in cells:
        wide = max(2, count * columns // rows)
        coarse = rng.normal(size=(count, wide)).astype(np.float32)
        # Resize a padded copy so that the borders meet.
        padded = np.pad(coarse, 1, mode="wrap")
        scale = (columns // wide + 1, rows // count + 1)
        fine = cv2.resize(
            padded, ((wide + 2) * scale[0], (count + 2) * scale[1]), interpolation=cv2.INTER_CUBIC
        )
        inner = fine[scale[1] : -scale[1], scale[0] : -scale[0]]
        total += strength * cv2.resize(inner, (columns, rows), interpolation=cv2.INTER_AREA)
        power += 0.6 * strength**2
        strength *= fall
    return (total / np.sqrt(power)).astype(np.float32)


def noise_profile(
    rng: np.random.Generator, count: int, waves: int
) -> Float32[np.ndarray, " columns"]:
    """A ring of random heights, about unit variance, made of up to so many waves."""
    each = np.arange(1, waves + 1)
    strength = rng.normal(size=waves) / np.sqrt(each)
    angle = 2 * np.pi * np.arange(count)[:, None] / count * each + rng.uniform(0, 2 * np.pi, waves)
    ring = (strength * np.cos(angle)).sum(1)
    return (ring / max(ring.std(), 1e-6)).astype(np.float32)


def ground_texture(rng: np.random.Generator, side: int, is_indoors: bool) -> Texture:
    """A floor: something grown or strewn, planks, or tiles."""
    strewn = 0.2 if is_indoors else 0.8
    kind = rng.choice(["strewn", "planks", "tiles"], p=[strewn, *[0.5 * (1 - strewn)] * 2])
    if kind == "strewn":
        grounds = ["carpet"] if is_indoors else list(_GROUNDS)
        return _strewn(rng, side, str(rng.choice(grounds)))
    return _planks(rng, side) if kind == "planks" else _tiles(rng, side)


def panorama_texture(
    rng: np.random.Generator, columns: int, rows: int, is_indoors: bool
) -> Texture:
    """All around, from straight up (first row) down to the horizon (last row)."""
    return _indoors(rng, columns, rows) if is_indoors else _outdoors(rng, columns, rows)


def _mixed(field: Field, dark: np.ndarray, light: np.ndarray) -> Texture:
    share = np.clip(0.5 + 0.28 * field, 0, 1)[..., None]
    return (dark + share * (light - dark)).astype(np.float32)


def _any_color(rng: np.random.Generator, low: float = 0.15, high: float = 0.85) -> np.ndarray:
    """A muted colour: a grey with a tint."""
    grey = rng.uniform(low, high)
    return np.clip(grey + rng.normal(0, 0.07, 3), 0.02, 0.98)


def _strewn(rng: np.random.Generator, side: int, name: str) -> Texture:
    dark, light = _GROUNDS[name]
    field = noise_octaves(rng, side, side, (3, 9, 31, 97, side // 3), rng.uniform(0.6, 0.95))
    tint = rng.normal(0, 0.03, 3)
    return _mixed(field, np.array(dark) / 255 + tint, np.array(light) / 255 + tint)


def _planks(rng: np.random.Generator, side: int) -> Texture:
    count = int(rng.integers(4, 13))
    plank = np.arange(side) * count // side
    shade = rng.normal(0, 0.5, count)[plank][:, None]
    grain = cv2.resize(
        noise_octaves(rng, side, side // 4, (7, 41, 113)),
        (side, side),
        interpolation=cv2.INTER_LINEAR,
    )
    color = np.clip(_any_color(rng, 0.25, 0.7) * [1.15, 0.95, 0.75], 0, 1)
    texture = _mixed(shade + grain * 0.8, color * 0.6, np.clip(color * 1.25, 0, 1))
    texture[np.arange(side) * count % side < max(1.5 * count, 2)] *= 0.45
    return texture.swapaxes(0, 1).copy() if rng.random() < 0.5 else texture


def _tiles(rng: np.random.Generator, side: int) -> Texture:
    count = int(rng.choice([2, 4, 6, 8]))
    cell = np.arange(side) * count // side
    first, second = _any_color(rng), _any_color(rng)
    is_checker = rng.random() < 0.5
    odd = (cell[:, None] + cell) % 2 * float(is_checker)
    shade = rng.normal(0, 0.03, (count, count))[cell[:, None], cell]
    color = first + odd[..., None] * (second - first) + shade[..., None]
    color = color + 0.03 * noise_octaves(rng, side, side, (11, 71))[..., None]
    joint = np.arange(side) * count % side < max(0.04 * side, count)
    color[joint] *= 0.7
    color[:, joint] *= 0.7
    return np.clip(color, 0, 1).astype(np.float32)


def _outdoors(rng: np.random.Generator, columns: int, rows: int) -> Texture:
    """A sky with clouds, hills or trees or houses before it."""
    height = np.linspace(1, 0, rows)[:, None]
    zenith = np.array([0.3, 0.48, 0.75]) + rng.normal(0, 0.06, 3)
    haze = np.array([0.78, 0.84, 0.9]) * rng.uniform(0.8, 1.08)
    share = np.clip(height, 0, 1)[..., None] ** 0.6
    sky = np.clip(haze + share * (zenith - haze), 0, 1) * np.ones((rows, columns, 1))
    clouds = np.clip(noise_octaves(rng, rows, columns, (2, 5, 13, 37)) * rng.uniform(0, 0.5), 0, 1)
    sky = sky + clouds[..., None] * (0.95 - sky)
    for depth in range(int(rng.integers(1, 4))):
        line = 0.5 * noise_profile(rng, columns, 6)
        rough = noise_profile(rng, columns, 120) * rng.uniform(0, 0.6)
        if rng.random() < 0.4:  # houses: steps instead of hills
            line, rough = np.round(line * 3) / 3, 0 * rough
        top = rng.uniform(0.02, 0.2) * (1.3 - 0.3 * depth) * np.exp(0.6 * (line + rough))
        dark = np.array([0.16, 0.22, 0.12]) if rng.random() < 0.6 else _any_color(rng, 0.2, 0.6)
        body = _mixed(noise_octaves(rng, rows, columns, (9, 31, 90), 0.9), dark, dark * 2.0)
        cover = np.clip((top - height) * rows / 2 + 0.5, 0, 1)[..., None]
        sky = sky + cover * (np.clip(body, 0, 1) - sky)
    return np.clip(sky, 0, 1).astype(np.float32)


def _indoors(rng: np.random.Generator, columns: int, rows: int) -> Texture:
    """Walls with doors, pictures and shelves on them, a skirting board, a ceiling."""
    wall = _any_color(rng, 0.4, 0.9) + 0.03 * noise_octaves(rng, rows, columns, (3, 40))[..., None]
    for _ in range(int(rng.integers(4, 18))):
        wide, high = int(columns * rng.uniform(0.01, 0.08)), int(rows * rng.uniform(0.05, 0.4))
        low = rows if rng.random() < 0.5 else int(rows * rng.uniform(0.5, 0.98))
        left = int(rng.integers(0, columns))
        across = np.arange(left, left + wide) % columns
        color = _any_color(rng, 0.1, 0.9)
        grain = 0.08 * noise_octaves(rng, 64, 64, (4, 16))
        picture = cv2.resize(grain, (len(across), min(high, low)))
        wall[low - picture.shape[0] : low, across] = color + picture[..., None]
    board = max(2, int(rows * rng.uniform(0.01, 0.03)))
    wall[-board:] = _any_color(rng)
    wall[: int(rows * 0.35)] = _any_color(rng, 0.7, 0.95)
    return np.clip(wall, 0, 1).astype(np.float32)
