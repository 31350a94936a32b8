"""From what a person types to the right source, or to one sentence."""

import time
from pathlib import Path

import cv2
import numpy as np
import pytest

from core.errors import SourceError
from core.sources.image_folder import ImageFolder, natural_key
from core.sources.open_source import open_source
from core.sources.source import Source
from core.sources.video_file import VideoFile
from tests.core.sources.burnt_clips import burnt_picture, read_number, write_clip


def write_image(path: Path, number: int, width_px: int = 128) -> None:
    bgr = burnt_picture(number, width_px)[..., ::-1]
    path.write_bytes(cv2.imencode(path.suffix, bgr)[1].tobytes())


def test_folder_of_images_in_natural_order(tmp_path: Path):
    for number, suffix in ((10, ".png"), (2, ".jpg"), (1, ".webp")):
        write_image(tmp_path / f"img_{number}{suffix}", number)
    (tmp_path / "notes.txt").write_text("not an image")
    with open_source(tmp_path) as source:
        assert isinstance(source, Source)
        assert source.frame_count == 3
        frames = [source.read() for _ in range(3)]
        assert [read_number(frame.rgb) for frame in frames if frame] == [1, 2, 10]
        assert source.read() is None
        source.seek(1)
        again = source.read()
        assert again is not None
        assert again.index == 1
        assert again.time_s == source.times_s[1]


def test_colours_are_rgb(tmp_path: Path):
    red = np.zeros((20, 20, 3), np.uint8)
    red[..., 0] = 255
    (tmp_path / "red.png").write_bytes(cv2.imencode(".png", red[..., ::-1])[1].tobytes())
    with open_source(tmp_path / "red.png") as source:
        frame = source.read()
        assert frame is not None
        assert frame.rgb[3, 3].tolist() == [255, 0, 0]


def test_damaged_image_is_passed_over(tmp_path: Path):
    for number in range(3):
        write_image(tmp_path / f"{number}.png", number)
    (tmp_path / "1.png").write_bytes(b"broken")
    with ImageFolder(tmp_path) as source:
        frames = [source.read(), source.read()]
        assert [frame.index for frame in frames if frame] == [0, 2]


def test_images_of_two_sizes_are_refused(tmp_path: Path):
    write_image(tmp_path / "0.png", 0)
    write_image(tmp_path / "1.png", 1, width_px=140)
    with ImageFolder(tmp_path) as source:
        source.read()
        with pytest.raises(SourceError, match=r"1\.png is 140x64, but the first image is 128x64"):
            source.read()


def test_natural_order():
    names = ["a10", "a9", "a", "b1", "a09b2", "A1"]
    assert sorted(names, key=natural_key) == ["a", "A1", "a9", "a09b2", "a10", "b1"]


def test_folder_with_one_video_opens_the_video(tmp_path: Path):
    write_clip(tmp_path / "rgb.mp4", [burnt_picture(n) for n in range(3)])
    (tmp_path / "clip.json").write_text("{}")
    with open_source(str(tmp_path)) as source:
        assert isinstance(source, VideoFile)
        assert isinstance(source, Source)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda folder: folder / "nothing.mp4", "There is no file"),
        (lambda folder: folder, "holds no images"),
    ],
)
def test_refusals_name_what_is_accepted(make, words: str, tmp_path: Path):
    with pytest.raises(SourceError, match=words) as caught:
        open_source(make(tmp_path))
    assert ".png, .jpg or .webp" in str(caught.value)
    assert str(caught.value).endswith(".")


def test_folder_of_broken_images_is_refused(tmp_path: Path):
    (tmp_path / "0.png").write_bytes(b"")
    (tmp_path / "1.png").write_bytes(b"no picture")
    with pytest.raises(SourceError, match="None of the images"):
        open_source(tmp_path)


@pytest.mark.parametrize("which", ["97", "No Such Camera", ""])
def test_missing_camera_is_told_at_once(which: str):
    start = time.monotonic()
    with pytest.raises(SourceError, match="There is no camera"):
        open_source(f"camera:{which}")
    assert time.monotonic() - start < 5
