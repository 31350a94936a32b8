"""Draws a session's body with the renderer: what the viewport's `paintGL` calls."""

from dataclasses import dataclass, replace
from typing import Any

import cv2
import moderngl
import numpy as np
from jaxtyping import UInt8

from app.look import Look
from app.session import Session
from app.shown_pose import heading_rad, standing
from app.theme import is_dark
from app.uncertainty import uncertainty_colors
from core.camera import Camera
from core.kinematics import forward_kinematics, skin_transforms
from core.results import FrameResult
from core.skin import skin_linear
from render.picture import overlay_image, render_image, transparent
from render.renderer import Renderer
from render.scene import DARK, LIGHT, Body, BodyLook, Scene, Theme
from render.view import FixedCamera, OrbitCamera

REFERENCE_OPACITY = 0.28
XRAY_OPACITY = 0.35
LEAST_PROBABILITY = 0.04


@dataclass(frozen=True)
class PictureWish:
    """A picture to take."""

    width_px: int
    height_px: int
    is_transparent: bool = False


class Stage:
    """Owns the GPU side of one viewport; made and released with its context current."""

    def __init__(self, context: moderngl.Context) -> None:
        self._context = context
        self._renderer = Renderer(context)

    @property
    def renderer_name(self) -> str:
        """Of the graphics card, or of the software that stands in for one."""
        return str(self._context.info.get("GL_RENDERER", "unknown"))

    def draw(self, session: Session, camera: OrbitCamera, framebuffer_id: int) -> None:
        """Draw into the framebuffer Qt has just now (it changes with size)."""
        framebuffer = self._context.detect_framebuffer(framebuffer_id)
        scene, shown = scene_of(session, camera), session.shown
        if isinstance(scene.camera, FixedCamera) and shown is not None:
            opacity = session.look.mesh_opacity
            self._renderer.draw_overlay(shown.frame.rgb, scene, framebuffer, opacity)
        else:
            self._renderer.draw(scene, framebuffer)

    def picture(
        self, session: Session, camera: OrbitCamera, wish: PictureWish
    ) -> UInt8[np.ndarray, "height width 4"]:
        """What the window shows, at another size or on nothing."""
        scene, shown = scene_of(session, camera), session.shown
        size = wish.width_px, wish.height_px
        if wish.is_transparent:
            return render_image(self._renderer, transparent(scene), *size)
        if not isinstance(scene.camera, FixedCamera) or shown is None:
            return render_image(self._renderer, scene, *size)
        rgb = cv2.resize(shown.frame.rgb, size, interpolation=cv2.INTER_CUBIC)
        drawn = overlay_image(self._renderer, rgb, scene, session.look.mesh_opacity)
        return np.concatenate([drawn, np.full_like(drawn[..., :1], 255)], axis=-1)

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


def scene_of(session: Session, camera: OrbitCamera) -> Scene:
    """Everything the window shows; over the video, its camera is the video's."""
    look, result, shown = session.look, session.result(), session.shown
    theme, model = theme_of(look), session.model
    is_over = look.camera == "input" and shown is not None
    if is_over and shown is not None and not session.explore.is_frozen:
        is_seen = shown.result is not None and shown.result.is_covered
        result = result if is_seen else None
    place = overlaid if is_over else standing_body
    bodies: list[Body] = []
    if result is not None:
        body = place(model, result, look)
        if not is_over and look.motion == "travelling":
            body.root_to_world[:3, 3] += session.travel.of(session.facts, result)
        bodies.append(body)
        if look.has_ghosts and result.hypotheses is not None:
            bodies += [place(model, ghost, look) for ghost in _ghosts(result)]
        own = session.frame_result()
        if look.has_reference and session.explore.is_frozen and own is not None:
            bodies.append(faint(place(model, own, look), REFERENCE_OPACITY))
    bodies[1:] = [
        faint(body, REFERENCE_OPACITY) if body.look.opacity >= 1 else body for body in bodies[1:]
    ]
    if is_over:
        facts = session.facts
        fixed = FixedCamera(_camera_of(session, session.result())) if facts else camera
        return Scene(tuple(bodies), fixed, theme)
    return Scene(tuple(bodies), camera, theme, has_ground=look.has_grid)


def _ghosts(result: FrameResult) -> list[FrameResult]:
    """The frame as each of its competing root poses would have it, the likely ones only."""
    assert result.hypotheses is not None
    pairs = zip(result.hypotheses.root_to_cam, result.hypotheses.probabilities, strict=True)
    return [
        replace(result, root_to_cam=pose.astype(np.float64), hypotheses=None)
        for pose, probability in pairs
        if probability > LEAST_PROBABILITY
    ]


def faint(body: Body, opacity: float) -> Body:
    """A body as a ghost: grey, glassy, without skeleton."""
    look = replace(body.look, mode="shaded", opacity=opacity, has_skeleton=False)
    return replace(body, look=look)


def _body(model: Any, result: FrameResult, look: Look) -> Body:
    """The posed body in rig space."""
    rig = model.rig_of(result.codes.shape)
    joint_to_rig = forward_kinematics(rig.skeleton, result.joint_rotations)
    transforms = skin_transforms(rig.skeleton, joint_to_rig)
    colors = model.colors(result.codes.appearance)
    mode, opacity = look.mode, XRAY_OPACITY if look.is_xray else 1.0
    if look.has_uncertainty and result.hypotheses is not None:
        posed = skin_linear(rig.vertices, rig.weights, transforms)
        length = float(np.ptp(rig.vertices, axis=0).max())
        colors, mode = uncertainty_colors(posed, result.hypotheses, length), "color"
    has_skeleton = look.has_skeleton or look.is_xray
    shown = BodyLook(mode, look.skinning, opacity, has_skeleton, look.joint)
    return Body(rig, transforms, colors=colors, look=shown)


def overlaid(model: Any, result: FrameResult, look: Look) -> Body:
    """The body where the video's camera saw it."""
    return replace(_body(model, result, look), root_to_world=result.root_to_cam)


def standing_body(model: Any, result: FrameResult, look: Look) -> Body:
    """The body on the ground in the middle of the room, turned as it is in the video."""
    heading = 0.0 if look.motion == "still" else heading_rad(result.root_to_cam)
    body = _body(model, result, look)
    root_to_world = standing(heading)
    # The lowest joint is a foot's: at rest it is as high above the ground as it should be now.
    rest = body.rig.skeleton.rest_joint_to_rig
    posed = body.skin_transforms @ rest
    root_to_world[1, 3] = rest[:, 1, 3].min() - posed[:, 1, 3].min()
    return replace(body, root_to_world=root_to_world)
