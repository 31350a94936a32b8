"""Motion JPEG from a server on this machine; addresses where nobody answers."""

import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import cv2
import pytest

from core.errors import SourceError
from core.sources.open_source import open_source
from tests.core.sources.burnt_clips import burnt_picture, read_number

FRAMES = 12


class MotionJpeg(BaseHTTPRequestHandler):
    """Sends a few numbered pictures; a page of text at /text."""

    def do_GET(self) -> None:
        self.send_response(200)
        if self.path == "/text":
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(b"<html>no camera here</html>")
            return
        self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=frame")
        self.end_headers()
        for number in range(FRAMES):
            jpeg = cv2.imencode(".jpg", burnt_picture(number)[..., ::-1])[1].tobytes()
            head = f"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: {len(jpeg)}\r\n\r\n"
            self.wfile.write(head.encode() + jpeg + b"\r\n")

    def log_message(self, format: str, *args: object) -> None:
        """Stay quiet."""


@pytest.fixture
def server() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), MotionJpeg) as http:
        thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{http.server_address[1]}"
        http.shutdown()
        thread.join()


def test_motion_jpeg_arrives_in_order(server: str):
    with open_source(f"{server}/video") as source:
        assert source.is_live
        assert (source.width_px, source.height_px, source.frame_count) == (128, 64, None)
        frames = []
        while (frame := source.read()) is not None:
            frames.append(frame)
        with pytest.raises(ValueError, match="cannot seek"):
            source.seek(0)
    assert [read_number(frame.rgb) for frame in frames] == list(range(len(frames)))
    assert len(frames) >= FRAMES - 1  # the reader may hold the last one back
    times = [frame.time_s for frame in frames]
    assert times[0] == 0
    assert times == sorted(times)


def test_a_page_of_text_is_refused(server: str):
    with pytest.raises(SourceError, match="is no video"):
        open_source(f"{server}/text")


@pytest.mark.parametrize("scheme", ["http", "rtsp"])
def test_an_address_where_nobody_answers(scheme: str):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        with pytest.raises(SourceError, match=r"No video comes from 127\.0\.0\.1: .*refused"):
            open_source(f"{scheme}://127.0.0.1:{port}/video")
