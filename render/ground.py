"""The ground: a grid that fades out, and soft shadows where bodies come near it.

ground.cast(bodies, painter)     # into its own small framebuffer
framebuffer.use()
ground.draw_grid(stage)
ground.draw_shadow(stage)
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import moderngl
import numpy as np

from render.blending import blend_max, blend_over
from render.body_painter import BodyPainter, Stage
from render.bounds import bounds_of
from render.programs import load_program, set_uniforms, vertex_array
from render.scene import Body

SHADOW_PX = 96
WIDENING = 2.2
"""How much softer the shadow of what is high is than that of what touches the ground."""
DISC_CORNERS = 24
DISC_SIZE = 1.5
"""Radius of the grid, as a share of the viewer's distance."""
LINES = 55
"""About so many fine lines from the disc's centre to its rim, to the next power of ten."""


@dataclass(frozen=True)
class Area:
    """A square of the ground: centre and half the side."""

    x: float
    z: float
    reach: float


class Ground:
    """Draws on y = 0. Nothing here reads or writes depth: bodies are drawn over it."""

    def __init__(self, ctx: moderngl.Context) -> None:
        self._ctx = ctx
        self._shades = [ctx.texture((SHADOW_PX, SHADOW_PX), 2) for _ in range(2)]
        for shade in self._shades:
            shade.repeat_x = shade.repeat_y = False
        self._targets = [ctx.framebuffer([shade]) for shade in self._shades]
        self._blur = load_program(ctx, "screen.vert", "blur.frag")
        self._grid = load_program(ctx, "ground.vert", "grid.frag")
        self._shadow = load_program(ctx, "ground.vert", "shade.frag")
        self._programs = (self._blur, self._grid, self._shadow)
        self._arrays = {program: vertex_array(ctx, program) for program in self._programs}
        self._area: Area | None = None

    def cast(self, bodies: Sequence[Body], painter: BodyPainter) -> None:
        """Draw the shadow map of the solid bodies. Changes the framebuffer in use."""
        solid = [body for body in bodies if body.look.opacity >= 1]
        self._area = _area_of(solid) if solid else None
        if self._area is None:
            return
        self._targets[0].use()
        self._targets[0].clear()
        self._ctx.enable_only(moderngl.BLEND)
        blend_max(self._ctx)
        for body in solid:
            painter.draw_shadow(body, self._area.x, self._area.z, self._area.reach)
        self._ctx.enable_only(moderngl.NOTHING)
        for source, target, stride in ((0, 1, (1.0, 0.0)), (1, 0, (0.0, 1.0))):
            self._shades[source].use(0)
            self._targets[target].use()
            step = tuple(s / SHADOW_PX for s in stride)
            set_uniforms(self._blur, stride=step, widening=WIDENING)
            self._arrays[self._blur].render(moderngl.TRIANGLES, vertices=3)

    def draw_grid(self, stage: Stage) -> None:
        """Blend the grid over the framebuffer in use. Depends on view and theme only."""
        view, theme = stage.view, stage.theme
        x, z = float(view.focus[0]), float(view.focus[2])
        radius = DISC_SIZE * math.dist(view.eye.tolist(), view.focus.tolist())
        set_uniforms(
            self._grid,
            world_to_clip=view.world_to_clip,
            disc=(x, 0.0, z, radius),
            corners=DISC_CORNERS,
            line=theme.line,
            line_opacity=theme.line_opacity,
            spacing=10.0 ** round(math.log10(radius / LINES)),
        )
        self._blend(self._grid, DISC_CORNERS)

    def draw_shadow(self, stage: Stage) -> None:
        """Blend what was cast over the framebuffer in use; it is seen from above only."""
        area, view = self._area, stage.view
        if area is None or view.eye[1] <= 0:
            return
        self._shades[0].use(0)
        set_uniforms(
            self._shadow,
            world_to_clip=view.world_to_clip,
            disc=(area.x, 0.0, area.z, area.reach * float(np.sqrt(2))),
            corners=4,
            area=(area.x, area.z, area.reach),
            strength=stage.theme.shadow_opacity,
        )
        self._blend(self._shadow, 4)

    def release(self) -> None:
        for thing in (*self._arrays.values(), *self._programs, *self._targets, *self._shades):
            thing.release()

    def _blend(self, program: moderngl.Program, corners: int) -> None:
        self._ctx.enable_only(moderngl.BLEND)
        blend_over(self._ctx)
        self._arrays[program].render(moderngl.TRIANGLE_FAN, vertices=corners + 2)


def _area_of(bodies: Sequence[Body]) -> Area:
    """Around the bodies, with room for the shadow's soft edge."""
    low, high = bounds_of(bodies)
    x, _, z = (low + high) / 2
    reach = 0.75 * max(high[0] - low[0], high[2] - low[2], 0.5 * (high[1] - low[1]))
    return Area(float(x), float(z), float(reach))
