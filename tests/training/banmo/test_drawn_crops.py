"""A fitted body is drawn, and its own words come back from the shards."""

from pathlib import Path

import numpy as np

from core.model import body_centre
from core.root_pose import root_to_crop
from tests.training.banmo.made_teacher import TINY, made_start
from training.articulation import ArticulationFitConfig
from training.banmo.drawn_crops import FittedPainter, fitted_body, write_drawn_crops
from training.banmo.extract import rest_surface
from training.banmo.knowledge import pseudo_truth, teacher_knowledge
from training.banmo.teacher import Teacher
from training.crop_store import CropStore


def test_a_fitted_body_is_drawn_in_its_own_poses_and_coat(tmp_path: Path) -> None:
    teacher = Teacher(TINY, made_start())
    rest = rest_surface(teacher, 32)
    knowledge = teacher_knowledge(teacher, rest, ArticulationFitConfig(steps=2, hidden=8))
    truth = pseudo_truth(teacher, rest, knowledge, np.arange(6))
    body = fitted_body(knowledge, truth)
    assert isinstance(body.painter, FittedPainter)
    assert body.painter.paint(np.random.default_rng(0)).shape == knowledge.rig.vertices.shape
    assert write_drawn_crops(knowledge, truth, tmp_path, (1000, 1, 64)) == 64
    store = CropStore.open(tmp_path)
    assert store.truth["shape"].shape == (64, len(knowledge.space.names))
    # The rig's centre, placed by the truth of a crop, lies in or near the drawn silhouette.
    poses = root_to_crop(
        store.truth["rotation"], store.truth["weak"], 1.0, body_centre(knowledge.rig)
    )
    assert np.allclose(np.linalg.det(poses[:, :3, :3]), 1, atol=1e-4)
    seen = [np.argwhere(picture[..., 3] > 127) for picture in store.pictures_at(np.arange(64))]
    near = [
        np.abs(pixels.mean(0) - 64 * (1 + weak[[2, 1]])).max() < 24
        for pixels, weak in zip(seen, store.truth["weak"], strict=True)
        if len(pixels) > 400
    ]
    assert np.mean(near) > 0.8
    before = (tmp_path / "shard_1000.npz").stat().st_mtime_ns
    write_drawn_crops(knowledge, truth, tmp_path, (1000, 1, 64))
    assert (tmp_path / "shard_1000.npz").stat().st_mtime_ns == before
