"""Still pictures, off-screen, with the same code as the window.

rgba = render_image(renderer, scene, 1280, 800, samples=4)
rgb = overlay_image(renderer, frame.rgb, scene)
"""

from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import replace

import moderngl
import numpy as np
from jaxtyping import UInt8

from render.context import GraphicsError
from render.renderer import Renderer
from render.scene import Scene

MAX_SIDE_PX = 8192
"""Half of what OpenGL 3.3 drivers of the last ten years offer; 268 MB of RGBA."""


def render_image(
    renderer: Renderer, scene: Scene, width_px: int, height_px: int, samples: int = 4
) -> UInt8[np.ndarray, "height width 4"]:
    """A picture of a scene; alpha is straight, and 255 everywhere if there is a background.

    Args:
        samples: Per pixel, for smooth edges; 0 for none. Fewer are taken if the driver has fewer.

    Raises:
        GraphicsError: The picture is larger than can be drawn at once.
    """
    rgba = _drawn(
        renderer.ctx, width_px, height_px, samples, lambda target: renderer.draw(scene, target)
    )
    return rgba if scene.has_background else _straight(rgba)


def transparent(scene: Scene) -> Scene:
    """The same bodies on nothing."""
    return replace(scene, has_background=False, has_ground=False)


def overlay_image(
    renderer: Renderer,
    frame_rgb: UInt8[np.ndarray, "height width 3"],
    scene: Scene,
    opacity: float = 1.0,
    samples: int = 4,
) -> UInt8[np.ndarray, "height width 3"]:
    """An input frame with the bodies over it, at the frame's own size."""
    height_px, width_px = frame_rgb.shape[:2]
    return _drawn(
        renderer.ctx,
        width_px,
        height_px,
        samples,
        lambda target: renderer.draw_overlay(frame_rgb, scene, target, opacity),
    )[..., :3]


@contextmanager
def offscreen_target(
    ctx: moderngl.Context, width_px: int, height_px: int, samples: int = 0
) -> Generator[moderngl.Framebuffer, None, None]:
    """A framebuffer with colour and depth, freed at the end."""
    _check_size(ctx, width_px, height_px)
    size, samples = (width_px, height_px), min(samples, ctx.max_samples)
    color = ctx.renderbuffer(size, 4, samples=samples)
    depth = ctx.depth_renderbuffer(size, samples=samples)
    target = ctx.framebuffer([color], depth)
    try:
        yield target
    finally:
        for thing in (target, color, depth):
            thing.release()


def read_rgba(target: moderngl.Framebuffer) -> UInt8[np.ndarray, "height width 4"]:
    """What is in a framebuffer without samples, top row first."""
    raw = target.read(components=4, alignment=1)
    return np.frombuffer(raw, np.uint8).reshape(target.height, target.width, 4)[::-1]


def _drawn(
    ctx: moderngl.Context,
    width_px: int,
    height_px: int,
    samples: int,
    draw: Callable[[moderngl.Framebuffer], None],
) -> UInt8[np.ndarray, "height width 4"]:
    with offscreen_target(ctx, width_px, height_px, samples) as target:
        draw(target)
        if not target.samples:
            return np.ascontiguousarray(read_rgba(target))
        with offscreen_target(ctx, width_px, height_px) as resolved:
            ctx.copy_framebuffer(resolved, target)
            return np.ascontiguousarray(read_rgba(resolved))


def _check_size(ctx: moderngl.Context, width_px: int, height_px: int) -> None:
    if width_px < 1 or height_px < 1:
        raise ValueError(f"a picture of {width_px} x {height_px} pixels holds nothing")
    limit = min(MAX_SIDE_PX, int(ctx.info["GL_MAX_RENDERBUFFER_SIZE"]))
    if max(width_px, height_px) > limit:
        raise GraphicsError(
            f"A picture of {width_px} x {height_px} pixels is too large to draw here: "
            f"choose at most {limit} pixels a side."
        )


def _straight(rgba: UInt8[np.ndarray, "height width 4"]) -> UInt8[np.ndarray, "height width 4"]:
    """Premultiplied colour to what PNG stores."""
    alpha = rgba[..., 3:].astype(np.float32)
    colors = np.where(alpha > 0, rgba[..., :3] * (255 / np.maximum(alpha, 1)), 0)
    return np.concatenate([np.minimum(colors + 0.5, 255).astype(np.uint8), rgba[..., 3:]], -1)
