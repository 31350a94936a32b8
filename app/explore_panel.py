"""The latent explorer: one slider per principal component, in units of sigma; below them presets,
sweeps and a map of two components."""

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QImage
from PySide6.QtWidgets import (
    QDoubleSpinBox,
    QGridLayout,
    QLabel,
    QPushButton,
    QSplitter,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from app.flow_layout import FlowLayout
from app.icon_button import IconButton
from app.latent_map import LatentMap
from app.preset_panel import PresetPanel
from app.scrolled import Scrolled
from app.session import Session
from app.sigma_slider import SigmaSlider
from app.slider_row import SliderRow
from app.sweep_panel import SweepPanel
from app.theme import SPACE_PX, scaled_font, text_scale

SLIDERS_PX = 72
"""Three rows of sliders are there at the least."""
BUTTONS = ("reset-sliders", "random-sliders", "mirror-sliders", "key-frame", "clear-key")


class ExplorePanel(QWidget):
    """Sliders follow the video; moving one freezes the pose until Follow is pressed."""

    def __init__(
        self,
        session: Session,
        actions: dict[str, QAction],
        thumbnail: Callable[[tuple[float, ...], int], QImage],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._session = session
        self.rows: list[SliderRow] = []
        self._empty = QLabel("The sliders appear once a model is loaded.")
        self._state = QLabel()
        for label in (self._empty, self._state):
            label.setProperty("tone", "muted")
            label.setWordWrap(True)
        self._state.setFont(scaled_font(0.9))
        self._follow = QPushButton("Freeze")
        self._follow.setCheckable(True)
        self._follow.setProperty("primary", False)
        self._follow.setToolTip("Keep this pose and edit it; press again to follow the video")
        self._follow.clicked.connect(actions["freeze"].trigger)
        self.presets = PresetPanel(session, thumbnail)
        self.sweep = SweepPanel(session)
        self.map = LatentMap(session)
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(SPACE_PX)
        self._grid.setVerticalSpacing(SPACE_PX // 4)
        self._grid.setColumnStretch(1, 1)
        holder = QWidget()
        column = QVBoxLayout(holder)
        column.setContentsMargins(12, SPACE_PX, SPACE_PX // 2, SPACE_PX)
        column.setSpacing(SPACE_PX)
        column.addLayout(self._head(actions))
        column.addWidget(self._state)
        column.addWidget(self._empty)
        split = QSplitter(Qt.Orientation.Vertical)
        split.addWidget(self._scrolled())
        split.addWidget(self._more())
        split.setStretchFactor(0, 3)
        split.setStretchFactor(1, 2)
        split.setChildrenCollapsible(False)
        split.setSizes([250, 250])
        column.addWidget(split, 1)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(Scrolled(holder))
        session.model_changed.connect(self._build)
        session.explore_changed.connect(self.refresh)
        session.editor.changed.connect(self.refresh)
        session.source_changed.connect(self.refresh)
        self._build()

    @property
    def sliders(self) -> list[SigmaSlider]:
        """By component."""
        return [row.slider for row in self.rows]

    @property
    def fields(self) -> list[QDoubleSpinBox]:
        """By component."""
        return [row.field for row in self.rows]

    def _head(self, actions: dict[str, QAction]) -> FlowLayout:
        row = FlowLayout()
        row.add(self._follow, stretch=1)
        for name in BUTTONS:
            row.add(IconButton(name, actions[name].text(), actions[name]))
        return row

    def _more(self) -> QTabWidget:
        self.more = QTabWidget()
        self.more.setDocumentMode(True)
        for title, panel in (
            ("Presets", self.presets), ("Sweep", self.sweep), ("Map", self.map)
        ):  # fmt: skip
            self.more.addTab(panel, title)
        return self.more

    def _scrolled(self) -> Scrolled:
        holder = QWidget()
        column = QVBoxLayout(holder)
        column.setContentsMargins(0, 0, SPACE_PX // 2, 0)
        column.addLayout(self._grid)
        column.addStretch(1)
        return Scrolled(holder, round(SLIDERS_PX * text_scale()))

    def _build(self) -> None:
        """Lay out a row per component of the loaded model."""
        model = self._session.model
        count = 0 if model is None else len(model.latent.variance_share)
        self._empty.setVisible(count == 0)
        if count != len(self.rows):
            for row in self.rows:
                row.remove()
            self.rows = [SliderRow(self._session, k, self._grid) for k in range(count)]
        shares = () if model is None else model.latent.variance_share
        for row, share in zip(self.rows, shares, strict=True):
            row.say_share(float(share))
        self.refresh()

    def refresh(self) -> None:
        """Show the session's sliders."""
        explore, locks = self._session.explore, self._session.editor.locks
        if len(explore.sigmas) == len(self.rows):
            for component, row in enumerate(self.rows):
                row.refresh(explore, component in locks)
        self._follow.setEnabled(self._session.model is not None)
        self._follow.setChecked(explore.is_frozen)
        has_source = self._session.facts is not None
        back = "Follow" if has_source else "Rest"
        self._follow.setText(back if explore.is_frozen else "Freeze")
        self._state.setText(self._sentence())

    def _sentence(self) -> str:
        session = self._session
        if session.explore.is_frozen:
            return "Frozen: the sliders give the pose. Shift+K writes it into this frame."
        if session.editor.key_at(session.frame_index) is not None:
            return "Keyed: this frame shows your pose, not the predicted one."
        return "Live: the sliders follow the video. Move one to take over."
