import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.camera import Camera
from core.errors import SessionError
from core.session_store import (
    SessionHeader,
    SessionWriter,
    find_source,
    link_source,
    read_session,
    relink_source,
)
from tests.core.made_take import arm_rig, make_result

ROOT = Path(__file__).resolve().parents[2]


def make_header(**changes) -> SessionHeader:
    header = SessionHeader(
        name="walk",
        model_name="arm",
        model_sha256="",
        joint_names=("body", "a", "b"),
        camera=Camera.from_fov(64, 48),
        settings={"lookahead": 0, "segmenter": "given"},
    )
    return replace(header, **changes)


def write_session(folder: Path, count: int = 5, **options) -> Path:
    with SessionWriter(folder, make_header(), **options) as writer:
        for index in range(count):
            writer.append(make_result(index))
    return folder


def assert_same(left, right, *, atol: float = 1e-6) -> None:
    """Compare all that a session stores; matrices are float32 in the file."""
    assert left.frame_index == right.frame_index
    assert left.time_s == right.time_s
    assert left.is_covered == right.is_covered
    assert left.confidence == right.confidence
    assert left.box == right.box
    assert left.image_size == right.image_size
    assert left.stage_ms == right.stage_ms
    np.testing.assert_array_equal(left.K, right.K)
    np.testing.assert_array_equal(left.root_to_cam, right.root_to_cam)
    np.testing.assert_allclose(left.joint_rotations, right.joint_rotations, atol=atol)
    for field in ("articulation", "shape", "appearance"):
        np.testing.assert_allclose(
            getattr(left.codes, field), getattr(right.codes, field), atol=atol
        )
    np.testing.assert_allclose(left.hypotheses.root_to_cam, right.hypotheses.root_to_cam, atol=atol)
    np.testing.assert_allclose(
        left.hypotheses.probabilities, right.hypotheses.probabilities, atol=atol
    )


def test_round_trip(tmp_path: Path) -> None:
    record = read_session(write_session(tmp_path / "a.session"))
    with record:
        assert record.frame_count == 5
        assert record.is_finished
        assert record.header.settings == {"lookahead": 0, "segmenter": "given"}
        assert record.header.camera.width_px == 64
        np.testing.assert_array_equal(record.frame_indices, np.arange(5))
        np.testing.assert_array_equal(record.times_s, np.arange(5) / 30)
        for result in record.results():
            assert_same(result, make_result(result.frame_index))
        assert record.result(3).mask is None


def test_closed_session_is_one_database_file(tmp_path: Path) -> None:
    folder = write_session(tmp_path / "a.session")
    assert [path.name for path in folder.iterdir()] == ["session.sqlite"]


def test_session_without_frames_opens(tmp_path: Path) -> None:
    with read_session(write_session(tmp_path / "a.session", 0)) as record:
        assert record.frame_count == 0
        assert list(record.results()) == []


def test_frames_may_have_gaps_and_come_out_in_order(tmp_path: Path) -> None:
    with SessionWriter(tmp_path / "a.session", make_header()) as writer:
        for index in (7, 2, 5):
            writer.append(make_result(index))
    with read_session(tmp_path / "a.session") as record:
        assert record.frame_indices.tolist() == [2, 5, 7]
        with pytest.raises(ValueError, match="no frame 3"):
            record.result(3)


def test_uncovered_frame_and_nothing_optional(tmp_path: Path) -> None:
    bare = replace(make_result(0, is_covered=False), hypotheses=None, stage_ms={})
    with SessionWriter(tmp_path / "a.session", make_header(), keep_masks=True) as writer:
        writer.append(bare)
    with read_session(tmp_path / "a.session") as record:
        result = record.result(0, with_mask=True)
    assert result.hypotheses is None
    assert result.box is None
    assert result.mask is None
    assert not result.is_covered


def test_masks_are_kept_if_asked(tmp_path: Path) -> None:
    folder = write_session(tmp_path / "a.session", keep_masks=True)
    with read_session(folder) as record:
        mask = record.result(4, with_mask=True).mask
    np.testing.assert_array_equal(mask.alpha, make_result(4).mask.alpha)
    assert mask.confidence == 0.8


def test_body_is_kept(tmp_path: Path) -> None:
    rig = arm_rig()
    with read_session(write_session(tmp_path / "a.session", 1)) as record:
        assert record.body is None
    with read_session(write_session(tmp_path / "b.session", 1, body=rig)) as record:
        body = record.body
    assert body.skeleton.names == rig.skeleton.names
    assert body.metres_per_unit == 0.5
    np.testing.assert_array_equal(body.weights, rig.weights)
    np.testing.assert_array_equal(body.skeleton.rest_joint_to_rig, rig.skeleton.rest_joint_to_rig)


