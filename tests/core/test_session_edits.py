"""A person's codes in a session: kept apart, read back, worn by edited records, never fatal."""

import sqlite3
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from core.errors import SessionError
from core.session_edits import edited_record, read_edits, write_edits
from core.session_store import SessionWriter, read_session
from tests.core.made_take import make_result
from tests.core.test_session_store import make_header


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "walk.session"
    with SessionWriter(path, make_header()) as writer:
        for frame in range(4):
            writer.append(make_result(frame))
    return path


def test_edits_are_read_back_and_replaced(folder: Path) -> None:
    assert read_edits(folder) == {}
    write_edits(folder, {2: np.arange(5.0), 0: np.ones(5)})
    found = read_edits(folder)
    assert list(found) == [0, 2]
    np.testing.assert_array_equal(found[2], np.arange(5.0))
    write_edits(folder, {1: np.zeros(5)})
    assert list(read_edits(folder)) == [1]


def test_an_edited_record_wears_them_and_the_session_does_not(folder: Path) -> None:
    with read_session(folder) as record:
        plain = list(record.results())
        code = plain[1].codes.articulation.astype(np.float64) + 1
        write_edits(folder, {1: code, 2: np.zeros(99)})  # the second fits no frame
        rotations = np.zeros_like(plain[1].joint_rotations)
        model = SimpleNamespace(joint_rotations=lambda code: rotations)
        worn = list(edited_record(record, model).results())
        np.testing.assert_array_equal(worn[1].codes.articulation, code)
        assert worn[1].joint_rotations is rotations
        np.testing.assert_array_equal(worn[2].joint_rotations, plain[2].joint_rotations)
        np.testing.assert_array_equal(record.result(1).codes.articulation,
                                      plain[1].codes.articulation)  # fmt: skip
        assert edited_record(record, None) is record


def test_damaged_edits_are_left_out(folder: Path) -> None:
    write_edits(folder, {1: np.ones(5)})
    with sqlite3.connect(folder / "session.sqlite") as connection:
        connection.execute("INSERT INTO edits VALUES (2, 'articulation', x'0102')")
        connection.execute(
            "INSERT INTO edits VALUES (3, 'articulation', ?)", (np.array([np.nan]).tobytes(),)
        )
    connection.close()
    assert list(read_edits(folder)) == [1]


def test_a_folder_that_is_no_session_is_explained(tmp_path: Path) -> None:
    with pytest.raises(SessionError, match="Cannot read the edits"):
        read_edits(tmp_path)
