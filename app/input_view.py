"""The input picture with what was found in it; a box drawn on it tells what the subject is."""

import numpy as np
from jaxtyping import UInt8
from PySide6.QtCore import QLineF, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QImage, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.joints import joints_in_image
from app.session import Session
from app.theme import current_tones
from core.results import Box, FrameResult

DARK = 105
"""Of 255, how bright it is outside the mask."""
SMALLEST_BOX_PX = 8
"""Smaller drags are taken for slips."""


class InputView(QWidget):
    """Shows the session's frame with mask, box and joints.

    Signals:
        box_drawn(tuple): x0, y0, x1, y1 in image pixels.
    """

    box_drawn = Signal(tuple)

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._drag: tuple[QPointF, QPointF] | None = None
        self._image = QImage()
        self._made: tuple[object, object, tuple[int, int]] = (None, None, (0, 0))
        self._made_image = QImage()
        self.setMinimumSize(160, 120)
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self.setCursor(Qt.CursorShape.CrossCursor)
        self.setMouseTracking(False)
        self.setAccessibleName("Input picture")
        self.setAccessibleDescription("Drag a box around the subject to say what it is.")
        self.setToolTip("Drag a box around the animal to say what the subject is")
        session.shown_changed.connect(self._on_shown)
        session.look_changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(288, 216)

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        facts = self._session.facts
        return round(width * (facts.height_px / facts.width_px if facts else 0.75))

    def _on_shown(self) -> None:
        shown = self._session.shown
        self._image = QImage() if shown is None else image_of(shown.frame.rgb)
        self.update()

    def picture_rect(self) -> QRectF:
        """Where the picture is inside the widget."""
        if self._image.isNull():
            return QRectF(self.rect())
        scale = min(self.width() / self._image.width(), self.height() / self._image.height())
        width, height = self._image.width() * scale, self._image.height() * scale
        return QRectF((self.width() - width) / 2, (self.height() - height) / 2, width, height)

    # Painting.

    def paintEvent(self, event: QPaintEvent) -> None:
        with QPainter(self) as painter:  # a painter that an error leaves open ends the program
            self._paint(painter)

    def _paint(self, painter: QPainter) -> None:
        painter.setRenderHints(
            QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform
        )
        if self._image.isNull():
            self._paint_empty(painter)
            return
        rect = self.picture_rect()
        if self._session.look.mirrors_preview:
            painter.translate(self.width(), 0)
            painter.scale(-1, 1)
        shown, look = self._session.shown, self._session.look
        painter.drawImage(rect, self._fitted(rect))
        result = shown.result if shown is not None else None
        if result is not None:
            painter.save()
            painter.translate(rect.topLeft())
            painter.scale(rect.width() / self._image.width(), rect.height() / self._image.height())
            if look.input_has_skeleton and result.is_covered:
                self._paint_joints(painter, result)
            if look.input_has_box:
                self._paint_box(painter, result)
            painter.restore()
        painter.resetTransform()
        if self._drag is not None:
            self._paint_drag(painter)

    def _paint_empty(self, painter: QPainter) -> None:
        tones = current_tones()
        painter.setPen(QColor(tones.muted))
        text = "No picture yet" if self._session.opening_text is None else "Opening…"
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, text)

    def _fitted(self, rect: QRectF) -> QImage:
        """The frame as large as it is shown, dark outside the mask; made once for a frame.

        Scaling and blending the whole picture at every paint would cost more.
        """
        shown = self._session.shown
        if shown is None:
            return self._image
        mask = None
        if shown.result is not None and self._session.look.input_has_mask:
            mask = shown.result.mask
        ratio = self.devicePixelRatioF()
        size = max(round(rect.width() * ratio), 1), max(round(rect.height() * ratio), 1)
        key = (shown.frame.rgb, mask, size)
        if not all(one is other for one, other in zip(key[:2], self._made[:2], strict=True)) or (
            size != self._made[2]
        ):
            self._made = key
            self._made_image = small_picture(shown.frame.rgb, mask and mask.alpha, size)
        return self._made_image

    def _paint_box(self, painter: QPainter, result: FrameResult) -> None:
        if result.box is None:
            return
        tones = current_tones()
        pen = QPen(QColor(tones.accent if result.is_covered else tones.bad), 1.5)
        pen.setCosmetic(True)
        painter.setPen(pen)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        x0, y0, x1, y1 = result.box
        painter.drawRoundedRect(QRectF(QPointF(x0, y0), QPointF(x1, y1)), 4, 4)

    def _paint_joints(self, painter: QPainter, result: FrameResult) -> None:
        model = self._session.model
        if model is None:
            return
        points, parents = joints_in_image(model, result)
        pen = QPen(QColor(255, 255, 255, 220), 1.6)
        pen.setCosmetic(True)
        painter.setPen(pen)
        pairs = [(joint, parent) for joint, parent in enumerate(parents) if parent >= 0]
        painter.drawLines([QLineF(*points[one], *points[other]) for one, other in pairs])

    def _paint_drag(self, painter: QPainter) -> None:
        assert self._drag is not None
        accent = QColor(current_tones().accent)
        painter.setPen(QPen(accent, 1.5, Qt.PenStyle.DashLine))
        accent.setAlpha(40)
        painter.setBrush(accent)
        painter.drawRect(QRectF(*self._drag).normalized())

    # Drawing a box.

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and not self._image.isNull():
            self._drag = (event.position(), event.position())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._drag is not None:
            self._drag = (self._drag[0], event.position())
            self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._drag is None:
            return
        box = self._box_of(QRectF(self._drag[0], event.position()).normalized())
        self._drag = None
        self.update()
        if box is not None:
            self.box_drawn.emit(box)

    def _box_of(self, dragged: QRectF) -> Box | None:
        rect = self.picture_rect()
        scale = self._image.width() / rect.width()
        if self._session.look.mirrors_preview:  # the picture is; the video is not
            dragged.moveLeft(self.width() - dragged.right())
        inside = dragged.intersected(rect).translated(-rect.topLeft())
        box = tuple(
            scale * v for v in (inside.left(), inside.top(), inside.right(), inside.bottom())
        )
        if box[2] - box[0] < SMALLEST_BOX_PX or box[3] - box[1] < SMALLEST_BOX_PX:
            return None
        return (box[0], box[1], box[2], box[3])


