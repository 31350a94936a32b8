"""Network streams: Motion JPEG over http, RTSP."""

import errno
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

import av
import av.error
from av.container import InputContainer
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from core.errors import SourceError
from core.frame import Frame
from core.sources.source import ClosesItself
from core.sources.upright_rgb import UprightRgb
from core.sources.video_index import decodable_frames

OPEN_TIMEOUT_S = 8.0
READ_TIMEOUT_S = 5.0


class StreamSource(ClosesItself):
    """A live address. Time stamps are the moments of arrival, by a monotonic clock.

    `read` gives None when the other side ends the stream.

    Raises:
        SourceError: Nobody answers in `OPEN_TIMEOUT_S`, or what answers is no video.
    """

    is_live = True
    frame_count = None
    times_s = None

    def __init__(self, url: str) -> None:
        self.name = urlsplit(url).hostname or url
        # UDP loses packets behind most routers; http ignores the option.
        options = {"rtsp_transport": "tcp"} if url.startswith("rtsp") else {}
        try:
            self._container = av.open(
                url, options=options, timeout=(OPEN_TIMEOUT_S, READ_TIMEOUT_S)
            )
        except (av.error.FFmpegError, OSError) as error:
            raise SourceError(
                f"No video comes from {self.name}: {_reason(error)}; check the address."
            ) from error
        if not self._container.streams.video:
            self._container.close()
            raise SourceError(f"{self.name} answers, but sends no video.")
        stream = self._container.streams.video[0]
        stream.thread_type = "SLICE"  # frame threads would add a frame of delay each
        packets = _arriving_packets(self._container, stream)
        self._pictures: Iterator[VideoFrame] = decodable_frames(packets, stream)
        self._to_rgb = UprightRgb()
        self._start_s: float | None = None
        self._count = 0
        self._first = self._next_frame()
        if self._first is None:
            self.close()
            raise SourceError(f"{self.name} answers, but sends no picture.")
        self.width_px, self.height_px = self._first.width_px, self._first.height_px
        self.fps = float(stream.average_rate or 30)

    def read(self) -> Frame | None:
        if self._first is not None:
            frame, self._first = self._first, None
            return frame
        return self._next_frame()

    def seek(self, index: int) -> None:
        raise ValueError("a live stream cannot seek")

    def close(self) -> None:
        self._pictures = iter(())
        self._container.close()

    def _next_frame(self) -> Frame | None:
        try:
            picture = next(self._pictures, None)
        except av.error.ExitError as error:
            raise SourceError(
                f"No picture came from {self.name} for {READ_TIMEOUT_S:.0f} s; it may be offline."
            ) from error
        except (av.error.FFmpegError, OSError) as error:
            raise SourceError(
                f"The stream from {self.name} broke off: {_reason(error)}."
            ) from error
        if picture is None:
            return None
        now_s = time.monotonic()
        self._start_s = now_s if self._start_s is None else self._start_s
        frame = Frame(self._count, now_s - self._start_s, self._to_rgb(picture))
        self._count += 1
        return frame


def _arriving_packets(container: InputContainer, stream: VideoStream) -> Iterator[Packet]:
    """Packets as they come; ends when the other side hangs up."""
    try:
        for packet in container.demux(stream):
            if packet.size > 0:
                yield packet
    except OSError as error:
        if error.errno != errno.EIO:  # how the http reader reports a closed connection
            raise


def _reason(error: Exception) -> str:
    if isinstance(error, av.error.InvalidDataError) or getattr(error, "errno", 0) == errno.EIO:
        return "what it sends is no video"
    if isinstance(error, av.error.ExitError):
        return "it does not answer in time"
    return (getattr(error, "strerror", None) or str(error)).lower()
