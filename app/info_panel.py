"""Facts about the source, the shown frame and the model."""

from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFormLayout, QLabel, QVBoxLayout, QWidget

from app.models_dialog import in_words
from app.scrolled import Scrolled
from app.session import Session
from app.theme import SPACE_PX, scaled_font
from app.timecode import timecode


class InfoPanel(QWidget):
    """Three short lists."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._values: dict[str, QLabel] = {}
        form = QFormLayout()
        form.setContentsMargins(2 * SPACE_PX, 2 * SPACE_PX, 2 * SPACE_PX, SPACE_PX)
        form.setVerticalSpacing(SPACE_PX // 2)
        form.setHorizontalSpacing(2 * SPACE_PX)
        form.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapLongRows)
        for heading, names in (
            ("Source", ("Name", "Picture", "Length", "Rate")),
            ("This frame", ("Confidence", "Position", "Distance", "Subject")),
            ("Model", ("Category", "Mesh", "Skeleton", "Licence", "Trained on")),
        ):
            title = QLabel(heading)
            title.setFont(scaled_font(0.9, bold=True))
            title.setProperty("tone", "muted")
            title.setContentsMargins(0, 0 if heading == "Source" else SPACE_PX, 0, 0)
            form.addRow(title)
            for name in names:
                self._values[name] = self._value()
                form.addRow(name, self._values[name])
        holder = QWidget()
        holder.setLayout(form)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(Scrolled(holder))
        session.source_changed.connect(self._refresh_source)
        session.model_changed.connect(self._refresh_model)
        session.shown_changed.connect(self._refresh_frame)
        self._refresh_source()
        self._refresh_model()

    def _value(self) -> QLabel:
        label = QLabel("–")
        label.setWordWrap(True)
        label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        return label

    def _say(self, **values: str) -> None:
        for name, text in values.items():
            self._values[name.replace("_", " ")].setText(text)

    def _refresh_source(self) -> None:
        facts = self._session.facts
        if facts is None:
            self._say(Name="–", Picture="–", Length="–", Rate="–")
            return
        length = "live"
        if facts.times_s is not None:
            length = f"{timecode(facts.times_s[-1])}, {facts.frame_count} frames"
        self._say(
            Name=facts.name,
            Picture=f"{facts.width_px} × {facts.height_px}",
            Length=length,
            Rate=f"{facts.fps:.4g} frames/s",
        )

    def showEvent(self, event: object) -> None:
        self._refresh_frame()

    def _refresh_frame(self) -> None:
        if not self.isVisible():
            return
        result = self._session.shown.result if self._session.shown else None
        if result is None:
            self._say(Confidence="–", Position="–", Distance="–", Subject="–")
            return
        x, y, z = result.root_to_cam[:3, 3]
        box = result.box
        self._say(
            Confidence=f"{result.confidence:.0%}" if result.is_covered else "no subject found",
            Position=f"{x:+.2f}, {y:+.2f} body lengths",
            Distance=f"{z:.2f} body lengths",
            Subject="–" if box is None else f"{box[2] - box[0]:.0f} × {box[3] - box[1]:.0f} px",
        )

    def _refresh_model(self) -> None:
        session, model = self._session, self._session.model
        if model is None:
            said = "loading…" if session.is_model_loading else "none"
            self._say(Category=said, Mesh="–", Skeleton="–", Licence="–", Trained_on="–")
            return
        rig, card = model.rig, model.card
        self._say(
            Category=str(card.get("category", model.name)),
            Mesh=f"{len(rig.vertices)} vertices, {len(rig.faces)} faces",
            Skeleton=f"{len(rig.skeleton.names)} joints",
            Licence=str(card.get("licence", card.get("license", "see its card"))),
            Trained_on=_trained_on(card),
        )


def _trained_on(card: dict[str, Any]) -> str:
    """What the card says of its data, in few words; the model manager shows all."""
    training = card.get("training")
    if isinstance(training, dict) and training.get("rigs"):
        return f"{in_words(training['rigs'])}; real footage: {training.get('real_footage', 'none')}"
    return str(card.get("training_data", card.get("trained_on", "see its card")))
