"""The rows of the Model menu, and what they ask."""

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QMessageBox

from app.action import Action, is_on, toggle
from app.asking import show_models, start_job
from app.improve import has_video
from app.model_shelf import free_name
from app.opening import RIG_SCHEME
from app.train_dialog import TrainDialog
from app.train_order import adapt_order, has_command, plain_name, train_order

if TYPE_CHECKING:
    from app.main_window import MainWindow


def ask_train(window: "MainWindow", first: Path | None = None) -> TrainDialog:
    """What to train from."""
    dialog = TrainDialog(
        lambda training: start_job(window, lambda: train_order(training)), first, window
    )
    dialog.open()
    return dialog


def ask_rig(window: "MainWindow", path: Path) -> QMessageBox:
    """A rigged file was opened or dropped: learn from it, or look at its motions."""
    box = QMessageBox(window)
    box.setWindowTitle("A rigged body")
    box.setText(f"{path.name} holds a body with a skeleton.")
    box.setInformativeText(
        "A model of its kind can be learned from it, or its motions played here."
    )
    play = box.addButton("Play it", QMessageBox.ButtonRole.AcceptRole)
    train = box.addButton("Train a model from it…", QMessageBox.ButtonRole.ActionRole)
    box.setEscapeButton(box.addButton("Cancel", QMessageBox.ButtonRole.RejectRole))
    box.setDefaultButton(play)
    play.clicked.connect(lambda: play_rig(window, path))
    train.clicked.connect(lambda: ask_train(window, path))
    box.open()
    return box


def play_rig(window: "MainWindow", path: Path) -> None:
    """Show the motions of a rigged file as if they were a reconstruction."""
    window.open_text(f"{RIG_SCHEME}{path}")


def start_adapt(window: "MainWindow") -> None:
    """Tune the model to what is open, as a job that makes a new model."""
    session = window.session
    if has_video(session) and session.facts is not None:
        stem = Path(session.facts.text).stem
        name = free_name(plain_name(f"{session.model_title}-{stem}"))
        start_job(window, lambda: adapt_order(session, name))


def start_improve(window: "MainWindow") -> None:
    """Fit every body to its mask, as a job."""
    if window.improver.start() is not None:
        window.show_jobs()


def compare(window: "MainWindow", tuned: Path) -> None:
    """What a tuned model makes of the video that is open, with before and after."""
    if window.improver.start(tuned) is not None:
        window.show_jobs()


def can_adapt(window: "MainWindow") -> bool:
    return has_video(window.session)


MODEL_ACTIONS = (
    Action("models", "Model", "Category models…", show_models, icon="model"),
    Action("train", "Model", "Train from a rigged file…", lambda w: ask_train(w),
           shown=lambda w: has_command("train"),
           hint="A model of a new category, learned from a rigged and animated .glb",
           starts_group=True),
    Action("improve", "Model", "Improve on this video", start_improve,
           enabled=lambda w: w.improver.can_start, starts_group=True,
           hint="Reconstructs it once more and fits every body to its mask; takes a while"),
    Action("before", "Model", "Show the first results", toggle("shows_before"), ("\\",),
           lambda w: bool(w.session.editor.improved), is_on("shows_before"),
           hint="To compare with the improved ones, frame by frame"),
    Action("revert", "Model", "Revert to the first results",
           lambda w: w.session.editor.revert(),
           enabled=lambda w: bool(w.session.editor.improved)),
    Action("adapt", "Model", "Adapt to this video", start_adapt, enabled=can_adapt,
           shown=lambda w: has_command("adapt"),
           hint="Tune the model to what is open; it is kept under a name of its own"),
)  # fmt: skip
