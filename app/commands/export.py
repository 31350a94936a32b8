"""Write a session as a file for other programs; the suffix of OUT says the format.

main.py export walk.session -o walk.glb         # Blender, game engines, three.js
main.py export walk.session -o walk.html        # a web page that plays it, whole in one file
main.py export walk.session -o walk.npz         # arrays for scripts
main.py export walk.session -o wolf.glb --onto wolf.glb     # the motion on another body
"""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from app.commands.argument_types import count_from, number_between
from app.commands.colors_argument import ColorsAction
from core.progress import Writer

if TYPE_CHECKING:
    from collections.abc import Callable

    from core.export.take import Take
    from core.session_store import SessionRecord


def add_arguments(parser: argparse.ArgumentParser) -> None:
    from core.export.options import RootMotion, Skinning

    parser.add_argument("session", metavar="SESSION", type=Path)
    parser.add_argument(
        "-o",
        "--out",
        required=True,
        type=Path,
        help=".glb .gltf .html .usda .bvh .npz .csv; .obj and .ply give a folder, a file a frame",
    )
    parser.add_argument("--model", help="the model it was made with; default: by its name")
    parser.add_argument("--name", help="of the animation; default: the session's")
    parser.add_argument("--skinning", choices=get_args(Skinning), default="refit")
    parser.add_argument("--root-motion", choices=get_args(RootMotion), default="ground")
    parser.add_argument(
        "--fps", type=number_between(1, 1000), help="even keys; default: the video's time stamps"
    )
    parser.add_argument(
        "--body-length", type=number_between(0.001, 999), metavar="METRES", help="of the rest mesh"
    )
    parser.add_argument(
        "--colors",
        nargs="+",
        action=ColorsAction,
        metavar=("mean|frame N|video|morph", "N"),
        help="the model's mean (default), the model's at frame N, gathered from the video's "
        "pictures, or changing over time (with --skinning morph, and in .npz and .ply)",
    )
    parser.add_argument(
        "--appearance-frame", type=count_from(0), metavar="N", help="the same as --colors frame N"
    )
    parser.add_argument(
        "--explorer",
        type=count_from(1),
        metavar="K",
        help="glTF: instead of the take, its body with sliders for the first K components",
    )
    parser.add_argument(
        "--onto", metavar="MODEL|RIG.glb", help="play the motion on this model's or rig's body"
    )
    parser.add_argument(
        "--bone-map",
        type=Path,
        metavar="FILE.json",
        help="which joint follows which; a guess is written there if it does not exist",
    )
    parser.add_argument("--unlit", action="store_true", help="glTF: colours without light")
    parser.add_argument(
        "--with-camera",
        action="store_true",
        help="glTF: add the camera; needs --root-motion camera",
    )
    parser.add_argument(
        "--no-end-joints", action="store_true", help="leave out the joints at the tips of limbs"
    )


def run(arguments: argparse.Namespace, out: Writer) -> int:
    """Export and say how true the file is."""
    from core.errors import ExportError
    from core.export.export import ExportWatch, export_session
    from core.export.options import ExportOptions
    from core.export.stages import silent
    from core.session_edits import edited_record
    from core.session_store import read_session

    try:
        options = ExportOptions(
            name=arguments.name,
            skinning=arguments.skinning,
            root_motion=arguments.root_motion,
            fps=arguments.fps,
            body_length_m=arguments.body_length,
            has_end_joints=not arguments.no_end_joints,
            colors=arguments.colors or ("mean" if arguments.appearance_frame is None else "frame"),
            appearance_frame=arguments.appearance_frame,
            explorer_components=arguments.explorer,
            is_unlit=arguments.unlit,
            has_camera=arguments.with_camera,
        )
    except ValueError as error:  # choices that contradict each other
        raise ExportError(f"These options do not go together: {error}.") from error
    with read_session(arguments.session) as record:
        model = model_of(record, arguments.model, out)
        # Into a log only the answer goes: an export is short.
        is_watched = out.is_json or sys.stderr.isatty()
        watch = ExportWatch(out.progress if is_watched else silent, _other_body(arguments))
        record = edited_record(record, model)
        report = export_session(record, model, arguments.out, options, watch)
    out.line(report.sentence)
    for note in report.notes:
        out.warn(note)
    out.result(
        {
            "path": report.path,
            "size_bytes": report.size_bytes,
            "frames": report.frame_count,
            "seconds": report.duration_s,
            "fidelity": vars(report.fidelity) if report.fidelity else None,
            "notes": report.notes,
        }
    )
    return 0


def _other_body(arguments: argparse.Namespace) -> "Callable[[Take], Take] | None":
    """What puts the take on the body that was asked for."""
    from core.errors import ExportError

    if arguments.onto is None:
        if arguments.bone_map is not None:
            raise ExportError("--bone-map belongs to --onto MODEL|RIG.glb.")
        return None
    if arguments.explorer is not None or arguments.colors in ("video", "morph"):
        raise ExportError("--onto shows the other body in its own colours, without an explorer.")
    from app.commands.other_body import OtherBody

    path = arguments.bone_map or arguments.out.with_suffix(".bones.json")
    return OtherBody.find(arguments.onto, path, is_asked=arguments.bone_map is not None).wear


def model_of(record: "SessionRecord", wanted: str | None, out: Writer) -> Any:
    """The model a session was made with; None (and a word about it) if it is not there.

    Raises:
        ModelError: The model that was asked for by name is not there.
    """
    from core.errors import ModelError
    from core.model import load_model

    if wanted is not None:
        return load_model(wanted)
    try:
        return load_model(record.header.model_name)
    except ModelError as error:
        if record.body is None:
            raise
        out.warn(f"{error} The body kept in the session is used.")
        return None
