"""A video of the take: over its own video, beside it, or on a turntable."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QFormLayout,
    QLabel,
    QVBoxLayout,
    QWidget,
)

from app.recents import settings
from app.session import Session
from app.theme import SPACE_PX

VIEWS = (
    ("side-by-side", "Side by side: video, mesh over it, another side", 3),
    ("input", "The mesh over the video", 1),
    ("turntable", "Turntable: the camera walks around once", 1),
)
HEIGHTS = ((None, "As the video"), (360, "360 pixels"), (720, "720 pixels"), (1080, "1080 pixels"))


@dataclass(frozen=True)
class VideoWish:
    """What to draw, and where to."""

    view: str
    height_px: int | None
    """Of one view; None is the video's."""
    path: Path


class TakeVideoDialog(QDialog):
    """Says how long and how large it will be; hands a `VideoWish` to `start`."""

    def __init__(
        self,
        session: Session,
        start: Callable[[VideoWish], object],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._session, self._start = session, start
        self.setWindowTitle("Video of the take")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setMinimumWidth(460)
        self.view, self.tall = QComboBox(), QComboBox()
        for value, title, _ in VIEWS:
            self.view.addItem(title, value)
        for height, title in HEIGHTS:
            self.tall.addItem(title, height)
        self.view.setAccessibleName("What is seen")
        self.tall.setAccessibleName("Height")
        self.said = QLabel()
        self.said.setWordWrap(True)
        self.said.setProperty("tone", "muted")
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self.save = buttons.addButton("Save…", QDialogButtonBox.ButtonRole.ApplyRole)
        self.save.setProperty("primary", True)
        self.save.setDefault(True)
        self.save.clicked.connect(self._ask)
        buttons.rejected.connect(self.reject)
        form = QFormLayout()
        form.setVerticalSpacing(SPACE_PX)
        form.setHorizontalSpacing(2 * SPACE_PX)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        form.addRow("Shows", self.view)
        form.addRow("Height", self.tall)
        column = QVBoxLayout(self)
        column.setContentsMargins(*(2 * SPACE_PX,) * 4)
        column.setSpacing(2 * SPACE_PX)
        column.addLayout(form)
        column.addWidget(self.said)
        column.addWidget(buttons)
        self.view.activated.connect(self.refresh)
        self.tall.activated.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """Length and size of what would be written."""
        facts, play = self._session.facts, self._session.transport.state
        if facts is None or facts.times_s is None:
            return
        first = play.in_frame or 0
        last = len(facts.times_s) - 1 if play.out_frame is None else play.out_frame
        seconds = float(facts.times_s[last] - facts.times_s[first])
        height = self.tall.currentData() or facts.height_px
        columns = VIEWS[self.view.currentIndex()][2]
        width = round(columns * height * facts.width_px / facts.height_px)
        self.said.setText(
            f"{last - first + 1} frames, {seconds:.1f} s, about {width} × {height} pixels."
        )

    def _ask(self) -> None:
        facts, view = self._session.facts, self.view.currentData()
        stem = Path(facts.name).stem if facts is not None else "take"
        folder = Path(str(settings().value("export-folder", "")) or Path.home())
        path, _ = QFileDialog.getSaveFileName(
            self, "Save video", str(folder / f"{stem}-{view}.mp4"), "Videos (*.mp4 *.gif)"
        )
        if path:
            self.save_to(Path(path))

    def save_to(self, path: Path) -> None:
        """Begin, and close."""
        self.accept()
        self._start(VideoWish(self.view.currentData(), self.tall.currentData(), path))
