"""Loads one category model off the GUI thread."""

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject, QThread, Signal


class ModelThread(QThread):
    """Loads and ends.

    Signals (emitted on this thread):
        loaded(CategoryModel), failed(Exception)
    """

    loaded = Signal(object)
    failed = Signal(object)

    def __init__(
        self, load_model: Callable[[str], Any], name: str, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self.setObjectName("model")
        self._load_model = load_model
        self._name = name

    def run(self) -> None:
        try:
            self.loaded.emit(self._load_model(self._name))
        except Exception as error:
            self.failed.emit(error)
