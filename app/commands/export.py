"""Write a session as a file for other programs; the suffix of OUT says the format.

main.py export walk.session -o walk.glb         # Blender, game engines, three.js
main.py export walk.session -o walk.npz         # arrays for scripts
"""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from app.commands.argument_types import count_from, number_between
from core.progress import Writer

if TYPE_CHECKING:
    from core.session_store import SessionRecord


def add_arguments(parser: argparse.ArgumentParser) -> None:
    from core.export.options import RootMotion, Skinning

    parser.add_argument("session", metavar="SESSION", type=Path)
    parser.add_argument(
        "-o",
        "--out",
        required=True,
        type=Path,
        help=".glb .gltf .npz; .obj and .ply give a folder with one file a frame",
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
        "--appearance-frame", type=count_from(0), metavar="N", help="colours of this frame"
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
    from core.export.export import export_session
    from core.export.options import ExportOptions
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
            appearance_frame=arguments.appearance_frame,
            is_unlit=arguments.unlit,
            has_camera=arguments.with_camera,
        )
    except ValueError as error:  # choices that contradict each other
        raise ExportError(f"These options do not go together: {error}.") from error
    with read_session(arguments.session) as record:
        model = model_of(record, arguments.model, out)
        report = export_session(edited_record(record, model), model, arguments.out, options)
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
