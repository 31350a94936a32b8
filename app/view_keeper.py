"""Keeps how a session was looked at in its folder, and brings it back when that is opened."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from app.explore import ExploreState
from app.recents import remember
from app.view_state import NOT_KEPT, ViewState, read_view, write_view

if TYPE_CHECKING:
    from app.main_window import MainWindow


class ViewKeeper(QObject):
    """Writes when a session is left; reads when one is opened and its model is there."""

    def __init__(self, window: "MainWindow") -> None:
        super().__init__(window)
        self._window = window
        self._waiting: ViewState | None = None
        session = window.session
        session.leaving.connect(self.keep)
        session.source_changed.connect(self._on_source)
        session.model_changed.connect(self._put_if_ready)

    def now(self) -> ViewState:
        """How things are looked at now."""
        session = self._window.session
        play, pose = session.transport.state, session.explore
        return ViewState(
            session.look, self._window.viewport.camera, session.frame_index, play.in_frame,
            play.out_frame, pose.sigmas if pose.is_frozen else None,
        )  # fmt: skip

    def keep(self) -> None:
        """Write into the folder of the session that is open, if one is."""
        folder = self._window.session.folder
        if folder is not None and folder.is_dir() and self._waiting is None:
            write_view(folder, self.now())

    def keep_in(self, folder: Path) -> None:
        """The take was saved there: from now on that is its folder."""
        self._window.session.folder = folder
        remember(str(folder))
        self.keep()

    def _on_source(self) -> None:
        session = self._window.session
        self._waiting = None
        if session.facts is not None and session.folder is not None:
            self._waiting = read_view(session.folder)
            self._put_if_ready()

    def _put_if_ready(self) -> None:
        view, session = self._waiting, self._window.session
        if view is None or session.is_model_loading or session.facts is None:
            return
        self._waiting = None
        own = {name: getattr(session.look, name) for name in NOT_KEPT}
        session.set_look(**vars(replace(view.look, **own)))
        if session.model is not None:
            self._window.viewport.place(view.camera)
        last = (session.facts.frame_count or 1) - 1
        session.transport.set_range(*(
            None if end is None or end > last else end for end in (view.in_frame, view.out_frame)
        ))  # fmt: skip
        session.transport.pause()
        session.transport.seek(min(view.frame, last))
        if view.sigmas is not None and len(view.sigmas) == len(session.explore.sigmas):
            session.editor.show_pose(ExploreState(view.sigmas, is_frozen=True))
