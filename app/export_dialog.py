"""Asks what to export and where, and shows what came of it."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QDoubleSpinBox,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QProgressBar,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from app.export_order import export_order
from app.export_thread import ExportJob
from app.recents import settings
from app.session import Session
from app.theme import SPACE_PX
from core.errors import ExplainedError
from core.export.options import ExportOptions


@dataclass(frozen=True)
class Format:
    """A file format, in words for people."""

    suffix: str
    title: str
    hint: str
    is_animated_rig: bool = False


FORMATS = (
    Format(".glb", "Animated glTF (.glb)", "Mesh, skeleton, colours and motion in one file: "
           "Blender, Unity, Unreal, Godot and web viewers open it.", True),
    Format(".gltf", "Animated glTF (.gltf + .bin)", "The same as text and a binary beside it.",
           True),
    Format(".html", "Web page (.html)", "One file that plays the take in any browser, without a "
           "network: to show, to send, to put on a site.", True),
    Format(".usda", "USD (.usda)", "Skeleton and motion for Houdini, Omniverse and Maya.", True),
    Format(".bvh", "Motion only (.bvh)", "Skeleton and joint angles, without a mesh."),
    Format(".npz", "Numbers (.npz)", "Vertices, poses and codes as numpy arrays, for scripts."),
    Format(".csv", "Table (.csv)", "One row a frame, for spreadsheets."),
    Format(".obj", "Mesh sequence (.obj)", "A folder with one mesh a frame, exactly as seen here."),
    Format(".ply", "Mesh sequence (.ply)", "A folder with one coloured mesh a frame."),
)  # fmt: skip
ROOTS = (
    ("ground", "Standing on the ground"),
    ("camera", "As the camera saw it"),
    ("in_place", "In place, without travel"),
)
SKINNINGS = (
    ("refit", "Four bones a vertex, fitted (best)"),
    ("truncate", "Four bones a vertex, cut off"),
    ("8", "Eight bones a vertex"),
)
COLORS = (
    ("mean", "The model's, averaged"),
    ("video", "Gathered from the video"),
)
RATES = ((None, "As the video"), (24.0, "24 fps"), (25.0, "25 fps"), (30.0, "30 fps"),
         (60.0, "60 fps"))  # fmt: skip


class ExportDialog(QDialog):
    """Stays open until the file is there, and then says how true it is."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._job_id: int | None = None
        self._written: Path | None = None
        self.setWindowTitle("Export")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setMinimumWidth(520)
        self.format = _combo("Format", [(one.suffix, one.title) for one in FORMATS])
        self.root = _combo("Motion of the body", ROOTS)
        self.skinning = _combo("Skinning", SKINNINGS)
        self.colors = _combo("Colours", COLORS)
        self.rate = _combo("Frame rate", RATES)
        self.length = self._length_field()
        self.path = QLineEdit(str(self._first_path()))
        self.path.setAccessibleName("File")
        self._hint, self.said = _quiet_label(), _quiet_label()
        self.said.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._bar = QProgressBar()
        self._bar.setRange(0, 0)
        self._bar.setTextVisible(False)
        self._bar.hide()
        self._lay_out()
        self.format.activated.connect(self._on_format)
        session.results_changed.connect(self.refresh)
        session.play_changed.connect(self.refresh)
        session.jobs.changed.connect(self._on_jobs)
        self._on_format()

    def _lay_out(self) -> None:
        form = QFormLayout()
        form.setVerticalSpacing(SPACE_PX)
        form.setHorizontalSpacing(2 * SPACE_PX)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        form.addRow("Format", self.format)
        form.addRow("", self._hint)
        form.addRow("Motion", self.root)
        form.addRow("Skinning", self.skinning)
        form.addRow("Colours", self.colors)
        form.addRow("Frame rate", self.rate)
        form.addRow("Body length", self.length)
        row = QHBoxLayout()
        row.setSpacing(SPACE_PX)
        browse = QPushButton("Browse…")
        browse.clicked.connect(self._browse)
        row.addWidget(self.path, 1)
        row.addWidget(browse)
        form.addRow("File", row)
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        self._show = self.buttons.addButton(
            "Show in folder", QDialogButtonBox.ButtonRole.ActionRole
        )
        self.go = self.buttons.addButton("Export", QDialogButtonBox.ButtonRole.ApplyRole)
        self.go.setProperty("primary", True)
        self.go.setDefault(True)
        self._show.hide()
        self.go.clicked.connect(self._press)
        self._show.clicked.connect(self._show_folder)
        self.buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.setContentsMargins(*(2 * SPACE_PX,) * 4)
        column.setSpacing(2 * SPACE_PX)
        column.addLayout(form)
        column.addWidget(self._bar)
        column.addWidget(self.said)
        column.addWidget(self.buttons)

    def _length_field(self) -> QDoubleSpinBox:
        field = QDoubleSpinBox()
        field.setRange(0.01, 99.0)
        field.setDecimals(2)
        field.setSingleStep(0.05)
        field.setSuffix(" m")
        field.setAccessibleName("Body length in metres")
        field.setToolTip("How long the body really is; sets the scale of the file")
        field.setValue(float(self._session.model.rig.metres_per_unit))
        return field

    def _first_path(self) -> Path:
        kept = settings().value("export-folder", "")
        folder = Path(str(kept)) if kept and Path(str(kept)).is_dir() else Path.home()
        facts = self._session.facts
        return folder / f"{Path(facts.name).stem if facts else 'take'}.glb"

    @property
    def _format(self) -> Format:
        return FORMATS[self.format.currentIndex()]

    def _on_format(self) -> None:
        chosen = self._format
        self._hint.setText(chosen.hint)
        self.skinning.setEnabled(chosen.is_animated_rig)
        path = Path(self.path.text())
        if path.suffix in {one.suffix for one in FORMATS}:
            self.path.setText(str(path.with_suffix(chosen.suffix)))
        self.refresh()

    def _range(self) -> tuple[int, int]:
        play, store = self._session.transport.state, self._session.store
        last = (store.frame_count if store else 1) - 1
        return play.in_frame or 0, last if play.out_frame is None else play.out_frame

    def refresh(self) -> None:
        """Say how many frames there are, unless something more important is said."""
        store, facts = self._session.store, self._session.facts
        if self._job_id is not None or self._written is not None or store is None or facts is None:
            return
        first, last = self._range()
        done = store.count_in(first, last)
        wanted = last - first + 1
        seconds = (
            float(facts.times_s[last] - facts.times_s[first]) if facts.times_s is not None else 0
        )
        text = f"Frames {first} to {last}: {wanted} frames, {seconds:.1f} s."
        if done < wanted:
            text += f" {wanted - done} of them are still being reconstructed and would be missing."
        self.said.setText(text)
        self.go.setEnabled(done > 0)

    def _browse(self) -> None:
        title = self._format.title
        path, _ = QFileDialog.getSaveFileName(
            self, "Export", self.path.text(), f"{title} (*{self._format.suffix})"
        )
        if path:
            self.path.setText(path)

    def options(self) -> ExportOptions:
        """What was chosen."""
        return ExportOptions(
            skinning=self.skinning.currentData(),
            root_motion=self.root.currentData(),
            colors=self.colors.currentData(),
            fps=self.rate.currentData(),
            body_length_m=round(self.length.value(), 2),
        )

    def export(self) -> None:
        """Write, in a child process."""
        session = self._session
        if self._job_id is not None or session.store is None or session.facts is None:
            return
        chosen = tuple(session.editor.results(*self._range()))
        path = Path(self.path.text()).expanduser()
        job = ExportJob(session.model, session.facts, chosen, path, self.options())
        try:
            order = export_order(job)
        except ExplainedError as error:
            self.said.setText(str(error))
            return
        self._written = None
        self._set_busy(True)
        self._job_id = session.jobs.start(order)

    def _set_busy(self, is_busy: bool) -> None:
        self._bar.setVisible(is_busy)
        self.go.setText("Cancel" if is_busy else "Export")
        if is_busy:
            self.said.setText("Writing the file… You may close this; the job goes on.")
            self._show.hide()

    def _press(self) -> None:
        """The one button exports, or cancels what it began."""
        if self._job_id is None:
            self.export()
        else:
            self._session.jobs.cancel(self._job_id)

    def _on_jobs(self) -> None:
        """Show how far the job is."""
        if self._job_id is None:
            return
        job = self._session.jobs.jobs[self._job_id]
        share = job.share
        self._bar.setRange(0, 0 if share is None else 1000)
        self._bar.setValue(round(1000 * (share or 0)))
        if job.status == "cancelling":
            self.said.setText("Cancelling…")
        if job.has_ended:
            self._job_id = None
            self._set_busy(False)
            self._written = Path(self.path.text()).expanduser()
            self.said.setText(job.sentence)
            if job.status == "done":
                settings().setValue("export-folder", str(self._written.parent))
                self._show.show()

    def _show_folder(self) -> None:
        if self._written is not None:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._written.parent)))


def _combo(name: str, choices: Iterable[tuple[object, str]]) -> QComboBox:
    box = QComboBox()
    for value, title in choices:
        box.addItem(title, value)
    box.setAccessibleName(name)
    return box


def _quiet_label() -> QLabel:
    label = QLabel()
    label.setWordWrap(True)
    label.setProperty("tone", "muted")
    return label
