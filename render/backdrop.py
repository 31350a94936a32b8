"""What is behind everything: a gradient, or the input frame.

backdrop.draw_gradient(theme)
backdrop.draw_image(frame.rgb)
"""

import moderngl
import numpy as np
from jaxtyping import UInt8

from render.programs import load_program, set_uniforms, vertex_array
from render.scene import Theme


class Backdrop:
    """Fills the viewport of the framebuffer in use; leaves depth alone."""

    def __init__(self, ctx: moderngl.Context) -> None:
        self._ctx = ctx
        self._gradient = load_program(ctx, "screen.vert", "gradient.frag")
        self._image = load_program(ctx, "screen.vert", "image.frag")
        self._gradient_array = vertex_array(ctx, self._gradient)
        self._image_array = vertex_array(ctx, self._image)
        self._texture: moderngl.Texture | None = None

    def draw_gradient(self, theme: Theme) -> None:
        set_uniforms(self._gradient, top=theme.top, bottom=theme.bottom)
        self._fill(self._gradient_array)

    def draw_image(self, rgb: UInt8[np.ndarray, "height width 3"]) -> None:
        height_px, width_px = rgb.shape[:2]
        size = (width_px, height_px)
        if self._texture is None or (self._texture.width, self._texture.height) != size:
            self._drop_texture()
            self._texture = self._ctx.texture(size, 3, alignment=1)
        self._texture.write(np.ascontiguousarray(rgb), alignment=1)
        self._texture.use(0)
        self._fill(self._image_array)

    def release(self) -> None:
        self._drop_texture()
        for thing in (self._gradient_array, self._image_array, self._gradient, self._image):
            thing.release()

    def _drop_texture(self) -> None:
        if self._texture is not None:
            self._texture.release()
        self._texture = None

    def _fill(self, array: moderngl.VertexArray) -> None:
        self._ctx.disable(moderngl.DEPTH_TEST | moderngl.BLEND | moderngl.CULL_FACE)
        array.render(moderngl.TRIANGLES, vertices=3)
