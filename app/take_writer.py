"""Writes a live take as it happens: a video and a session beside each other, in one folder.

with TakeWriter(folder, model, size_px=(640, 480)) as writer:
    writer.add_frame(frame); writer.add_result(result)

The video is Matroska: it needs no table at its end, so that what is on the disk when the process is
killed can be played. Clusters are closed every half second and flushed at once.
"""

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Any

import av
import av.error
import numpy as np

from core.camera import Camera
from core.errors import SessionError
from core.frame import Frame
from core.results import FrameResult

VIDEO_NAME = "video.mkv"
TICKS_PER_S = 1000
KEY_FRAMES = 15
"""A key frame so often: seeking is quick, and a cut-off end loses little."""
CONTAINER = {"cluster_time_limit": "500", "flush_packets": "1"}
ENCODER = {"crf": "20", "preset": "ultrafast", "tune": "zerolatency"}


class TakeWriter:
    """One take being recorded; used on one thread."""

    def __init__(self, folder: Path, model: Any, size_px: tuple[int, int]) -> None:
        """Begin.

        Args:
            folder: `NAME.session`, new.
            model: The category model that reconstructs.
            size_px: Of the frames; H.264 drops an odd last row or column.

        Raises:
            SessionError: The folder cannot be written.
        """
        from core.session_store import SessionWriter, SourceLink, header_of

        self.folder = folder
        self.frame_count = 0
        self.duration_s = 0.0
        self._places: dict[int, int] = {}
        """Frame in the take by frame of the camera."""
        self._first_s = 0.0
        self._last_tick = -1
        self._is_closed = False
        video = folder / VIDEO_NAME
        # Its size is not known yet: until the end the video is found by its place alone.
        link = SourceLink(str(video.resolve()), VIDEO_NAME, 0, "")
        header = header_of(model, Camera.from_fov(*size_px), folder.stem, link)
        self._session = SessionWriter(folder, header, body=model.rig)
        try:
            self._container = av.open(str(video), "w", options=CONTAINER)
        except (OSError, av.error.FFmpegError) as error:
            self._session.discard()
            raise SessionError(f"Cannot record to {folder} ({error}).") from error
        stream: Any = self._container.add_stream("libx264", rate=30, options=ENCODER)
        stream.width, stream.height = (side - side % 2 for side in size_px)
        stream.pix_fmt = "yuv420p"
        stream.codec_context.gop_size = KEY_FRAMES
        stream.time_base = stream.codec_context.time_base = Fraction(1, TICKS_PER_S)
        self._stream = stream
        self._size = size_px

    def add_frame(self, frame: Frame) -> None:
        """Add a camera frame to the video; frames of another size are left out."""
        if (frame.width_px, frame.height_px) != self._size:
            return
        if not self.frame_count:
            self._first_s = frame.time_s
        tick = round((frame.time_s - self._first_s) * TICKS_PER_S)
        tick = self._last_tick = max(tick, self._last_tick + 1)
        rgb = np.ascontiguousarray(frame.rgb[: self._stream.height, : self._stream.width])
        picture = av.VideoFrame.from_ndarray(rgb, format="rgb24")
        picture.pts, picture.time_base = tick, Fraction(1, TICKS_PER_S)
        try:
            self._container.mux(self._stream.encode(picture))
        except (OSError, av.error.FFmpegError) as error:
            raise self._explained(error) from error
        self._places[frame.index] = self.frame_count
        self.frame_count += 1
        self.duration_s = tick / TICKS_PER_S

    def add_result(self, result: FrameResult) -> None:
        """Add a reconstruction; those of frames that are not in the video are left out."""
        place = self._places.pop(result.frame_index, None)
        if place is not None:
            time_s = result.time_s - self._first_s
            self._session.append(replace(result, frame_index=place, time_s=time_s))

    def close(self) -> None:
        """Finish both; the session then knows its video by size and hash. Nothing stays of a take
        without frames.

        Raises:
            SessionError: The disk is full or gone; what was written until then stays and opens.
        """
        error = self._finish()
        if error is not None:
            raise self._explained(error) from error

    def _finish(self) -> Exception | None:
        """Finish as much as can be; gives the first thing that went wrong."""
        from core.session_store import relink_source

        if self._is_closed:
            return None
        self._is_closed = True
        first = _attempt(lambda: self._container.mux(self._stream.encode(None)))
        first = _attempt(self._container.close) or first
        if not self.frame_count:
            self._session.discard()
            return first
        ended = _attempt(self._session.close)
        if ended is not None:
            self._session.leave()
            return first or ended
        return first or _attempt(lambda: relink_source(self.folder, self.folder / VIDEO_NAME))

    def _explained(self, error: Exception) -> SessionError:
        reason = (error.strerror if isinstance(error, OSError) else None) or error
        return SessionError(
            f"Cannot record to {self.folder} ({reason}): free some space or choose another folder; "
            "what was recorded before is there."
        )

    def __enter__(self) -> "TakeWriter":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close; after an error finish what can be finished, and let that error be the one told."""
        if kind is None:
            self.close()
        else:
            self._finish()


def _attempt(step: Callable[[], object]) -> Exception | None:
    """Do a step of the ending; one that fails must not keep the next from being done."""
    try:
        step()
    except (OSError, av.error.FFmpegError, SessionError) as error:
        return error
    return None
