"""The slim bar on top: source, model, segmenter, views, export."""

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QComboBox, QLabel, QSizePolicy, QToolBar, QWidget

from app.icon_button import IconButton
from app.session import Session
from app.theme import SPACE_PX

LEFT = ("start-page", "open-video", "open-camera")
RIGHT = ("undo", "redo", "view-input", "frame-subject", "skeleton", "xray", "hud", "jobs")


def fill_tool_bar(bar: QToolBar, session: Session, actions: dict[str, QAction]) -> None:
    """Put everything in its place."""
    bar.setIconSize(QSize(20, 20))
    for name in LEFT:
        bar.addWidget(IconButton(name, actions[name].text(), actions[name]))
    bar.addSeparator()
    bar.addWidget(_caption("Model"))
    bar.addWidget(ModelBox(session))
    bar.addWidget(_caption("Subject by"))
    bar.addWidget(SegmenterBox(session))
    space = QWidget()
    space.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
    bar.addWidget(space)
    for name in RIGHT:
        bar.addWidget(IconButton(name, actions[name].text(), actions[name]))
    bar.addSeparator()
    record = IconButton("record", "Record", actions["record"])
    record.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
    bar.addWidget(record)
    export = IconButton("export", "Export", actions["export"])
    export.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
    bar.addWidget(export)


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
