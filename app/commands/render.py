"""Draw a session: a video (.mp4, .gif), or one picture of several frames (.png).

main.py render walk.session -o walk.mp4                      # the mesh over its video
main.py render walk.session -o walk.png --view turntable     # one frame from eight sides
"""

import argparse
import math
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import UInt8

from app.commands.argument_types import count_from, path_with_suffix
from app.commands.export import model_of
from core.errors import ExplainedError
from core.progress import Writer

if TYPE_CHECKING:
    from app.commands.session_pictures import SessionPictures
    from core.export.take import Take
    from core.session_store import SessionRecord

Picture = UInt8[np.ndarray, "height width 3"]
VIEWS = ("input", "turntable", "side-by-side")
SHEET = {"input": (12, 4), "turntable": (8, 4), "side-by-side": (4, 1)}
"""Pictures in a .png, and how many of them in a row."""
MAX_HEIGHT_PX = 2160


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("session", metavar="SESSION", type=Path)
    parser.add_argument(
        "-o",
        "--out",
        required=True,
        type=path_with_suffix(".mp4", ".gif", ".png"),
        metavar="OUT.mp4|.gif|.png",
    )
    parser.add_argument(
        "--view",
        choices=VIEWS,
        default="input",
        help="input: over the video; side-by-side: video, mesh over it, another side",
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
    from app.commands.session_pictures import SessionPictures
    from core.export.take import take_of
    from core.session_store import read_session
    from render.context import default_samples, offscreen_context
    from render.renderer import Renderer

    is_still = arguments.out.suffix.lower() == ".png"
    with read_session(arguments.session) as record:
        take = take_of(record, model_of(record, arguments.model, out))
        ctx = offscreen_context()
        try:
            renderer = Renderer(ctx)
            height_px = min(arguments.height or take.image_size[1], MAX_HEIGHT_PX)
            samples = 4 if is_still else default_samples(ctx)
            pictures = SessionPictures(take, renderer, height_px, samples)
            draw = _write_sheet if is_still else _write_video
            draw(Job(arguments, record, take, pictures, out))
            renderer.release()
        finally:
            ctx.release()
    out.line(f"Wrote {arguments.out}")
    out.result({"path": arguments.out, "view": arguments.view, "frames": take.frame_count})
    return 0


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
        self.record, self.take, self.pictures, self.out = record, take, pictures, out
        self._source_text: str | None = arguments.source

    def inputs(self, rows: list[int]) -> Iterator[Picture | None]:
        """The input frames of some rows, rising; None each time if the view needs none."""
        if self.view == "turntable":
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
        if rgb is None:
            return self.pictures.around(row, yaw_rad=0.6 + 2 * math.pi * turn)
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


def _write_sheet(job: Job) -> None:
    from render.turntable import tiled

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
    write_png(job.path, tiled(pictures, min(columns, len(pictures))))


def spread(rows: np.ndarray, count: int) -> list[int]:
    """At most `count` of the rows, evenly spread, the middle one if it is one."""
    places = (np.arange(min(count, len(rows))) + 0.5) / min(count, len(rows)) * len(rows)
    return [int(rows[int(place)]) for place in places]


def _surest(take: "Take") -> int:
    return int(np.argmax(np.where(take.is_covered, take.confidence, -1.0)))


def write_png(path: Path, rgb: Picture) -> None:
    """Write a picture; it appears under its name only when it is complete."""
    import cv2

    from core.export.atomic import write_files

    done, encoded = cv2.imencode(".png", cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR))
    if not done:
        raise ValueError(f"a picture of shape {rgb.shape} could not be encoded")
    write_files({path: encoded.tobytes()})
