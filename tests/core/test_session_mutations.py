"""Whatever happens to a session's file, opening and exporting it works or is one sentence."""

import sqlite3
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import ExplainedError
from core.export.export import export_take
from core.export.options import ExportOptions
from core.export.take import take_of
from core.session_edits import read_edits
from core.session_store import SessionHeader, SessionWriter, read_session
from core.session_writer import DATABASE
from tests.core.fuzzing import bounded, fuzz_settings
from tests.core.made_take import arm_rig, make_result

pytest.importorskip("resource")


def good() -> bytes:
    with tempfile.TemporaryDirectory() as text:
        folder = Path(text) / "a.session"
        first = make_result(0)
        header = SessionHeader(
            name="a", model_name="arm", model_sha256="", joint_names=arm_rig().skeleton.names,
            camera=camera_of(first),
        )  # fmt: skip
        with SessionWriter(folder, header, body=arm_rig(), keep_masks=True) as writer:
            for index in range(6):
                writer.append(make_result(index, is_covered=index != 2))
        return (folder / DATABASE).read_bytes()


def camera_of(result: Any) -> Any:
    from core.camera import Camera

    return Camera(result.K, *result.image_size)


GOOD = good()


def check(change: Callable[[Path], None]) -> None:
    """Open a changed copy as the program does: read all, and export what there is."""
    with tempfile.TemporaryDirectory() as text:
        folder = Path(text) / "odd.session"
        folder.mkdir()
        (folder / DATABASE).write_bytes(GOOD)
        change(folder / DATABASE)
        with bounded():
            refusal = _refusal(folder)
        if "Type-check error" not in refusal:  # the tests' own check comes before the program's
            assert "\n" not in refusal
            assert len(refusal) < 600


def _refusal(folder: Path) -> str:
    try:
        _use(folder)
    except ExplainedError as error:
        return str(error)
    return ""


def _use(folder: Path) -> None:
    with read_session(folder) as record:
        for index in record.frame_indices[:8]:
            try:
                result = record.result(int(index), with_mask=True)
            except ExplainedError:
                continue
            assert np.isfinite(result.root_to_cam).all()
            assert np.isfinite(result.joint_rotations).all()
        take = take_of(record, None)
        assert (np.diff(take.times_s) > 0).all()
        export_take(take, folder / "a.csv", ExportOptions())
    read_edits(folder)


def test_the_file_is_good_before_anything_happens_to_it() -> None:
    with tempfile.TemporaryDirectory() as text:
        folder = Path(text) / "a.session"
        folder.mkdir()
        (folder / DATABASE).write_bytes(GOOD)
        _use(folder)
        assert (folder / "a.csv").read_text().count("\n") == 7


@fuzz_settings(12)
@given(
    st.lists(st.tuples(st.integers(0, len(GOOD) - 1), st.integers(0, 255)), max_size=40),
    st.integers(0, len(GOOD)) | st.just(len(GOOD)),
)
def test_odd_bytes_anywhere(changes: list[tuple[int, int]], length: int) -> None:
    def change(path: Path) -> None:
        content = bytearray(GOOD)
        for place, byte in changes:
            content[place] = byte
        path.write_bytes(bytes(content[:length]))

    check(change)


def columns() -> list[tuple[str, str]]:
    with sqlite3.connect(":memory:") as connection:
        connection.deserialize(GOOD)
        tables = [row[0] for row in connection.execute("SELECT name FROM sqlite_master")]
        found = [
            (table, row[1])
            for table in tables
            if not table.startswith("sqlite_")
            for row in connection.execute(f"PRAGMA table_info({table})")
        ]
    connection.close()
    return found


COLUMNS = columns()
ODD = st.sampled_from([
    None, -1, 0, 2**62, 1e308, -1e308, float("inf"), "", "x", "{}", "[]", "[" * 5000, "null",
    '{"a": 1e999}', b"", b"\x00" * 7, b"\xff" * 64, b"\x00" * 4096,
])  # fmt: skip


@fuzz_settings(20)
@given(
    st.lists(st.tuples(st.sampled_from(COLUMNS), ODD, st.integers(0, 7)), min_size=1, max_size=4)
)
def test_odd_values_in_the_tables(changes: list[tuple[tuple[str, str], Any, int]]) -> None:
    def change(path: Path) -> None:
        connection = sqlite3.connect(path)
        for (table, column), value, row in changes:
            try:
                connection.execute(
                    f"UPDATE {table} SET {column} = ? WHERE rowid IN "
                    f"(SELECT rowid FROM {table} LIMIT 1 OFFSET ?)",
                    (value, row),
                )
            except sqlite3.Error:
                continue  # the schema forbids it
        connection.commit()
        connection.close()

    check(change)


META = ["header", "row_sizes", "body", "is_finished"]
JSON_ODD = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)


@fuzz_settings(12)
@given(st.sampled_from(META), st.data())
def test_odd_json_in_the_meta_table(key: str, data: st.DataObject) -> None:
    import json

    def change(path: Path) -> None:
        connection = sqlite3.connect(path)
        (text,) = connection.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone() or (
            "{}",
        )
        try:
            whole = json.loads(text)
        except ValueError:
            whole = {}
        if isinstance(whole, dict) and whole:
            whole[data.draw(st.sampled_from(sorted(whole)))] = data.draw(JSON_ODD)
        else:
            whole = data.draw(JSON_ODD)
        connection.execute("UPDATE meta SET value = ? WHERE key = ?", (json.dumps(whole), key))
        connection.commit()
        connection.close()

    check(change)
