"""Draws posed bodies in every display mode.

painter.prepare(scene.bodies)
painter.draw(body, stage)
"""

from collections.abc import Sequence
from dataclasses import dataclass

import moderngl
import numpy as np

from render.blending import blend_nothing, blend_over
from render.bounds import some_vertices
from render.mesh_buffers import MeshBuffers
from render.programs import load_program, set_uniforms
from render.scene import Body, BodyLook, DisplayMode, Theme
from render.view import View

MAX_TOPOLOGIES = 8
"""Buffers kept of bodies that are not on screen now, so that toggling models costs nothing."""
GHOST_OPACITY = 0.28
"""Of the body around its skeleton."""

CONTACT_SHARE = 0.22
"""Height, as a share of the shadow's size, up to which a body counts as touching the ground."""

SHADER_MODE: dict[DisplayMode, int] = {
    "color": 0,
    "shaded": 0,
    "skeleton": 0,
    "normals": 1,
    "depth": 2,
    "weights": 3,
    "wireframe": 4,
}


@dataclass(frozen=True, eq=False)
class Stage:
    """What bodies of one picture have in common."""

    view: View
    theme: Theme
    has_ground: bool


class BodyPainter:
    """Owns the buffers and programs of all bodies of one renderer."""

    def __init__(self, ctx: moderngl.Context) -> None:
        self._ctx = ctx
        self._buffers: list[MeshBuffers] = []
        self._programs: dict[tuple[object, ...], moderngl.Program] = {}

    def draw(self, body: Body, stage: Stage) -> None:
        """Draw one body into the framebuffer in use; expects depth test on."""
        look = body.look
        opacity = look.opacity * (GHOST_OPACITY if look.mode == "skeleton" else 1.0)
        if opacity <= 0:
            return
        buffers = self._updated(body)
        program = self._mesh_program(body.look, buffers)
        array = buffers.vertex_array(program)
        _set_body(program, body, stage, opacity)
        if look.mode == "wireframe":
            self._draw_wires(program, array, stage.theme)
        elif opacity < 1:
            self._draw_glass(array)
        else:
            self._draw_solid(array)

    def draw_shadow(self, body: Body, center_x: float, center_z: float, reach: float) -> None:
        """Draw one body from above into the shadow map in use."""
        buffers = self._updated(body)
        program = self._program(("shadow.vert", "shadow.frag"), _defines(body.look, buffers))
        area = (center_x, center_z, reach)
        heights = (CONTACT_SHARE * reach, reach)
        set_uniforms(program, root_to_world=body.root_to_world, area=area, reach=heights)
        buffers.vertex_array(program).render()

    def release(self) -> None:
        for thing in (*self._buffers, *self._programs.values()):
            thing.release()
        self._buffers.clear()
        self._programs.clear()

    def _updated(self, body: Body) -> MeshBuffers:
        """Buffers of the body's topology with its pose in them; the last used ones are kept."""
        found = next((each for each in self._buffers if each.fits(body.rig)), None)
        if found is None:
            found = MeshBuffers(self._ctx, body.rig)
        else:
            self._buffers.remove(found)
        self._buffers.insert(0, found)
        while len(self._buffers) > MAX_TOPOLOGIES:
            self._buffers.pop().release()
        found.update(body)
        return found

    def _mesh_program(self, look: BodyLook, buffers: MeshBuffers) -> moderngl.Program:
        defines = _defines(look, buffers) | {"MODE": SHADER_MODE[look.mode]}
        return self._program(("mesh.vert", "mesh.frag"), defines)

    def _program(self, files: tuple[str, str], defines: dict[str, int]) -> moderngl.Program:
        key = (files, *defines.items())
        if key not in self._programs:
            self._programs[key] = load_program(self._ctx, *files, defines)
        return self._programs[key]

    def _draw_solid(self, array: moderngl.VertexArray) -> None:
        """Faces towards the viewer first: they hide the others before those cost any pixels.

        In software at 1280x800 this takes 3.2 ms instead of 4.7.
        """
        self._ctx.disable(moderngl.BLEND)
        self._ctx.enable(moderngl.CULL_FACE)
        for hidden in ("back", "front"):
            self._ctx.cull_face = hidden
            array.render()
        self._ctx.disable(moderngl.CULL_FACE)

    def _draw_wires(
        self, program: moderngl.Program, array: moderngl.VertexArray, theme: Theme
    ) -> None:
        """Edges in front, faces hidden behind them but still hiding what is further away."""
        self._ctx.disable(moderngl.BLEND)
        fill = tuple(0.5 * (a + b) for a, b in zip(theme.top, theme.bottom, strict=True))
        set_uniforms(program, has_tint=True, tint=fill)
        self._ctx.polygon_offset = 1.0, 1.0
        array.render()
        self._ctx.polygon_offset = 0.0, 0.0
        set_uniforms(program, tint=theme.wire)
        self._ctx.wireframe = True
        array.render()
        self._ctx.wireframe = False

    def _draw_glass(self, array: moderngl.VertexArray) -> None:
        """Only the nearest surface shines through, not the far side of the same body."""
        self._ctx.enable(moderngl.BLEND)
        blend_nothing(self._ctx)
        array.render()
        blend_over(self._ctx)
        self._ctx.depth_func = "<="
        array.render()
        self._ctx.depth_func = "<"


def _defines(look: BodyLook, buffers: MeshBuffers) -> dict[str, int]:
    """Of `skin.glsl`."""
    is_dual = look.skinning == "dual-quaternion"
    return {"INFLUENCES": buffers.skin.influences} | ({"DUAL_QUATERNION": 1} if is_dual else {})


def _set_body(program: moderngl.Program, body: Body, stage: Stage, opacity: float) -> None:
    look, view = body.look, stage.view
    is_clay = look.mode in ("shaded", "skeleton")
    set_uniforms(
        program,
        root_to_world=body.root_to_world,
        world_to_cam=view.world_to_cam,
        cam_to_clip=view.cam_to_clip,
        joint=-1 if look.joint is None else look.joint,
        has_tint=is_clay,
        tint=stage.theme.clay,
        opacity=opacity,
        depth_range=_depth_range([body], view) if look.mode == "depth" else (0.0, 1.0),
        is_parallel=view.is_orthographic,
        has_ground=stage.has_ground,
    )


def _depth_range(bodies: Sequence[Body], view: View) -> tuple[float, float]:
    """Camera z of the nearest and the furthest point, a little padded: all greys are used."""
    points = np.concatenate([some_vertices(body) for body in bodies])
    z = points @ view.world_to_cam[2, :3] + view.world_to_cam[2, 3]
    pad = 0.03 * float(np.ptp(z))
    return float(z.min()) - pad, float(z.max()) + pad
