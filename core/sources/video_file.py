"""Video files, frame-exact.

with VideoFile(Path("walk.mp4")) as video:
    video.seek(250)
    frame = video.read()        # frame.index == 250, whatever the codec and container
"""

from collections import OrderedDict
from collections.abc import Iterator
from itertools import dropwhile
from pathlib import Path

import av
import av.error
import numpy as np
from av.packet import Packet
from av.video.frame import VideoFrame
from jaxtyping import Float

from core.errors import SourceError
from core.frame import Frame
from core.sources.source import ClosesItself
from core.sources.upright_rgb import UprightRgb
from core.sources.video_index import (
    KeyPacket,
    decodable_frames,
    index_video,
    numbered_frames,
    open_video,
    readable_packets,
)

_CACHE_BYTES = 96 * 2**20
_KEPT_BEFORE_TARGET = 12
"""Frames decoded on the way to a target that are kept, so that stepping back is instant."""
_ATTEMPTS = 4
"""Key packets tried for one frame, the nearest first."""


class VideoFile(ClosesItself):
    """A video file (or the URL of one) with an index of its frames.

    What decodes of a damaged file is given, under the right frame number; frames that do not
    decode are passed over by `read`.

    Raises:
        SourceError: The file is no video, or nothing in it can be decoded.
    """

    is_live = False

    def __init__(self, path: Path | str) -> None:
        self._where = str(path)
        self.name = self._where.replace("\\", "/").rsplit("/", 1)[-1]
        try:
            self._index = index_video(self._where)
            self._container, self._stream = open_video(self._where)
        except (av.error.FFmpegError, LookupError, OSError) as error:
            raise SourceError(
                f"{self.name} is not a video that can be read: {_reason(error)}."
            ) from error
        self.times_s: Float[np.ndarray, " frames"] = self._index.times_s
        self._next = 0
        self._decoder: Iterator[tuple[int, VideoFrame]] = iter(())
        self._decoder_next: int | None = None
        self._cache: OrderedDict[int, Frame] = OrderedDict()
        self._to_rgb = UprightRgb()
        first = self.read()
        if first is None:
            self.close()
            raise SourceError(f"{self.name} holds no picture that can be decoded.")
        self.width_px, self.height_px = first.width_px, first.height_px
        self.seek(0)

    @property
    def frame_count(self) -> int:
        return len(self._index.pts)

    @property
    def fps(self) -> float:
        """Mean rate by the time stamps; 30 if there is only one frame."""
        return (self.frame_count - 1) / self.times_s[-1] if self.frame_count > 1 else 30.0

    def seek(self, index: int) -> None:
        if not 0 <= index < self.frame_count:
            raise ValueError(f"frame {index} of a video of {self.frame_count} frames")
        self._next = index

    def read(self) -> Frame | None:
        while self._next < self.frame_count:
            wanted = self._next
            self._next += 1
            frame = self._cache.get(wanted) or self._decode_to(wanted)
            if frame is not None:
                self._next = frame.index + 1
                return frame
        return None

    def close(self) -> None:
        self._decoder = iter(())
        self._container.close()

    def _decode_to(self, wanted: int) -> Frame | None:
        """Decode up to frame `wanted`; the next one after it if that one is damaged."""
        if self._is_ahead_in_stream(wanted):
            return self._run_decoder(wanted)[0]
        keys = self._index.keys_before(wanted)[:_ATTEMPTS]
        frame = None
        for key in (*keys, None):
            self._start_decoder(key)
            frame, is_sound = self._run_decoder(wanted)
            if frame is not None and frame.index == wanted and is_sound:
                return frame
        return frame

    def _is_ahead_in_stream(self, wanted: int) -> bool:
        """True if decoding on gets to `wanted` no later than any seek would."""
        if self._decoder_next is None or wanted < self._decoder_next:
            return False
        keys = self._index.keys_before(wanted)
        return not keys or keys[0].pts <= int(self._index.pts[self._decoder_next])

    def _start_decoder(self, key: KeyPacket | None) -> None:
        """Put the decoder before a key packet, or before the first packet of the file."""
        if key is None:
            # Seeking to 0 is not the start in every container; a new reader always is.
            self._container.close()
            self._container, self._stream = open_video(self._where)
            packets = readable_packets(self._container, self._stream)
        else:
            self._container.seek(key.seek_to, stream=self._stream, backward=True)
            packets = _packets_from(readable_packets(self._container, self._stream), key)
        pictures = decodable_frames(packets, self._stream)
        self._decoder = numbered_frames(pictures, self._index)

    def _run_decoder(self, wanted: int) -> tuple[Frame | None, bool]:
        """Advance to frame `wanted` or the first after it; tells whether it is undamaged."""
        for number, picture in self._decoder:
            self._decoder_next = number + 1
            if number > wanted - _KEPT_BEFORE_TARGET:
                frame = self._keep(number, picture)
                if number >= wanted:
                    return frame, not picture.is_corrupt
        self._decoder_next = None
        return None, False

    def _keep(self, number: int, picture: VideoFrame) -> Frame:
        rgb = self._to_rgb(picture)
        rgb.flags.writeable = False  # shared by everyone who asks for this frame
        frame = Frame(number, float(self.times_s[number]), rgb)
        self._cache[number] = frame
        while len(self._cache) > max(1, _CACHE_BYTES // rgb.nbytes):
            self._cache.popitem(last=False)
        return frame


def _packets_from(packets: Iterator[Packet], key: KeyPacket) -> Iterator[Packet]:
    """Drop what comes before a key packet; a seek may land well before it."""
    return dropwhile(lambda packet: packet.pts != key.pts, packets)


def _reason(error: Exception) -> str:
    if isinstance(error, FileNotFoundError):
        return "there is no such file"
    if isinstance(error, LookupError):
        return "it holds no moving pictures"
    if isinstance(error, av.error.InvalidDataError):
        return "it is damaged, cut off or of another type"
    return (getattr(error, "strerror", None) or str(error)).lower()
