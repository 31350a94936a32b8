"""What is drawn over the body and the video with QPainter: split, mask outline, difference.

The same in the window and in saved pictures; `rect` is where the video's frame is.
"""

import cv2
import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPen, QPolygonF

from app.agreement import OURS_RGBA, THEIRS_RGBA, Agreement, agreement_of, body_area
from app.input_view import image_of
from app.session import Session
from app.theme import SPACE_PX, current_tones, scaled_font

NO_MASK = "Saved sessions keep no masks: nothing to compare the body with"
OUTLINE_PX = 400
"""Longer side of the picture that a body's outline is taken from."""
Row = tuple[tuple[int, int, int, int] | None, str]


def lacks_mask(session: Session) -> bool:
    """The subject was found, but where it was in the picture is not known any more."""
    result = session.shown.result if session.shown is not None else None
    return result is not None and result.is_covered and result.mask is None


class OverlayPainter:
    """Remembers the last agreement, which takes some milliseconds to find."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._body: tuple[object, np.ndarray | None] = (None, None)
        self._seen: tuple[object, object, Agreement | None] = (None, None, None)

    @property
    def is_over(self) -> bool:
        """The view is the video's."""
        return self._session.look.camera == "input" and self._session.shown is not None

    def paint(self, painter: QPainter, rect: QRectF) -> None:
        """Whatever of it is switched on."""
        look = self._session.look
        if not self.is_over:
            return
        if look.has_difference:
            self._paint_difference(painter, rect)
        if look.has_wipe:
            self._paint_wipe(painter, rect)
        if look.has_outline:
            self._paint_outline(painter, rect)

    def agreement(self) -> Agreement | None:
        """Of the frame shown, as it is drawn."""
        session = self._session
        shown = session.shown.result if session.shown is not None else None
        drawn = session.result()
        if session.model is None or shown is None or drawn is None:
            return None
        editor, frozen = session.editor, session.explore if session.explore.is_frozen else None
        improved = None if session.look.shows_before else editor.improved.get(shown.frame_index)
        key = (shown, (frozen, editor.keys, id(improved)))
        if self._seen[0] is not key[0] or self._seen[1] != key[1]:
            self._seen = (*key, agreement_of(session.model, drawn))
        return self._seen[2]

    def _paint_difference(self, painter: QPainter, rect: QRectF) -> None:
        seen = self.agreement()
        if seen is None:
            if lacks_mask(self._session):
                self._paint_rows(painter, rect, ((None, NO_MASK),))
            return
        rgba = np.ascontiguousarray(seen.image())
        height, width = rgba.shape[:2]
        form = QImage.Format.Format_RGBA8888
        painter.drawImage(rect, QImage(rgba.data, width, height, 4 * width, form))
        self._paint_legend(painter, rect, seen.iou)

    def _paint_legend(self, painter: QPainter, rect: QRectF, iou: float) -> None:
        rows = (
            (OURS_RGBA, "only the body"),
            (THEIRS_RGBA, "only the mask"),
            (None, f"overlap (IoU) {iou:.2f}"),
        )
        self._paint_rows(painter, rect, rows)

    def _paint_rows(self, painter: QPainter, rect: QRectF, rows: tuple[Row, ...]) -> None:
        """A plate with words, and the colours that they explain."""
        font = scaled_font(0.9)
        font.setPixelSize(max(round(rect.height() / 40), 11))
        painter.setFont(font)
        row = painter.fontMetrics().height()
        width = max(painter.fontMetrics().horizontalAdvance(text) for _, text in rows) + 3 * row
        place = rect.bottomRight() - QPointF(width + SPACE_PX, len(rows) * row + 3 * SPACE_PX)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(12, 14, 16, 190))
        painter.drawRoundedRect(QRectF(place.x(), place.y(), width, len(rows) * row + 16), 6, 6)
        for number, (rgba, text) in enumerate(rows):
            corner = place + QPointF(SPACE_PX, SPACE_PX + number * row)
            if rgba is not None:
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(QColor(*rgba[:3]))
                painter.drawRect(QRectF(corner.x(), corner.y() + 0.2 * row, 0.6 * row, 0.6 * row))
            painter.setPen(QColor(240, 242, 244))
            line = QRectF(corner.x() + row, corner.y(), width, row)
            painter.drawText(line, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, text)

    def _paint_wipe(self, painter: QPainter, rect: QRectF) -> None:
        shown = self._session.shown
        assert shown is not None
        x = rect.left() + self._session.look.wipe * rect.width()
        painter.save()
        painter.setClipRect(QRectF(rect.left(), rect.top(), x - rect.left(), rect.height()))
        painter.drawImage(rect, image_of(shown.frame.rgb))
        painter.restore()
        accent = QColor(current_tones().accent)
        painter.setPen(QPen(accent, 2))
        painter.drawLine(QPointF(x, rect.top()), QPointF(x, rect.bottom()))
        painter.setBrush(accent)
        painter.drawEllipse(QPointF(x, rect.center().y()), 5, 5)

    def _paint_outline(self, painter: QPainter, rect: QRectF) -> None:
        """Of the mask, dashed; where none was kept, of the body itself, unbroken."""
        shown = self._session.shown
        if shown is None or shown.result is None:
            return
        mask = shown.result.mask
        inside = self._body_area() if mask is None else mask.alpha > 127
        if inside is None:
            return
        colour, line = QColor(255, 255, 255, 230), Qt.PenStyle.DashLine
        if mask is None:
            colour, line = QColor(*OURS_RGBA), Qt.PenStyle.SolidLine
        painter.setPen(QPen(colour, 1.6, line))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        scale = rect.width() / inside.shape[1]
        found, _ = cv2.findContours(
            inside.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE
        )
        for contour in found:
            points = [rect.topLeft() + QPointF(*(scale * (p + 0.5))) for p in contour[:, 0]]
            painter.drawPolygon(QPolygonF(points))

    def _body_area(self) -> np.ndarray | None:
        """Of the pose that is drawn, remembered while it stays."""
        drawn, model = self._session.result(), self._session.model
        if drawn is None or model is None:
            return None
        if self._body[0] is not drawn:
            self._body = (drawn, body_area(model, drawn, OUTLINE_PX))
        return self._body[1]
