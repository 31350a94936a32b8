"""Damages session files as disks do."""

import sqlite3
from contextlib import closing
from pathlib import Path

PAGE = 4096


def tear_frames(folder: Path, indices: list[int], filler: bytes = b"\0") -> None:
    """Overwrite whole pages that hold these frames, found by bytes of their root poses."""
    path = folder / "session.sqlite"
    with closing(sqlite3.connect(path)) as connection:
        blobs = [
            connection.execute(
                "SELECT root_to_cam FROM frames WHERE frame_index = ?", (index,)
            ).fetchone()[0]
            for index in indices
        ]
    whole = path.read_bytes()
    raw = bytearray(whole)
    for blob in blobs:
        place = whole.find(blob)
        assert place >= 0
        page = place // PAGE * PAGE
        raw[page : page + PAGE] = (filler * PAGE)[:PAGE]
    path.write_bytes(bytes(raw))
