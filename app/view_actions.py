"""The rows of the View menu."""

from app.action import Action, has_source, is_on, mode_of, scrubs, toggle, view_from
from app.look import DISPLAY_MODES

VIEW_ACTIONS = (
    *(
        Action(f"mode-{mode}", "View", title, mode_of(mode)[0], (f"Ctrl+{number}",),
               checked=mode_of(mode)[1])
        for number, (mode, title) in enumerate(DISPLAY_MODES, start=1)
    ),
    Action("view-front", "View", "From the front", view_from("front"), ("1",), starts_group=True),
    Action("view-side", "View", "From the side", view_from("side"), ("3",)),
    Action("view-top", "View", "From above", view_from("top"), ("7",)),
    Action("view-input", "View", "Through the video's camera", lambda w: w.toggle_overlay(),
           ("0",), has_source, lambda w: w.session.look.camera == "input", "overlay",
           "The mesh over the video frame"),
    Action("frame-subject", "View", "Frame the subject", lambda w: w.viewport.frame_subject(),
           ("F",), icon="focus"),
    Action("reset-view", "View", "Reset the view", lambda w: w.viewport.reset_view(),
           ("Shift+Home",), icon="orbit"),
    Action("grid", "View", "Ground grid", toggle("has_grid"), ("G",),
           checked=is_on("has_grid"), icon="grid", starts_group=True),
    Action("skeleton", "View", "Skeleton", toggle("has_skeleton"), ("B",),
           checked=is_on("has_skeleton"), icon="bone"),
    Action("xray", "View", "X-ray", toggle("is_xray"), ("X",), checked=is_on("is_xray"),
           icon="xray", hint="The skeleton inside a body of glass"),
    Action("ghosts", "View", "Root hypotheses", toggle("has_ghosts"), ("H",),
           checked=is_on("has_ghosts"), hint="The competing root poses as ghosts"),
    Action("uncertainty", "View", "Uncertainty", toggle("has_uncertainty"), ("U",),
           checked=is_on("has_uncertainty"), hint="How far the root hypotheses disagree"),
    Action("outline", "View", "Outline of the mask", toggle("has_outline"), ("M",),
           has_source, is_on("has_outline"), hint="Over the video, to check the alignment"),
    Action("wipe", "View", "Split the overlay", toggle("has_wipe"), ("W",),
           has_source, is_on("has_wipe"), hint="Bare video left of a line that can be dragged"),
    Action("curves", "View", "Curves over time", lambda w: w.toggle_curves(), ("Ctrl+Shift+P",),
           scrubs, lambda w: w.has_curves, "curves", "First components and turn of the body",
           True),
    Action("zoom-in", "View", "Zoom into the timeline", lambda w: w.timeline.zoom(1.5),
           ("Ctrl+=",), scrubs),
    Action("zoom-out", "View", "Zoom out of the timeline", lambda w: w.timeline.zoom(1 / 1.5),
           ("Ctrl+-",), scrubs),
    Action("jobs", "View", "Jobs", lambda w: w.toggle_jobs(), ("Ctrl+J",),
           checked=lambda w: w.has_jobs, icon="jobs"),
    Action("hud", "View", "Performance numbers", toggle("has_hud"), ("F10",),
           checked=is_on("has_hud"), icon="gauge",
           hint="Frame rates, latency, drops and milliseconds by stage"),
    Action("fullscreen", "View", "Full screen", lambda w: w.toggle_full_screen(), ("F11",),
           checked=lambda w: w.isFullScreen(), starts_group=True),
    Action("reset-layout", "View", "Reset layout", lambda w: w.reset_layout()),
)  # fmt: skip
