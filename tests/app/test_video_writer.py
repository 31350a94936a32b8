"""Videos and GIFs that appear whole or not at all."""

from pathlib import Path

import av
import numpy as np
import pytest

from app.commands.video_writer import VideoWriter
from core.errors import ExportError


def picture(level: int, width_px: int = 41, height_px: int = 33) -> np.ndarray:
    return np.full((height_px, width_px, 3), level, np.uint8)


def frames_of(path: Path) -> list[av.VideoFrame]:
    with av.open(str(path)) as container:
        return list(container.decode(video=0))


def test_uneven_times_are_kept(tmp_path: Path) -> None:
    times_s = [0.0, 0.04, 0.11, 0.5]
    with VideoWriter(tmp_path / "a.mp4", 40, 32) as writer:
        for time_s in times_s:
            writer.append(picture(100, 40, 32), time_s)
    np.testing.assert_allclose([f.time for f in frames_of(tmp_path / "a.mp4")], times_s, atol=1e-4)


def test_odd_sides_lose_a_row_not_sharpness(tmp_path: Path) -> None:
    rgb = picture(0)
    rgb[:, ::8] = 255
    with VideoWriter(tmp_path / "a.mp4", 41, 33) as writer:
        writer.append(rgb, 0.0)
    (frame,) = frames_of(tmp_path / "a.mp4")
    assert (frame.width, frame.height) == (40, 32)
    read = frame.to_ndarray(format="rgb24").astype(int)
    assert np.abs(read - rgb[:32, :40]).mean() < 12


def test_times_that_stand_still_are_moved_on(tmp_path: Path) -> None:
    with VideoWriter(tmp_path / "a.mp4", 40, 32) as writer:
        for _ in range(3):
            writer.append(picture(9, 40, 32), 1.0)
    times = [frame.pts for frame in frames_of(tmp_path / "a.mp4")]
    assert len(set(times)) == 3


class FullDisk:
    """A container whose rest no longer fits."""

    def mux(self, _packets: object) -> None:
        raise OSError(28, "No space left on device")

    def close(self) -> None:
        raise OSError(28, "No space left on device")


@pytest.mark.parametrize("name", ["a.mp4", "a.gif"])
def test_a_full_disk_is_one_sentence_and_leaves_the_old_file(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / name
    path.write_bytes(b"old")
    writer = VideoWriter(path, 40, 32)
    writer.append(picture(100, 40, 32), 0.0)
    monkeypatch.setattr(writer, "_container", FullDisk())
    with pytest.raises(ExportError, match="free some space"):
        writer.close()
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_gif_has_its_colours_and_a_sane_size(tmp_path: Path) -> None:
    rgb = np.zeros((400, 1000, 3), np.uint8)
    rgb[:, :500] = (200, 30, 60)
    with VideoWriter(tmp_path / "a.gif", 1000, 400) as writer:
        for index in range(6):
            writer.append(rgb, index / 15)
    frames = frames_of(tmp_path / "a.gif")
    assert (frames[0].width, frames[0].height) == (640, 256)
    left = frames[0].to_ndarray(format="rgb24")[128, 100].astype(int)
    np.testing.assert_allclose(left, (200, 30, 60), atol=8)


def test_another_size_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    with (
        pytest.raises(ValueError, match="41x33"),
        VideoWriter(tmp_path / "a.mp4", 40, 32) as writer,
    ):
        writer.append(picture(0), 0.0)
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(ExportError, match="choose another place"):
        VideoWriter(tmp_path / "file" / "a.mp4", 40, 32)
