"""Live outputs: the pose as a stream, the view as a camera; a dialog to switch them, and a sign in
the status bar as long as something leaves the window."""

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QLabel,
    QPushButton,
    QSpinBox,
    QVBoxLayout,
)

from app.action import Action
from app.pose_sender import FIRST_PORTS, FORMS
from app.theme import SPACE_PX, current_tones, scaled_font
from app.virtual_camera import why_not
from core.errors import ExplainedError

if TYPE_CHECKING:
    from app.main_window import MainWindow


class LiveOutputsDialog(QDialog):
    """Everything is off until it is ticked here, and off again at the next start."""

    def __init__(self, window: "MainWindow") -> None:
        super().__init__(window)
        self._sender, self._camera = window.sender, window.virtual_camera
        self.setWindowTitle("Live outputs")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setMinimumWidth(440)
        self.pose = QCheckBox("Send the pose to other programs")
        self.form, self.port = QComboBox(), QSpinBox()
        for form, title in FORMS:
            self.form.addItem(title, form)
        self.form.setAccessibleName("Form of the messages")
        self.port.setAccessibleName("Port")
        self.port.setRange(1024, 65535)
        self.camera = QCheckBox("Show the 3D view as a camera")
        self._pose_said, self.camera_said = _quiet(), _quiet()
        self._pose_said.setText(
            "By UDP to 127.0.0.1, a message for every frame. Nothing leaves this machine."
        )
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        form_rows = QFormLayout()
        form_rows.setVerticalSpacing(SPACE_PX)
        form_rows.setHorizontalSpacing(2 * SPACE_PX)
        form_rows.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        form_rows.addRow("Messages", self.form)
        form_rows.addRow("Port", self.port)
        column = QVBoxLayout(self)
        column.setContentsMargins(*(2 * SPACE_PX,) * 4)
        column.setSpacing(SPACE_PX)
        for one in (self.pose, form_rows, self._pose_said, self.camera, self.camera_said, buttons):
            if isinstance(one, QFormLayout):
                column.addLayout(one)
            else:
                column.addWidget(one)
        self.form.setCurrentIndex(self.form.findData(self._sender.form))
        self.port.setValue(self._sender.port)
        self.form.activated.connect(self._on_form)
        self.pose.clicked.connect(self._switch_pose)
        self.camera.clicked.connect(self._switch_camera)
        self.refresh()

    def refresh(self) -> None:
        """What is on, and what cannot be."""
        self.pose.setChecked(self._sender.is_on)
        self.form.setEnabled(not self._sender.is_on)
        self.port.setEnabled(not self._sender.is_on)
        self.camera.setChecked(self._camera.is_on)
        missing = None if self._camera.is_on else why_not()
        self.camera.setEnabled(missing is None)
        what = f"Other programs see it as {self._camera.device}." if self._camera.is_on else ""
        self.camera_said.setText(missing or what)

    def _on_form(self) -> None:
        self.port.setValue(FIRST_PORTS[self.form.currentData()])

    def _switch_pose(self, is_on: bool) -> None:
        if is_on:
            self._sender.start(self.form.currentData(), self.port.value())
        else:
            self._sender.stop()
        self.refresh()

    def _switch_camera(self, is_on: bool) -> None:
        said = ""
        try:
            self._camera.start() if is_on else self._camera.stop()
        except ExplainedError as error:
            said = str(error)
        self.refresh()
        if said:
            self.camera_said.setText(said)


class OutputsSign(QPushButton):
    """A red dot with words while something leaves the window; a click opens the dialog."""

    def __init__(self, window: "MainWindow") -> None:
        super().__init__(window)
        self._window = window
        self.setFlat(True)
        self.setFont(scaled_font(0.9, bold=True))
        self.setAccessibleName("Live outputs")
        self.clicked.connect(lambda: show_outputs(window))
        window.sender.changed.connect(self.refresh)
        window.virtual_camera.changed.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """Say what goes where."""
        sender, camera = self._window.sender, self._window.virtual_camera
        parts = [f"pose to 127.0.0.1:{sender.port}"] if sender.is_on else []
        parts += [f"view to {camera.device or 'a camera'}"] if camera.is_on else []
        self.setText(f"● Live: {', '.join(parts)}")
        palette = self.palette()
        palette.setColor(QPalette.ColorRole.ButtonText, QColor(current_tones().bad))
        self.setPalette(palette)
        self.setVisible(bool(parts))


def show_outputs(window: "MainWindow") -> LiveOutputsDialog:
    """The dialog."""
    dialog = LiveOutputsDialog(window)
    dialog.open()
    return dialog


def _quiet() -> QLabel:
    label = QLabel()
    label.setWordWrap(True)
    label.setProperty("tone", "muted")
    label.setFont(scaled_font(0.9))
    return label


OUTPUT_ACTIONS = (
    Action("live-outputs", "File", "Live outputs…", show_outputs,
           hint="The pose as a stream, the view as a camera, for other programs on this machine"),
)  # fmt: skip
