"""The 3D view: draws the session's body, turns with the mouse."""

import logging
import time
from dataclasses import replace

import numpy as np
from jaxtyping import UInt8
from PySide6.QtCore import QPoint, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QGuiApplication,
    QHideEvent,
    QImage,
    QMouseEvent,
    QPainter,
    QSurfaceFormat,
    QWheelEvent,
)
from PySide6.QtOpenGLWidgets import QOpenGLWidget
from PySide6.QtWidgets import QWidget

from app.explore import ExploreState
from app.mouse_preset import deed_of
from app.session import Session
from app.shown_pose import explored, rest_result
from app.stage import PictureWish, Stage
from app.view_layer import ViewLayer
from render.renderer import fitted
from render.view import OrbitCamera

LOG = logging.getLogger(__name__)
FIRST_VIEW = OrbitCamera()
WHEEL_STEP = 120.0
"""Eighths of a degree in one notch, as Qt counts."""


def ask_for_core_profile() -> None:
    """Ask for OpenGL 3.3 core; call before the QApplication is made (macOS needs it there)."""
    wanted = QSurfaceFormat()
    wanted.setVersion(3, 3)
    wanted.setProfile(QSurfaceFormat.OpenGLContextProfile.CoreProfile)
    wanted.setDepthBufferSize(24)
    wanted.setSwapInterval(1)
    QSurfaceFormat.setDefaultFormat(wanted)


def has_opengl() -> bool:
    """False on platforms (offscreen, minimal) where Qt has no OpenGL widgets."""
    return QGuiApplication.platformName() not in ("offscreen", "minimal", "vnc")


