"""`main.py sessions`: one sentence for what is wrong, exit codes, JSON."""

import json
from pathlib import Path

import numpy as np
import pytest

import main
from core.session_edits import write_edits
from core.session_store import read_session
from tests.core.session_damage import tear_frames
from tests.made_batch import make_session


@pytest.fixture(autouse=True)
def _no_log(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(main, "start_log", lambda: None)  # pytest has its own


def sessions(*argv: str | Path) -> int:
    return main.main(["sessions", *map(str, argv)])


def last_result(capsys: pytest.CaptureFixture[str]) -> dict:
    return json.loads(capsys.readouterr().out.splitlines()[-1])


def test_info_tells_what_is_there(tmp_path: Path, capsys) -> None:
    folder = make_session(tmp_path / "a.session", 5)
    write_edits(folder, {2: np.zeros(16)})
    assert sessions("info", folder) == 0
    said = capsys.readouterr().out
    assert "5 frames (0 to 4)" in said
    assert "1 frames edited by hand" in said
    assert sessions("info", folder, "--json") == 0
    (facts,) = last_result(capsys)["sessions"]
    assert (facts["frames"], facts["model"], facts["lost"]) == (5, "arm", "")


def test_check_and_repair_go_together(tmp_path: Path, capsys) -> None:
    whole, torn = make_session(tmp_path / "a.session", 30), make_session(tmp_path / "b.session", 30)
    assert sessions("check", whole) == 0
    tear_frames(torn, [12])
    capsys.readouterr()
    assert sessions("check", whole, torn, tmp_path / "none.session", "--json") == 1
    result = last_result(capsys)
    assert [bool(one["problems"]) for one in result["sessions"]] == [False, True, True]
    assert result["damaged"] == 2
    assert sessions("repair", whole, torn) == 0
    assert "nothing to repair" in capsys.readouterr().out
    assert sessions("check", torn) == 0
    with read_session(torn) as record:
        assert 20 < record.frame_count < 30


def test_trim_and_merge_write_sessions(tmp_path: Path, capsys) -> None:
    folder = make_session(tmp_path / "a.session", 9)
    early, late = tmp_path / "early.session", tmp_path / "late.session"
    assert sessions("trim", folder, "--end", "4", "-o", early) == 0
    assert sessions("trim", folder, "--start", "6", "-o", late) == 0
    assert sessions("merge", early, late, "--at", "0,2", "-o", tmp_path / "m.session") == 0
    with read_session(tmp_path / "m.session") as record:
        assert record.frame_count == 7
        assert record.times_s[4] == pytest.approx(2.0)


@pytest.mark.parametrize(
    "argv",
    [
        ["info", "none.session"],
        ["repair", "none.session"],
        ["repair", "a.session", "a.session", "-o", "b.session"],
        ["trim", "a.session", "--start", "90", "-o", "b.session"],
        ["merge", "a.session", "none.session", "-o", "b.session"],
        ["merge", "a.session", "a.session", "--at", "1", "-o", "b.session"],
        ["relink", "a.session", "none.mp4"],
        ["relink", "a.session", "."],
    ],
)
def test_what_cannot_be_done_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys, argv: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    make_session(Path("a.session"))
    assert sessions(*argv) == 1
    assert len(capsys.readouterr().err.splitlines()) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["a.session"]


@pytest.mark.parametrize("argv", [[], ["mend"], ["trim", "a.session"], ["merge", "a", "-o", "b"]])
def test_misuse_is_exit_code_2(capsys, argv: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        sessions(*argv)
    assert ended.value.code == 2
    capsys.readouterr()
