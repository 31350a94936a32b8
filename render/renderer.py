"""Draws scenes into a framebuffer, in a window or off-screen.

    renderer = Renderer(ctx)
    renderer.draw(scene, framebuffer)
    renderer.draw_overlay(frame.rgb, scene, framebuffer)   # scene.camera is a FixedCamera
    renderer.release()

All calls need the context current. The renderer leaves the framebuffer it was given in use, and
blending, culling and depth test off.
"""

from dataclasses import replace

import moderngl
import numpy as np
from jaxtyping import UInt8

from render.backdrop import Backdrop
from render.blending import blend_over
from render.body_painter import BodyPainter, Stage
from render.ground import Ground
from render.scene import Body, BodyLook, Scene
from render.skeleton_painter import SkeletonPainter
from render.surroundings import Surroundings

Rect = tuple[int, int, int, int]
"""Left, top, width, height in pixels of a framebuffer, its origin at the top left."""


class Renderer:
    """Everything that is drawn with one context. Owned by whoever owns the context."""

    def __init__(self, ctx: moderngl.Context) -> None:
        self.ctx = ctx
        self._backdrop = Backdrop(ctx)
        self._ground = Ground(ctx)
        self._surroundings = Surroundings(ctx, self._backdrop, self._ground)
        self._bodies = BodyPainter(ctx)
        self._skeletons = SkeletonPainter(ctx)
        self._parts = (
            self._backdrop,
            self._ground,
            self._surroundings,
            self._bodies,
            self._skeletons,
        )

    def draw(self, scene: Scene, framebuffer: moderngl.Framebuffer) -> None:
        """Fill the framebuffer with a picture of the scene."""
        self._reset_state()
        stage = Stage(scene.camera.view(*framebuffer.size), scene.theme, scene.has_ground)
        if scene.has_ground:
            self._ground.cast(scene.bodies, self._bodies)
        self._surroundings.draw(scene, stage, framebuffer)
        if scene.has_ground:
            self._ground.draw_shadow(stage)
        for body in scene.bodies:
            if _is_solid(body.look):
                self._draw_body(body, stage)
        for body in scene.bodies:
            if not _is_solid(body.look):
                self._draw_body(body, stage)
        self._draw_skeletons(scene, stage)
        self.ctx.enable_only(moderngl.NOTHING)

    def draw_overlay(
        self,
        frame_rgb: UInt8[np.ndarray, "height width 3"],
        scene: Scene,
        framebuffer: moderngl.Framebuffer,
        opacity: float = 1.0,
        rect: Rect | None = None,
    ) -> None:
        """Draw the bodies over an input frame, aligned to its camera.

        Args:
            frame_rgb: The frame; the scene's camera is a `FixedCamera` of its size.
            opacity: Multiplies each body's own.
            rect: Where in the framebuffer the frame goes; as large as fits, centred, when absent.
        """
        self._reset_state()
        framebuffer.use()
        framebuffer.viewport = (0, 0, *framebuffer.size)
        framebuffer.clear(0.0, 0.0, 0.0, 0.0, depth=1.0)
        if scene.has_background and rect is None:
            self._backdrop.draw_gradient(scene.theme)
        height_px, width_px = frame_rgb.shape[:2]
        left, top, width, height = rect or fitted(width_px, height_px, *framebuffer.size)
        framebuffer.viewport = (left, framebuffer.height - top - height, width, height)
        self._backdrop.draw_image(frame_rgb)
        stage = Stage(scene.camera.view(width, height), scene.theme, has_ground=False)
        for body in scene.bodies:
            look = replace(body.look, opacity=body.look.opacity * opacity)
            self._draw_body(replace(body, look=look), stage)
        self._draw_skeletons(scene, stage)
        framebuffer.viewport = (0, 0, *framebuffer.size)
        self.ctx.enable_only(moderngl.NOTHING)

    def release(self) -> None:
        """Free everything on the GPU; the renderer is of no use afterwards."""
        for part in self._parts:
            part.release()

    def _draw_body(self, body: Body, stage: Stage) -> None:
        self.ctx.enable(moderngl.DEPTH_TEST)
        self._bodies.draw(body, stage)

    def _draw_skeletons(self, scene: Scene, stage: Stage) -> None:
        self.ctx.enable(moderngl.DEPTH_TEST)
        for body in scene.bodies:
            if body.look.has_skeleton or body.look.mode == "skeleton":
                self._skeletons.draw(body, stage)

    def _reset_state(self) -> None:
        """Nothing is taken for granted: inside Qt others draw with the same context."""
        self.ctx.enable_only(moderngl.NOTHING)
        self.ctx.scissor = None
        self.ctx.wireframe = False
        self.ctx.depth_func = "<"
        blend_over(self.ctx)


def fitted(width_px: int, height_px: int, into_width_px: int, into_height_px: int) -> Rect:
    """The largest centred rectangle of a picture's shape."""
    scale = min(into_width_px / width_px, into_height_px / height_px)
    width, height = max(1, round(width_px * scale)), max(1, round(height_px * scale))
    return (into_width_px - width) // 2, (into_height_px - height) // 2, width, height


def _is_solid(look: BodyLook) -> bool:
    return look.opacity >= 1 and look.mode != "skeleton"
