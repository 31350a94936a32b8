import argparse
import io
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from core.errors import ExplainedError
from core.model_files import write_model
from core.progress import Writer
from tests.core.made_gltf import made_arm
from tests.made_model import made_model
from training.clip import read_clip
from training.commands import evaluate, synthesize
from training.evaluation import evaluation
from training.evaluation import synthetic_set as sets
from training.evaluation.synthetic_set import SyntheticSet
from training.evaluation.truth_scores import score_against_truth
from training.metrics.silhouette import silhouette_iou
from training.synth.clips import ClipConfig

SMALL = SyntheticSet("arm", ("arm",), ("other",), 1, ClipConfig(64, 64, 2, is_compressed=False))


@pytest.fixture(scope="module")
def rigs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("rigs")
    made_arm().save(folder / "arm.glb")
    made_arm(1.0).save(folder / "other.glb")
    return folder


def run(command: object, *words: object) -> str:
    parser = argparse.ArgumentParser(conflict_handler="resolve")
    parser.add_argument("--json", action="store_true")
    command.add_arguments(parser)  # type: ignore[attr-defined]
    arguments = parser.parse_args([str(word) for word in words])
    stdout = io.StringIO()
    out = Writer(is_json=arguments.json, stdout=stdout, stderr=io.StringIO())
    assert command.run(arguments, out) == 0  # type: ignore[attr-defined]
    return stdout.getvalue()


def test_clips_are_made_once_and_read_again(rigs: Path, tmp_path: Path) -> None:
    first = SMALL.clips(rigs, tmp_path)
    made = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.*")}
    second = SMALL.clips(rigs, tmp_path)
    assert made == {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.*")}
    assert [clip.seed for clip in first] == [900_000, 901_000]
    assert [clip.category for clip in first] == ["arm", "arm"]
    assert np.array_equal(first[0].masks, second[0].masks)
    assert SMALL.groups(first) == {"arm_900000": "trained rigs", "other_901000": "unseen rigs"}


def test_another_set_does_not_reuse_the_clips(rigs: Path, tmp_path: Path) -> None:
    SMALL.clips(rigs, tmp_path)
    longer = replace(SMALL, config=replace(SMALL.config, frames=3))
    assert [clip.frame_count for clip in longer.clips(rigs, tmp_path)] == [3, 3]


def test_imperfect_masks_are_near_the_true_ones(rigs: Path, tmp_path: Path) -> None:
    true = SMALL.clips(rigs, tmp_path)
    faulty = SMALL.clips(rigs, tmp_path, has_perfect_masks=False)
    for a, b in zip(true, faulty, strict=True):
        assert b.name == a.name + "_imperfect"
        shares = [silhouette_iou(x > 0, y > 0) for x, y in zip(a.masks, b.masks, strict=True)]
        assert 0.3 < np.mean(shares) < 1
    assert "unseen rigs, imperfect masks" in SMALL.groups(faulty).values()


def test_what_is_missing_is_said_in_a_sentence(rigs: Path, tmp_path: Path) -> None:
    with pytest.raises(ExplainedError, match="no synthetic test set for snake"):
        sets.synthetic_set("snake")
    with pytest.raises(ExplainedError, match=r"There is no rig .*arm\.glb"):
        SMALL.clips(tmp_path / "nowhere", tmp_path)


def test_a_rig_without_animations_sways(tmp_path: Path) -> None:
    still = made_arm()
    del still.document["animations"]
    body = sets.read_body(still.save(tmp_path / "still.glb"))
    assert body.clips[0].name == "sway 0"
    assert np.abs(np.diff(body.clips[0].joint_rotations, axis=0)).max() > 1e-3


def test_evaluate_tells_trained_from_unseen_rigs(
    rigs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sets.SYNTHETIC_SETS, "arm", SMALL)
    monkeypatch.setattr(sets, "default_cache", lambda: tmp_path / "cache")
    few = partial(score_against_truth, samples=50)  # what is said matters here, not how well
    monkeypatch.setattr(evaluation, "score_against_truth", few)
    card = {"category": "dog", "licence": "CC0-1.0"}
    write_model(replace(made_model(), name="arm", card=card), tmp_path / "arm")
    text = run(evaluate, tmp_path / "arm", "synthetic", "--rigs", rigs, "--stride", 2)
    for word in ("arm_900000", "other_901000", "mean trained rigs", "mean unseen rigs"):
        assert word in text
    assert text.count("ellipsoid") == 4  # each clip, each group


def test_synthesize_writes_clips_that_can_be_read(rigs: Path, tmp_path: Path) -> None:
    words = (rigs / "arm.glb", "-o", tmp_path / "one", "--frames", 3, "--size", "64x48")
    assert f"Wrote {tmp_path / 'one'}" in run(synthesize, *words, "--seed", 7)
    clip = read_clip(tmp_path / "one")
    assert (clip.seed, clip.image_size, clip.frame_count) == (7, (64, 48), 3)
    assert clip.truth is not None
    run(synthesize, *words[:1], "-o", tmp_path / "two", *words[3:], "--count", 2)
    assert sorted(path.name for path in (tmp_path / "two").iterdir()) == ["arm_0", "arm_1"]


@pytest.mark.parametrize(
    "words", [("--size", "63x64"), ("--size", "big"), ("--frames", 1), ("--count", 0)]
)
def test_clips_that_cannot_be_are_refused(rigs: Path, tmp_path: Path, words: tuple) -> None:
    with pytest.raises(ExplainedError):
        run(synthesize, rigs / "arm.glb", "-o", tmp_path / "clip", *words)
    assert not (tmp_path / "clip").exists()
