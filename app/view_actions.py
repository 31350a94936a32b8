"""The rows of the View and Camera menus."""

from app.action import Action, has_source, is_on, mode_of, scrubs, toggle, view_from
from app.camera_slots import SLOT_ACTIONS
from app.look import DISPLAY_MODES

VIEW_ACTIONS = (
    *(
        Action(f"mode-{mode}", "View", title, mode_of(mode)[0], (f"Ctrl+{number}",),
               checked=mode_of(mode)[1])
        for number, (mode, title) in enumerate(DISPLAY_MODES, start=1)
    ),
    Action("grid", "View", "Ground grid", toggle("has_grid"), ("G",),
           has_source, checked=is_on("has_grid"), icon="grid", starts_group=True),
    Action("skeleton", "View", "Skeleton", toggle("has_skeleton"), ("B",),
           has_source, checked=is_on("has_skeleton"), icon="bone"),
    Action("xray", "View", "X-ray", toggle("is_xray"), ("X",), has_source, checked=is_on("is_xray"),
           icon="xray", hint="The skeleton inside a body of glass"),
    Action("ghosts", "View", "Root hypotheses", toggle("has_ghosts"), ("H",),
           has_source, checked=is_on("has_ghosts"), hint="The competing root poses as ghosts"),
    Action("uncertainty", "View", "Uncertainty", toggle("has_uncertainty"), ("U",),
           has_source, checked=is_on("has_uncertainty"),
           hint="How far the root hypotheses disagree"),
    Action("outline", "View", "Outline of the subject", toggle("has_outline"), ("M",),
           has_source, checked=is_on("has_outline"),
           hint="Over the video, to check the alignment: of the mask, or of the body without one"),
    Action("wipe", "View", "Split the overlay", toggle("has_wipe"), ("W",),
           has_source, checked=is_on("has_wipe"),
           hint="Bare video left of a line that can be dragged"),
    Action("difference", "View", "Difference to the mask", toggle("has_difference"), ("D",),
           has_source, is_on("has_difference"),
           hint="Over the video: where only the body or only the mask is, and their overlap"),
    Action("curves", "View", "Curves over time", lambda w: w.toggle_curves(), ("Ctrl+Shift+P",),
           scrubs, checked=lambda w: w.has_curves, icon="curves",
           hint="First components and turn of the body", starts_group=True),
    Action("zoom-in", "View", "Zoom into the timeline", lambda w: w.timeline.zoom(1.5),
           ("Ctrl+=",), scrubs),
    Action("zoom-out", "View", "Zoom out of the timeline", lambda w: w.timeline.zoom(1 / 1.5),
           ("Ctrl+-",), scrubs),
    Action("jobs", "View", "Jobs", lambda w: w.toggle_jobs(), ("Ctrl+J",),
           checked=lambda w: w.has_jobs, icon="jobs"),
    Action("hud", "View", "Performance numbers", toggle("has_hud"), ("F10",),
           has_source, checked=is_on("has_hud"), icon="gauge",
           hint="Frame rates, latency, drops and milliseconds by stage"),
    Action("fullscreen", "View", "Full screen", lambda w: w.toggle_full_screen(), ("F11",),
           checked=lambda w: w.isFullScreen(), starts_group=True),
    Action("reset-layout", "View", "Reset layout", lambda w: w.reset_layout()),
)  # fmt: skip

CAMERA_ACTIONS = (
    Action("view-front", "Camera", "From the front", view_from("front"), ("1",)),
    Action("view-side", "Camera", "From the side", view_from("side"), ("3",)),
    Action("view-top", "Camera", "From above", view_from("top"), ("7",)),
    Action("orthographic", "Camera", "Without perspective",
           lambda w: w.viewport.toggle_orthographic(), ("5",),
           checked=lambda w: w.viewport.camera.is_orthographic,
           hint="Parallel rays: sizes can be compared"),
    Action("view-input", "Camera", "Through the video's camera", lambda w: w.toggle_overlay(),
           ("0",), has_source, checked=lambda w: w.session.look.camera == "input", icon="overlay",
           hint="The mesh over the video frame"),
    Action("frame-subject", "Camera", "Frame the subject", lambda w: w.viewport.frame_subject(),
           ("F",), has_source, icon="focus"),
    Action("follow", "Camera", "Follow the subject", lambda w: w.viewport.toggle_follow(),
           ("Shift+F",), checked=is_on("follows"),
           hint="The body travels as in the video, and the camera goes along"),
    Action("reset-view", "Camera", "Reset the view", lambda w: w.viewport.reset_view(),
           ("Shift+Home",), has_source, icon="orbit"),
    *SLOT_ACTIONS,
)  # fmt: skip
