"""Square crops as rotated virtual cameras, and what the student sees of them.

crop = CropCamera.around(camera, box, size_px=128)
square = crop.warp(frame.rgb)
x_cam = crop.crop_to_cam @ x_crop

A plain crop far from the optical axis stretches the subject. Here the virtual camera shares
the real one's centre and looks straight at the box, so that the same pose looks the same
wherever it stands in the frame.
"""

from dataclasses import dataclass, replace

import cv2
import numpy as np
from jaxtyping import Bool, Float, Float32, UInt8

from core.camera import Camera
from core.frame import Frame
from core.results import Box, Mask

CROP_SCALE = 1.2
"""Side of the crop over the longer side of the box."""
DILATION = 0.03
"""How far the student sees around the mask, as a share of the crop's side."""


@dataclass(frozen=True, eq=False)
class CropCamera:
    """A virtual pinhole camera that looks at a box through a square picture."""

    camera: Camera
    """The real camera."""
    crop_to_cam: Float[np.ndarray, "3 3"]
    """Rotation: x_cam = crop_to_cam @ x_crop. The two cameras share their centre."""
    crop_tan: float
    """Tangent of half the field of view of the square."""
    size_px: int

    @classmethod
    def around(
        cls, camera: Camera, box: Box, scale: float = CROP_SCALE, size_px: int = 128
    ) -> "CropCamera":
        """Look at the centre of `box`; the longer of its sides fills 1/scale of the square.

        The sides are measured as the crop sees them at the box's centre. There is no roll:
        rows of the crop are parallel to rows of the image there.

        Raises:
            ValueError: The box is empty.
        """
        x0, y0, x1, y1 = box
        if not (x1 > x0 and y1 > y0):
            raise ValueError(f"box {box} is empty")
        to_ray = np.linalg.inv(camera.K)
        ray = to_ray @ np.array([(x0 + x1) / 2, (y0 + y1) / 2, 1.0])
        z_axis = ray / np.linalg.norm(ray)
        x_axis = np.array([1.0, 0, 0]) - z_axis[0] * z_axis
        x_axis /= np.linalg.norm(x_axis)
        crop_to_cam = np.stack([x_axis, np.cross(z_axis, x_axis), z_axis], axis=1)
        # Tangents per image pixel, right and down, at the centre of the square.
        tan_per_px = (crop_to_cam.T @ to_ray)[:2, :2] / np.linalg.norm(ray)
        width_tan, height_tan = np.linalg.norm(tan_per_px, axis=0) * (x1 - x0, y1 - y0)
        return cls(camera, crop_to_cam, float(scale * max(width_tan, height_tan) / 2), size_px)

    @property
    def K(self) -> Float[np.ndarray, "3 3"]:
        """Intrinsics of the virtual camera in crop pixels, centres at +0.5."""
        half_px = self.size_px / 2
        focal_px = half_px / self.crop_tan
        return np.array([[focal_px, 0, half_px], [0, focal_px, half_px], [0, 0, 1.0]])

    def resized(self, size_px: int) -> "CropCamera":
        """The same view with another number of pixels."""
        return replace(self, size_px=size_px)

    def homography(self) -> Float[np.ndarray, "3 3"]:
        """Full-image pixels to crop pixels, both with centres at +0.5."""
        return self.K @ self.crop_to_cam.T @ np.linalg.inv(self.camera.K)

    def warp(
        self,
        image: UInt8[np.ndarray, "height width *channels"],
        interpolation: int = cv2.INTER_LINEAR,
    ) -> UInt8[np.ndarray, "size size *channels"]:
        """The square picture; 0 outside the image. Shrinking averages and does not alias."""
        region, to_region = self._region(image)
        to_crop = self.homography() @ np.linalg.inv(to_region)
        # OpenCV counts pixel centres at whole numbers.
        to_whole = np.array([[1, 0, -0.5], [0, 1, -0.5], [0, 0, 1.0]])
        matrix = to_whole @ to_crop @ np.linalg.inv(to_whole)
        size = (self.size_px, self.size_px)
        return cv2.warpPerspective(region, matrix, size, flags=interpolation)

    def warp_mask(
        self, alpha: UInt8[np.ndarray, "height width"]
    ) -> Float32[np.ndarray, "size size"]:
        """The mask seen in the square, 0..1."""
        return self.warp(alpha).astype(np.float32) / np.float32(255)

    def inside_frame(self) -> Bool[np.ndarray, "size size"]:
        """True where the crop sees the image, False beyond its border."""
        to_image = np.linalg.inv(self.homography())
        centres = np.arange(self.size_px) + 0.5
        along_x, along_y = to_image[:, :1] * centres, to_image[:, 1:2] * centres
        # x, y, w of the image place under each crop pixel.
        x, y, w = along_x[:, None, :] + along_y[:, :, None] + to_image[:, 2, None, None]
        camera = self.camera
        return (
            (w > 0) & (x >= 0) & (y >= 0) & (x < camera.width_px * w) & (y < camera.height_px * w)
        )

    def _region(
        self, image: UInt8[np.ndarray, "height width *channels"]
    ) -> tuple[UInt8[np.ndarray, "h w *channels"], Float[np.ndarray, "3 3"]]:
        """The image, or the seen part of it averaged down where the crop shrinks it twofold.

        Returns:
            The picture to warp, and full-image pixels to pixels of it.
        """
        shrink = self._shrink()
        if shrink < 2:
            return image, np.eye(3)
        x0, y0, x1, y1 = self._seen_part(multiple_px=shrink)
        small = (max(1, (x1 - x0) // shrink), max(1, (y1 - y0) // shrink))
        region = cv2.resize(image[y0:y1, x0:x1], small, interpolation=cv2.INTER_AREA)
        x_scale, y_scale = small[0] / (x1 - x0), small[1] / (y1 - y0)
        to_region = np.array(
            [[x_scale, 0, -x0 * x_scale], [0, y_scale, -y0 * y_scale], [0, 0, 1.0]]
        )
        return region, to_region

    def _shrink(self) -> int:
        """Whole image pixels per crop pixel at the centre, by the smaller of both directions."""
        to_image = np.linalg.inv(self.homography())
        x, y, w = to_image @ np.array([self.size_px / 2, self.size_px / 2, 1.0])
        place = np.array([x, y]) / w
        jacobian = (to_image[:2, :2] - np.outer(place, to_image[2, :2])) / w
        return int(np.linalg.norm(jacobian, axis=0).min())

    def _seen_part(self, multiple_px: int) -> tuple[int, int, int, int]:
        """Box of image pixels that holds what the crop sees: x0, y0, x1, y1; never empty.

        Its sides are multiples of `multiple_px` where the image allows: averaging whole blocks
        is much faster.
        """
        width, height = self.camera.width_px, self.camera.height_px
        corners = np.array([[0, 1, 0, 1], [0, 0, 1, 1], [1, 1, 1, 1]], float)
        corners[:2] *= self.size_px
        x, y, w = np.linalg.inv(self.homography()) @ corners
        if (w <= 0).any():  # wider than the horizon
            return 0, 0, width, height
        x0, x1 = _widened((x / w).min(), (x / w).max(), multiple_px, width)
        y0, y1 = _widened((y / w).min(), (y / w).max(), multiple_px, height)
        return x0, y0, x1, y1


def _widened(low: float, high: float, multiple: int, limit: int) -> tuple[int, int]:
    """A range that holds [low, high] and a margin of `multiple`, inside [0, limit]."""
    start = int(np.clip(np.floor(low) - multiple, 0, limit - 1))
    end = int(np.clip(np.ceil(high) + multiple, start + 1, limit))
    length = min(-(-(end - start) // multiple) * multiple, limit)
    start = min(start, limit - length)
    return start, start + length


def student_input(
    frame: Frame, mask: Mask, crop: CropCamera, size_px: int
) -> Float32[np.ndarray, "5 size size"]:
    """What the student sees: red, green, blue, mask, inside-the-frame; all 0..1.

    Colours are multiplied by the softly dilated mask (`soft_dilate`) and so are 0 away from
    the subject. Training must build its input by the same rules.
    """
    crop = crop.resized(size_px)
    alpha = crop.warp_mask(mask.alpha)
    rgb = crop.warp(frame.rgb).transpose(2, 0, 1)
    channels = np.empty((5, size_px, size_px), np.float32)
    np.multiply(rgb, soft_dilate(alpha) / np.float32(255), out=channels[:3])
    channels[3] = alpha
    channels[4] = crop.inside_frame()
    return channels


def soft_dilate(alpha: Float32[np.ndarray, "size size"]) -> Float32[np.ndarray, "size size"]:
    """Grow a mask by 3 % of the side with a soft edge.

    The maximum over a k x k square, then the mean over a (k // 2 | 1) square (zeros beyond the
    border), k = 2 round(0.03 side) + 1: 9 and 5 at 128 pixels. In torch:
    `avg_pool2d(max_pool2d(alpha, k, 1, k // 2), m, 1, m // 2)`.
    """
    reach = 2 * round(DILATION * alpha.shape[0]) + 1
    softness = reach // 2 | 1
    grown = cv2.dilate(alpha, np.ones((reach, reach), np.uint8))
    return cv2.blur(grown, (softness, softness), borderType=cv2.BORDER_CONSTANT)
