"""The slim bar on top: source, model, segmenter, views, export."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QComboBox, QLabel, QToolBar, QWidget

from app.folding_bar import FoldingBar, separator
from app.icon_button import IconButton
from app.session import Session
from app.theme import SPACE_PX

LEFT = ("start-page", "open-video", "open-camera")
RIGHT = ("undo", "redo", "view-input", "frame-subject", "skeleton", "xray", "hud", "jobs")
FOLDING = ("hud", "xray", "skeleton", "frame-subject", "view-input", "redo", "undo", "jobs")
"""What goes into the menu at the right, in this order, where the bar is too narrow."""
WITH_TEXT = (("record", "Record"), ("export", "Export"))


def fill_tool_bar(bar: QToolBar, session: Session, actions: dict[str, QAction]) -> FoldingBar:
    """Put everything in its place."""
    row = FoldingBar()
    for name in LEFT:
        row.add(IconButton(name, actions[name].text(), actions[name]))
    row.add(separator())
    row.add(_caption("Model"), folds=1)
    row.add(ModelBox(session))
    row.add(_caption("Subject by"), folds=1)
    row.add(SegmenterBox(session))
    row.add_space()
    for name in RIGHT:
        button = IconButton(name, actions[name].text(), actions[name])
        row.add(button, folds=2 + FOLDING.index(name))
    row.add_more()
    row.add(separator())
    for name, title in WITH_TEXT:
        button = IconButton(name, title, actions[name])
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        row.add(button)
    bar.addWidget(row)
    return row


def _caption(text: str) -> QLabel:
    label = QLabel(text)
    label.setProperty("tone", "muted")
    label.setContentsMargins(SPACE_PX, 0, SPACE_PX // 2, 0)
    return label


class ModelBox(QComboBox):
    """Chooses the category model."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.setAccessibleName("Category model")
        self.setToolTip("What kind of body to reconstruct")
        self.setMinimumWidth(96)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.activated.connect(lambda row: session.load_model(self.itemText(row)))
        session.model_changed.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """Show the session's model among those that are there now."""
        name, names = self._session.model_title, self._session.services.list_models()
        if [self.itemText(row) for row in range(len(names))] != names:
            self.clear()
            self.addItems(names)
        if name is not None and self.findText(name) < 0:
            self.addItem(name)
        self.setCurrentIndex(-1 if name is None else self.findText(name))
        self.setPlaceholderText("none")


class SegmenterBox(QComboBox):
    """Chooses how the subject is found."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("How the subject is found")
        self.setToolTip("How the subject is told from the background")
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        for choice in session.services.segmenters:
            self.addItem(choice.title, choice.id)
            self.setItemData(self.count() - 1, choice.hint, Qt.ItemDataRole.ToolTipRole)
        self.activated.connect(lambda row: session.set_segmenter(self.itemData(row)))
