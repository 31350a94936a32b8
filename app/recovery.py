"""Notices at the next start that the program did not end as it should, and what was open then.

recovery = Recovery(state_folder())
left = recovery.begin()          # a `LeftOpen` after a crash, else None
recovery.note("walk.mp4"); recovery.end()
"""

import json
import logging
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QLockFile

LOG = logging.getLogger(__name__)
DYING_MS = 300
"""A process that was killed a moment ago still counts as running until it is quite gone."""


@dataclass(frozen=True)
class LeftOpen:
    """What was open when the program ended without saying so."""

    text: str | None
    """The source; None if none was."""


def state_folder() -> Path:
    """Where the marker is kept on this system."""
    import platformdirs

    return Path(platformdirs.user_state_dir("dasr-studio", appauthor=False))


class Recovery:
    """A marker file that is there exactly while the program runs; one window holds it."""

    def __init__(self, folder: Path) -> None:
        self._marker = folder / "running.json"
        self._lock = QLockFile(str(folder / "running.lock"))
        self._lock.setStaleLockTime(0)
        self._is_ours = False

    def begin(self) -> LeftOpen | None:
        """Set the marker; gives what an earlier run left, if that did not end cleanly."""
        try:
            self._marker.parent.mkdir(parents=True, exist_ok=True)
        except OSError:
            return None
        self._is_ours = self._lock.tryLock(DYING_MS)
        if not self._is_ours:  # another window is open and well
            return None
        left = self._read()
        self.note(None)
        return left

    def note(self, text: str | None) -> None:
        """Remember what is open now."""
        if self._is_ours:
            try:
                self._marker.write_text(json.dumps({"text": text}), encoding="utf-8")
            except OSError as error:
                LOG.warning("the marker of this run was not written: %s", error)

    def end(self) -> None:
        """The program ends as it should."""
        if self._is_ours:
            self._marker.unlink(missing_ok=True)
            self._lock.unlock()
            self._is_ours = False

    def _read(self) -> LeftOpen | None:
        try:
            fields = json.loads(self._marker.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        except (OSError, ValueError):
            return LeftOpen(None)
        text = fields.get("text") if isinstance(fields, dict) else None
        return LeftOpen(text if isinstance(text, str) else None)
