"""Icons: our own line drawings, tinted with the palette and crisp at any scale.

button.setIcon(icon("play"))
"""

from functools import lru_cache

from PySide6.QtCore import QByteArray, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QApplication

from app.theme import ICONS_FOLDER, current_tones

SIZES_PX = (16, 20, 24, 30, 32, 36, 48, 64, 96)


@lru_cache(maxsize=128)
def _drawing(name: str) -> str:
    return (ICONS_FOLDER / f"{name}.svg").read_text(encoding="utf-8")


def pixmap(name: str, size_px: int, colour: str, ratio: float = 1.0) -> QPixmap:
    """One icon drawn at a size in logical pixels, for a screen of that device pixel ratio."""
    svg = _drawing(name).replace("currentColor", colour)
    drawn = QPixmap(QSize(size_px, size_px) * ratio)
    drawn.fill(Qt.GlobalColor.transparent)
    painter = QPainter(drawn)
    QSvgRenderer(QByteArray(svg.encode())).render(painter, QRectF(drawn.rect()))
    painter.end()
    drawn.setDevicePixelRatio(ratio)
    return drawn


def icon(name: str, colour: str | None = None) -> QIcon:
    """An icon in the palette's text colour; on a checked button, in the accent."""
    tones = current_tones()
    text = colour or tones.text
    faded = QColor(tones.muted)
    made = QIcon()
    application = QApplication.instance()
    ratio = application.devicePixelRatio() if isinstance(application, QApplication) else 1.0
    for size_px in SIZES_PX:
        made.addPixmap(pixmap(name, size_px, text, ratio), QIcon.Mode.Normal, QIcon.State.Off)
        on = pixmap(name, size_px, tones.accent if colour is None else text, ratio)
        made.addPixmap(on, QIcon.Mode.Normal, QIcon.State.On)
        grey = _faded(pixmap(name, size_px, faded.name(), ratio))
        made.addPixmap(grey, QIcon.Mode.Disabled, QIcon.State.Off)
        made.addPixmap(grey, QIcon.Mode.Disabled, QIcon.State.On)
    return made


def _faded(drawn: QPixmap) -> QPixmap:
    pale = QPixmap(drawn.size())
    pale.setDevicePixelRatio(drawn.devicePixelRatio())
    pale.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pale)
    painter.setOpacity(0.55)
    painter.drawPixmap(0, 0, drawn)
    painter.end()
    return pale