def test_thumbnail(tmp_path: Path) -> None:
    with SessionWriter(tmp_path / "a.session", make_header()) as writer:
        writer.store_thumbnail(np.full((480, 640, 3), 128, np.uint8))
    with read_session(tmp_path / "a.session") as record:
        assert record.thumbnail.read_bytes()[:2] == b"\xff\xd8"


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"joint_rotations": np.eye(3)[None].repeat(4, 0)}, "joints=4.*joints=3"),
        ({"root_to_cam": np.full((4, 4), np.nan)}, "not finite"),
        ({"confidence": float("nan")}, "not finite"),
        ({"frame_index": 0}, "already"),
    ],
)
def test_wrong_frames_are_a_callers_mistake(tmp_path: Path, change: dict, complaint: str) -> None:
    with SessionWriter(tmp_path / "a.session", make_header()) as writer:
        writer.append(make_result(0))
        with pytest.raises(ValueError, match=complaint):
            writer.append(replace(make_result(1), **change))
        writer.append(make_result(2))
    with read_session(tmp_path / "a.session") as record:
        assert record.frame_indices.tolist() == [0, 2]


def test_existing_session_is_not_overwritten_unasked(tmp_path: Path) -> None:
    folder = write_session(tmp_path / "a.session")
    with pytest.raises(SessionError, match="exists already"):
        SessionWriter(folder, make_header())
    with read_session(folder) as record:
        assert record.frame_count == 5


def test_overwrite_swaps_at_the_end(tmp_path: Path) -> None:
    folder = write_session(tmp_path / "a.session")
    with SessionWriter(folder, make_header(), overwrite=True) as writer:
        writer.append(make_result(9))
        with read_session(folder) as record:
            assert record.frame_count == 5
    with read_session(folder) as record:
        assert record.frame_indices.tolist() == [9]
    assert [path.name for path in tmp_path.iterdir()] == ["a.session"]


def fail_after(folder: Path, frames: int, **options) -> None:
    with SessionWriter(folder, make_header(), **options) as writer:
        for index in range(frames):
            writer.append(make_result(index))
        raise RuntimeError


def test_failed_overwrite_leaves_the_old_session(tmp_path: Path) -> None:
    folder = write_session(tmp_path / "a.session")
    with pytest.raises(RuntimeError):
        fail_after(folder, 1, overwrite=True)
    with read_session(folder) as record:
        assert record.frame_count == 5
    assert [path.name for path in tmp_path.iterdir()] == ["a.session"]


def test_foreign_folder_is_never_overwritten(tmp_path: Path) -> None:
    (tmp_path / "a.session").mkdir()
    (tmp_path / "a.session" / "thesis.txt").write_text("years of work")
    with pytest.raises(SessionError, match="not a session"):
        SessionWriter(tmp_path / "a.session", make_header(), overwrite=True)
    assert (tmp_path / "a.session" / "thesis.txt").exists()


def test_error_before_the_first_frame_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError):
        fail_after(tmp_path / "a.session", 0)
    assert list(tmp_path.iterdir()) == []


def test_error_after_some_frames_keeps_them(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError):
        fail_after(tmp_path / "a.session", 1)
    with read_session(tmp_path / "a.session") as record:
        assert record.frame_count == 1
        assert not record.is_finished


def append_until_full(writer: SessionWriter) -> None:
    for index in range(1000):
        writer.append(make_result(index))


def test_full_disk_is_one_sentence_and_keeps_the_frames(tmp_path: Path) -> None:
    writer = SessionWriter(tmp_path / "a.session", make_header())
    pages = writer._connection.execute("PRAGMA page_count").fetchone()[0]
    writer._connection.execute(f"PRAGMA max_page_count={pages + 4}")
    with pytest.raises(SessionError, match="free some space"):
        append_until_full(writer)
    writer.__exit__(SessionError, None, None)
    with read_session(tmp_path / "a.session") as record:
        assert record.frame_count == writer.frame_count > 0


KILLED = """
import sys
from pathlib import Path
sys.path.insert(0, ".")
from tests.core.made_take import make_result
from tests.core.test_session_store import make_header
from core.session_store import SessionWriter
writer = SessionWriter(Path(sys.argv[1]), make_header())
for index in range(100000):
    writer.append(make_result(index))
    sys.stdout.write(f"{index}\\n")
    sys.stdout.flush()
"""


@pytest.mark.parametrize("kill_after", [1, 23])
def test_killed_writer_loses_nothing(tmp_path: Path, kill_after: int) -> None:
    folder = tmp_path / "a.session"
    process = subprocess.Popen(
        [sys.executable, "-c", KILLED, str(folder)], stdout=subprocess.PIPE, text=True, cwd=ROOT
    )
    last = -1
    for line in process.stdout:
        last = int(line)
        if last >= kill_after:
            break
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    process.stdout.close()
    with read_session(folder) as record:
        assert record.frame_count >= last + 1
        assert not record.is_finished
        assert_same(record.result(last), make_result(last))


