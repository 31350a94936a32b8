"""Everything the window can do, in one table: menus, toolbar, shortcuts and the sheet come from it.

table = build_actions(window)          # id -> QAction, in the order of ACTIONS
for action in ACTIONS: ...             # what the shortcut sheet lists
"""

from typing import TYPE_CHECKING

from PySide6.QtGui import QAction, QKeySequence

from app import asking, copying
from app.action import Action, go, has_model, has_source, scrubs, step_name
from app.icons import icon
from app.key_map import keys_of
from app.live_outputs import OUTPUT_ACTIONS
from app.model_actions import MODEL_ACTIONS
from app.take_actions import delete_take, has_take
from app.take_curves import go_to_worst
from app.view_actions import CAMERA_ACTIONS, VIEW_ACTIONS

if TYPE_CHECKING:
    from app.main_window import MainWindow

FILE_ACTIONS = (
    Action("open-video", "File", "Open video…", asking.ask_video, ("Ctrl+O",),
           icon="open", hint="A video file, a session, a model or a rig"),
    Action("open-folder", "File", "Open folder of images…", asking.ask_folder,
           ("Ctrl+Shift+O",), icon="picture"),
    Action("open-camera", "File", "Live camera…", lambda w: w.ask_camera(), ("Ctrl+L",),
           icon="camera", hint="Reconstruct live from a camera"),
    Action("open-address", "File", "Open network stream…", asking.ask_address,
           ("Ctrl+U",), hint="An http MJPEG or RTSP address"),
    Action("open-sample", "File", "Try the sample", lambda w: w.open_sample(), icon="paw"),
    Action("start-page", "File", "Start page", lambda w: w.session.close_source(), ("Ctrl+W",),
           has_source, icon="home", starts_group=True),
    Action("export", "File", "Export…", lambda w: w.ask_export(), ("Ctrl+E",),
           lambda w: w.can_export, icon="export",
           hint="Write the reconstruction as animated .glb, .npz or .obj", starts_group=True),
    Action("save-session", "File", "Save session…", asking.ask_save, ("Ctrl+S",),
           lambda w: w.can_export, hint="A folder that opens again with everything in it"),
    Action("delete-take", "File", "Move this take to the trash", delete_take, ("Ctrl+Delete",),
           has_take, hint="The session that is open, with its video if that lies in it"),
    Action("save-picture", "File", "Picture of the view…", asking.ask_picture,
           ("Ctrl+Shift+S",), icon="picture", hint="Larger, or on nothing"),
    Action("take-video", "File", "Video of the take…", asking.ask_take_video, ("Ctrl+Shift+E",),
           lambda w: w.can_export, hint="Beside its own video, over it, or on a turntable"),
    Action("turntable", "File", "Turntable video…", asking.ask_turntable, ("Ctrl+T",),
           lambda w: w.can_export, hint="The camera walks around once; as .mp4 or .gif"),
    Action("record", "File", "Record", lambda w: w.session.recorder.toggle(),
           ("Ctrl+Shift+R",),
           lambda w: w.session.recorder.can_record or w.session.recorder.is_recording,
           lambda w: w.session.recorder.is_recording, "record",
           "Video and reconstruction of what the camera sees, written as it goes", True),
    Action("reconstruct-file", "File", "Reconstruct a file in the background…",
           asking.ask_reconstruct, enabled=has_model,
           hint="As a job, with the whole file as a session at the end"),
    *OUTPUT_ACTIONS,
    Action("quit", "File", "Quit", lambda w: w.close(), ("Ctrl+Q",), starts_group=True),
)  # fmt: skip

