"""Which part of the body each pixel shows."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import main
from core.errors import ExplainedError
from core.model import CategoryModel, load_model
from tests.training.prepare.made_pictures import disc_masks, disc_pictures, write_pictures
from training.prepare.prepared_clip import PreparedClip, read_prepared
from training.prepare.student_features import student_features


@pytest.fixture(scope="module")
def dog() -> CategoryModel:
    return load_model("dog")


def _prepared(folder: Path, *options: str) -> PreparedClip:
    video = write_pictures(folder / "disc", disc_pictures(3))
    write_pictures(folder / "masks", disc_masks(3))
    command = ["prepare", str(video), "-o", str(folder / "clips"), "--fps", "200"]
    assert main.main([*command, "--masks", str(folder / "masks"), *options]) == 0
    return read_prepared(folder / "clips" / "disc")


def test_prepare_writes_features_where_the_subject_is(tmp_path: Path) -> None:
    clip = _prepared(tmp_path, "--features")
    assert clip.features is not None
    assert clip.features.shape == (3, 48, 64, 48)
    length = np.linalg.norm(clip.features.astype(float), axis=-1)
    assert np.allclose(length[length > 0], 1, atol=0.01)
    rows, columns = np.nonzero(clip.alphas[0])
    assert (length[0][(rows * 48 / 72).astype(int), (columns * 64 / 96).astype(int)] > 0).all()
    assert length[0, :, -1].max() == 0  # the crop does not reach so far


def test_the_same_picture_elsewhere_shows_the_same_parts(
    tmp_path: Path, dog: CategoryModel
) -> None:
    clip = _prepared(tmp_path)
    moved = replace(
        clip, rgb=np.roll(clip.rgb, 12, 2), alphas=np.roll(clip.alphas, 12, 2), features=None
    )  # 12 pixels are 8 cells
    before, after = (student_features(dog, each).astype(float) for each in (clip, moved))
    middle = before[0, 24, 20], after[0, 24, 28]
    assert float(middle[0] @ middle[1]) > 0.9


def test_a_student_without_points_is_refused(tmp_path: Path, dog: CategoryModel) -> None:
    clip = _prepared(tmp_path)
    config = dict(dog.student.config) | {"points": 0}
    weights = {k: v for k, v in dog.student.weights.items() if not k.startswith("point_head")}
    width = weights["features.weight"].shape[1] - 4 * int(dog.student.config["points"])
    weights["features.weight"] = weights["features.weight"][:, :width]
    plain = replace(dog, student=replace(dog.student, config=config, weights=weights))
    with pytest.raises(ExplainedError, match="finds no points"):
        student_features(plain, clip)
