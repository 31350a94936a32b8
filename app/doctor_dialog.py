"""What `main.py doctor` finds, in the window: checked in a child process, to paste anywhere."""

from typing import Any

from PySide6.QtGui import QColor, QGuiApplication, QIcon
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QHeaderView,
    QLabel,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from app.icons import pixmap
from app.job import Job
from app.job_runner import JobOrder, JobRunner
from app.theme import SPACE_PX, current_tones, grown

ORDER = JobOrder("Check this machine", ("doctor",))


class DoctorDialog(QDialog):
    """Findings as they come back; each that is not ok says what to do."""

    def __init__(
        self, runner: JobRunner, parent: QWidget | None = None, order: JobOrder = ORDER
    ) -> None:
        super().__init__(parent)
        self._runner = runner
        self.setWindowTitle("Check this machine")
        self.resize(grown(640, 420))
        self.said = QLabel("Looking…")
        self.tree = QTreeWidget()
        self.tree.setHeaderLabels(["What", "Found"])
        self.tree.setWordWrap(True)
        self.tree.setRootIsDecorated(False)
        self.tree.header().setSectionResizeMode(0, QHeaderView.ResizeMode.ResizeToContents)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        copy = buttons.addButton("Copy", QDialogButtonBox.ButtonRole.ActionRole)
        copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(self.text()))
        buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.setContentsMargins(*(2 * SPACE_PX,) * 4)
        column.addWidget(self.said)
        column.addWidget(self.tree, 1)
        column.addWidget(buttons)
        self._job_id = runner.start(order)
        runner.ended.connect(self._on_ended)

    def _on_ended(self, job: Job) -> None:
        if job.id != self._job_id:
            return
        findings: list[dict[str, Any]] = job.result.get("findings", [])
        tones = current_tones()
        colours = {"ok": tones.good, "warn": tones.middling, "fail": tones.bad}
        for finding in findings:
            hint = finding.get("hint") or ""
            text = f"{finding['text']}\n{hint}" if hint else str(finding["text"])
            item = QTreeWidgetItem(self.tree, [str(finding["name"]), text])
            name = "warning" if finding["state"] != "ok" else "check"
            colour = colours.get(str(finding["state"]), tones.muted)
            item.setIcon(0, QIcon(pixmap(name, 16, QColor(colour).name())))
            item.setToolTip(1, text)
        self.tree.doItemsLayout()  # how high a row is follows from how wide its column became
        self.said.setText(job.sentence or "The check did not come back.")

    def text(self) -> str:
        """For the clipboard."""
        items = [self.tree.topLevelItem(row) for row in range(self.tree.topLevelItemCount())]
        rows = [f"{item.text(0)}: {item.text(1)}" for item in items if item is not None]
        return "\n".join([*rows, self.said.text()])
