"""How the window looks: one accent colour, calm greys, one spacing unit, one typographic scale.

    theme = Theme(application)      # follows the system's light and dark, live
    theme.changed.connect(...)

Colours are handed out through the palette; the small style sheet below only shapes what Fusion
draws too heavily (tabs, tool buttons, sliders).
"""

from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QObject, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontDatabase, QFontMetrics, QPalette
from PySide6.QtWidgets import QApplication

ICONS_FOLDER = Path(__file__).resolve().parent.parent / "assets" / "icons"
SPACE_PX = 8
"""The spacing unit; gaps are 1/2, 1, 2 or 3 of it."""
PLAIN_TEXT_PX = 17
"""Height of a line of ordinary text at which nothing is scaled."""


@dataclass(frozen=True)
class Tones:
    """The colours of one scheme."""

    window: str
    panel: str
    field: str
    line: str
    text: str
    muted: str
    accent: str
    on_accent: str
    viewport_top: str
    viewport_bottom: str
    good: str
    middling: str
    bad: str


LIGHT = Tones(
    window="#eceef0", panel="#f6f7f8", field="#ffffff", line="#d3d7db", text="#1d2226",
    muted="#5c656d", accent="#0b7a75", on_accent="#ffffff", viewport_top="#e3e7ea",
    viewport_bottom="#c4ccd1", good="#2f9e6e", middling="#c98a12", bad="#c8452f",
)  # fmt: skip
DARK = Tones(
    window="#191c1f", panel="#212529", field="#15181a", line="#343a40", text="#e4e7ea",
    muted="#98a1a9", accent="#3cc7bb", on_accent="#06211f", viewport_top="#2c3237",
    viewport_bottom="#15181a", good="#46c08c", middling="#e0a93b", bad="#f0705a",
)  # fmt: skip


class Theme(QObject):
    """Keeps the application's palette and style sheet in step with the system's scheme.

    Signals:
        changed(): Light became dark or the other way round.
    """

    changed = Signal()

    def __init__(self, application: QApplication) -> None:
        super().__init__(application)
        self._application = application
        application.setStyle("Fusion")
        application.styleHints().colorSchemeChanged.connect(self._apply)
        self.tones = LIGHT
        self._apply()

    def prefer(self, scheme: Qt.ColorScheme) -> None:
        """Light, dark, or (Unknown) whatever the system says."""
        hints = self._application.styleHints()
        if hasattr(hints, "setColorScheme"):
            hints.setColorScheme(scheme)
        if hints.colorScheme() != scheme and scheme != Qt.ColorScheme.Unknown:
            self._apply(scheme)

    def _apply(self, scheme: Qt.ColorScheme | None = None) -> None:
        if scheme is None:
            scheme = self._application.styleHints().colorScheme()
        self.tones = DARK if scheme == Qt.ColorScheme.Dark else LIGHT
        self._application.setPalette(palette_of(self.tones))
        self._application.setStyleSheet(style_sheet(self.tones))
        self.changed.emit()


def is_dark() -> bool:
    """Told from the palette, so that widgets need no reference to the theme."""
    return QApplication.palette().color(QPalette.ColorRole.Window).lightness() < 128


def current_tones() -> Tones:
    """The tones in use."""
    return DARK if is_dark() else LIGHT


def palette_of(tones: Tones) -> QPalette:
    """A palette in these tones."""
    role = QPalette.ColorRole
    pairs = {
        role.Window: tones.window, role.WindowText: tones.text, role.Base: tones.field,
        role.AlternateBase: tones.panel, role.Text: tones.text, role.Button: tones.panel,
        role.ButtonText: tones.text, role.ToolTipBase: tones.panel, role.ToolTipText: tones.text,
        role.Highlight: tones.accent, role.HighlightedText: tones.on_accent,
        role.Link: tones.accent, role.PlaceholderText: tones.muted, role.Mid: tones.line,
        role.Light: tones.panel, role.Midlight: tones.line, role.Dark: tones.line,
        role.Shadow: tones.line, role.Accent: tones.accent, role.BrightText: tones.bad,
    }  # fmt: skip
    palette = QPalette()
    for key, colour in pairs.items():
        palette.setColor(key, QColor(colour))
    faded = QColor(tones.muted)
    faded.setAlpha(130)
    for key in (role.WindowText, role.Text, role.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, key, faded)
    return palette


