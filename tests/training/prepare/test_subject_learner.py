"""Masks of a few frames, drawn by a person, teach the finder all others."""

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

import main
from core.errors import ExplainedError
from core.model import load_model
from core.segment.finder import SubjectFinder, seen_size
from tests.training.prepare.made_pictures import disc_masks, disc_pictures, write_pictures
from training.finder.load_finder import load_finder
from training.prepare.prepared_clip import read_prepared
from training.prepare.subject_learner import (
    DrawnFrame,
    LearnConfig,
    learn_subject,
    learner_size,
    subject_logits,
    subject_loss,
)
from training.prepare.subject_outline import guided_filter, subject_outline, with_near_pieces

MODELS = Path(__file__).parents[3] / "assets" / "models"
DOG, HUMAN = MODELS / "dog", MODELS / "human"


def overlap(one: np.ndarray, other: np.ndarray) -> float:
    return float(((one > 127) & (other > 127)).sum() / ((one > 127) | (other > 127)).sum())


def test_the_shipped_finder_is_loaded_as_it_runs() -> None:
    model = load_model(str(DOG))
    rgb = np.random.default_rng(0).integers(0, 255, (96, 160, 3), np.uint8)
    finder = SubjectFinder.of(model)
    assert finder is not None
    rows, columns = seen_size(96, 160)
    small = cv2.resize(rgb, (columns, rows), interpolation=cv2.INTER_AREA).astype(np.float32)
    picture = torch.from_numpy(small.transpose(2, 0, 1)[None] / np.float32(255))
    with torch.no_grad():
        logits = load_finder(model)(picture).mask[0].numpy()
    # The finder itself is less careful (core/segment/finder.py).
    assert np.abs(logits + finder.careful - finder.find(rgb).logits).max() < 1e-3


def test_drawn_masks_teach_the_other_frames(tmp_path: Path) -> None:
    video = write_pictures(tmp_path / "disc", disc_pictures(6))
    (tmp_path / "drawn" / "disc").mkdir(parents=True)
    for frame in (0, 5):
        path = tmp_path / "drawn" / "disc" / f"{frame:05}.png"
        assert cv2.imwrite(str(path), disc_masks(6)[frame])
    command = ["prepare", str(video), "-o", str(tmp_path / "clips"), "--fps", "200"]
    drawn = ["--model", str(DOG), "--drawn", str(tmp_path / "drawn"), "--learn-steps", "15"]
    assert main.main([*command, *drawn]) == 0
    found = read_prepared(tmp_path / "clips" / "disc").alphas
    truth = disc_masks(6)
    assert np.array_equal(found[0], truth[0])
    assert min(overlap(found[frame], truth[frame]) for frame in (1, 2, 3, 4)) > 0.85
    # Without them no dog is found in a disc.
    network = load_finder(load_model(str(DOG)))
    untaught = subject_outline(disc_pictures(6)[2], subject_logits(network, disc_pictures(6)[2]))
    assert overlap(untaught, truth[2]) < 0.6


def test_a_finder_of_an_older_kind_is_begun_anew() -> None:
    """The human's: it learns the disc all the same, and from the same start each time."""
    network = load_finder(load_model(str(HUMAN)))
    again = load_finder(load_model(str(HUMAN)))
    for one, other in zip(network.parameters(), again.parameters(), strict=True):
        assert torch.equal(one, other)
    pictures, truth = disc_pictures(6), disc_masks(6)
    drawn = [DrawnFrame(pictures[frame], truth[frame]) for frame in (0, 5)]
    taught = learn_subject(network, drawn, LearnConfig(steps=60))
    found = subject_outline(pictures[2], subject_logits(taught, pictures[2]))
    assert overlap(found, truth[2]) > 0.85


def test_learning_from_nothing_and_for_no_video_is_refused(tmp_path: Path) -> None:
    network = load_finder(load_model(str(DOG)))
    with pytest.raises(ValueError, match="0 drawn"):
        learn_subject(network, [], LearnConfig(steps=1))
    video = write_pictures(tmp_path / "disc", disc_pictures(3))
    (tmp_path / "drawn").mkdir()
    for options in (["--masks", str(tmp_path / "drawn")], []):
        command = ["prepare", str(video), "-o", str(tmp_path / "clips"), *options]
        assert main.main([*command, "--drawn", str(tmp_path / "drawn")]) == 1
    assert not (tmp_path / "clips").exists()


def test_a_model_without_a_finder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ExplainedError, match="finder"):
        load_finder(replace(load_model(str(DOG)), folder=tmp_path))


def test_what_is_not_known_teaches_nothing() -> None:
    logits = torch.zeros(1, 4, 4, requires_grad=True)
    masks = torch.ones(1, 4, 4)
    known = torch.ones(1, 4, 4)
    known[0, 0] = 0
    subject_loss(logits, masks, known).backward()
    gradient = logits.grad
    assert gradient is not None
    assert gradient[0, 0].abs().max() == 0
    assert gradient[0, 1:].abs().min() > 0


def test_the_same_seed_learns_the_same() -> None:
    network = load_finder(load_model(str(DOG)))
    drawn = [DrawnFrame(disc_pictures(1)[0], disc_masks(1)[0])]
    first, again = (
        subject_logits(learn_subject(network, drawn, LearnConfig(steps=2)), drawn[0].rgb)
        for _ in range(2)
    )
    assert np.array_equal(first, again)
    assert not np.array_equal(first, subject_logits(network, drawn[0].rgb))


@pytest.mark.parametrize(
    ("width", "height", "seen"),
    [(864, 480, (576, 320)), (480, 272, (576, 320)), (96, 72, (192, 128)), (272, 480, (320, 576))],
)
def test_what_the_network_sees(width: int, height: int, seen: tuple[int, int]) -> None:
    assert learner_size(width, height) == seen


def test_the_guided_filter_agrees_with_its_twin() -> None:
    rng = np.random.default_rng(1)
    guide = rng.random((14, 15, 3)).astype(np.float32)
    values = rng.random((14, 15)).astype(np.float32)
    radius = 2
    fast = guided_filter(guide, values, radius)
    slopes, offsets = np.zeros((14, 15, 3)), np.zeros((14, 15))
    for row in range(radius, 14 - radius):
        for column in range(radius, 15 - radius):
            rows = slice(row - radius, row + radius + 1)
            columns = slice(column - radius, column + radius + 1)
            colors = guide[rows, columns].reshape(-1, 3).astype(float)
            share = values[rows, columns].ravel().astype(float)
            spread = np.cov(colors.T, bias=True) + 2e-4 * np.eye(3)
            joint = ((colors - colors.mean(0)) * (share - share.mean())[:, None]).mean(0)
            slopes[row, column] = np.linalg.solve(spread, joint)
            offsets[row, column] = share.mean() - slopes[row, column] @ colors.mean(0)
    row, column = 7, 7
    near = slice(row - radius, row + radius + 1), slice(column - radius, column + radius + 1)
    slow = slopes[near].reshape(-1, 3).mean(0) @ guide[row, column] + offsets[near].mean()
    assert fast[row, column] == pytest.approx(slow, abs=1e-4)


def test_a_paw_near_the_subject_is_kept_and_a_speck_far_away_is_not() -> None:
    mask = np.zeros((80, 120), bool)
    mask[20:50, 20:70] = True
    mask[52:58, 30:36] = True
    mask[70:76, 110:116] = True
    mask[54, 60] = True
    kept = with_near_pieces(mask)
    assert kept[56, 32]
    assert not kept[72, 112]
    assert not kept[54, 60]
