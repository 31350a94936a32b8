"""The jobs drawer: one card a job, with its progress, Cancel, Retry, Open and its log."""

import time
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QSize, Qt, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import (
    QFrame,
    QLabel,
    QPlainTextEdit,
    QProgressBar,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from app.flow_layout import FlowLayout
from app.job import Job
from app.job_runner import JobRunner
from app.measure_chart import MeasureChart
from app.measures import curves_of, rows_of
from app.scrolled import Scrolled
from app.theme import SPACE_PX, scaled_font, text_scale

BAR_STEPS = 1000
READ_S = 2.0
FIGURES = {"total": "Loss (lower is better)", "iou": "Overlap (higher is better)"}
SESSION_SUFFIX = ".session"
CARD_PX, CARDS_PX = 56, 124
"""What the drawer shows at the least, a card; and when it opens: two, one with a sentence."""


class JobCard(QFrame):
    """One job."""

    def __init__(self, runner: JobRunner, job_id: int, open_text: Callable[[str], None]) -> None:
        super().__init__()
        self._runner, self._id, self._open_text = runner, job_id, open_text
        self._title, self._said, self.progress = QLabel(), QLabel(), QLabel()
        self._title.setFont(scaled_font(1.0, bold=True))
        self._said.setWordWrap(True)
        self._said.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._bar.setFixedHeight(6)
        order = runner.order_of(job_id)
        self.chart = MeasureChart(FIGURES.get(order.figure, order.figure))
        self._read_s = 0.0
        self._log = QPlainTextEdit()
        self._log.setReadOnly(True)
        self._log.setFont(scaled_font(0.9, mono=True))
        self._log.setMaximumHeight(120)
        self._log.hide()
        for label in (self._said, self.progress):
            label.setProperty("tone", "muted")
            label.setFont(scaled_font(0.9))
        can_keep = runner.order_of(job_id).can_stop
        words = "Cancel and discard" if can_keep else "Cancel"
        self.cancel = self._button(words, lambda: runner.cancel(job_id))
        self.keep = self._button("Stop and keep", lambda: runner.keep(job_id))
        self.retry = self._button("Retry", lambda: runner.retry(job_id))
        self.open = self._button("Open", self._open)
        self.show_log = self._button("Log", self._toggle_log)
        row = FlowLayout(SPACE_PX)
        row.add(self._title)
        row.add(self.progress, stretch=1)
        row.add(self.show_log, self.retry, self.open, self.keep, self.cancel)
        column = QVBoxLayout(self)
        column.setContentsMargins(SPACE_PX, SPACE_PX // 2, SPACE_PX, SPACE_PX // 2)
        column.setSpacing(SPACE_PX // 2)
        column.addLayout(row)
        column.addWidget(self._bar)
        column.addWidget(self.chart)
        column.addWidget(self._said)
        column.addWidget(self._log)
        self.refresh()

    def _button(self, text: str, press: Callable[[], object]) -> QPushButton:
        button = QPushButton(text)
        button.setFont(scaled_font(0.9))
        button.clicked.connect(lambda: press())
        return button

    @property
    def job(self) -> Job:
        return self._runner.jobs[self._id]

    def refresh(self) -> None:
        """Show the job as it is."""
        job = self.job
        self._title.setText(job.title)
        self.progress.setText(job.progress_text)
        self._said.setText(job.sentence)
        self._said.setVisible(bool(job.sentence))
        share = 1.0 if job.status == "done" else job.share
        is_unknown = share is None and not job.has_ended
        self._bar.setRange(0, 0 if is_unknown else BAR_STEPS)
        self._bar.setValue(round((share or 0.0) * BAR_STEPS))
        self._bar.setVisible(not job.has_ended)
        self.cancel.setVisible(not job.has_ended)
        self.cancel.setEnabled(job.status != "cancelling")
        can_keep = self._runner.order_of(self._id).can_stop
        self.keep.setVisible(can_keep and job.status in ("running", "stopping"))
        has_some = can_keep and self._runner.order_of(self._id).can_keep()
        self.keep.setEnabled(job.status == "running" and has_some)
        self.keep.setToolTip("" if has_some else "There is nothing to keep yet")
        self.retry.setVisible(job.status in ("failed", "cancelled"))
        path = self._runner.order_of(self._id).result_path
        self.open.setVisible(job.status == "done" and path is not None)
        self.show_log.setVisible(bool(job.log))
        self._refresh_chart()
        if self._log.isVisible():
            self._log.setPlainText("\n".join(job.log))

    def _refresh_chart(self) -> None:
        """The log of a run is read every few seconds, and once at its end."""
        order, now_s = self._runner.order_of(self._id), time.monotonic()
        is_due = now_s - self._read_s > READ_S or self.job.has_ended
        if not order.figure or not is_due:
            return
        self._read_s = now_s
        path = order.measures_path
        rows = list(self.job.measures) if path is None else rows_of(path)
        self.chart.show_curves(curves_of(rows, order.figure))

    def _toggle_log(self) -> None:
        self._log.setVisible(not self._log.isVisible())
        self.refresh()

    def _open(self) -> None:
        """Sessions and models open here; other files show themselves in their folder."""
        path = self._runner.order_of(self._id).result_path
        if path is None:
            return
        if opens_here(path):
            self._open_text(str(path))
        else:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(path.parent)))


def opens_here(path: Path) -> bool:
    """Whether a result is something the window itself opens."""
    return path.suffix == SESSION_SUFFIX or (path / "model.json").is_file()


class JobsPanel(QWidget):
    """All cards, the newest on top."""

    def __init__(
        self, runner: JobRunner, open_text: Callable[[str], None], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._runner, self._open_text = runner, open_text
        self.cards: dict[int, JobCard] = {}
        self.setProperty("surface", "panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._empty = QLabel("No jobs. Exports, whole files and training run here.")
        self._empty.setProperty("tone", "muted")
        self._clear = QPushButton("Clear what is over")
        self._clear.clicked.connect(runner.forget_ended)
        holder = QWidget()
        self._column = QVBoxLayout(holder)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(0)
        self._column.addWidget(self._empty)
        self._column.addWidget(self._clear, 0, Qt.AlignmentFlag.AlignLeft)  # after what is over
        self._column.addStretch(1)
        area = Scrolled(holder, round(CARD_PX * text_scale()))
        column = QVBoxLayout(self)
        column.setContentsMargins(SPACE_PX, 0, SPACE_PX, SPACE_PX // 2)
        column.addWidget(area, 1)
        runner.changed.connect(self.refresh)
        self.refresh()

    def sizeHint(self) -> QSize:
        hint = super().sizeHint()
        return QSize(hint.width(), round(CARDS_PX * text_scale()))

    def refresh(self) -> None:
        """Bring the cards in line with the runner."""
        jobs = self._runner.jobs
        for job_id in [one for one in self.cards if one not in jobs]:
            self.cards.pop(job_id).deleteLater()
        for job_id in jobs:
            if job_id in self.cards:
                self.cards[job_id].refresh()
            else:
                self.cards[job_id] = JobCard(self._runner, job_id, self._open_text)
                self._column.insertWidget(0, self.cards[job_id])
        self._empty.setVisible(not jobs)
        self._clear.setVisible(any(job.has_ended for job in jobs.values()))
