"""Settings of the window's tests go to a folder of their own."""

from pathlib import Path

import pytest
from PySide6.QtCore import QSettings


@pytest.fixture(autouse=True)
def own_settings(tmp_path: Path) -> None:
    """Recents and layout of the person who runs the tests are neither read nor written."""
    QSettings.setPath(QSettings.Format.NativeFormat, QSettings.Scope.UserScope, str(tmp_path))
