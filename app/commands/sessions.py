"""Look after sessions: what is in them, are they whole, and sessions made of sessions.

main.py sessions info walk.session
main.py sessions check *.session                          # exit code 1 if one is damaged
main.py sessions repair walk.session                      # keeps all frames that are whole
main.py sessions trim walk.session --start 120 --end 480 -o part.session
main.py sessions merge walk.session run.session -o both.session
main.py sessions relink walk.session moved/walk.mp4       # or a folder to search
"""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.commands.argument_types import count_from, numbers, session_path
from core.errors import ExplainedError
from core.progress import Writer, clock_text

if TYPE_CHECKING:
    from core.session_store import SessionRecord


def add_arguments(parser: argparse.ArgumentParser) -> None:
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    for name, summary in (
        ("info", "what a session holds"),
        ("check", "read everything once and say what is damaged"),
    ):
        verb = verbs.add_parser(name, help=summary)
        verb.add_argument("sessions", nargs="+", metavar="SESSION", type=Path)
    _add_repair(verbs.add_parser("repair", help="write what is whole anew"))
    _add_trim(verbs.add_parser("trim", help="a range of frames as a session"))
    _add_merge(verbs.add_parser("merge", help="takes of one model as one session"))
    _add_relink(verbs.add_parser("relink", help="say where the video is now"))
    for verb in verbs.choices.values():
        verb.add_argument("--json", action="store_true", default=argparse.SUPPRESS)


