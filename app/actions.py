"""Everything the window can do, in one table: menus, toolbar, shortcuts and the sheet come from it.

table = build_actions(window)          # id -> QAction, in the order of ACTIONS
for action in ACTIONS: ...             # what the shortcut sheet lists
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtGui import QAction, QKeySequence

from app.icons import icon
from app.look import DISPLAY_MODES

if TYPE_CHECKING:
    from app.main_window import MainWindow
    from app.transport import Transport

Run = Callable[["MainWindow"], object]
Claim = Callable[["MainWindow"], bool]


@dataclass(frozen=True)
class Action:
    """One thing the window can do."""

    id: str
    menu: str
    title: str
    run: Run
    shortcuts: tuple[str, ...] = ()
    """The first is shown in menus and tooltips."""
    enabled: Claim = lambda window: True
    checked: Claim | None = None
    """Given for things that are on or off."""
    icon: str | None = None
    hint: str = ""
    starts_group: bool = False
    """A line above it in the menu."""
    wording: "Callable[[MainWindow], str] | None" = None
    """A title that changes."""


def _scrubs(window: "MainWindow") -> bool:
    return window.session.transport.can_scrub


def _has_source(window: "MainWindow") -> bool:
    return window.session.facts is not None


def _has_model(window: "MainWindow") -> bool:
    return window.session.model is not None


def _go(order: "Callable[[Transport], object]") -> Run:
    return lambda window: order(window.session.transport)


def _toggle(name: str) -> Run:
    def run(window: "MainWindow") -> None:
        window.session.set_look(**{name: not getattr(window.session.look, name)})

    return run


def _is_on(name: str) -> Claim:
    return lambda window: bool(getattr(window.session.look, name))


def _mode(mode: str) -> tuple[Run, Claim]:
    return (
        lambda window: window.session.set_look(mode=mode),
        lambda window: window.session.look.mode == mode,
    )


def _step(verb: str, name: str | None) -> str:
    """Undo PC 3."""
    return verb if name is None else f"{verb} {name}"


def _view(name: str) -> Run:
    return lambda window: window.viewport.look_from(name)


FILE_ACTIONS = (
    Action("open-video", "File", "Open video…", lambda w: w.ask_video(), ("Ctrl+O",),
           icon="open", hint="A video file, a session, a model or a rig"),
    Action("open-folder", "File", "Open folder of images…", lambda w: w.ask_folder(),
           ("Ctrl+Shift+O",), icon="picture"),
    Action("open-camera", "File", "Live camera…", lambda w: w.ask_camera(), ("Ctrl+L",),
           icon="camera", hint="Reconstruct live from a camera"),
    Action("open-address", "File", "Open network stream…", lambda w: w.ask_address(),
           ("Ctrl+U",), hint="An http MJPEG or RTSP address"),
    Action("open-sample", "File", "Try the sample", lambda w: w.open_sample(), icon="paw"),
    Action("start-page", "File", "Start page", lambda w: w.session.close_source(), ("Ctrl+W",),
           _has_source, icon="home", starts_group=True),
    Action("export", "File", "Export…", lambda w: w.ask_export(), ("Ctrl+E",),
           lambda w: w.can_export, icon="export",
           hint="Write the reconstruction as animated .glb, .npz or .obj", starts_group=True),
    Action("save-session", "File", "Save session…", lambda w: w.ask_save(), ("Ctrl+S",),
           lambda w: w.can_export, hint="A folder that opens again with everything in it"),
    Action("save-picture", "File", "Save picture of the viewport…", lambda w: w.ask_picture(),
           ("Ctrl+Shift+S",), icon="picture"),
    Action("quit", "File", "Quit", lambda w: w.close(), ("Ctrl+Q",), starts_group=True),
)  # fmt: skip

EDIT_ACTIONS = (
    Action("undo", "Edit", "Undo", lambda w: w.session.editor.undo(), ("Ctrl+Z",),
           lambda w: bool(w.session.editor.history.past), icon="undo",
           wording=lambda w: _step("Undo", w.session.editor.history.undo_name)),
    Action("redo", "Edit", "Redo", lambda w: w.session.editor.redo(), ("Ctrl+Shift+Z", "Ctrl+Y"),
           lambda w: bool(w.session.editor.history.future), icon="redo",
           wording=lambda w: _step("Redo", w.session.editor.history.redo_name)),
    Action("copy-picture", "Edit", "Copy picture of the viewport", lambda w: w.copy_picture(),
           ("Ctrl+C",), icon="copy", starts_group=True),
    Action("copy-hud", "Edit", "Copy performance numbers", lambda w: w.copy_numbers(),
           ("Ctrl+Shift+C",), icon="gauge"),
    Action("freeze", "Edit", "Freeze the pose", lambda w: w.toggle_frozen(), ("Ctrl+F",),
           _has_model, lambda w: w.session.explore.is_frozen, "freeze",
           "Keep this pose in the sliders; press again to follow the video", True),
    Action("reset-sliders", "Edit", "Mean pose", lambda w: w.session.editor.reset(),
           ("Ctrl+Backspace",), _has_model, icon="reset", hint="All sliders to 0 sigma"),
    Action("random-sliders", "Edit", "Random pose", lambda w: w.session.editor.random(),
           ("Ctrl+R",), _has_model, icon="random",
           hint="A pose drawn from the training motions"),
    Action("mirror-sliders", "Edit", "Mirror the pose", lambda w: w.session.editor.mirror(),
           ("Ctrl+M",), _has_model, icon="mirror", hint="Left and right change places"),
    Action("key-frame", "Edit", "Key this frame", lambda w: w.session.editor.key_frame(),
           ("Shift+K",), lambda w: w.session.editor.can_key, icon="key",
           hint="Put the sliders' pose in place of this frame's own; exports use it",
           starts_group=True),
    Action("clear-key", "Edit", "Clear the key of this frame",
           lambda w: w.session.editor.clear_key(), ("Alt+K",),
           lambda w: w.session.editor.key_at(w.session.frame_index) is not None,
           icon="key-clear"),
)  # fmt: skip

PLAY_ACTIONS = (
    Action("play", "Playback", "Play or pause", _go(lambda t: t.toggle()), ("Space",),
           _scrubs, icon="play"),
    Action("shuttle-back", "Playback", "Play backwards, faster each time",
           _go(lambda t: t.shuttle(-1)), ("J",), _scrubs),
    Action("pause", "Playback", "Pause", _go(lambda t: t.pause()), ("K",), _scrubs,
           icon="pause"),
    Action("shuttle-on", "Playback", "Play, faster each time", _go(lambda t: t.shuttle(1)),
           ("L",), _scrubs),
    Action("step-back", "Playback", "Previous frame", _go(lambda t: t.step(-1)),
           ("Left", ","), _scrubs, icon="step-back", starts_group=True),
    Action("step-on", "Playback", "Next frame", _go(lambda t: t.step(1)), ("Right", "."),
           _scrubs, icon="step-forward"),
    Action("step-back-10", "Playback", "Back 10 frames", _go(lambda t: t.step(-10)),
           ("Shift+Left",), _scrubs),
    Action("step-on-10", "Playback", "On 10 frames", _go(lambda t: t.step(10)),
           ("Shift+Right",), _scrubs),
    Action("second-back", "Playback", "Back 1 second", _go(lambda t: t.step_seconds(-1)),
           ("Ctrl+Left",), _scrubs),
    Action("second-on", "Playback", "On 1 second", _go(lambda t: t.step_seconds(1)),
           ("Ctrl+Right",), _scrubs),
    Action("to-start", "Playback", "First frame", _go(lambda t: t.seek_first()), ("Home",),
           _scrubs, icon="to-start"),
    Action("to-end", "Playback", "Last frame", _go(lambda t: t.seek_last()), ("End",),
           _scrubs, icon="to-end"),
    Action("go-to", "Playback", "Go to frame or time…", lambda w: w.ask_frame(), ("Ctrl+G",),
           _scrubs),
    Action("set-in", "Playback", "Set range start", lambda w: w.session.editor.set_in(), ("I",),
           _scrubs, icon="mark-in", starts_group=True),
    Action("set-out", "Playback", "Set range end", lambda w: w.session.editor.set_out(), ("O",),
           _scrubs, icon="mark-out"),
    Action("clear-in", "Playback", "Clear range start", lambda w: w.session.editor.set_in(clear=True),
           ("Alt+I",), _scrubs),
    Action("clear-out", "Playback", "Clear range end", lambda w: w.session.editor.set_out(clear=True),
           ("Alt+O",), _scrubs),
    Action("loop", "Playback", "Loop", _go(lambda t: t.set_loops(not t.state.loops)),
           ("Ctrl+Shift+L",), _scrubs, lambda w: w.session.transport.state.loops, "loop"),
)  # fmt: skip

VIEW_ACTIONS = (
    *(
        Action(f"mode-{mode}", "View", title, _mode(mode)[0], (f"Ctrl+{number}",),
               checked=_mode(mode)[1])
        for number, (mode, title) in enumerate(DISPLAY_MODES, start=1)
    ),
    Action("view-front", "View", "From the front", _view("front"), ("1",), starts_group=True),
    Action("view-side", "View", "From the side", _view("side"), ("3",)),
    Action("view-top", "View", "From above", _view("top"), ("7",)),
    Action("view-input", "View", "Through the video's camera", lambda w: w.toggle_overlay(),
           ("0",), _has_source, lambda w: w.session.look.camera == "input", "overlay",
           "The mesh over the video frame"),
    Action("frame-subject", "View", "Frame the subject", lambda w: w.viewport.frame_subject(),
           ("F",), icon="focus"),
    Action("reset-view", "View", "Reset the view", lambda w: w.viewport.reset_view(),
           ("Shift+Home",), icon="orbit"),
    Action("grid", "View", "Ground grid", _toggle("has_grid"), ("G",),
           checked=_is_on("has_grid"), icon="grid", starts_group=True),
    Action("skeleton", "View", "Skeleton", _toggle("has_skeleton"), ("B",),
           checked=_is_on("has_skeleton"), icon="bone"),
    Action("hud", "View", "Performance numbers", _toggle("has_hud"), ("F10",),
           checked=_is_on("has_hud"), icon="gauge",
           hint="Frame rates, latency, drops and milliseconds by stage"),
    Action("fullscreen", "View", "Full screen", lambda w: w.toggle_full_screen(), ("F11",),
           checked=lambda w: w.isFullScreen(), starts_group=True),
    Action("reset-layout", "View", "Reset layout", lambda w: w.reset_layout()),
)  # fmt: skip

HELP_ACTIONS = (
    Action("shortcuts", "Help", "Keyboard shortcuts", lambda w: w.show_shortcuts(), ("F1",),
           icon="keyboard"),
    Action("copy-report", "Help", "Copy report for a bug", lambda w: w.copy_report()),
    Action("about", "Help", "About DASR Studio", lambda w: w.show_about()),
)  # fmt: skip

ACTIONS = (*FILE_ACTIONS, *EDIT_ACTIONS, *PLAY_ACTIONS, *VIEW_ACTIONS, *HELP_ACTIONS)
MENUS = ("File", "Edit", "Playback", "View", "Help")


def build_actions(window: "MainWindow") -> dict[str, QAction]:
    """A QAction for every row, wired to the window."""
    return {action.id: _build(action, window) for action in ACTIONS}


def _build(action: Action, window: "MainWindow") -> QAction:
    made = QAction(action.title, window)
    made.setShortcuts([QKeySequence(keys) for keys in action.shortcuts])
    made.setCheckable(action.checked is not None)
    made.setToolTip(tooltip_of(action))
    made.setStatusTip(action.hint or action.title)
    made.triggered.connect(lambda: action.run(window))
    window.addAction(made)
    return made


def tooltip_of(action: Action) -> str:
    """Title, shortcut and hint."""
    title = action.title.rstrip("…")
    keys = ""
    if action.shortcuts:
        native = QKeySequence.SequenceFormat.NativeText
        keys = QKeySequence(action.shortcuts[0]).toString(native)
    first = f"{title}  ({keys})" if keys else title
    return f"{first}\n{action.hint}" if action.hint else first


def refresh_actions(window: "MainWindow", made: dict[str, QAction]) -> None:
    """Bring enabled and checked states in line with the session."""
    for action in ACTIONS:
        one = made[action.id]
        one.setEnabled(action.enabled(window))
        if action.wording is not None:
            one.setText(action.wording(window))
        if action.checked is not None:
            one.setChecked(action.checked(window))


def tint_actions(made: dict[str, QAction]) -> None:
    """Draw the icons anew in the palette's colours."""
    for action in ACTIONS:
        if action.icon is not None:
            made[action.id].setIcon(icon(action.icon))
