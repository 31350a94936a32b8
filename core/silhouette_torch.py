"""Differentiable silhouettes behind one interface.

    silhouettes = make_silhouettes("builtin", faces, size_px)   # or "pytorch3d", "auto"
    drawn = draw_points(points, faces, size_px)
    coverage = silhouettes(points, drawn)      # (bodies, size, size), 0..1, with gradients

`points` are vertices in pixels of the picture with their depth third. Built in: a hard rasteriser
whose gradient is exact for the shape of the outline: moving a point of the outline by d adds
coverage along it in proportion to d . normal (the shape derivative of Hadamard; as in the edge
gradients of Laine et al., "Modular Primitives for High-Performance Differentiable Rendering",
2020). That takes a millisecond per body on a CPU, where PyTorch3D's soft rasteriser takes a second.
"""

from typing import Any, Literal, Protocol, runtime_checkable

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from core.coverage import Drawn, draw
from core.outline import find_outline

Backend = Literal["auto", "builtin", "pytorch3d"]


@runtime_checkable
class Silhouettes(Protocol):
    """Draws bodies of one topology."""

    def __call__(
        self, points: Float[Tensor, "bodies verts 3"], drawn: Drawn
    ) -> Float[Tensor, "bodies size size"]:
        """Coverage 0..1.

        Args:
            points: x and y in pixels, and depth.
            drawn: The same points drawn hard, for those that can use it.
        """
        ...


def make_silhouettes(
    backend: Backend, faces: Int[np.ndarray, "faces 3"], size_px: int
) -> Silhouettes:
    """A way to draw silhouettes; "auto" takes PyTorch3D only where there is a GPU for it.

    Raises:
        ImportError: PyTorch3D was asked for and is not installed.
    """
    if backend == "pytorch3d" or (backend == "auto" and _has_fast_pytorch3d()):
        return PyTorch3DSilhouettes(faces, size_px)
    return BuiltinSilhouettes()


def draw_points(
    points: Float[Tensor, "bodies verts 3"], faces: Int[np.ndarray, "faces 3"], size_px: int
) -> Drawn:
    """Draw hard, without gradients."""
    return draw(points.detach().double().cpu().numpy()[..., :2], faces, size_px)


class BuiltinSilhouettes:
    """Hard coverage with the gradient of its outline."""

    def __call__(
        self, points: Float[Tensor, "bodies verts 3"], drawn: Drawn
    ) -> Float[Tensor, "bodies size size"]:
        """The drawing, as an image through which gradients flow."""
        return _Coverage.apply(points, drawn)


class _Coverage(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, points: Tensor, drawn: Drawn) -> Tensor:
        ctx.drawn, ctx.kind = drawn, (points.shape, points.dtype)
        return torch.from_numpy(drawn.is_covered).to(points.dtype)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None]:
        shape, dtype = ctx.kind
        moved = _outline_gradient(ctx.drawn, grads[0].double().numpy())
        gradient = torch.zeros(shape, dtype=dtype)
        gradient[..., :2] = torch.from_numpy(moved).to(dtype)
        return gradient, None


def _outline_gradient(drawn: Drawn, by_pixel: np.ndarray) -> Float[np.ndarray, "bodies verts 2"]:
    """What moving each vertex does, given what covering each pixel does."""
    total = np.zeros_like(drawn.points_px)
    everywhere = np.ones(by_pixel.shape[1:], bool)
    for body, covered in enumerate(drawn.is_covered):
        outline = find_outline(covered, everywhere)
        corners, weights = drawn.attach(
            np.full(len(outline.row), body), outline.row, outline.column
        )
        push = by_pixel[body, outline.row, outline.column][:, None] * outline.normal
        np.add.at(total[body], corners, weights[..., None] * push[:, None])
    return total


def _has_fast_pytorch3d() -> bool:
    from importlib.util import find_spec

    return torch.cuda.is_available() and find_spec("pytorch3d") is not None


class PyTorch3DSilhouettes:
    """PyTorch3D's soft silhouettes (Liu et al., "Soft Rasterizer", ICCV 2019)."""

    def __init__(
        self, faces: Int[np.ndarray, "faces 3"], size_px: int, sigma: float = 1e-4
    ) -> None:
        from pytorch3d.renderer import MeshRasterizer, RasterizationSettings, SoftSilhouetteShader  # pyright: ignore[reportMissingImports]
        from pytorch3d.renderer.blending import BlendParams  # pyright: ignore[reportMissingImports]
        from pytorch3d.renderer.cameras import FoVOrthographicCameras  # pyright: ignore[reportMissingImports]

        self.faces, self.size_px = torch.from_numpy(faces.astype(np.int64)), size_px
        settings = RasterizationSettings(
            image_size=size_px,
            blur_radius=float(np.log(1 / 1e-4 - 1) * sigma),
            faces_per_pixel=10,
            bin_size=0,
        )
        self._rasterizer = MeshRasterizer(FoVOrthographicCameras(), settings)
        self._shader = SoftSilhouetteShader(BlendParams(sigma=sigma, gamma=1e-4))

    def __call__(
        self, points: Float[Tensor, "bodies verts 3"], drawn: Drawn
    ) -> Float[Tensor, "bodies size size"]:
        """Soft coverage; the hard drawing is not used."""
        from pytorch3d.structures import Meshes  # pyright: ignore[reportMissingImports]

        # Their pictures span -1..1 with x to the left and y up.
        flat = 1 - points[..., :2] * (2 / self.size_px)
        placed = torch.cat([flat, points[..., 2:]], -1)
        meshes = Meshes(placed, self.faces.to(points.device).expand(len(points), -1, 3))
        return self._shader(self._rasterizer(meshes), meshes)[..., 3]