def _add_repair(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("sessions", nargs="+", metavar="SESSION", type=Path)
    parser.add_argument(
        "-o",
        "--out",
        type=session_path,
        metavar="OUT.session",
        help="default: in place; the damaged database stays as session.sqlite.damaged",
    )


def _add_out(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("-o", "--out", required=True, type=session_path, metavar="OUT.session")
    parser.add_argument("--overwrite", action="store_true", help="replace OUT if it is a session")


def _add_trim(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("session", metavar="SESSION", type=Path)
    parser.add_argument("--start", type=count_from(0), default=0, metavar="N", help="first frame")
    parser.add_argument("--end", type=count_from(1), metavar="N", help="frame to stop before")
    _add_out(parser)


def _add_merge(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("sessions", nargs="+", metavar="SESSION", type=Path)
    parser.add_argument(
        "--at",
        type=numbers,
        metavar="S,S,...",
        help="when each take begins, seconds; default: one frame after the one before",
    )
    _add_out(parser)


def _add_relink(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("session", metavar="SESSION", type=Path)
    parser.add_argument(
        "video", metavar="VIDEO|FOLDER", type=Path, help="a folder is searched for the video"
    )
    parser.add_argument(
        "--reencoded",
        action="store_true",
        help="accept other bytes if length and picture size agree",
    )


def run(arguments: argparse.Namespace, out: Writer) -> int:
    """Do one of the verbs."""
    verbs: dict[str, Callable[[argparse.Namespace, Writer], int]] = {
        "info": _info,
        "check": _check,
        "repair": _repair,
        "trim": _trim,
        "merge": _merge,
        "relink": _relink,
    }
    return verbs[arguments.verb](arguments, out)


def _info(arguments: argparse.Namespace, out: Writer) -> int:
    from core.session_store import read_session

    told: list[dict[str, Any]] = []
    for folder in arguments.sessions:
        with read_session(folder) as record:
            facts = session_facts(record)
        told.append(facts)
        for line in _fact_lines(facts):
            out.line(line)
    out.result({"sessions": told})
    return 0


def session_facts(record: "SessionRecord") -> dict[str, Any]:
    """What a session holds, as JSON values."""
    from core.session_edits import read_edits

    header, times_s = record.header, record.times_s
    is_empty = not record.frame_count
    return {
        "session": str(record.folder),
        "name": header.name,
        "model": header.model_name,
        "created_utc": header.created_utc,
        "frames": record.frame_count,
        "first_frame": None if is_empty else int(record.frame_indices[0]),
        "last_frame": None if is_empty else int(record.frame_indices[-1]),
        "seconds": 0.0 if is_empty else float(times_s[-1] - times_s[0]),
        "image_size": [header.camera.width_px, header.camera.height_px],
        "edited_frames": len(read_edits(record.folder)),
        "is_finished": record.is_finished,
        "source": header.source.absolute if header.source else None,
        "source_found": str(record.source) if record.source else None,
        "lost": record.lost,
        "settings": header.settings,
    }


def _fact_lines(facts: dict[str, Any]) -> list[str]:
    width_px, height_px = facts["image_size"]
    span = f" ({facts['first_frame']} to {facts['last_frame']})" if facts["frames"] else ""
    source = facts["source"] or "none"
    if facts["source"] and not facts["source_found"]:
        source += " (not there any more)"
    lines = [
        f"{facts['session']}: {facts['frames']} frames{span}, {clock_text(facts['seconds'])}",
        f"    model {facts['model']}, pictures {width_px} x {height_px}, "
        f"made {facts['created_utc']}",
        f"    source {source}",
    ]
    if facts["edited_frames"]:
        lines.append(f"    {facts['edited_frames']} frames edited by hand")
    if not facts["is_finished"]:
        lines.append("    cut off before its end")
    if facts["lost"]:
        lines.append(f"    damaged: {facts['lost']}")
    return lines


def _check(arguments: argparse.Namespace, out: Writer) -> int:
    from core.session_check import check_session

    told: list[dict[str, Any]] = []
    for number, folder in enumerate(arguments.sessions):
        try:
            check = check_session(folder)
            facts = {"frames": check.frames, "problems": check.problems, "notes": check.notes}
        except ExplainedError as error:
            facts = {"frames": 0, "problems": (str(error),), "notes": ()}
        told.append({"session": str(folder), **facts})
        state = "damaged" if facts["problems"] else "whole"
        out.line(f"{folder}: {state}, {facts['frames']} frames")
        for sentence in (*facts["problems"], *facts["notes"]):
            out.line(f"    {sentence}")
        out.progress("checking", number + 1, len(arguments.sessions))
    damaged = sum(bool(facts["problems"]) for facts in told)
    out.result({"sessions": told, "damaged": damaged})
    return 1 if damaged else 0


def _repair(arguments: argparse.Namespace, out: Writer) -> int:
    from core.session_check import check_session
    from core.session_copy import repair_session
    from core.session_store import read_session

    if arguments.out is not None and len(arguments.sessions) > 1:
        raise ExplainedError("One -o takes one session: leave it out to repair them in place.")
    told: list[dict[str, Any]] = []
    for folder in arguments.sessions:
        with read_session(folder) as record:
            is_finished = record.is_finished
        if arguments.out is None and is_finished and check_session(folder).is_whole:
            out.line(f"{folder}: nothing to repair")
            told.append({"session": str(folder), "is_repaired": False})
            continue
        repair = repair_session(folder, arguments.out)
        for problem in repair.check.problems:
            out.line(f"    {problem}")
        out.line(f"{arguments.out or folder}: {repair.kept} frames kept")
        told.append({"session": str(folder), "is_repaired": True, "frames": repair.kept})
    out.result({"sessions": told})
    return 0


def _trim(arguments: argparse.Namespace, out: Writer) -> int:
    from core.session_copy import trim_session

    wanted = (arguments.start, arguments.end)
    count = trim_session(arguments.session, arguments.out, *wanted, overwrite=arguments.overwrite)
    return _wrote(arguments.out, count, out)


def _merge(arguments: argparse.Namespace, out: Writer) -> int:
    from core.session_merge import merge_sessions

    at_s = arguments.at
    if at_s is not None and len(at_s) != len(arguments.sessions):
        raise ExplainedError(
            f"--at gives {len(at_s)} times for {len(arguments.sessions)} sessions: give one each."
        )
    count = merge_sessions(
        arguments.sessions, arguments.out, at_s=at_s, overwrite=arguments.overwrite
    )
    return _wrote(arguments.out, count, out)


def _wrote(path: Path, count: int, out: Writer) -> int:
    out.line(f"Wrote {path} ({count} frames)")
    out.result({"session": str(path), "frames": count})
    return 0


def _relink(arguments: argparse.Namespace, out: Writer) -> int:
    from core.session_relink import relink_source, search_source

    video: Path | None = arguments.video
    if arguments.video.is_dir():
        video = search_source(arguments.session, arguments.video)
        if video is None:
            raise ExplainedError(
                f"The video of {arguments.session} is not in {arguments.video}: its bytes were "
                "looked for, whatever its name."
            )
    assert video is not None
    if not video.exists():
        raise ExplainedError(f"There is no file {video}.")
    link = relink_source(arguments.session, video, is_copy=arguments.reencoded)
    out.line(f"{arguments.session}: the video is {link.absolute}")
    out.result({"session": str(arguments.session), "source": link.absolute})
    return 0