def scaled_font(scale: float, bold: bool = False, mono: bool = False) -> QFont:
    """A font of the typographic scale: 0.9 small, 1 text, 1.25 heading, 2 title."""
    system = QFontDatabase.SystemFont
    font = QFontDatabase.systemFont(system.FixedFont) if mono else QApplication.font()
    font.setPointSizeF(QApplication.font().pointSizeF() * scale)
    font.setWeight(QFont.Weight.DemiBold if bold else QFont.Weight.Normal)
    return font


def text_scale() -> float:
    """How large text is against what the sizes in pixels were drawn for: 1 to 2.5."""
    return min(max(QFontMetrics(QApplication.font()).height() / PLAIN_TEXT_PX, 1.0), 2.5)


def icon_px(size_px: int) -> int:
    """Icons grow with the text, half as fast."""
    return round(size_px * (1 + (text_scale() - 1) / 2))


def grown(width_px: int, height_px: int) -> QSize:
    """A size for a dialog: larger with larger text, but never larger than the screen."""
    wanted = QSize(width_px, height_px) * text_scale()
    return wanted.boundedTo(screen_room() - QSize(4, 4) * SPACE_PX)


def screen_room() -> QSize:
    """What of the screen windows may take."""
    return QApplication.primaryScreen().availableSize()


def tinted(colour: str, ground: str, part: float) -> str:
    """A colour laid thinly over another."""
    over, under = QColor(colour), QColor(ground)
    pairs = (
        (over.red(), under.red()),
        (over.green(), under.green()),
        (over.blue(), under.blue()),
    )
    red, green, blue = (round(part * a + (1 - part) * b) for a, b in pairs)
    return QColor(red, green, blue).name()


