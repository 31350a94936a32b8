"""Draw a session: a video (.mp4, .gif), one picture of several frames (.png), or a folder of PNGs.

main.py render walk.session -o walk.mp4                      # the mesh over its video
main.py render walk.session -o walk.mp4 --view side-by-side
main.py render walk.session -o walk.png --view turntable     # one frame from eight sides
main.py render walk.session -o frames --view mesh --transparent   # frames/00000.png and so on

What a person keyed in the window is drawn in place of what was predicted.
"""

import argparse
import math
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import UInt8

from app.commands.argument_types import count_from, number_between, path_with_suffix
from app.commands.export import model_of
from core.errors import ExplainedError
from core.progress import Writer

if TYPE_CHECKING:
    from app.commands.session_pictures import SessionPictures
    from core.export.take import Take
    from core.session_store import SessionRecord

Picture = UInt8[np.ndarray, "height width channels"]
"""RGB, or RGBA where it is transparent."""
VIEWS = ("input", "mesh", "turntable", "side-by-side")
SEES_INPUT = ("input", "side-by-side")
SHEET = {"input": (12, 4), "mesh": (12, 4), "turntable": (8, 4), "side-by-side": (4, 1)}
"""Pictures in a .png, and how many of them in a row."""
MAX_HEIGHT_PX = 2160
GREY = 52
"""Behind the mesh where nothing else is."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("session", metavar="SESSION", type=Path)
    parser.add_argument(
        "-o",
        "--out",
        required=True,
        type=path_with_suffix(".mp4", ".gif", ".png", ""),
        metavar="OUT.mp4|.gif|.png|FOLDER",
        help="a folder gets a PNG for each frame",
    )
    parser.add_argument(
        "--view",
        choices=VIEWS,
        default="input",
        help="input: over the video; mesh: alone, as the camera saw it; side-by-side: video, mesh "
        "over it, another side",
    )
    parser.add_argument(
        "--transparent",
        action="store_true",
        help="nothing behind the mesh: .png or FOLDER, --view mesh or turntable",
    )
    parser.add_argument(
        "--outline", action="store_true", help="the silhouette's edge instead of the mesh"
    )
    parser.add_argument(
        "--split",
        type=number_between(0, 1),
        nargs="?",
        const=0.5,
        metavar="SHARE",
        help="the plain video left of this share of the width (default: a half)",
    )
    parser.add_argument("--model", help="the model it was made with; default: by its name")
    parser.add_argument("--source", metavar="INPUT", help="the video, if it has moved")
    parser.add_argument(
        "--height", type=count_from(16), metavar="PX", help="of one view; default: the video's"
    )
    parser.add_argument(
        "--frames", type=count_from(1), metavar="N", help="pictures in a .png; 1: a single one"
    )


def run(arguments: argparse.Namespace, out: Writer) -> int:
    """Draw off-screen; no display is needed."""
    from app.commands.session_pictures import Overlay, SessionPictures
    from core.export.take import take_of
    from core.session_store import read_session
    from render.context import default_samples, offscreen_context
    from render.renderer import Renderer

    _check(arguments)
    with read_session(arguments.session) as record:
        take = take_of(*_edited(record, arguments, out))
        ctx = offscreen_context()
        try:
            renderer = Renderer(ctx)
            height_px = min(arguments.height or take.image_size[1], MAX_HEIGHT_PX)
            is_video = arguments.out.suffix.lower() in (".mp4", ".gif")
            samples = default_samples(ctx) if is_video else 4
            overlay = Overlay(arguments.outline, arguments.split)
            pictures = SessionPictures(take, renderer, height_px, samples, overlay)
            draw = _DRAW[arguments.out.suffix.lower()]
            draw(Job(arguments, record, take, pictures, out))
            renderer.release()
        finally:
            ctx.release()
    out.line(f"Wrote {arguments.out}")
    out.result({"path": arguments.out, "view": arguments.view, "frames": take.frame_count})
    return 0


def _check(arguments: argparse.Namespace) -> None:
    is_png = arguments.out.suffix.lower() in (".png", "")
    if arguments.transparent and (not is_png or arguments.view in SEES_INPUT):
        raise ExplainedError(
            "--transparent takes a .png or a folder, and --view mesh or turntable."
        )
    if (arguments.outline or arguments.split is not None) and arguments.view not in SEES_INPUT:
        raise ExplainedError("--outline and --split are drawn over the video: --view input.")


def _edited(
    record: "SessionRecord", arguments: argparse.Namespace, out: Writer
) -> "tuple[SessionRecord, Any]":
    """The record with a person's edits in it, and its model."""
    from core.session_edits import edited_record, read_edits

    if record.damage:
        out.warn(record.damage)
    model = model_of(record, arguments.model, out)
    edits = read_edits(record.folder)
    if edits and model is None:
        out.warn(f"Without the model the {len(edits)} edited frames are drawn as predicted.")
    return edited_record(record, model), model


