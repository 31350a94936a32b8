"""Everything around the bodies that depends on the camera only, drawn once while that rests.

surroundings.draw(scene, stage, framebuffer)
"""

import moderngl

from render.backdrop import Backdrop
from render.body_painter import Stage
from render.context import is_software
from render.ground import Ground
from render.scene import Scene


class Surroundings:
    """Background and grid. Where the processor draws them they take most of a frame's time
    (12 of 19 ms at 1280x800), so the same picture is copied as long as the camera rests.
    """

    def __init__(self, ctx: moderngl.Context, backdrop: Backdrop, ground: Ground) -> None:
        self._ctx, self._backdrop, self._ground = ctx, backdrop, ground
        self._is_copying = is_software(ctx)
        self._copy: moderngl.Framebuffer | None = None
        self._key: tuple[object, ...] = ()
        self._copied_key: tuple[object, ...] = ()

    def draw(self, scene: Scene, stage: Stage, framebuffer: moderngl.Framebuffer) -> None:
        """Start a picture: clear the framebuffer, fill it, and leave it in use."""
        key = (
            framebuffer.size,
            scene.theme,
            scene.has_background,
            scene.has_ground,
            stage.view.world_to_clip.tobytes(),
        )
        is_resting, self._key = key == self._key, key
        if not (is_resting and self._is_copying and framebuffer.samples == 0):
            self._draw(scene, stage, framebuffer)
            return
        if self._copied_key != key:
            self._draw(scene, stage, self._target(framebuffer.size))
            self._copied_key = key
        framebuffer.clear(0.0, 0.0, 0.0, 0.0, depth=1.0)
        self._ctx.copy_framebuffer(framebuffer, self._target(framebuffer.size))
        framebuffer.use()

    def release(self) -> None:
        if self._copy is not None:
            for attachment in self._copy.color_attachments:
                attachment.release()
            self._copy.release()
        self._copy, self._copied_key = None, ()

    def _draw(self, scene: Scene, stage: Stage, target: moderngl.Framebuffer) -> None:
        target.use()
        target.viewport = (0, 0, *target.size)
        target.clear(0.0, 0.0, 0.0, 0.0, depth=1.0)
        if scene.has_background:
            self._backdrop.draw_gradient(scene.theme)
        if scene.has_ground:
            self._ground.draw_grid(stage)

    def _target(self, size: tuple[int, int]) -> moderngl.Framebuffer:
        if self._copy is None or self._copy.size != size:
            self.release()
            self._copy = self._ctx.framebuffer([self._ctx.renderbuffer(size, 4)])
        return self._copy
