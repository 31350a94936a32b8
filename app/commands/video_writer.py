"""Writes pictures as a video or an animated GIF.

    with VideoWriter(Path("walk.mp4"), 640, 360) as writer:
        writer.append(rgb, time_s)

The file appears under its name only when it is complete.
"""

import os
from collections.abc import Generator
from contextlib import contextmanager, suppress
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Any, cast

import av
import av.error
import av.filter
import numpy as np
from jaxtyping import UInt8

from core.errors import ExportError

TICKS_PER_S = 90_000
GIF_FPS = 15
"""GIF counts in hundredths of a second, and its frames are large."""
GIF_MAX_WIDTH_PX = 640
QUALITY = {"crf": "18", "preset": "veryfast"}


class VideoWriter:
    """One .mp4 or .gif being written, with a time stamp for each frame."""

    def __init__(self, path: Path, width_px: int, height_px: int) -> None:
        """Begin a file for pictures of one size.

        Raises:
            ExportError: The file cannot be written there.
        """
        self._path = path
        self._part = path.with_name(f".{path.stem}.{os.getpid()}{path.suffix.lower()}")
        self._is_gif = path.suffix.lower() == ".gif"
        self._size = (width_px, height_px)
        self._last_tick = -1
        with self._explained():
            path.parent.mkdir(parents=True, exist_ok=True)
            self._container = av.open(str(self._part), "w")
        self._graph = _gif_graph(width_px, height_px) if self._is_gif else None
        self._stream = self._gif_stream() if self._is_gif else self._video_stream()

    def append(self, rgb: UInt8[np.ndarray, "height width 3"], time_s: float) -> None:
        """Add a picture; time stamps must rise, those that do not are moved on a little."""
        if (rgb.shape[1], rgb.shape[0]) != self._size:
            raise ValueError(f"picture is {rgb.shape[1]}x{rgb.shape[0]}, video {self._size}")
        if not self._is_gif:  # H.264 in 4:2:0 has even sides: the last row may go
            rgb = rgb[: self._stream.height, : self._stream.width]
        frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(rgb), format="rgb24")
        tick = max(round(time_s * TICKS_PER_S), self._last_tick + 1)
        frame.pts, frame.time_base = tick, Fraction(1, TICKS_PER_S)
        self._last_tick = tick
        with self._explained():
            if self._graph is not None:
                self._graph.push(frame)
            else:
                self._container.mux(self._stream.encode(frame))

    def close(self) -> None:
        """Finish the file and give it its name."""
        try:
            with self._explained():
                if self._graph is not None:
                    self._flush_gif(self._graph)
                else:
                    self._container.mux(self._stream.encode(None))
                self._container.close()
                os.replace(self._part, self._path)
        except ExportError:
            self.discard()
            raise

    def discard(self) -> None:
        """Stop and leave nothing behind."""
        with suppress(OSError, av.error.FFmpegError):  # a full disk takes no trailer either
            self._container.close()
        self._part.unlink(missing_ok=True)

    def __enter__(self) -> "VideoWriter":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is None:
            self.close()
        else:
            self.discard()

    @contextmanager
    def _explained(self) -> Generator[None]:
        try:
            yield
        except (OSError, av.error.FFmpegError) as error:
            raise ExportError(
                f"Cannot write {self._path} ({error}): free some space or choose another place."
            ) from error

    def _video_stream(self) -> Any:
        stream: Any = self._container.add_stream("libx264", rate=30, options=QUALITY)
        stream.width, stream.height = (side - side % 2 for side in self._size)
        stream.pix_fmt = "yuv420p"
        stream.time_base = stream.codec_context.time_base = Fraction(1, TICKS_PER_S)
        return stream

    def _gif_stream(self) -> Any:
        stream: Any = self._container.add_stream("gif", rate=GIF_FPS)
        stream.width, stream.height = _gif_size(*self._size)
        stream.pix_fmt = "pal8"
        return stream

    def _flush_gif(self, graph: av.filter.Graph) -> None:
        graph.push(None)
        while True:
            try:
                frame = cast(av.VideoFrame, graph.pull())
            except (BlockingIOError, av.error.EOFError):
                break
            self._container.mux(self._stream.encode(frame))
        self._container.mux(self._stream.encode(None))


def _gif_size(width_px: int, height_px: int) -> tuple[int, int]:
    width = min(width_px, GIF_MAX_WIDTH_PX)
    return width, max(1, round(height_px * width / width_px))


def _gif_graph(width_px: int, height_px: int) -> av.filter.Graph:
    """Fewer frames and pixels, and one palette made from all of them."""
    graph = av.filter.Graph()
    pixels = av.VideoFormat("rgb24", width_px, height_px)
    source = graph.add_buffer(
        width=width_px, height=height_px, format=pixels, time_base=Fraction(1, TICKS_PER_S)
    )
    rate = graph.add("fps", str(GIF_FPS))
    width, height = _gif_size(width_px, height_px)
    scale = graph.add("scale", f"{width}:{height}:flags=lanczos")
    split, palette = graph.add("split"), graph.add("palettegen", "stats_mode=diff")
    paint, sink = graph.add("paletteuse", "dither=bayer:bayer_scale=4"), graph.add("buffersink")
    source.link_to(rate)
    rate.link_to(scale)
    scale.link_to(split)
    split.link_to(palette, 0, 0)
    split.link_to(paint, 1, 0)
    palette.link_to(paint, 0, 1)
    paint.link_to(sink)
    graph.configure()
    return graph
