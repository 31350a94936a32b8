"""Damage is noticed and repaired; old formats open; killed overwrites leave nothing."""

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import SessionError
from core.session_check import check_session
from core.session_copy import repair_session
from core.session_edits import read_edits, write_edits
from core.session_migration import upgrade
from core.session_place import clear_leftovers, free_place
from core.session_schema import SCHEMA_VERSION, row_crc
from core.session_store import SessionWriter, read_session
from tests.core.made_take import arm_rig, make_result
from tests.core.session_damage import tear_frames
from tests.core.test_session_store import assert_same, edit, make_header, write_session

DATA = Path(__file__).resolve().parents[1] / "data"
ROOT = Path(__file__).resolve().parents[2]


def shipped(version: int, folder: Path) -> Path:
    """A session written by the program of that format: six frames, masks, a body, one edit."""
    folder.mkdir()
    shutil.copy(DATA / f"session_v{version}.sqlite", folder / "session.sqlite")
    return folder


def version_of(folder: Path) -> int:
    with closing(sqlite3.connect(folder / "session.sqlite")) as connection:
        return connection.execute("PRAGMA user_version").fetchone()[0]


def assert_as_shipped(folder: Path) -> None:
    with read_session(folder) as record:
        assert record.frame_indices.tolist() == [0, 1, 2, 3, 4, 5]
        assert record.damage == ""
        for index in range(6):
            kept = record.result(index, with_mask=True)
            assert_same(kept, make_result(index))
            np.testing.assert_array_equal(kept.mask.alpha, make_result(index).mask.alpha)
        assert record.body.skeleton.names == arm_rig().skeleton.names
    np.testing.assert_array_equal(read_edits(folder)[3], np.arange(16.0))


@pytest.mark.parametrize("version", range(1, SCHEMA_VERSION + 1))
def test_every_format_there_was_opens(tmp_path: Path, version: int) -> None:
    folder = shipped(version, tmp_path / "a.session")
    assert version_of(folder) == version
    assert_as_shipped(folder)
    assert version_of(folder) == SCHEMA_VERSION
    assert check_session(folder).is_whole
    assert_as_shipped(folder)