def style_sheet(tones: Tones) -> str:
    """The shapes Fusion lacks."""
    tint = tinted(tones.accent, tones.panel, 0.16)
    is_white = QColor(tones.on_accent).lightness() > 128
    # A least height that is said here holds, even if the text is higher.
    field_px = max(18, QFontMetrics(QApplication.font()).height() + 2)
    arrow = (ICONS_FOLDER / "chevron-grey.svg").as_posix()
    tick = (ICONS_FOLDER / ("check-white.svg" if is_white else "check.svg")).as_posix()
    return f"""
QMainWindow::separator {{ background: {tones.window}; width: 6px; height: 6px; }}
QMainWindow::separator:hover {{ background: {tones.accent}; }}
QToolTip {{ background: {tones.panel}; color: {tones.text}; border: 1px solid {tones.line};
    padding: 4px 6px; }}
QToolBar {{ background: {tones.panel}; border: 0; border-bottom: 1px solid {tones.line};
    padding: 4px 8px; spacing: 4px; }}
QWidget[surface="line"] {{ background: {tones.line}; }}
QMenuBar {{ background: {tones.panel}; padding: 2px 4px; }}
QMenuBar::item {{ padding: 4px 8px; border-radius: 4px; background: transparent; }}
QMenuBar::item:selected {{ background: {tones.line}; }}
QStatusBar {{ background: {tones.panel}; border-top: 1px solid {tones.line}; }}
QStatusBar::item {{ border: 0; }}
QDockWidget {{ color: {tones.muted}; font-weight: 600; }}
QDockWidget::title {{ background: {tones.panel}; padding: 7px 8px; border: 0; }}
QToolButton {{ border: 1px solid transparent; border-radius: 5px; padding: 4px; }}
QToolButton:hover {{ background: {tones.line}; }}
QToolButton:pressed {{ background: {tones.field}; }}
QToolButton:checked {{ background: {tint}; color: {tones.accent}; }}
QToolButton:focus {{ border: 1px solid {tones.accent}; }}
QToolButton::menu-indicator {{ image: none; }}
QPushButton {{ background: {tones.panel}; border: 1px solid {tones.line}; border-radius: 5px;
    padding: 5px 12px; }}
QPushButton:hover {{ border-color: {tones.muted}; }}
QPushButton:pressed {{ background: {tones.field}; }}
QPushButton:checked {{ background: {tint}; color: {tones.accent}; border-color: {tones.accent}; }}
QPushButton[primary="true"] {{ background: {tones.accent}; color: {tones.on_accent};
    border-color: {tones.accent}; }}
QPushButton[primary="true"]:hover {{ border-color: {tones.text}; }}
QPushButton:focus {{ border: 2px solid {tones.accent}; padding: 4px 11px; }}
QPushButton[primary="true"]:focus {{ border-color: {tones.text}; }}
QPushButton#target:hover {{ border: 2px solid {tones.accent}; }}
QPushButton[flat="true"] {{ background: transparent; border-color: transparent; }}
QPushButton[flat="true"]:hover {{ color: {tones.accent}; }}
QPushButton:disabled {{ color: {tones.muted}; background: {tones.window};
    border-color: {tones.line}; }}
QDialogButtonBox {{ dialogbuttonbox-buttons-have-icons: 0; }}
QTabWidget::pane {{ border: 0; border-top: 1px solid {tones.line}; background: {tones.panel}; }}
QTabBar {{ background: {tones.panel}; }}
QTabBar::tab {{ background: transparent; color: {tones.muted}; padding: 8px 12px;
    border: 0; border-bottom: 2px solid transparent; }}
QTabBar::tab:selected {{ color: {tones.text}; border-bottom-color: {tones.accent}; }}
QTabBar::tab:hover {{ color: {tones.text}; }}
QTabBar:focus {{ background: {tint}; }}
QSlider::groove:horizontal {{ height: 4px; border-radius: 2px; background: {tones.line}; }}
QSlider::sub-page:horizontal {{ background: {tones.accent}; border-radius: 2px; }}
QSlider::sub-page:horizontal:disabled {{ background: {tones.line}; }}
QSlider::handle:horizontal {{ width: 10px; height: 10px; margin: -5px 0; border-radius: 7px;
    background: {tones.field}; border: 2px solid {tones.accent}; }}
QSlider::handle:horizontal:focus {{ background: {tones.accent}; }}
QSlider::handle:horizontal:disabled {{ border-color: {tones.line}; }}
QCheckBox::indicator {{ width: 14px; height: 14px; border: 1px solid {tones.muted};
    border-radius: 4px; background: {tones.field}; }}
QCheckBox::indicator:hover, QCheckBox::indicator:focus {{ border-color: {tones.accent}; }}
QCheckBox::indicator:checked {{ background: {tones.accent}; border-color: {tones.accent};
    image: url({tick}); }}
QCheckBox::indicator:disabled {{ border-color: {tones.line}; background: {tones.window}; }}
QComboBox, QSpinBox, QDoubleSpinBox, QLineEdit {{ background: {tones.field};
    border: 1px solid {tones.line}; border-radius: 5px; padding: 3px 6px;
    min-height: {field_px}px; }}
QComboBox:hover, QLineEdit:hover {{ border-color: {tones.muted}; }}
QAbstractSpinBox QLineEdit, QComboBox QLineEdit {{ border: 0; padding: 0; min-height: 0;
    background: transparent; }}
QSpinBox::up-button, QSpinBox::down-button, QDoubleSpinBox::up-button,
QDoubleSpinBox::down-button {{ width: 0; border: 0; }}
QComboBox:focus, QSpinBox:focus, QDoubleSpinBox:focus, QLineEdit:focus {{
    border-color: {tones.accent}; }}
QComboBox::drop-down {{ border: 0; width: 20px; }}
QComboBox::down-arrow {{ image: url({arrow}); width: 14px; height: 14px; }}
QHeaderView::section {{ background: {tones.panel}; color: {tones.muted}; border: 0;
    border-bottom: 1px solid {tones.line}; padding: 6px 8px; }}
QTreeView, QTableView, QListView, QPlainTextEdit {{ border: 1px solid transparent;
    background: {tones.panel};
    alternate-background-color: {tones.window}; }}
QTreeView:focus, QTableView:focus, QListView:focus, QPlainTextEdit:focus {{
    border-color: {tones.accent}; }}
QListView::item, QTreeView::item {{ padding: 3px 4px; }}
QListView::item:hover, QTreeView::item:hover {{ background: {tones.window}; }}
QListView::item:selected, QTreeView::item:selected {{ background: {tint}; color: {tones.text}; }}
QProgressBar {{ background: {tones.line}; border: 0; border-radius: 3px; max-height: 6px; }}
QProgressBar::chunk {{ background: {tones.accent}; border-radius: 3px; }}
QScrollArea, QScrollArea > QWidget > QWidget {{ border: 0; background: transparent; }}
QScrollBar:vertical {{ background: transparent; width: 10px; }}
QScrollBar:horizontal {{ background: transparent; height: 10px; }}
QScrollBar::handle {{ background: {tones.line}; border-radius: 4px; min-height: 24px;
    margin: 1px; }}
QScrollBar::handle:hover {{ background: {tones.muted}; }}
QScrollBar::add-line, QScrollBar::sub-line, QScrollBar::add-page, QScrollBar::sub-page {{
    background: none; border: 0; width: 0; height: 0; }}
QWidget[surface="panel"], QStackedWidget#pages {{ background: {tones.panel}; }}
*[tone="muted"] {{ color: {tones.muted}; }}
"""
