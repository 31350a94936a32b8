"""What is shown while nothing is open: three large targets and recent files."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from app.icons import icon
from app.recents import recent_texts
from app.theme import SPACE_PX, current_tones, icon_px, scaled_font

TARGETS = (
    ("open-camera", "camera", "Live camera", "See yourself or your pet\nas a mesh, as it moves"),
    ("open-video", "video", "Open video", "Reconstruct, scrub\nand export a recording"),
    ("open-sample", "paw", "Try the sample", "A real dog, ready to play:\nnothing to download"),
)


class Target(QPushButton):
    """A large button with a picture, a title and two lines."""

    def __init__(self, icon_name: str, title: str, text: str) -> None:
        super().__init__()
        self.icon_name = icon_name
        self.setObjectName("target")
        self.setAccessibleName(title)
        self.setAccessibleDescription(text.replace("\n", " "))
        self.setSizePolicy(QSizePolicy.Policy.Minimum, QSizePolicy.Policy.Minimum)
        self._sign = _label("", 1.0)
        inside = QVBoxLayout(self)
        inside.setContentsMargins(*(2 * SPACE_PX,) * 4)
        inside.setSpacing(SPACE_PX // 2)
        inside.addStretch(1)
        inside.addWidget(self._sign)
        inside.addSpacing(SPACE_PX // 2)
        inside.addWidget(_label(title, 1.25, bold=True))
        inside.addWidget(_label(text, 0.9, tone="muted"))
        inside.addStretch(1)
        for child in self.findChildren(QLabel):
            child.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)

    def tint(self, colour: str) -> None:
        """Draw the picture anew."""
        size = QSize(icon_px(48), icon_px(48))
        self._sign.setPixmap(icon(self.icon_name, colour).pixmap(size))

    def minimumSizeHint(self) -> QSize:
        """Larger with larger text."""
        return self.layout().sizeHint().expandedTo(QSize(224, 168))  # type: ignore[union-attr]

    def sizeHint(self) -> QSize:
        return self.minimumSizeHint()


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
        self.targets: list[Target] = []
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
        widest = max(button.sizeHint().width() for button in self.targets)
        for button in self.targets:
            button.setMinimumWidth(widest)
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
        drop = _label(f"Or drop it on the window: {accepted}.", 0.9, tone="muted")
        drop.setWordWrap(True)
        column.addWidget(drop)
        column.addWidget(
            _label("Nothing leaves this computer: no account, no upload.", 0.9, tone="muted")
        )
        self.refresh()

    def _target(self, action: QAction, icon_name: str, title: str, text: str) -> QPushButton:
        button = Target(icon_name, title, text)
        button.setToolTip(action.toolTip())
        button.clicked.connect(action.trigger)
        self.targets.append(button)
        return button

    def refresh(self) -> None:
        """Draw icons and recents anew."""
        for button in self.targets:
            button.tint(current_tones().accent)
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
