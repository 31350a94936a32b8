"""Every frame is the right one, whatever the codec, container and order of jumps."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from core.errors import SourceError
from core.sources.open_source import open_source
from core.sources.video_file import VideoFile
from tests.core.sources.burnt_clips import burnt_picture, read_number, write_clip

COUNT = 120
VFR_MS = np.cumsum(np.random.default_rng(3).integers(15, 95, COUNT)).tolist()
OPEN_GOP = {"x264-params": "open-gop=1:keyint=24:bframes=3:scenecut=0"}
B_FRAMES = {"bf": "3", "g": "30"}

KINDS = {
    "b_frames.mp4": {"codec_options": B_FRAMES},
    "open_gop.mp4": {"codec_options": OPEN_GOP},
    "vfr.mp4": {"codec_options": B_FRAMES, "pts": VFR_MS},
    "vfr.mkv": {"codec_options": {"bf": "3", "g": "20"}, "pts": VFR_MS},
    "start_offset.ts": {"codec_options": B_FRAMES},
    "open_gop.ts": {"codec_options": OPEN_GOP},
    "intra_refresh.mp4": {"codec_options": {"x264-params": "intra-refresh=1:keyint=30"}},
    "no_pts.avi": {"codec_options": B_FRAMES},
    "mpeg2.mpg": {"codec": "mpeg2video", "codec_options": {"g": "15", "bf": "2"}},
    "raw.h264": {"codec_options": B_FRAMES},
    "motion.avi": {"codec": "mjpeg", "pixel_format": "yuvj420p"},
    "一二 ü.mkv": {"codec_options": B_FRAMES},
}


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Writes a clip of 120 burnt-in numbers on first use."""
    folder = tmp_path_factory.mktemp("clips")
    pictures = [burnt_picture(number) for number in range(COUNT)]

    def make(name: str) -> Path:
        path = folder / name
        return path if path.exists() else write_clip(path, pictures, **KINDS[name])

    return make


@pytest.mark.parametrize("kind", KINDS)
def test_hundred_random_jumps_give_the_right_frames(kind: str, clip: Callable[[str], Path]):
    jumps = np.random.default_rng(len(kind)).integers(0, COUNT, 100).tolist()
    with VideoFile(clip(kind)) as video:
        assert video.frame_count == COUNT
        for wanted in jumps:
            video.seek(wanted)
            frame = video.read()
            assert frame is not None
            assert (frame.index, read_number(frame.rgb)) == (wanted, wanted)


@pytest.mark.parametrize("kind", KINDS)
def test_reading_on_gives_every_frame_once(kind: str, clip: Callable[[str], Path]):
    with VideoFile(clip(kind)) as video:
        found = []
        while (frame := video.read()) is not None:
            found.append((frame.index, read_number(frame.rgb)))
            assert frame.time_s == video.times_s[frame.index]
    assert found == [(number, number) for number in range(COUNT)]


def test_mixed_jumps_and_steps_agree_with_a_new_reader_for_each(clip: Callable[[str], Path]):
    """The fast path (running decoder, cache) against its slow twin (open, read up to there)."""
    path = clip("open_gop.mp4")
    random = np.random.default_rng(5)
    with VideoFile(path) as video:
        for _ in range(12):
            start = int(random.integers(0, COUNT - 6))
            video.seek(start)
            for wanted in range(start, start + int(random.integers(1, 6))):
                frame = video.read()
                with VideoFile(path) as slow:
                    pictures = (slow.read() for _ in range(wanted + 1))
                    *_, expected = pictures
                assert frame is not None
                assert expected is not None
                np.testing.assert_array_equal(frame.rgb, expected.rgb)


def test_times_of_variable_rate_are_the_files(clip: Callable[[str], Path]):
    with VideoFile(clip("vfr.mp4")) as video:
        expected = (np.array(VFR_MS) - VFR_MS[0]) / 1000
        np.testing.assert_allclose(video.times_s, expected, atol=1e-4)
        assert video.fps == pytest.approx((COUNT - 1) / expected[-1], rel=1e-3)


def test_start_offset_becomes_zero(clip: Callable[[str], Path]):
    with VideoFile(clip("start_offset.ts")) as video:
        np.testing.assert_allclose(video.times_s, np.arange(COUNT) / 25, atol=1e-4)


