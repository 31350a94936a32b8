"""`main.py evaluate` from its words to tables, files and pictures."""

import argparse
import io
import json
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from core.errors import ExplainedError
from core.model_files import write_model
from core.progress import Writer
from tests.made_model import made_model
from tests.training.made_annotations import write_annotations
from tests.training.made_clips import made_clip
from tests.training.made_dog import made_dog
from training.clip import write_clip
from training.commands import evaluate


@pytest.fixture
def world(tmp_path: Path) -> Path:
    """A model, a clip with truth, a clip with masks only, and annotations."""
    write_model(
        replace(made_model(), name="dog", card={"category": "dog", "licence": "CC0-1.0"}),
        tmp_path / "tube",
    )
    clip, pictures = made_clip(made_dog())
    write_clip(tmp_path / "trot", clip, pictures)
    write_clip(tmp_path / "plain", replace(clip, name="plain", truth=None), pictures)
    write_annotations(tmp_path / "data", "dog_shiba_haru_06")
    write_annotations(tmp_path / "data", "cat_walk")
    write_annotations(tmp_path / "data", "human_adult7_0", "human")
    return tmp_path


def run(*words: object) -> str:
    """What the command says on stdout."""
    parser = argparse.ArgumentParser(conflict_handler="resolve")
    parser.add_argument("--json", action="store_true")
    evaluate.add_arguments(parser)
    arguments = parser.parse_args([str(word) for word in words])
    stdout = io.StringIO()
    out = Writer(is_json=arguments.json, stdout=stdout, stderr=io.StringIO())
    assert evaluate.run(arguments, out) == 0
    return stdout.getvalue()


def test_everything_at_once(world: Path) -> None:
    scores, sheets = world / "out" / "scores.json", world / "sheets"
    text = run(
        world / "tube", world / "trot", world / "plain", "real-dev", "--data", world / "data",
        "--json", scores, "--sheets", sheets, "--stride", 6, "--depth", "--lookahead", 2,
    )  # fmt: skip
    assert "2 frames looked ahead" in text
    for head in ("RMSE %", "rel@5", "abs@1", "L1 seq %", "F@2cm"):
        assert head in text
    for who in ("dog", "rest", "ellipsoid", "turned"):
        assert f" {who} " in text
    assert "dog_shiba_haru_06" in text
    assert "human_adult7_0" not in text
    facts = json.loads(scores.read_text())
    assert set(facts["clips"]["trot"]) == {"dog", "rest", "ellipsoid", "turned"}
    assert facts["clips"]["trot"]["rest"]["root_rotation_median_deg"] == pytest.approx(0, abs=1e-6)
    assert facts["real"]["plain"]["frames"] == 6
    assert facts["real"]["dog_shiba_haru_06"]["frames"] == 3
    assert 0 <= facts["real_mean"]["iou"] <= 1
    for name in ("trot", "plain", "dog_shiba_haru_06"):
        sheet = cv2.imread(str(sheets / f"{name}.png"))
        assert sheet is not None
        assert sheet.std() > 5
    assert sorted(path.name for path in scores.parent.iterdir()) == ["scores.json"]


def test_a_subject_and_a_markdown_table_of_the_test_set(world: Path) -> None:
    text = run(world / "tube", "real-test", "--data", world / "data", "--subject", "cat", "--table")
    assert "| clip | IoU |" in text
    assert "| cat_walk |" in text


def test_json_without_a_file_gives_events(world: Path) -> None:
    annotation = world / "data" / "annotations" / "cat_walk.json"
    lines = run(world / "tube", annotation, "--json").splitlines()
    events = [json.loads(line) for line in lines]
    assert events[-1]["event"] == "result"
    assert events[-1]["real"]["cat_walk"]["frames"] == 3


def test_no_prompt_sees_the_whole_video(world: Path) -> None:
    annotation = world / "data" / "annotations" / "cat_walk.json"
    text = run(world / "tube", annotation, "--masks", "none")
    assert "no prompt" in text


def test_bad_words_get_a_sentence(world: Path) -> None:
    with pytest.raises(ExplainedError, match="There is no clip nowhere"):
        run(world / "tube", "nowhere")
    with pytest.raises(ExplainedError, match="--lookahead -1"):
        run(world / "tube", world / "trot", "--lookahead", -1)
    with pytest.raises(ExplainedError, match="--stride 0"):
        run(world / "tube", world / "trot", "--stride", 0)
    with pytest.raises(ExplainedError, match="No annotated clips for real-dev"):
        run(world / "tube", "real-dev", "--data", world)
    clip, pictures = made_clip()
    masks = np.zeros_like(clip.masks)
    write_clip(world / "empty", replace(clip, truth=None, masks=masks), pictures)
    with pytest.raises(ExplainedError, match="neither truth nor masks"):
        run(world / "tube", world / "empty")
