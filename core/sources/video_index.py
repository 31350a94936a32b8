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


@dataclass(frozen=True)
class KeyPacket:
    """A packet where decoding may start."""

    pts: int
    dts: int


@dataclass(frozen=True, eq=False)
class VideoIndex:
    """Time stamps of all frames in presentation order, and the places to start from."""

    pts: Int64[np.ndarray, " frames"]
    """Strictly rising; in units of `time_base`."""
    keys: tuple[KeyPacket, ...]
    """By rising pts. Empty: the file can only be decoded from its start."""
    time_base: Fraction

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
    container, stream = open_video(where)
    with container:
        frames = decodable_frames(readable_packets(container, stream), stream)
        pts = [frame.pts for frame in frames if frame.pts is not None]
    return VideoIndex(np.unique(np.array(pts, dtype=np.int64)), (), time_base)


def _packet_index(
    container: InputContainer, stream: VideoStream
) -> tuple[Int64[np.ndarray, " frames"], tuple[KeyPacket, ...]] | None:
    """Time stamps and key packets; None if packets do not tell them."""
    if stream.codec_context.name in _CODECS_WITH_HIDDEN_PACKETS:
        return None
    shown: list[int] = []
    keys: dict[int, KeyPacket] = {}
    for packet in readable_packets(container, stream):
        if packet.pts is None or packet.dts is None:
            return None
        if packet.is_keyframe:
            keys[packet.pts] = KeyPacket(packet.pts, packet.dts)
        if not packet.is_discard:  # before the start of an edit list: decoded, never shown
            shown.append(packet.pts)
    pts = np.unique(np.array(shown, dtype=np.int64))
    return pts, tuple(keys[at] for at in sorted(keys))


def readable_packets(container: InputContainer, stream: VideoStream) -> Iterator[Packet]:
    """Packets from the container's position on, up to where a truncated file breaks off."""
    try:
        for packet in container.demux(stream):
            if packet.size > 0:
                yield packet
    except (av.error.FFmpegError, OSError):
        return  # the rest of the file is missing; what came before is good


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