@pytest.mark.parametrize("degrees", [90, 180, 270])
def test_rotation_metadata_is_applied(degrees: int, tmp_path: Path):
    upright = [burnt_picture(number) for number in range(3)]
    # The display matrix turns counter-clockwise; the stored pictures are turned back.
    stored = [np.ascontiguousarray(np.rot90(p, -degrees // 90)) for p in upright]
    path = write_clip(tmp_path / "turned.mp4", stored, rotation_deg=degrees)
    with VideoFile(path) as video:
        video.seek(2)
        frame = video.read()
        assert frame is not None
        assert (video.width_px, video.height_px) == (128, 64)
        assert (frame.width_px, frame.height_px) == (128, 64)
        assert read_number(frame.rgb) == 2
        assert np.abs(frame.rgb.astype(int) - upright[2]).mean() < 6


def test_odd_sizes_and_a_single_frame(tmp_path: Path):
    picture = burnt_picture(7, 131, 67)
    path = write_clip(tmp_path / "odd.mkv", [picture], pixel_format="yuv444p")
    with VideoFile(path) as video:
        assert (video.width_px, video.height_px, video.frame_count) == (131, 67, 1)
        frame = video.read()
        assert frame is not None
        assert read_number(frame.rgb) == 7
        assert video.read() is None
        assert video.fps > 0


def test_frames_before_an_edit_list_are_not_counted(clip: Callable[[str], Path], tmp_path: Path):
    """A phone's trim: the file starts at a key frame, the shown part later."""
    data = bytearray(clip("b_frames.mp4").read_bytes())
    entry = data.index(b"elst") + 4 + 4 + 4 + 4  # version and flags, count, duration
    media_time = int.from_bytes(data[entry : entry + 4], "big")
    time_scale_at = data.index(b"mdhd") + 4 + 12
    ticks_per_frame = int.from_bytes(data[time_scale_at : time_scale_at + 4], "big") // 25
    data[entry : entry + 4] = (media_time + 10 * ticks_per_frame).to_bytes(4, "big")
    path = tmp_path / "trimmed.mp4"
    path.write_bytes(data)
    with VideoFile(path) as video:
        for wanted in (50, 3, 0, 30):
            video.seek(wanted)
            frame = video.read()
            assert frame is not None
            assert read_number(frame.rgb) == wanted + 10
        assert video.times_s[0] == 0


def test_truncated_file_keeps_what_is_there(clip: Callable[[str], Path], tmp_path: Path):
    data = clip("vfr.mkv").read_bytes()
    path = tmp_path / "cut.mkv"
    path.write_bytes(data[: len(data) // 2])
    with VideoFile(path) as video:
        found = []
        while (frame := video.read()) is not None:
            assert read_number(frame.rgb) == frame.index
            found.append(frame.index)
    assert 20 < len(found) < COUNT


def test_damage_in_the_middle_keeps_the_numbers_of_the_rest(
    clip: Callable[[str], Path], tmp_path: Path
):
    data = bytearray(clip("b_frames.mp4").read_bytes())
    start = data.index(b"mdat")
    for place in range(start + (len(data) - start) // 4, start + (len(data) - start) // 3):
        data[place] = 0
    path = tmp_path / "holes.mp4"
    path.write_bytes(data)
    with VideoFile(path) as video:
        found = []
        while (frame := video.read()) is not None:
            found.append((frame.index, read_number(frame.rgb)))
        assert [number for number, _ in found] == sorted({number for number, _ in found})
        late = [pair for pair in found if pair[0] >= 90]
        assert len(late) == 30
        assert all(number == burnt for number, burnt in late)
        video.seek(100)
        frame = video.read()
        assert frame is not None
        assert read_number(frame.rgb) == 100


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("text.mp4", b"Dear diary,\n" * 200),
        ("text.txt", b"Dear diary,\n" * 200),
        ("empty.mp4", b""),
        ("noise.mkv", np.random.default_rng(0).bytes(5000)),
    ],
)
def test_what_is_no_video_is_refused_in_one_sentence(name: str, content: bytes, tmp_path: Path):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(SourceError) as caught:
        open_source(path)
    text = str(caught.value)
    assert name in text
    assert text.endswith(".")
    assert "\n" not in text


def test_cut_before_the_index_is_refused(clip: Callable[[str], Path], tmp_path: Path):
    data = clip("b_frames.mp4").read_bytes()
    path = tmp_path / "headless.mp4"
    path.write_bytes(data[: len(data) // 2])  # an mp4's index lies at its end
    with pytest.raises(SourceError, match="cut off"):
        VideoFile(path)


def test_frames_that_do_not_exist_are_a_mistake_of_the_caller(clip: Callable[[str], Path]):
    with VideoFile(clip("b_frames.mp4")) as video:
        for index in (-1, COUNT):
            with pytest.raises(ValueError, match=f"frame {index} of a video of {COUNT}"):
                video.seek(index)


def test_shared_pictures_cannot_be_painted_on(clip: Callable[[str], Path]):
    with VideoFile(clip("b_frames.mp4")) as video:
        frame = video.read()
        assert frame is not None
        with pytest.raises(ValueError, match="read-only"):
            frame.rgb[0, 0] = 0


def test_closing_twice_is_fine(clip: Callable[[str], Path]):
    video = VideoFile(clip("b_frames.mp4"))
    video.close()
    video.close()
