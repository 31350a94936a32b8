"""The model manager: a card for each category model, Use, and import of one from a file."""

from html import escape
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QVBoxLayout,
    QWidget,
)

from app.scrolled import Scrolled
from app.session import Session
from app.theme import SPACE_PX, grown, scaled_font, text_scale

MODELS_PX = 140
"""Width of the list of names."""
CARD = (
    ("category", "Category"),
    ("licence", "Licence"),
    ("training_data", "Trained on"),
    ("training", "Training"),
    ("accuracy", "Measured"),
    ("limits", "Limits"),
)


class ModelsDialog(QDialog):
    """Choosing loads the model off the GUI thread; its card shows once it is there."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.setWindowTitle("Category models")
        self.resize(grown(680, 480))
        self.list = QListWidget()
        self.list.setAccessibleName("Models")
        self.list.setFixedWidth(round(MODELS_PX * text_scale()))
        self.card = QLabel()
        self.card.setWordWrap(True)
        self.card.setTextFormat(Qt.TextFormat.RichText)
        self.card.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.card.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.card.setFont(scaled_font(1.0))
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        self.use = buttons.addButton("Use", QDialogButtonBox.ButtonRole.ApplyRole)
        bring = buttons.addButton("Open a model file…", QDialogButtonBox.ButtonRole.ActionRole)
        self.use.clicked.connect(self._use)
        bring.clicked.connect(self._bring)
        buttons.rejected.connect(self.reject)
        row = QHBoxLayout()
        row.setSpacing(2 * SPACE_PX)
        row.addWidget(self.list)
        row.addWidget(Scrolled(self.card), 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(*(2 * SPACE_PX,) * 4)
        column.addLayout(row, 1)
        column.addWidget(buttons)
        self.list.addItems(session.services.list_models())
        self.list.currentRowChanged.connect(lambda row: self.refresh())
        session.model_changed.connect(self.refresh)
        names = session.services.list_models()
        current = session.model_title
        self.list.setCurrentRow(names.index(current) if current in names else 0)
        self.refresh()

    def _chosen(self) -> str | None:
        row = self.list.currentRow()
        return None if row < 0 else self.list.item(row).text()

    def _use(self) -> None:
        chosen = self._chosen()
        if chosen is not None:
            self._session.load_model(chosen)

    def _bring(self) -> None:
        path, _ = QFileDialog.getOpenFileName(self, "Open a model", "", "Models (*.zip)")
        if path:
            self._session.load_model(path)

    def refresh(self) -> None:
        """Show the card of the loaded model, or what to do to see another's."""
        session, chosen = self._session, self._chosen()
        is_loaded = session.model is not None and not session.is_model_loading
        self.use.setEnabled(chosen is not None and chosen != session.model_title)
        if session.is_model_loading:
            self.card.setText("Loading…")
        elif is_loaded and chosen in (session.model_title, None):
            self.card.setText(card_html(session.model))
        else:
            self.card.setText("Press Use to load it and see its card.")


def card_html(model: Any) -> str:
    """What is known of a model."""
    rig = model.rig
    rows = [("Body", f"{len(rig.vertices)} vertices, {len(rig.skeleton.names)} joints")]
    rows += [(title, in_words(model.card[key])) for key, title in CARD if model.card.get(key)]
    if model.folder is not None:
        rows.append(("File", Path(model.folder).name))
    lines = "".join(f"<p><b>{title}</b><br>{escape(text)}</p>" for title, text in rows)
    return f"<h3>{escape(model.name)}</h3>{lines}"


def in_words(value: Any) -> str:
    """A card's value for people."""
    if isinstance(value, dict):
        return ", ".join(f"{key.replace('_', ' ')} {in_words(one)}" for key, one in value.items())
    if isinstance(value, list):
        return ", ".join(in_words(one) for one in value)
    return f"{value:.3g}" if isinstance(value, float) else str(value)
