"""What a camera and an encoder do to pictures: exposure, focus, motion blur, grain, H.264.

film = Film.sample(rng, FilmConfig())
picture = film.exposed(rng, clean)         # uint8
pictures = compressed(pictures, film.crf, fps=30)
"""

import io
from dataclasses import dataclass
from fractions import Fraction

import av
import cv2
import numpy as np
from jaxtyping import Float, Float32, UInt8


@dataclass(frozen=True)
class FilmConfig:
    """Strength of each fault."""

    gain_std: float = 0.25
    tint_std: float = 0.06
    saturation_std: float = 0.2
    soft_share: float = 0.3
    noise: float = 0.03
    shutter: tuple[float, float] = (0.0, 0.6)
    """Share of the time between frames for which the shutter is open."""
    crf: tuple[int, int] = (18, 36)
    """H.264's constant rate factor: 18 is good, 36 is a bad stream."""


@dataclass(frozen=True, eq=False)
class Film:
    """One camera's faults; they stay the same over a clip."""

    gain: Float32[np.ndarray, " 3"]
    saturation: float
    softness_px: float
    noise: float
    shutter: float
    crf: int

    @classmethod
    def sample(cls, rng: np.random.Generator, config: FilmConfig) -> "Film":
        """Random faults."""
        gain = np.exp(rng.normal(0, config.gain_std) + rng.normal(0, config.tint_std, 3))
        return cls(
            gain.astype(np.float32),
            float(np.clip(1 + rng.normal(0, config.saturation_std), 0, 1.6)),
            float(rng.random() < config.soft_share) * float(rng.uniform(0.3, 0.9)),
            float(config.noise * rng.random()),
            float(rng.uniform(*config.shutter)),
            int(rng.integers(config.crf[0], config.crf[1] + 1)),
        )

    def exposed(
        self, rng: np.random.Generator, picture: Float32[np.ndarray, "height width 3"]
    ) -> UInt8[np.ndarray, "height width 3"]:
        """The picture as the sensor gives it."""
        grey = cv2.transform(picture, np.full((1, 3), 1 / 3, np.float32)).reshape(
            *picture.shape[:2], 1
        )
        picture = (grey + (picture - grey) * np.float32(self.saturation)) * self.gain
        if self.softness_px > 0:
            picture = cv2.GaussianBlur(picture, (0, 0), self.softness_px)
        if self.noise > 0:
            grain = rng.standard_normal(picture.shape[:2], dtype=np.float32)
            picture = picture + np.float32(self.noise) * grain[..., None]
        # A shoulder instead of a hard end, as in cameras.
        over = np.maximum(picture - 0.9, 0)
        picture = np.minimum(picture, 0.9) + 0.1 * np.tanh(over / 0.1)
        return (255 * np.clip(picture, 0, 1) + 0.5).astype(np.uint8)


def smear(
    picture: Float32[np.ndarray, "height width channels"], along_px: Float[np.ndarray, " 2"]
) -> Float32[np.ndarray, "height width channels"]:
    """Directional blur over a displacement in pixels, at most 9; short ones change nothing."""
    length = float(np.hypot(*along_px))
    if length < 0.7:
        return picture
    along = np.asarray(along_px) * min(1.0, 9 / length)
    kernel = np.zeros((11, 11), np.float32)
    for share in np.linspace(-0.5, 0.5, 23):
        x, y = 5 + share * along
        x0, y0 = int(x), int(y)
        for dx, dy in ((0, 0), (1, 0), (0, 1), (1, 1)):
            weight = (1 - abs(x - x0 - dx)) * (1 - abs(y - y0 - dy))
            if weight > 0:
                kernel[y0 + dy, x0 + dx] += weight
    return cv2.filter2D(picture, -1, kernel / kernel.sum(), borderType=cv2.BORDER_REPLICATE)


def compressed(
    pictures: UInt8[np.ndarray, "frames height width 3"], crf: int, fps: float
) -> UInt8[np.ndarray, "frames height width 3"]:
    """The pictures after H.264 at a quality, encoded and decoded in memory."""
    file = io.BytesIO()
    with av.open(file, "w", format="mp4") as container:
        # x264's faster code gives other bits now and then for the same small pictures (measured: 5
        # of 20 runs at 96 x 64); this switch is there for reproducible output.
        options = {"crf": str(crf), "preset": "veryfast", "x264-params": "cpu-independent=1"}
        stream = container.add_stream(
            "libx264", rate=Fraction(fps).limit_denominator(1001), options=options
        )
        stream.pix_fmt = "yuv420p"
        stream.height, stream.width = pictures.shape[1:3]
        for picture in pictures:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode())
    file.seek(0)
    with av.open(file, "r") as coded:
        decoded = [frame.to_ndarray(format="rgb24") for frame in coded.decode(video=0)]
    return np.stack(decoded)