class Job:
    """One drawing job: what to draw, and where it goes."""

    def __init__(
        self,
        arguments: argparse.Namespace,
        record: "SessionRecord",
        take: "Take",
        pictures: "SessionPictures",
        out: Writer,
    ) -> None:
        self.path: Path = arguments.out
        self.view: str = arguments.view
        self.frames: int | None = arguments.frames
        self.is_transparent: bool = arguments.transparent
        self.record, self.take, self.pictures, self.out = record, take, pictures, out
        self._source_text: str | None = arguments.source

    def inputs(self, rows: list[int]) -> Iterator[Picture | None]:
        """The input frames of some rows, rising; None each time if the view needs none."""
        if self.view not in SEES_INPUT:
            yield from (None for _ in rows)
            return
        with self._open_source() as source:
            following = -1
            for row in rows:
                index = int(self.take.frame_index[row])
                if index != following:
                    source.seek(index)
                frame = source.read()
                if frame is None:
                    raise ExplainedError(f"{source.name} has no frame {index}: is it another one?")
                following = frame.index + 1
                yield frame.rgb

    def picture(self, row: int, rgb: Picture | None, turn: float) -> Picture:
        """One picture; `turn` is how far around it is, 0 to 1, for the turntable."""
        if self.view == "mesh":
            rgba = self.pictures.alone(row)
            return rgba if self.is_transparent else _over_grey(rgba)
        if rgb is None:
            yaw_rad = 0.6 + 2 * math.pi * turn
            return self.pictures.around(row, yaw_rad, is_transparent=self.is_transparent)
        if self.view == "input":
            return self.pictures.overlay(row, rgb)
        return self.pictures.side_by_side(row, rgb)

    def _open_source(self) -> Any:
        from core.sources.open_source import open_source

        where = self._source_text or self.record.source
        if where is None:
            raise ExplainedError(
                f"The video of {self.record.folder} is not there: name it with --source, or use "
                "--view turntable."
            )
        source = open_source(where)
        if (source.width_px, source.height_px) != self.take.image_size or source.is_live:
            source.close()
            raise ExplainedError(f"{where} is not the video that this session was made from.")
        return source


def _write_video(job: Job) -> None:
    from app.commands.video_writer import VideoWriter

    rows = list(range(job.take.frame_count))
    writer: VideoWriter | None = None
    try:
        for row, rgb in zip(rows, job.inputs(rows), strict=True):
            picture = job.picture(row, rgb, row / len(rows))
            if writer is None:
                writer = VideoWriter(job.path, picture.shape[1], picture.shape[0])
            writer.append(picture, float(job.take.times_s[row] - job.take.times_s[0]))
            job.out.progress("drawing", row + 1, len(rows))
    except BaseException:
        if writer is not None:
            writer.discard()
        raise
    if writer is not None:
        writer.close()


def _write_sequence(job: Job) -> None:
    """One PNG for each frame, named by the frame's number in the video."""
    from core.export.atomic import write_folder

    rows = list(range(job.take.frame_count))

    def files() -> Iterator[tuple[str, bytes]]:
        for row, rgb in zip(rows, job.inputs(rows), strict=True):
            name = f"{int(job.take.frame_index[row]):05}.png"
            yield name, png_bytes(job.picture(row, rgb, row / len(rows)))
            job.out.progress("drawing", row + 1, len(rows))

    write_folder(job.path, files())


def _write_sheet(job: Job) -> None:
    default, columns = SHEET[job.view]
    count = job.frames or default
    if job.view == "turntable":
        rows = [_surest(job.take)] * count
    else:
        rows = spread(np.flatnonzero(job.take.is_covered), count)
    pictures = []
    for number, (row, rgb) in enumerate(zip(rows, job.inputs(rows), strict=True)):
        pictures.append(job.picture(row, rgb, number / count))
        job.out.progress("drawing", number + 1, len(rows))
    write_png(job.path, _tiled(pictures, min(columns, len(pictures))))


def spread(rows: np.ndarray, count: int) -> list[int]:
    """At most `count` of the rows, evenly spread, the middle one if it is one."""
    places = (np.arange(min(count, len(rows))) + 0.5) / min(count, len(rows)) * len(rows)
    return [int(rows[int(place)]) for place in places]


def _surest(take: "Take") -> int:
    return int(np.argmax(np.where(take.is_covered, take.confidence, -1.0)))


def _tiled(pictures: list[Picture], columns: int) -> Picture:
    from render.turntable import tiled

    sheet = tiled([np.ascontiguousarray(picture[..., :3]) for picture in pictures], columns)
    if pictures[0].shape[2] == 3:
        return sheet
    alpha = tiled([np.repeat(picture[..., 3:], 3, axis=2) for picture in pictures], columns)
    return np.concatenate([sheet, alpha[..., :1]], axis=2)


def _over_grey(rgba: Picture) -> Picture:
    alpha = rgba[..., 3:].astype(np.float32) / 255
    return (rgba[..., :3] * alpha + GREY * (1 - alpha) + 0.5).astype(np.uint8)


def write_png(path: Path, picture: Picture) -> None:
    """Write a picture; it appears under its name only when it is complete."""
    from core.export.atomic import write_files

    write_files({path: png_bytes(picture)})


def png_bytes(picture: Picture) -> bytes:
    """A picture as PNG, with its alpha if it has one."""
    import cv2

    order = cv2.COLOR_RGB2BGR if picture.shape[2] == 3 else cv2.COLOR_RGBA2BGRA
    done, encoded = cv2.imencode(".png", cv2.cvtColor(picture, order))
    if not done:
        raise ValueError(f"a picture of shape {picture.shape} could not be encoded")
    return encoded.tobytes()


_DRAW = {".mp4": _write_video, ".gif": _write_video, ".png": _write_sheet, "": _write_sequence}
