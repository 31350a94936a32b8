"""The latent explorer: one slider per principal component, in units of sigma."""

from functools import partial

from PySide6.QtCore import QSignalBlocker, Qt, QTimer
from PySide6.QtGui import QAction, QFontMetrics
from PySide6.QtWidgets import (
    QDoubleSpinBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from app.icon_button import IconButton
from app.session import Session
from app.sigma_slider import STEPS_PER_SIGMA, SigmaSlider
from app.theme import SPACE_PX, scaled_font

FIELD_FRAME_PX = 22
"""Border and padding of a number field, both sides."""


class ExplorePanel(QWidget):
    """Sliders follow the video; moving one freezes the pose until Follow is pressed."""

    def __init__(
        self, session: Session, actions: dict[str, QAction], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._session = session
        self.sliders: list[SigmaSlider] = []
        self.fields: list[QDoubleSpinBox] = []
        self._empty = QLabel("The sliders appear once a model is loaded.")
        self._empty.setProperty("tone", "muted")
        self._empty.setWordWrap(True)
        self._state = QLabel()
        self._state.setWordWrap(True)
        self._state.setProperty("tone", "muted")
        self._state.setFont(scaled_font(0.9))
        self._follow = QPushButton("Freeze")
        self._follow.setCheckable(True)
        self._follow.setProperty("primary", False)
        self._follow.setToolTip("Keep this pose and edit it; press again to follow the video")
        self._follow.clicked.connect(actions["freeze"].trigger)
        column = QVBoxLayout(self)
        column.setContentsMargins(*(2 * SPACE_PX,) * 2, SPACE_PX, SPACE_PX)
        column.setSpacing(SPACE_PX)
        column.addLayout(self._head(actions))
        column.addWidget(self._state)
        column.addWidget(self._empty)
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(SPACE_PX)
        self._grid.setVerticalSpacing(SPACE_PX // 2)
        column.addWidget(self._scrolled(), 1)
        session.model_changed.connect(self._build)
        session.explore_changed.connect(self.refresh)
        session.source_changed.connect(self.refresh)
        self._build()

    def _head(self, actions: dict[str, QAction]) -> QHBoxLayout:
        row = QHBoxLayout()
        row.addWidget(self._follow, 1)
        for name in ("reset-sliders", "random-sliders"):
            row.addWidget(IconButton(name, actions[name].text(), actions[name]))
        return row

    def _scrolled(self) -> QScrollArea:
        holder = QWidget()
        column = QVBoxLayout(holder)
        column.setContentsMargins(0, 0, SPACE_PX, 0)
        column.addLayout(self._grid)
        column.addStretch(1)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setWidget(holder)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._area, self._rows = area, holder
        return area

    def _build(self) -> None:
        """Lay out a row per component of the loaded model."""
        model = self._session.model
        count = 0 if model is None else len(model.latent.variance_share)
        self._empty.setVisible(count == 0)
        if count != len(self.sliders):
            self._clear()
            for component in range(count):
                self._add_row(component)
            QTimer.singleShot(0, self, self._fit)
        for component in range(count):
            share = float(model.latent.variance_share[component])
            label = self._grid.itemAtPosition(component, 0)
            if label is not None and isinstance(text := label.widget(), QLabel):
                text.setText(
                    f"PC {component + 1}   {share:.0%}"
                    if share >= 0.01
                    else f"PC {component + 1}   <1%"
                )
        self.refresh()

    def _fit(self) -> None:
        """Once fonts and style are known: as wide as the rows need, beside a scroll bar."""
        content = self._rows.minimumSizeHint().width()
        self._area.setMinimumWidth(content + self._area.verticalScrollBar().sizeHint().width())

    def _clear(self) -> None:
        while (item := self._grid.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.deleteLater()
        self.sliders, self.fields = [], []

    def _add_row(self, component: int) -> None:
        label = QLabel()
        label.setFont(scaled_font(0.9))
        label.setToolTip(f"Principal component {component + 1} and its share of the motion")
        slider = SigmaSlider(f"Principal component {component + 1}, in sigma")
        slider.setToolTip("Double-click sets this component to 0")
        slider.zeroed.connect(partial(self._session.set_sigma, component, 0.0))
        field = QDoubleSpinBox()
        field.setRange(-9.99, 9.99)
        field.setDecimals(2)
        field.setSingleStep(0.1)
        field.setSuffix(" σ")
        field.setAlignment(Qt.AlignmentFlag.AlignRight)
        field.setFont(scaled_font(0.9))
        field.setFixedWidth(
            QFontMetrics(field.font()).horizontalAdvance("-9.99 σ") + FIELD_FRAME_PX
        )
        field.setKeyboardTracking(False)
        field.setAccessibleName(f"Value of principal component {component + 1}")
        slider.valueChanged.connect(partial(self._on_slider, component))
        field.valueChanged.connect(partial(self._session.set_sigma, component))
        self.sliders.append(slider)
        self.fields.append(field)
        for place, widget in enumerate((label, slider, field)):
            self._grid.addWidget(widget, component, place)

    def _on_slider(self, component: int, value: int) -> None:
        self._session.set_sigma(component, value / STEPS_PER_SIGMA)

    def refresh(self) -> None:
        """Show the session's sliders."""
        explore = self._session.explore
        for slider, field, sigma in zip(self.sliders, self.fields, explore.sigmas, strict=False):
            with QSignalBlocker(slider), QSignalBlocker(field):
                slider.setValue(round(sigma * STEPS_PER_SIGMA))
                if not field.hasFocus() or explore.is_frozen:
                    field.setValue(sigma)
        self._follow.setEnabled(self._session.model is not None)
        self._follow.setChecked(explore.is_frozen)
        has_source = self._session.facts is not None
        back = "Follow the video" if has_source else "Back to rest"
        self._follow.setText(back if explore.is_frozen else "Freeze this pose")
        self._state.setText(
            "Frozen: the sliders give the pose. The video plays on underneath."
            if explore.is_frozen
            else "Live: the sliders follow the video. Move one to take over."
        )
