"""What is shown while nothing is open: three large targets and recent files."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from app.icons import icon
from app.recents import recent_texts
from app.theme import SPACE_PX, current_tones, scaled_font

TARGETS = (
    ("open-camera", "camera", "Live camera", "See yourself or your pet\nas a mesh, as it moves"),
    ("open-video", "video", "Open video", "Reconstruct, scrub\nand export a recording"),
    ("open-sample", "paw", "Try the sample", "A real dog, ready to play:\nnothing to download"),
)


class StartPage(QWidget):
    """Calls the actions of its targets and `open_text` for recents."""

    def __init__(
        self,
        actions: dict[str, QAction],
        open_text: Callable[[str], None],
        accepted: str,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._open_text = open_text
        self.setAutoFillBackground(True)
        self.targets: list[QPushButton] = []
        self._icon_names: list[str] = []
        column = QVBoxLayout(self)
        column.setContentsMargins(*(3 * SPACE_PX,) * 4)
        column.setSpacing(SPACE_PX)
        column.addStretch(3)
        column.addWidget(_label("DASR Studio", 2.2, bold=True))
        column.addWidget(
            _label("A video of an animal in, a moving 3D mesh out.", 1.25, tone="muted")
        )
        column.addSpacing(3 * SPACE_PX)
        row = QHBoxLayout()
        row.setSpacing(2 * SPACE_PX)
        row.addStretch(1)
        for target in TARGETS:
            row.addWidget(self._target(actions[target[0]], *target[1:]))
        row.addStretch(1)
        column.addLayout(row)
        column.addSpacing(3 * SPACE_PX)
        self._recents = QGridLayout()
        self._recents.setHorizontalSpacing(2 * SPACE_PX)
        self._recents.setVerticalSpacing(SPACE_PX // 2)
        holder = QHBoxLayout()
        holder.addStretch(1)
        holder.addLayout(self._recents)
        holder.addStretch(1)
        column.addLayout(holder)
        column.addStretch(2)
        column.addWidget(_label(f"Or drop it on the window: {accepted}.", 0.9, tone="muted"))
        column.addWidget(
            _label("Nothing leaves this computer: no account, no upload.", 0.9, tone="muted")
        )
        self.refresh()

    def _target(self, action: QAction, icon_name: str, title: str, text: str) -> QPushButton:
        button = QPushButton()
        button.setAccessibleName(title)
        button.setAccessibleDescription(text.replace("\n", " "))
        button.setToolTip(action.toolTip())
        button.setObjectName("target")
        button.clicked.connect(action.trigger)
        sign = QLabel()
        sign.setAlignment(Qt.AlignmentFlag.AlignCenter)
        inside = QVBoxLayout(button)
        inside.setContentsMargins(SPACE_PX, 2 * SPACE_PX, SPACE_PX, 2 * SPACE_PX)
        inside.setSpacing(SPACE_PX // 2)
        inside.addStretch(1)
        inside.addWidget(sign)
        inside.addSpacing(SPACE_PX // 2)
        inside.addWidget(_label(title, 1.25, bold=True))
        inside.addWidget(_label(text, 0.9, tone="muted"))
        inside.addStretch(1)
        wanted = inside.sizeHint()  # larger with larger text
        button.setFixedSize(wanted.expandedTo(QSize(224, 168)))
        for child in button.findChildren(QLabel):
            child.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.targets.append(button)
        self._icon_names.append(icon_name)
        sign.setObjectName("sign")
        return button

    def refresh(self) -> None:
        """Draw icons and recents anew."""
        tones = current_tones()
        for button, icon_name in zip(self.targets, self._icon_names, strict=True):
            sign = button.findChild(QLabel, "sign")
            if sign is not None:
                sign.setPixmap(icon(icon_name, tones.accent).pixmap(QSize(48, 48)))
        while (item := self._recents.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.deleteLater()
        recents = recent_texts()[:4]
        if recents:
            self._recents.addWidget(_label("Recent", 0.9, bold=True), 0, 0)
        for row, text in enumerate(recents, start=1):
            self._recents.addWidget(self._recent(text), row, 0)

    def _recent(self, text: str) -> QPushButton:
        path = Path(text)
        shown = f"{path.name}    {_folder_of(path)}" if path.is_absolute() else text
        button = QPushButton(shown if len(shown) < 80 else f"{path.name}    …{shown[-48:]}")
        button.setFlat(True)
        button.setCursor(Qt.CursorShape.PointingHandCursor)
        button.clicked.connect(lambda: self._open_text(text))
        return button

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.PaletteChange:
            self.refresh()
        super().changeEvent(event)


def _folder_of(path: Path) -> str:
    """Where it lies; the home folder as people write it."""
    home = Path.home()
    if path.is_relative_to(home) and path.parent != home:
        return f"~/{path.parent.relative_to(home).as_posix()}"
    return "~" if path.parent == home else str(path.parent)


def _label(text: str, scale: float, bold: bool = False, tone: str = "") -> QLabel:
    label = QLabel(text)
    label.setFont(scaled_font(scale, bold))
    label.setAlignment(Qt.AlignmentFlag.AlignCenter)
    if tone:
        label.setProperty("tone", tone)
    return label