EDIT_ACTIONS = (
    Action("undo", "Edit", "Undo", lambda w: w.session.editor.undo(), ("Ctrl+Z",),
           lambda w: bool(w.session.editor.history.past), icon="undo",
           wording=lambda w: step_name("Undo", w.session.editor.history.undo_name)),
    Action("redo", "Edit", "Redo", lambda w: w.session.editor.redo(), ("Ctrl+Shift+Z", "Ctrl+Y"),
           lambda w: bool(w.session.editor.history.future), icon="redo",
           wording=lambda w: step_name("Redo", w.session.editor.history.redo_name)),
    Action("copy-picture", "Edit", "Copy picture of the viewport", copying.copy_picture,
           ("Ctrl+C",), icon="copy", starts_group=True),
    Action("copy-hud", "Edit", "Copy performance numbers", copying.copy_numbers,
           ("Ctrl+Shift+C",), icon="gauge"),
    Action("freeze", "Edit", "Freeze the pose", lambda w: w.toggle_frozen(), ("Ctrl+F",),
           has_model, lambda w: w.session.explore.is_frozen, "freeze",
           "Keep this pose in the sliders; press again to follow the video", True),
    Action("reset-sliders", "Edit", "Mean pose", lambda w: w.session.editor.reset(),
           ("Ctrl+Backspace",), has_model, icon="reset", hint="All sliders to 0 sigma"),
    Action("random-sliders", "Edit", "Random pose", lambda w: w.session.editor.random(),
           ("Ctrl+R",), has_model, icon="random",
           hint="A pose drawn from the training motions"),
    Action("mirror-sliders", "Edit", "Mirror the pose", lambda w: w.session.editor.mirror(),
           ("Ctrl+M",), has_model, icon="mirror", hint="Left and right change places"),
    Action("key-frame", "Edit", "Key this frame", lambda w: w.session.editor.key_frame(),
           ("Shift+K",), lambda w: w.session.editor.can_key, icon="key",
           hint="Put the sliders' pose in place of this frame's own; exports use it",
           starts_group=True),
    Action("clear-key", "Edit", "Clear the key of this frame",
           lambda w: w.session.editor.clear_key(), ("Alt+K",),
           lambda w: w.session.editor.key_at(w.session.frame_index) is not None,
           icon="key-clear"),
)  # fmt: skip


def shuttle(window: "MainWindow", direction: int) -> None:
    """J and L; while the key to pause is held down, one frame."""
    pause = next(action for action in PLAY_ACTIONS if action.id == "pause")
    transport = window.session.transport
    if window.held_keys.has(lambda: keys_of(pause)):
        transport.step(direction)
    else:
        transport.shuttle(direction)


PLAY_ACTIONS = (
    Action("play", "Playback", "Play or pause", go(lambda t: t.toggle()), ("Space",),
           scrubs, icon="play"),
    Action("shuttle-back", "Playback", "Play backwards, faster each time",
           lambda w: shuttle(w, -1), ("J",), scrubs,
           hint="With K held down, one frame"),
    Action("pause", "Playback", "Pause", go(lambda t: t.pause()), ("K",), scrubs,
           icon="pause"),
    Action("shuttle-on", "Playback", "Play, faster each time", lambda w: shuttle(w, 1),
           ("L",), scrubs, hint="With K held down, one frame"),
    Action("step-back", "Playback", "Previous frame", go(lambda t: t.step(-1)),
           ("Left", ","), scrubs, icon="step-back", starts_group=True),
    Action("step-on", "Playback", "Next frame", go(lambda t: t.step(1)), ("Right", "."),
           scrubs, icon="step-forward"),
    Action("step-back-10", "Playback", "Back 10 frames", go(lambda t: t.step(-10)),
           ("Shift+Left",), scrubs),
    Action("step-on-10", "Playback", "On 10 frames", go(lambda t: t.step(10)),
           ("Shift+Right",), scrubs),
    Action("second-back", "Playback", "Back 1 second", go(lambda t: t.step_seconds(-1)),
           ("Ctrl+Left",), scrubs),
    Action("second-on", "Playback", "On 1 second", go(lambda t: t.step_seconds(1)),
           ("Ctrl+Right",), scrubs),
    Action("to-start", "Playback", "First frame", go(lambda t: t.seek_first()), ("Home",),
           scrubs, icon="to-start"),
    Action("to-end", "Playback", "Last frame", go(lambda t: t.seek_last()), ("End",),
           scrubs, icon="to-end"),
    Action("go-to", "Playback", "Go to frame or time…", asking.ask_frame, ("Ctrl+G",),
           scrubs),
    Action("worst-next", "Playback", "Next worst frame",
           lambda w: go_to_worst(w.session, 1), ("N",), scrubs,
           hint="Where the reconstruction is least sure"),
    Action("worst-back", "Playback", "Previous worst frame",
           lambda w: go_to_worst(w.session, -1),
           ("Shift+N",), scrubs),
    Action("set-in", "Playback", "Set range start", lambda w: w.session.editor.set_in(), ("I",),
           scrubs, icon="mark-in", starts_group=True),
    Action("set-out", "Playback", "Set range end", lambda w: w.session.editor.set_out(), ("O",),
           scrubs, icon="mark-out"),
    Action("clear-in", "Playback", "Clear range start",
           lambda w: w.session.editor.set_in(clear=True),
           ("Alt+I",), scrubs),
    Action("clear-out", "Playback", "Clear range end",
           lambda w: w.session.editor.set_out(clear=True),
           ("Alt+O",), scrubs),
    Action("loop", "Playback", "Loop", go(lambda t: t.set_loops(not t.state.loops)),
           ("Ctrl+Shift+L",), scrubs, lambda w: w.session.transport.state.loops, "loop"),
)  # fmt: skip

