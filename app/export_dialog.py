"""placeholder"""

from PySide6.QtWidgets import QDialog


class ExportDialog(QDialog):
    """placeholder"""

    def __init__(self, session, parent):
        super().__init__(parent)
