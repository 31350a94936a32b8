"""Which frame of a video file lies where.

Seeking by number or by time is not frame-exact in any common library (open GOPs, B-frames,
start offsets). One pass over the packets, without decoding, gives the truth: the sorted
presentation time stamps are the frame numbers, and key packets are where decoding may start.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

import av
import av.error
import numpy as np
from av.container import InputContainer
from av.packet import Packet
from av.stream import Disposition
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from jaxtyping import Float, Int64

_CODECS_WITH_HIDDEN_PACKETS = ("vp8",)
"""Packets of these may hold a reference picture that is never shown."""
_FORMATS_WITH_TIME_STAMPS = {"mp4", "mov", "matroska", "webm", "mpegts", "flv"}
"""Containers that keep both time stamps of every packet; others lose them when B-frames reorder."""


@dataclass(frozen=True)
class KeyPacket:
    """A packet where decoding may start."""

    pts: int
    seek_to: int
    """The packet's dts, by which most containers seek; its pts where the dts is not known."""


@dataclass(frozen=True, eq=False)
class VideoIndex:
    """Time stamps of all frames in presentation order, and the places to start from."""

    pts: Int64[np.ndarray, " frames"]
    """Strictly rising; in units of `time_base`."""
    keys: tuple[KeyPacket, ...]
    """By rising pts."""
    time_base: Fraction
    is_counted: bool = False
    """Packets do not tell which frame is which: only counting from the start of the file does."""

    @property
    def times_s(self) -> Float[np.ndarray, " frames"]:
        """Seconds from the first frame."""
        return (self.pts - self.pts[0]) * float(self.time_base)

    def frame_of(self, pts: int | None) -> int | None:
        """Number of the frame shown at `pts`; None if there is none."""
        if pts is None:
            return None
        place = int(np.searchsorted(self.pts, pts))
        return place if place < len(self.pts) and self.pts[place] == pts else None

    def keys_before(self, frame: int) -> tuple[KeyPacket, ...]:
        """Key packets from which `frame` can be reached, the nearest first."""
        target = self.pts[frame]
        return tuple(key for key in reversed(self.keys) if key.pts <= target)


def open_video(where: str) -> tuple[InputContainer, VideoStream]:
    """Open a file or URL and choose its picture stream.

    Raises:
        av.error.FFmpegError: Nothing there that the library can read.
        LookupError: It holds no video (cover pictures of music do not count).
    """
    container = av.open(where)
    is_text = container.format.name == "tty"  # turns any .txt into pictures of its text
    for stream in container.streams.video:
        if not is_text and not stream.disposition & Disposition.attached_pic:
            stream.thread_type = "AUTO"
            return container, stream
    container.close()
    raise LookupError(f"no video stream in {where}")


def index_video(where: str) -> VideoIndex:
    """Read all packets of a file once.

    Falls back to decoding everything where packets do not tell: no time stamps (AVI), or
    packets that are never shown (VP8).

    Returns:
        The index; it has no frames if nothing in the file can be read.
    """
    container, stream = open_video(where)
    with container:
        time_base = stream.time_base or Fraction(1, 1)
        packets = _packet_index(container, stream)
    if packets is not None:
        return VideoIndex(*packets, time_base)
    return _index_by_counting(where, time_base)


def _packet_index(
    container: InputContainer, stream: VideoStream
) -> tuple[Int64[np.ndarray, " frames"], tuple[KeyPacket, ...]] | None:
    """Time stamps and key packets; None if packets do not tell them."""
    codec = stream.codec_context
    formats = set(container.format.name.split(","))
    if codec.name in _CODECS_WITH_HIDDEN_PACKETS or (
        codec.has_b_frames and not formats & _FORMATS_WITH_TIME_STAMPS
    ):
        return None
    shown: list[int] = []
    keys: dict[int, KeyPacket] = {}
    for packet in readable_packets(container, stream):
        if packet.pts is None:
            return None
        if packet.is_keyframe:
            seek_to = packet.pts if packet.dts is None else packet.dts
            keys[packet.pts] = KeyPacket(packet.pts, seek_to)
        if not packet.is_discard:  # before the start of an edit list: decoded, never shown
            shown.append(packet.pts)
    pts = np.unique(np.array(shown, dtype=np.int64))
    return pts, tuple(keys[at] for at in sorted(keys))


def _index_by_counting(where: str, time_base: Fraction) -> VideoIndex:
    """Decode everything. Time stamps that are missing or fall back are made up from the rate."""
    container, stream = open_video(where)
    with container:
        frames = decodable_frames(readable_packets(container, stream), stream)
        found = [frame.pts for frame in frames]
        rate = stream.guessed_rate or stream.average_rate or Fraction(25)
    pts = np.array([at for at in found if at is not None], dtype=np.int64)
    if len(pts) < len(found) or (np.diff(pts) <= 0).any():
        time_base = 1 / rate
        pts = np.arange(len(found), dtype=np.int64)
    return VideoIndex(pts, (), time_base, is_counted=True)


def readable_packets(container: InputContainer, stream: VideoStream) -> Iterator[Packet]:
    """Packets from the container's position on, up to where a truncated file breaks off."""
    try:
        for packet in container.demux(stream):
            if packet.size > 0:
                yield packet
    except (av.error.FFmpegError, OSError):
        return  # the rest of the file is missing; what came before is good


def numbered_frames(
    pictures: Iterator[VideoFrame], index: VideoIndex
) -> Iterator[tuple[int, VideoFrame]]:
    """Decoded pictures with their frame numbers; those that are never shown are left out.

    With a counted index, the pictures must begin at the start of the file.
    """
    for count, picture in enumerate(pictures):
        number = count if index.is_counted else index.frame_of(picture.pts)
        if number is not None and number < len(index.pts):
            yield number, picture


def decodable_frames(packets: Iterator[Packet], stream: VideoStream) -> Iterator[VideoFrame]:
    """Frames of these packets in presentation order; damaged packets are left out."""
    for packet in packets:
        try:
            yield from stream.codec_context.decode(packet)
        except av.error.FFmpegError:
            continue
    try:
        yield from stream.codec_context.decode(None)
    except av.error.FFmpegError:
        return  # nothing was waiting in the decoder
