"""The options of `main.py export`, as a person types them."""

import json
from pathlib import Path

import numpy as np
import pytest

import main
from core.camera import Camera
from core.session_store import SessionHeader, SessionWriter
from tests.core.made_gltf import made_arm
from tests.core.made_take import arm_rig, make_result


@pytest.fixture(name="walk")
def _walk(tmp_path: Path) -> Path:
    """A session without a model, with a body of its own."""
    folder = tmp_path / "in" / "walk.session"
    folder.parent.mkdir()
    first = make_result(0)
    names = arm_rig().skeleton.names
    header = SessionHeader("walk", "unheard-of", "", names, Camera(first.K, 64, 48))
    with SessionWriter(folder, header, body=arm_rig()) as writer:
        for index in range(5):
            writer.append(make_result(index))
    return folder


def export(walk: Path, out: Path, *more: str) -> int:
    return main.main(["export", str(walk), "-o", str(out), *more])


def test_a_web_page(walk: Path, tmp_path: Path) -> None:
    assert export(walk, tmp_path / "take.html") == 0
    assert "<title>walk</title>" in (tmp_path / "take.html").read_text()


def test_progress_as_json_lines(walk: Path, tmp_path: Path, capsys) -> None:
    assert export(walk, tmp_path / "a.glb", "--json") == 0
    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    stages = {event["stage"] for event in events if event["event"] == "progress"}
    assert {"reading the session", "fitting weights", "measuring"} <= stages
    assert events[-1]["event"] == "result"


def test_a_log_gets_the_answer_only(walk: Path, tmp_path: Path, capsys) -> None:
    assert export(walk, tmp_path / "a.csv") == 0
    assert "%" not in capsys.readouterr().err


def test_onto_another_rig_writes_a_map_that_can_be_corrected(
    walk: Path, tmp_path: Path, capsys
) -> None:
    rig = made_arm().save(tmp_path / "other.glb")
    assert export(walk, tmp_path / "worn.glb", "--onto", str(rig)) == 0
    guess = tmp_path / "worn.bones.json"
    assert str(guess) in capsys.readouterr().err
    pairs = json.loads(guess.read_text())
    guess.write_text(json.dumps(dict.fromkeys(pairs) | {next(iter(pairs)): "pelvis"}))
    argv = ("--onto", str(rig), "--bone-map", str(guess))
    names = arm_rig().skeleton.names
    guess.write_text(json.dumps({list(pairs)[1]: names[1]}))
    assert export(walk, tmp_path / "again.npz", *argv) == 0
    with np.load(tmp_path / "again.npz", allow_pickle=False) as arrays:
        turned = np.abs(arrays["joint_rotations"] - np.eye(3)).max((0, 2, 3))
    assert (turned > 0.01).tolist() == [index == 1 for index in range(len(turned))]


@pytest.mark.parametrize(
    ("name", "more", "reason"),
    [
        ("a.glb", ("--explorer", "4"), "needs the model"),
        ("a.bvh", ("--explorer", "4"), "need .glb or .gltf"),
        ("a.glb", ("--explorer", "99"), "do not go together"),
        ("a.glb", ("--colors", "video"), "video is not where it was"),
        ("a.glb", ("--colors", "morph"), "need --skinning morph"),
        ("a.bvh", ("--colors", "morph"), "cannot hold morphing colours"),
        ("a.npz", ("--colors", "morph"), "need the model"),
        ("a.glb", ("--bone-map", "x.json"), "belongs to --onto"),
        ("a.glb", ("--onto", "nowhere.glb"), "nowhere.glb"),
        ("a.glb", ("--onto", "nowhere.glb", "--explorer", "2"), "own colours"),
    ],
)
def test_what_cannot_be_is_one_sentence(
    walk: Path, tmp_path: Path, capsys, name: str, more: tuple[str, ...], reason: str
) -> None:
    assert export(walk, tmp_path / name, *more) == 1
    said = capsys.readouterr().err.splitlines()[-1]
    assert reason in said
    assert [path.name for path in tmp_path.iterdir()] == ["in"]


@pytest.mark.parametrize(
    "words", [("frame",), ("frame", "x"), ("mean", "3"), ("red",), ("frame", "1", "2")]
)
def test_colors_that_are_no_choice_are_usage_errors(
    walk: Path, tmp_path: Path, words: tuple[str, ...]
) -> None:
    with pytest.raises(SystemExit) as caught:
        export(walk, tmp_path / "a.glb", "--colors", *words)
    assert caught.value.code == 2