HELP_ACTIONS = (
    Action("palette", "Help", "Find a command…", lambda w: w.show_palette(), ("Ctrl+K",),
           icon="search"),
    Action("doctor", "Help", "Check this machine…", asking.show_doctor),
    Action("shortcuts", "Help", "Keyboard shortcuts", lambda w: w.show_shortcuts(), ("F1",),
           icon="keyboard"),
    Action("copy-report", "Help", "Copy report for a bug", copying.copy_report),
    Action("about", "Help", "About DASR Studio", asking.show_about),
)  # fmt: skip

ACTIONS = (
    *FILE_ACTIONS, *EDIT_ACTIONS, *PLAY_ACTIONS, *VIEW_ACTIONS, *CAMERA_ACTIONS, *MODEL_ACTIONS,
    *HELP_ACTIONS,
)  # fmt: skip
MENUS = ("File", "Edit", "Playback", "View", "Camera", "Model", "Help")


def build_actions(window: "MainWindow") -> dict[str, QAction]:
    """A QAction for every row, wired to the window."""
    return {action.id: _build(action, window) for action in ACTIONS}


def _build(action: Action, window: "MainWindow") -> QAction:
    made = QAction(action.title, window)
    made.setCheckable(action.checked is not None)
    put_keys(action, made)
    made.setStatusTip(action.hint or action.title)
    made.triggered.connect(lambda: action.run(window))
    window.addAction(made)
    return made


def put_keys(action: Action, made: QAction) -> None:
    """Give a QAction its shortcuts as they are now, and say them in its tooltip."""
    made.setShortcuts([QKeySequence(keys) for keys in keys_of(action)])
    made.setToolTip(tooltip_of(action))


def tooltip_of(action: Action) -> str:
    """Title, shortcut and hint."""
    title = action.title.rstrip("…")
    keys = ""
    own = keys_of(action)
    if own:
        native = QKeySequence.SequenceFormat.NativeText
        keys = QKeySequence(own[0]).toString(native)
    first = f"{title}  ({keys})" if keys else title
    return f"{first}\n{action.hint}" if action.hint else first


def refresh_actions(window: "MainWindow", made: dict[str, QAction]) -> None:
    """Bring enabled and checked states in line with the session."""
    for action in ACTIONS:
        one = made[action.id]
        one.setVisible(action.shown(window))
        one.setEnabled(one.isVisible() and action.enabled(window))
        if action.wording is not None:
            one.setText(action.wording(window))
        if action.checked is not None:
            one.setChecked(action.checked(window))


def tint_actions(made: dict[str, QAction]) -> None:
    """Draw the icons anew in the palette's colours."""
    for action in ACTIONS:
        if action.icon is not None:
            made[action.id].setIcon(icon(action.icon))
