"""Draws a session's body with the renderer: what the viewport's `paintGL` calls."""

from dataclasses import replace
from typing import Any

import moderngl
import numpy as np
from jaxtyping import UInt8

from app.look import Look
from app.session import Session
from app.shown_pose import heading_rad, standing
from app.theme import is_dark
from core.camera import Camera
from core.kinematics import forward_kinematics, skin_transforms
from core.results import FrameResult
from render.picture import render_image, transparent
from render.renderer import Renderer
from render.scene import DARK, LIGHT, Body, BodyLook, Scene, Theme
from render.view import FixedCamera, OrbitCamera


class Stage:
    """Owns the GPU side of one viewport; made and released with its context current."""

    def __init__(self, context: moderngl.Context) -> None:
        self._context = context
        self._renderer = Renderer(context)

    def draw(self, session: Session, camera: OrbitCamera, framebuffer_id: int) -> None:
        """Draw into the framebuffer Qt has just now (it changes with size)."""
        framebuffer = self._context.detect_framebuffer(framebuffer_id)
        look, result, shown = session.look, session.result(), session.shown
        theme = theme_of(look)
        if look.camera == "input" and shown is not None:
            bodies = () if result is None else (overlaid(session.model, result, look),)
            if shown.result is None or not shown.result.is_covered:
                bodies = bodies if session.explore.is_frozen else ()
            fixed = FixedCamera(_camera_of(session, result))
            scene = Scene(bodies, fixed, theme)
            self._renderer.draw_overlay(shown.frame.rgb, scene, framebuffer, look.mesh_opacity)
            return
        bodies = () if result is None else (standing_body(session.model, result, look),)
        scene = Scene(bodies, camera, theme, has_ground=look.has_grid)
        self._renderer.draw(scene, framebuffer)

    def still(
        self, model: Any, result: FrameResult, look: Look, camera: OrbitCamera, side_px: int
    ) -> UInt8[np.ndarray, "height width 4"]:
        """A small picture of a body alone, whatever is in the window."""
        plain = replace(look, mode="color", joint=None, has_skeleton=False)
        scene = Scene((standing_body(model, result, plain),), camera, theme_of(look))
        return render_image(self._renderer, transparent(scene), side_px, side_px, samples=4)

    def release(self) -> None:
        """Free what was made."""
        self._renderer.release()


def _camera_of(session: Session, result: FrameResult | None) -> Camera:
    if result is not None:
        return Camera(result.K, *result.image_size)
    assert session.facts is not None
    return Camera.from_fov(session.facts.width_px, session.facts.height_px)


def theme_of(look: Look) -> Theme:
    """The renderer's colours for the chosen background."""
    if look.background == "theme":
        return DARK if is_dark() else LIGHT
    return DARK if look.background == "dark" else LIGHT


def _body(model: Any, result: FrameResult, look: Look) -> Body:
    """The posed body in rig space."""
    rig = model.rig_of(result.codes.shape)
    joint_to_rig = forward_kinematics(rig.skeleton, result.joint_rotations)
    transforms = skin_transforms(rig.skeleton, joint_to_rig)
    colors = model.colors(result.codes.appearance)
    shown = BodyLook(look.mode, look.skinning, 1.0, look.has_skeleton, look.joint)
    return Body(rig, transforms, colors=colors, look=shown)


def overlaid(model: Any, result: FrameResult, look: Look) -> Body:
    """The body where the video's camera saw it."""
    return replace(_body(model, result, look), root_to_world=result.root_to_cam)


def standing_body(model: Any, result: FrameResult, look: Look) -> Body:
    """The body on the ground in the middle of the room, turned as it is in the video."""
    heading = heading_rad(result.root_to_cam) if look.motion == "turning" else 0.0
    body = _body(model, result, look)
    root_to_world = standing(heading)
    # The lowest joint is a foot's: at rest it is as high above the ground as it should be now.
    rest = body.rig.skeleton.rest_joint_to_rig
    posed = body.skin_transforms @ rest
    root_to_world[1, 3] = rest[:, 1, 3].min() - posed[:, 1, 3].min()
    return replace(body, root_to_world=root_to_world)
