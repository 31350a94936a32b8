"""`main.py fit banmo`: from clips to results, interrupted and resumed; and what it refuses."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

import main
from tests.training.banmo.made_teacher import TINY, made_prepared, made_start
from training.banmo import knowledge, start
from training.prepare.prepared_clip import write_prepared


@pytest.fixture
def clips(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A prepared clip, and a student that knows the truth."""
    contact = np.zeros((8, 8, 3), np.uint8)
    write_prepared(tmp_path / "clips" / "trot", made_prepared(), contact)
    replace(TINY, minutes=0.02).write(tmp_path / "tiny.json")
    monkeypatch.setattr(start, "start_from_student", lambda *arguments: made_start(0.03))
    monkeypatch.setattr(knowledge, "ENCODER_STEPS", 2)
    return tmp_path / "clips"


def test_a_fit_leaves_its_results_and_goes_on_when_asked_again(clips: Path, tmp_path: Path) -> None:
    out = tmp_path / "teacher"
    command = ["fit", "banmo", str(clips), "-o", str(out), "--config", str(tmp_path / "tiny.json")]
    assert main.main(command) == 0
    made = {path.name for path in out.iterdir()}
    assert {"config.json", "start.json", "checkpoint.safetensors", "pseudo.npz"} <= made
    assert {"knowledge.safetensors", "rest.npz", "teacher.glb", "turntable.mp4"} <= made
    assert list((out / "previews").glob("1000_*.png"))
    facts = json.loads((out / "result.json").read_text())
    assert facts["iou"] > 0.2
    steps, used_s = load_file(out / "checkpoint.safetensors")["progress"]
    assert main.main([*command, "--minutes", str(used_s / 60 + 0.005)]) == 0
    assert load_file(out / "checkpoint.safetensors")["progress"][0] > steps


def test_what_is_no_clip_is_refused_in_a_sentence(
    clips: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for mask in (clips / "trot" / "masks").iterdir():
        mask.unlink()
    assert main.main(["fit", "banmo", str(clips), "-o", str(tmp_path / "teacher")]) == 1
    assert "fewer than two usable masks" in capsys.readouterr().err
    assert main.main(["fit", "banmo", str(tmp_path / "none"), "-o", str(tmp_path / "t")]) == 1
    assert "no prepared clips" in capsys.readouterr().err
    assert not (tmp_path / "teacher").exists()
