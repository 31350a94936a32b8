"""Sessions made of sessions: trimmed, merged, and linked to videos that moved."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.errors import SessionError
from core.session_check import check_session
from core.session_copy import trim_session
from core.session_edits import read_edits, write_edits
from core.session_merge import merge_sessions
from core.session_relink import relink_source, search_source
from core.session_store import SessionWriter, link_source, read_session
from tests.core.made_take import arm_rig, make_result
from tests.core.test_session_store import assert_same, make_header
from tests.made_clip import write_clip


@pytest.fixture
def video(tmp_path: Path) -> Path:
    path = tmp_path / "clip.mp4"
    path.write_bytes(b"twelve frames")
    return path


def write_part(folder: Path, video: Path | None, indices: range, **changes) -> Path:
    source = link_source(video, folder) if video else None
    header = make_header(source=source, **changes)
    with SessionWriter(folder, header, body=arm_rig(), keep_masks=True) as writer:
        for index in indices:
            writer.append(make_result(index))
    return folder


def test_a_trimmed_session_keeps_numbers_times_edits_and_video(tmp_path, video) -> None:
    folder = write_part(tmp_path / "a.session", video, range(12))
    write_edits(folder, {2: np.zeros(16), 5: np.ones(16)})
    out = tmp_path / "deeper" / "b.session"
    assert trim_session(folder, out, 4, 8) == 4
    with read_session(out) as record:
        assert record.frame_indices.tolist() == [4, 5, 6, 7]
        assert record.header.name == "b"
        assert record.source.samefile(video)
        for result in record.results():
            assert_same(result, make_result(result.frame_index))
        mask = record.result(5, with_mask=True).mask
        np.testing.assert_array_equal(mask.alpha, make_result(5).mask.alpha)
        assert record.body is not None
    assert list(read_edits(out)) == [5]
    assert check_session(out).is_whole


def test_trimming_a_recorded_take_brings_its_video(tmp_path: Path) -> None:
    folder = tmp_path / "take.session"
    folder.mkdir()
    (folder / "video.mkv").write_bytes(b"recorded")
    inside = folder / "video.mkv"
    link = link_source(inside, folder)
    inside.rename(tmp_path / "video.mkv")
    with SessionWriter(folder, make_header(source=link)) as writer:
        for index in range(5):
            writer.append(make_result(index))
    (tmp_path / "video.mkv").rename(inside)
    trim_session(folder, tmp_path / "part.session", 2, None)
    with read_session(tmp_path / "part.session") as record:
        assert record.frame_indices.tolist() == [2, 3, 4]
        assert record.source.resolve() == (tmp_path / "part.session" / "video.mkv").resolve()


def test_a_session_may_be_trimmed_in_its_own_place(tmp_path, video) -> None:
    folder = write_part(tmp_path / "a.session", video, range(12))
    with pytest.raises(SessionError, match="--overwrite"):
        trim_session(folder, folder, 4, 8)
    assert trim_session(folder, folder, 4, 8, overwrite=True) == 4
    with read_session(folder) as record:
        assert record.frame_indices.tolist() == [4, 5, 6, 7]
        assert record.source.samefile(video)


def test_an_empty_range_is_refused_and_leaves_nothing(tmp_path, video) -> None:
    folder = write_part(tmp_path / "a.session", video, range(12))
    with pytest.raises(SessionError, match="no frame from 12 to 19: it holds 0 to 11"):
        trim_session(folder, tmp_path / "b.session", 12, 20)
    assert not (tmp_path / "b.session").exists()


def test_takes_follow_each_other(tmp_path, video) -> None:
    other = tmp_path / "other.mp4"
    other.write_bytes(b"another video")
    first = write_part(tmp_path / "a.session", video, range(2, 5))
    second = write_part(tmp_path / "b.session", other, range(7, 9))
    write_edits(second, {8: np.ones(16)})
    assert merge_sessions([first, second], tmp_path / "c.session") == 5
    with read_session(tmp_path / "c.session") as record:
        assert record.frame_indices.tolist() == [0, 1, 2, 3, 4]
        np.testing.assert_allclose(record.times_s, (2 + np.arange(5)) / 30, atol=1e-9)
        assert record.header.source is None
        origins = record.header.settings["merged"]
        np.testing.assert_allclose(origins[1]["time_offset_s"], -2 / 30, atol=1e-9)
        assert (origins[0]["frame_offset"], origins[1]["frame_offset"]) == (-2, -4)
        moved = replace(record.result(4), frame_index=8, time_s=8 / 30)
        assert_same(moved, make_result(8))
        np.testing.assert_allclose(record.body.vertices, arm_rig().vertices, atol=1e-6)
    assert list(read_edits(tmp_path / "c.session")) == [4]
    assert check_session(tmp_path / "c.session").is_whole


def test_takes_begin_when_they_are_told_to(tmp_path: Path) -> None:
    parts = [write_part(tmp_path / f"{name}.session", None, range(3)) for name in "ab"]
    merge_sessions(parts, tmp_path / "c.session", at_s=(1.0, 4.5))
    with read_session(tmp_path / "c.session") as record:
        np.testing.assert_allclose(record.times_s[[0, 3]], [1.0, 4.5])
    with pytest.raises(SessionError, match=r"would begin at 1\.010 s"):
        merge_sessions(parts, tmp_path / "d.session", at_s=(1.0, 1.01))
    assert not (tmp_path / "d.session").exists()


def test_parts_of_one_video_keep_its_frames(tmp_path, video) -> None:
    late = write_part(tmp_path / "late.session", video, range(8, 12))
    early = write_part(tmp_path / "early.session", video, range(0, 3))
    merge_sessions([late, early], tmp_path / "c.session")
    with read_session(tmp_path / "c.session") as record:
        assert record.frame_indices.tolist() == [0, 1, 2, 8, 9, 10, 11]
        assert record.source.samefile(video)


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"model_name": "cat"}, "only takes of one model"),
        ({"joint_names": ("a", "b", "c")}, "only takes of one model"),
        ({"model_sha256": "other"}, "different versions"),
        ({"camera": None}, "takes of one size"),
    ],
)
def test_what_does_not_go_together_is_refused(tmp_path: Path, changes: dict, complaint) -> None:
    from core.camera import Camera

    if "camera" in changes:
        changes = {"camera": Camera.from_fov(640, 480)}
    parts = [
        write_part(tmp_path / "a.session", None, range(3)),
        write_part(tmp_path / "b.session", None, range(3), **changes),
    ]
    with pytest.raises(SessionError, match=complaint):
        merge_sessions(parts, tmp_path / "c.session")
    assert not (tmp_path / "c.session").exists()


def test_a_moved_video_is_found_by_its_bytes(tmp_path, video) -> None:
    folder = write_part(tmp_path / "a.session", video, range(3))
    archive = tmp_path / "archive" / "2026"
    archive.mkdir(parents=True)
    (archive / "a.mp4").write_bytes(b"not that one!")  # as long as the right one
    video.rename(archive / "zebra.mp4")
    assert search_source(folder, tmp_path / "archive") == archive / "zebra.mp4"
    (archive / "zebra.mp4").unlink()
    assert search_source(folder, tmp_path / "archive") is None


def test_a_copy_encoded_anew_is_accepted_on_demand(tmp_path: Path) -> None:
    from core.camera import Camera

    clip = write_clip(tmp_path / "clip.mp4", 6)
    size = {"camera": Camera.from_fov(96, 64)}
    folder = write_part(tmp_path / "a.session", clip, range(6), **size)
    with read_session(folder) as record:
        assert record.header.source.duration_s == pytest.approx(6 / 25, abs=0.05)
    copy, short = tmp_path / "copy.mkv", write_clip(tmp_path / "short.mp4", 2)
    write_again(clip, copy)
    with pytest.raises(SessionError, match="--reencoded"):
        relink_source(folder, copy)
    with pytest.raises(SessionError, match=r"it lasts 0\.1 s, the other 0\.2 s"):
        relink_source(folder, short, is_copy=True)
    relink_source(folder, copy, is_copy=True)
    with read_session(folder) as record:
        assert record.source.samefile(copy)
    small = write_part(tmp_path / "b.session", clip, range(3))
    with pytest.raises(SessionError, match="96 x 64 pixels, the session's video 64 x 48"):
        relink_source(small, copy, is_copy=True)


def write_again(source: Path, out: Path) -> None:
    """The same pictures in another container."""
    import av

    with av.open(str(source)) as before, av.open(str(out), "w") as after:
        stream = after.add_stream_from_template(before.streams.video[0])
        for packet in before.demux(video=0):
            if packet.dts is not None:
                packet.stream = stream
                after.mux(packet)
