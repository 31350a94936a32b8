"""The ground: a grid that fades out and the soft shadow where bodies come near it.

ground.cast(bodies, painter)     # into its own small framebuffer
framebuffer.use()
ground.draw(scene, view)
"""

from collections.abc import Sequence
from dataclasses import dataclass

import moderngl
import numpy as np

from render.body_painter import BodyPainter, Stage
from render.bounds import bounds_of
from render.scene import Body
from render.shader_source import load_program, set_uniforms

SHADOW_PX = 128
SINK = 0.002
"""The grid lies this far below y = 0, so that paws on the ground do not flicker through it."""


@dataclass(frozen=True)
class Area:
    """A square of the ground: centre and half the side."""

    x: float
    z: float
    reach: float


class Ground:
    """Draws y = 0 with what is near it; blends over what is already there."""

    def __init__(self, ctx: moderngl.Context) -> None:
        self._ctx = ctx
        self._shades = [ctx.texture((SHADOW_PX, SHADOW_PX), 1) for _ in range(2)]
        for shade in self._shades:
            shade.repeat_x = shade.repeat_y = False
        self._targets = [ctx.framebuffer([shade]) for shade in self._shades]
        self._blur = load_program(ctx, "screen.vert", "blur.frag")
        self._blur_array = ctx.vertex_array(self._blur, [])
        self._grid = load_program(ctx, "ground.vert", "ground.frag")
        self._grid_array = ctx.vertex_array(self._grid, [])

    def cast(self, bodies: Sequence[Body], painter: BodyPainter) -> Area:
        """Draw the shadow map of the solid bodies. Changes the framebuffer in use."""
        solid = [body for body in bodies if body.look.opacity >= 1]
        area = _area_of(solid or bodies)
        first = self._targets[0]
        first.use()
        first.clear()
        self._ctx.disable(moderngl.DEPTH_TEST | moderngl.CULL_FACE)
        self._ctx.enable(moderngl.BLEND)
        self._ctx.blend_func = moderngl.ONE, moderngl.ONE
        self._ctx.blend_equation = moderngl.MAX
        for body in solid:
            painter.draw_shadow(body, area.x, area.z, area.reach)
        self._ctx.blend_equation = moderngl.FUNC_ADD
        self._ctx.disable(moderngl.BLEND)
        for source, target, stride in ((0, 1, (1.0, 0.0)), (1, 0, (0.0, 1.0))):
            self._shades[source].use(0)
            self._targets[target].use()
            set_uniforms(self._blur, stride=tuple(s / SHADOW_PX for s in stride))
            self._blur_array.render(moderngl.TRIANGLES, vertices=3)
        return area

    def draw(self, area: Area, stage: Stage) -> None:
        """Draw into the framebuffer in use, behind what its depth buffer holds."""
        view, theme = stage.view, stage.theme
        distance = abs(float(view.world_to_cam[2] @ [area.x, 0, area.z, 1]))
        is_above = view.eye[1] > 0
        radius = max(3.5 * area.reach, 1.3 * distance)
        self._shades[0].use(0)
        set_uniforms(
            self._grid,
            world_to_clip=view.world_to_clip,
            disc=(area.x, -SINK * radius / 4, area.z, radius),
            line=theme.line,
            line_opacity=theme.line_opacity,
            spacing=float(10 ** np.round(np.log10(radius / 40))),
            area=(area.x, area.z, area.reach),
            shadow_opacity=theme.shadow_opacity if is_above else 0.0,
        )
        self._ctx.enable(moderngl.DEPTH_TEST | moderngl.BLEND)
        self._grid_array.render(moderngl.TRIANGLE_STRIP, vertices=4)

    def release(self) -> None:
        owned = (self._grid_array, self._blur_array, self._grid, self._blur)
        for thing in (*owned, *self._targets, *self._shades):
            thing.release()


def _area_of(bodies: Sequence[Body]) -> Area:
    """Around the bodies, with room for the shadow's soft edge."""
    low, high = bounds_of(bodies)
    x, _, z = (low + high) / 2
    reach = 0.62 * max(high[0] - low[0], high[2] - low[2], 0.5 * (high[1] - low[1]))
    return Area(float(x), float(z), float(reach))