@given(share=st.floats(0.0, 0.999))
def test_truncated_file_is_refused_or_opens_in_part(tmp_path_factory, share: float) -> None:
    folder = tmp_path_factory.mktemp("cut") / "a.session"
    write_session(folder, 60)
    path = folder / "session.sqlite"
    whole = path.read_bytes()
    path.write_bytes(whole[: int(share * len(whole))])
    try:
        with read_session(folder) as record:
            for index in record.frame_indices:
                assert_same(record.result(int(index)), make_result(int(index)))
    except SessionError:
        pass
    shutil.rmtree(folder.parent)


@given(place=st.floats(0.0, 0.999), values=st.binary(min_size=1, max_size=64))
def test_mutated_file_is_refused_or_read(whole_session, tmp_path_factory, place, values) -> None:
    folder = tmp_path_factory.mktemp("fuzz") / "a.session"
    folder.mkdir()
    whole = whole_session.read_bytes()
    start = int(place * len(whole))
    mutated = whole[:start] + values + whole[start + len(values) :]
    (folder / "session.sqlite").write_bytes(mutated)
    # Refused in a sentence, or read: any other error fails the test.
    with suppress(SessionError), read_session(folder) as record:
        list(record.results())
        _ = record.body
    shutil.rmtree(folder.parent)


@pytest.fixture(scope="module")
def whole_session(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("whole") / "a.session"
    write_session(folder, 20, body=arm_rig(), keep_masks=True)
    return folder / "session.sqlite"


def test_a_damaged_row_is_left_out_and_noticed(tmp_path: Path) -> None:
    folder = write_session(tmp_path / "a.session")
    with read_session(folder) as record:
        assert record.damage == ""
    edit(folder, "UPDATE frames SET joint_rotations = x'00' WHERE frame_index = 3")
    with read_session(folder) as record:
        assert record.frame_indices.tolist() == [0, 1, 2, 4]
        assert record.lost == "1 of 5 frames cannot be read (3)"
        assert "repair" in record.damage


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ("PRAGMA application_id=1", "not written by this program"),
        ("PRAGMA user_version=99", "newer version"),
        ("PRAGMA user_version=0", "unknown format"),
        ("DELETE FROM meta WHERE key='header'", "header is missing"),
        ("UPDATE meta SET value='{}' WHERE key='header'", "header is damaged"),
        ("UPDATE meta SET value='[1]' WHERE key='row_sizes'", "row sizes are damaged"),
        ("DROP TABLE frames", "none of its frames"),
        ("UPDATE frames SET time_s = 'late'", "none of its frames"),
    ],
)
def test_damage_is_refused_with_one_sentence(tmp_path: Path, change: str, complaint: str) -> None:
    folder = write_session(tmp_path / "a.session")
    edit(folder, change)
    with pytest.raises(SessionError, match=complaint) as caught:
        read_session(folder)
    assert str(caught.value).endswith((".", "program."))


def edit(folder: Path, change: str) -> None:
    connection = sqlite3.connect(folder / "session.sqlite")
    connection.execute(change)
    connection.commit()
    connection.close()


def test_no_session_and_no_database_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SessionError, match="not a session"):
        read_session(tmp_path / "missing.session")
    (tmp_path / "b.session").mkdir()
    (tmp_path / "b.session" / "session.sqlite").write_text("once upon a time, no database")
    with pytest.raises(SessionError, match="not a session"):
        read_session(tmp_path / "b.session")


def test_source_is_found_beside_a_moved_session_and_known_by_its_bytes(tmp_path: Path) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    old.mkdir()
    video = old / "clip.mp4"
    video.write_bytes(np.random.default_rng(0).bytes(3 << 20))
    source = link_source(video, old / "a.session")
    assert source.relative == "../clip.mp4"
    with SessionWriter(old / "a.session", make_header(source=source)) as writer:
        writer.append(make_result(0))
    old.rename(new)
    with read_session(new / "a.session") as record:
        assert record.source.resolve() == new / "clip.mp4"
    (new / "clip.mp4").write_bytes(b"another video")
    assert find_source(source, new / "a.session") is None


def test_relinking_needs_the_same_video(tmp_path: Path) -> None:
    video = tmp_path / "clip.mp4"
    video.write_bytes(b"the video")
    source = link_source(video, tmp_path / "a.session")
    with SessionWriter(tmp_path / "a.session", make_header(source=source)):
        pass
    moved = tmp_path / "elsewhere" / "renamed.mp4"
    moved.parent.mkdir()
    video.rename(moved)
    with read_session(tmp_path / "a.session") as record:
        assert record.source is None
    (tmp_path / "other.mp4").write_bytes(b"not it")
    with pytest.raises(SessionError, match="not the video"):
        relink_source(tmp_path / "a.session", tmp_path / "other.mp4")
    relink_source(tmp_path / "a.session", moved)
    with read_session(tmp_path / "a.session") as record:
        assert record.source.resolve() == moved


def test_camera_and_url_sources_are_remembered_as_text(tmp_path: Path) -> None:
    link = link_source("camera:0", tmp_path / "a.session")
    assert (link.absolute, link.size_bytes, link.sha256_ends) == ("camera:0", 0, "")