def image_of(rgb: UInt8[np.ndarray, "height width 3"]) -> QImage:
    """A Qt image of a frame; the pixels are copied, so that the array may go."""
    rgb = np.ascontiguousarray(rgb)
    height, width = rgb.shape[:2]
    return QImage(rgb.data, width, height, 3 * width, QImage.Format.Format_RGB888).copy()


def small_picture(
    rgb: UInt8[np.ndarray, "height width 3"],
    alpha: UInt8[np.ndarray, "height width"] | None,
    size: tuple[int, int],
) -> QImage:
    """A frame in another size; dark outside the mask, so that the subject stands out."""
    small = shrunk(rgb, size)
    if alpha is not None:
        inside = shrunk(alpha, size).astype(np.uint16)
        share = DARK + inside * (255 - DARK) // 255
        small = (small * share[..., None] // 255).astype(np.uint8)
    return image_of(small)


def shrunk(
    pixels: UInt8[np.ndarray, "height width *channels"], size: tuple[int, int]
) -> UInt8[np.ndarray, "small_height small_width *channels"]:
    """Four places of the picture for every new pixel, averaged: 2 ms for 640 x 356."""
    height, width = pixels.shape[:2]
    rows = ((np.arange(2 * size[1]) + 0.5) * height / (2 * size[1])).astype(int)
    columns = ((np.arange(2 * size[0]) + 0.5) * width / (2 * size[0])).astype(int)
    fine = pixels[rows][:, columns].astype(np.uint16)
    return ((fine[::2, ::2] + fine[1::2, ::2] + fine[::2, 1::2] + fine[1::2, 1::2]) // 4).astype(
        np.uint8
    )
