"""Files and addresses opened lately, kept in the system's settings."""

from pathlib import Path

from PySide6.QtCore import QSettings

LIMIT = 10


def settings() -> QSettings:
    """Where the window keeps geometry and recents."""
    return QSettings("dasr-studio", "studio")


def recent_texts() -> list[str]:
    """Newest first; files that are gone are left out."""
    kept = settings().value("recents", [])
    texts = [kept] if isinstance(kept, str) else kept if isinstance(kept, list) else []
    return [text for text in texts if "://" in text or Path(text).exists()]


def remember(text: str) -> None:
    """Put an opened text on top. Cameras have their own page and are not remembered."""
    if text.startswith("camera:"):
        return
    if "://" not in text:
        text = str(Path(text).resolve())
    texts = [text, *(one for one in recent_texts() if one != text)]
    settings().setValue("recents", texts[:LIMIT])


def forget(text: str) -> None:
    """Leave something out from now on."""
    settings().setValue("recents", [one for one in recent_texts() if one != text])