def test_an_old_format_that_cannot_be_written_is_read_from_a_copy(tmp_path: Path) -> None:
    folder = shipped(1, tmp_path / "a.session")
    with closing(sqlite3.connect(folder / "session.sqlite", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")  # another program holds it
        assert_as_shipped(folder)
    assert version_of(folder) == 1


def test_an_upgrade_that_fails_leaves_the_old_format(tmp_path: Path) -> None:
    folder = shipped(1, tmp_path / "a.session")
    before = (folder / "session.sqlite").read_bytes()
    with closing(sqlite3.connect(folder / "session.sqlite", isolation_level=None)) as connection:
        connection.set_authorizer(
            lambda action, *_: (
                sqlite3.SQLITE_DENY if action == sqlite3.SQLITE_INSERT else sqlite3.SQLITE_OK
            )
        )
        with pytest.raises(sqlite3.DatabaseError):
            upgrade(connection)
    assert (folder / "session.sqlite").read_bytes() == before


@pytest.fixture(scope="module")
def sixty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A session of 60 frames, to be copied."""
    return write_session(tmp_path_factory.mktemp("sixty") / "a.session", 60)


@pytest.mark.parametrize(
    ("torn", "filler"),
    [
        ([20], b"\0"),
        ([0], b"\xff"),
        ([59], b"\x0d\0\0"),
        ([5, 30, 31, 32, 58], b"torn "),
        ([56, 57, 58, 59], b"\0"),
    ],
)
def test_torn_pages_are_noticed_and_the_rest_is_read(
    sixty: Path, tmp_path: Path, torn: list[int], filler: bytes
) -> None:
    folder = tmp_path / "a.session"
    shutil.copytree(sixty, folder)
    tear_frames(folder, torn, filler)
    with read_session(folder) as record:
        left = record.frame_indices.tolist()
        assert not set(torn) & set(left)
        assert len(left) >= 60 - 8 * len(torn)
        assert f"{60 - len(left)} of 60 frames cannot be read" in record.damage
        for result in record.results():
            assert_same(result, make_result(result.frame_index))
    check = check_session(folder)
    assert not check.is_whole
    assert any("lost" in problem for problem in check.problems)


def test_a_changed_number_is_noticed(tmp_path: Path) -> None:
    folder = write_session(tmp_path / "a.session")
    edit(folder, "UPDATE frames SET confidence = 0.125 WHERE frame_index = 2")
    with read_session(folder) as record:
        assert record.frame_indices.tolist() == [0, 1, 3, 4]


def test_repair_keeps_what_is_whole(tmp_path: Path) -> None:
    folder = write_session(tmp_path / "a.session", 60, body=arm_rig(), keep_masks=True)
    (folder / "video.mkv").write_bytes(b"moving pictures")
    write_edits(folder, {2: np.ones(16), 20: np.ones(16)})
    tear_frames(folder, [20])
    broken = (folder / "session.sqlite").read_bytes()
    with read_session(folder) as record:
        left = record.frame_indices.tolist()
    repair = repair_session(folder)
    assert repair.kept == len(left) < 60
    assert check_session(folder).is_whole
    with read_session(folder) as record:
        assert record.is_finished
        assert record.frame_indices.tolist() == left
        assert record.body is not None
        kept = record.result(2, with_mask=True)
        np.testing.assert_array_equal(kept.mask.alpha, make_result(2).mask.alpha)
    assert list(read_edits(folder)) == [2]
    assert (folder / "session.sqlite.damaged").read_bytes() == broken
    assert (folder / "video.mkv").read_bytes() == b"moving pictures"
    assert [path.name for path in tmp_path.iterdir()] == ["a.session"]


def test_torn_masks_cost_masks_alone(tmp_path: Path) -> None:
    folder = write_session(tmp_path / "a.session", keep_masks=True)
    edit(folder, "UPDATE masks SET packed = x'0102' WHERE frame_index = 3")
    check = check_session(folder)
    assert check.frames == 5
    assert any("masks" in problem for problem in check.problems)


def test_nonsense_and_backward_time_are_found(tmp_path: Path) -> None:
    with SessionWriter(tmp_path / "a.session", make_header()) as writer:
        writer.append(make_result(0, time_s=1.0))
        bent = replace(make_result(1, time_s=0.5), root_to_cam=2 * np.eye(4))
        writer.append(bent)
    problems = " ".join(check_session(tmp_path / "a.session").problems)
    assert "no rotations" in problems
    assert "backwards at frame 1" in problems


@given(
    values=st.lists(
        st.none() | st.binary() | st.text() | st.integers(-(2**53), 2**53)
        | st.floats(allow_nan=False)
    )
)  # fmt: skip
def test_check_sums_survive_sqlite(values: list) -> None:
    with closing(sqlite3.connect(":memory:")) as connection:
        names = [f"v{place}" for place in range(len(values))]
        try:
            connection.execute(f"CREATE TABLE t (id INTEGER, {', '.join([*names, 'z'])})")
            marks = ", ".join("?" * (len(values) + 2))
            connection.execute(f"INSERT INTO t VALUES ({marks})", (1, *values, 0.0))
        except UnicodeEncodeError:  # lone surrogates; json.dumps writes none
            return
        stored = connection.execute("SELECT * FROM t").fetchone()
    assert row_crc(stored) == row_crc((1, *values, 0.0))


KILLED = """
import os, signal, sys
from pathlib import Path
sys.path.insert(0, ".")
from core.session_store import SessionWriter, read_session
from tests.core.made_take import make_result
with read_session(Path(sys.argv[1])) as record:
    header = record.header
writer = SessionWriter(Path(sys.argv[1]), header, overwrite=True)
writer.append(make_result(9))
real = os.replace
def replace_and_die(*paths):
    real(*paths)
    os.kill(os.getpid(), signal.SIGKILL)
if sys.argv[2] == "swap":
    os.replace = replace_and_die
    writer.close()
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.parametrize(("moment", "frames"), [("writing", 5), ("swap", 1)])
def test_a_killed_overwrite_leaves_a_session_and_is_cleared_away(
    tmp_path: Path, moment: str, frames: int
) -> None:
    folder = write_session(tmp_path / "a.session")
    command = [sys.executable, "-c", KILLED, str(folder), moment]
    assert subprocess.run(command, cwd=ROOT, check=False).returncode == -signal.SIGKILL
    assert len(list(tmp_path.iterdir())) == 2
    with read_session(folder) as record:
        assert record.frame_count == frames
    write_session(tmp_path / "b.session")  # the next writer there
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.session", "b.session"]


def test_what_others_are_writing_stays(tmp_path: Path) -> None:
    names = [
        f".a.session.{os.getpid()}.new",  # alive
        ".a.session.elsewhere-999999999.new",  # another machine's
        ".a.session.backup",
        ".thesis.999999999.new",
    ]
    for name in names:
        (tmp_path / name).mkdir()
    (tmp_path / ".a.session.999999999.new").mkdir()
    clear_leftovers(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(names)


def test_places_that_are_files_are_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "a.session").write_text("")
    with pytest.raises(SessionError, match="is a file, not a session"):
        free_place(tmp_path / "a.session", True)
    with pytest.raises(SessionError, match="is a file, not a folder"):
        free_place(tmp_path / "a.session" / "b.session", False)
    write_session(tmp_path / "c.session")
    with pytest.raises(SessionError, match="--overwrite"):
        free_place(tmp_path / "c.session", False)