class Viewport(QOpenGLWidget):
    """Drags orbit, pan and dolly in the manner of `Look.mouse`; the wheel dollies.

    Signals:
        broke(Exception): OpenGL 3.3 could not be had or drawing failed; nothing is drawn any more.
    """

    broke = Signal(object)

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._stage: Stage | None = None
        self._is_broken = False
        self._grip: QPointF | None = None
        self._has_framed = False
        self._has_wipe = False
        self.camera = FIRST_VIEW
        self.setMinimumSize(240, 120)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.setAccessibleName("3D view")
        self.setAccessibleDescription(
            "Drag to orbit, wheel to come nearer. 1, 3, 7 and F set views."
        )
        session.shown_changed.connect(self.update)
        session.look_changed.connect(self.update)
        session.model_changed.connect(self._on_model)
        self.layer = ViewLayer(session, self)

    def sizeHint(self) -> QSize:
        return QSize(720, 540)

    # OpenGL.

    def initializeGL(self) -> None:
        import moderngl

        try:
            context = moderngl.create_context(require=330)
            context.gc_mode = "context_gc"
            self._stage = Stage(context)
            self._session.renderer_name = self._stage.renderer_name
        except Exception as error:
            self._break(error)

    def paintGL(self) -> None:
        if self._is_broken:
            return
        if self._stage is None:
            # After hideEvent freed everything: the context lives, our objects are made anew.
            self.initializeGL()
        if self._stage is None:
            return
        started_s = time.perf_counter()
        try:
            self._frame_once()
            self._stage.draw(self._session, self.seen_from, self.defaultFramebufferObject())
        except Exception as error:
            self._break(error)
            return
        self._session.draw_ms = 1e3 * (time.perf_counter() - started_s)
        self._session.note_drawn()

    def _break(self, error: Exception) -> None:
        LOG.exception("drawing failed")
        self._is_broken = True
        self.broke.emit(error)

    def free(self) -> None:
        """Release everything on the GPU; the next paint makes it anew."""
        if self._stage is None:
            return
        self.makeCurrent()
        self._stage.release()
        self._stage = None
        self.doneCurrent()

    def hideEvent(self, event: QHideEvent) -> None:
        self.free()
        super().hideEvent(event)

    # Views.

    def _on_model(self) -> None:
        self._has_framed = False
        self.update()

    def _frame_once(self) -> None:
        """Bring a new model into view; later the view is the person's."""
        if not self._has_framed and self._session.model is not None:
            self._has_framed = True
            self.camera = self._framed(FIRST_VIEW)

    def _framed(self, camera: OrbitCamera) -> OrbitCamera:
        model = self._session.model
        if model is None:
            return camera
        vertices = model.rig.vertices.astype(np.float64)
        low, high = _box_of(vertices)
        if self._session.look.motion == "turning":
            reach = max(np.abs(vertices[:, [0, 2]]).max() * 0.8, 1e-3)
            low, high = np.array([-reach, low[1], -reach]), np.array([reach, high[1], reach])
        return camera.framed(low, high, self.width() / max(self.height(), 1))

    @property
    def seen_from(self) -> OrbitCamera:
        """The camera, gone along with the body if it follows."""
        session, look = self._session, self._session.look
        if look.motion != "travelling" or not look.follows:
            return self.camera
        gone = session.travel.of(session.facts, session.result())
        return replace(self.camera, target=self.camera.target + gone)

    def toggle_follow(self) -> None:
        """Go along with the body or stay; the view does not jump."""
        session = self._session
        gone = session.travel.of(session.facts, session.result())
        if session.look.follows:
            self.camera = self.seen_from
            session.set_look(follows=False)
        else:
            self.camera = replace(self.camera, target=self.camera.target - gone)
            session.set_look(follows=True, motion="travelling", camera="orbit")

    def toggle_orthographic(self) -> None:
        """Parallel rays, or perspective."""
        self._session.set_look(camera="orbit")
        flips = not self.camera.is_orthographic
        self.camera = replace(self.camera, is_orthographic=flips)
        self._session.look_changed.emit()

    def place(self, camera: OrbitCamera) -> None:
        """Look from there."""
        self._has_framed, self.camera = True, camera
        self.update()

    def frame_subject(self) -> None:
        """The whole body in view, from where the camera is."""
        self._session.set_look(camera="orbit")
        self.camera = self._framed(self.camera)
        self.update()

    def reset_view(self) -> None:
        """The view the window began with."""
        self._session.set_look(camera="orbit")
        self.camera = self._framed(FIRST_VIEW)
        self.update()

    def look_from(self, side: str) -> None:
        """From a standard side: front, side, top."""
        self._session.set_look(camera="orbit")
        sides = {"front": "front", "side": "left", "top": "top"}
        self.camera = self.camera.looking(sides[side])  # type: ignore[arg-type]
        self.update()

    def picture(self) -> QImage:
        """What is seen, at device pixels."""
        drawn = self.grabFramebuffer()
        drawn.setDevicePixelRatio(self.devicePixelRatioF())
        self._paint_overlay(drawn, self.layer.picture_rect())
        drawn.setDevicePixelRatio(1.0)
        return drawn

    def _paint_overlay(self, drawn: QImage, rect: QRectF) -> None:
        """Split, outline and difference are part of pictures."""
        painter = QPainter(drawn)
        painter.setRenderHints(
            QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform
        )
        self.layer.overlay.paint(painter, rect)
        painter.end()

    def large_picture(self, scale: int, is_transparent: bool) -> QImage:
        """What is seen, so many times larger, if wished on nothing; empty if it cannot be drawn.

        Raises:
            GraphicsError: It would be larger than the driver draws.
        """
        if not self._can_draw():
            return QImage()
        width, height = self.picture_size(scale)
        self.makeCurrent()
        try:
            assert self._stage is not None
            wish = PictureWish(width, height, is_transparent)
            drawn = rgba_image(self._stage.picture(self._session, self.seen_from, wish))
        finally:
            self.doneCurrent()
        if not is_transparent:
            self._paint_overlay(drawn, QRectF(drawn.rect()))
        return drawn

    def picture_size(self, scale: int) -> tuple[int, int]:
        """Of a large picture, in pixels; over the video it has the video's shape."""
        ratio = self.devicePixelRatioF() * scale
        width, height = round(self.width() * ratio), round(self.height() * ratio)
        facts = self._session.facts
        if self._session.look.camera == "input" and facts is not None:
            _, _, width, height = fitted(*facts.size_px, width, height)
        return width, height

    def pose_picture(self, sigmas: tuple[float, ...], side_px: int) -> QImage:
        """A square picture of a pose of the sliders on nothing; empty without OpenGL or model."""
        session = self._session
        if session.model is None or not self._can_draw():
            return QImage()
        pose = ExploreState(sigmas, is_frozen=True)
        result = explored(session.model, rest_result(session.model), pose)
        camera = FIRST_VIEW.framed(*_box_of(session.model.rig.vertices))
        self.makeCurrent()
        try:
            assert self._stage is not None
            rgba = self._stage.still(session.model, result, session.look, camera, side_px)
        finally:
            self.doneCurrent()
        return rgba_image(rgba)

    def _can_draw(self) -> bool:
        """There is a context; what is drawn with is made if it was freed."""
        if self._is_broken or not self.isValid():
            return False
        if self._stage is None:
            self.makeCurrent()
            self.initializeGL()
            self.doneCurrent()
        return self._stage is not None

    # Mouse.

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._has_wipe = self.layer.has_wipe_at(event.position())
        self._grip = event.position()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._grip, self._has_wipe = None, False

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._grip is None:
            return
        if self._has_wipe:
            self._session.set_look(wipe=self.layer.share_at(event.position()))
            return
        deed = deed_of(self._session.look.mouse, event.buttons(), event.modifiers())
        if deed is None:
            return
        moved = event.position() - self._grip
        self._grip = event.position()
        if self._session.look.camera == "input":
            self._session.set_look(camera="orbit")
        if deed == "pan":
            short_px = min(self.width(), self.height())
            self.camera = self.camera.panned(moved.x(), moved.y(), short_px)
        elif deed == "dolly":
            self.camera = self.camera.dollied(-moved.y() / 30)
        else:
            self.camera = self.camera.orbited(moved.x(), moved.y())
        self.update()

    def wheelEvent(self, event: QWheelEvent) -> None:
        steps = (event.angleDelta() or QPoint()).y() / WHEEL_STEP
        self.camera = self.camera.dollied(steps)
        self.update()


def _box_of(vertices: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return vertices.min(0).astype(np.float64), vertices.max(0).astype(np.float64)


def rgba_image(rgba: UInt8[np.ndarray, "height width 4"]) -> QImage:
    """A Qt image of a picture with alpha; the pixels are copied."""
    rgba = np.ascontiguousarray(rgba)
    height, width = rgba.shape[:2]
    return QImage(rgba.data, width, height, 4 * width, QImage.Format.Format_RGBA8888).copy()
