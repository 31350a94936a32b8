"""A tiny fit: it learns, resumes, and hands on what a student needs."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from core.errors import ExplainedError, ModelError
from core.kinematics import forward_kinematics
from core.model import body_centre
from core.root_pose import root_to_crop
from core.rotations import matrix_from_axis_angle
from tests.training.banmo.made_teacher import (
    TINY,
    made_pool,
    made_prepared,
    made_start,
)
from training.articulation import ArticulationFitConfig
from training.banmo.config import TeacherConfig
from training.banmo.extract import frame_vertices, largest_part, rest_surface
from training.banmo.fields import NetworkFields
from training.banmo.fit_teacher import TeacherFit, log_row, rate_factor
from training.banmo.knowledge import pseudo_truth, silhouette_ious, teacher_knowledge
from training.banmo.losses import teacher_losses, weighted
from training.banmo.outline import OutlineTargets
from training.banmo.ray_pool import RayPool
from training.banmo.real_crops import write_real_crops
from training.banmo.rest_sdf import SdfGrid
from training.banmo.start import flip_warnings
from training.banmo.teacher import Teacher
from training.banmo.teacher_files import read_start, write_start
from training.crop_store import CropStore


def learned(fit: TeacherFit, steps: int) -> list[float]:
    """Silhouette errors of some steps; time stands still, so that stages stay."""
    errors = []
    for _ in range(steps):
        errors.append(float(fit.learn().values["silhouette"].detach()))
        fit.used_s = 0.5
    return errors


def test_a_box_is_filled_and_its_distances_are_right() -> None:
    corners = np.array([[x, y, z] for x in (0, 1.0) for y in (0, 1.0) for z in (0, 1.0)])
    quads = ((0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3))
    faces = np.array([f for a, b, c, d in quads for f in ((a, b, c), (a, c, d))])
    grid = SdfGrid.of_mesh(corners, faces, voxel=0.1, margin=0.3)
    middle = np.rint((np.array([0.5, 0.5, 0.5]) - grid.low) / grid.voxel).astype(int)
    assert grid.values[tuple(middle[::-1])] == pytest.approx(-0.5, abs=0.06)
    assert grid.values[0, 0, 0] == pytest.approx(0.3 * 3**0.5, abs=0.06)
    assert (grid.values < 0.02).mean() == pytest.approx(11**3 / 17**3, rel=0.1)
    assert (grid.values < -0.02).mean() == pytest.approx(9**3 / 17**3, rel=0.1)
    assert all((size - 1) % 4 == 0 for size in grid.values.shape)


def test_the_start_looks_like_the_masks_and_learning_makes_it_better() -> None:
    fit = TeacherFit(TINY, made_start(noise=0.06), made_pool())
    before = np.nanmean(
        silhouette_ious(fit.teacher, rest_surface(fit.teacher, 32), [made_prepared()])
    )
    errors = learned(fit, 24)
    after = np.nanmean(
        silhouette_ious(fit.teacher, rest_surface(fit.teacher, 32), [made_prepared()])
    )
    assert np.mean(errors[-6:]) < 0.9 * np.mean(errors[:6])
    assert after > before > 0.3
    assert fit.skipped == 0


def test_a_resumed_fit_goes_on_as_an_unbroken_one(tmp_path: Path) -> None:
    whole = TeacherFit(TINY, made_start(0.03), made_pool())
    learned(whole, 4)
    first = TeacherFit(TINY, made_start(0.03), made_pool())
    learned(first, 2)
    first.save(tmp_path)
    second = TeacherFit(TINY, made_start(0.03), made_pool())
    assert second.load(tmp_path)
    assert second.step == 2
    learned(second, 2)
    for name, value in whole.teacher.state_dict().items():
        assert torch.allclose(second.teacher.state_dict()[name], value, atol=1e-6), name
    (tmp_path / "checkpoint.safetensors").write_bytes(b"nonsense")
    with pytest.raises(ModelError, match="damaged"):
        second.load(tmp_path)


@pytest.mark.parametrize("kind", ["lite", "full"])
def test_every_loss_reaches_what_it_judges(kind: str) -> None:
    config = replace(TINY, kind=kind)
    teacher = Teacher(config, made_start(0.05))
    teacher.uses_delta = True
    assert isinstance(teacher.fields, NetworkFields) == (kind == "full")
    torch.nn.init.normal_(teacher.delta.out.weight, std=0.1)
    outline = OutlineTargets.of_clips([made_prepared()])
    batch, generator = made_pool().batch(0, 3, 24), torch.Generator().manual_seed(0)
    terms = teacher_losses(teacher, batch, generator, outline)
    assert set(vars(config.losses)) - {"feature"} == set(terms.values)
    weighted(terms.values, config.losses).backward()
    untouched = [
        name
        for name, value in teacher.named_parameters()
        if value.grad is None or not torch.isfinite(value.grad).all()
    ]
    assert all("feature_out" in name for name in untouched)


def test_features_are_matched_to_the_surface() -> None:
    rng = np.random.default_rng(0)
    clip = replace(made_prepared(), features=rng.normal(size=(6, 18, 24, 5)).astype(np.float16))
    pool = RayPool.of_clips([clip], 0)
    batch = pool.batch(0, 3, 24)
    assert batch.features is not None
    frame, pixel = int(batch.frames[1]), batch.pixels[1, 4].numpy()
    expected = clip.features[frame, int(pixel[1] / 4), int(pixel[0] / 4)]
    assert np.allclose(batch.features[1, 4].numpy(), expected, atol=1e-3)
    teacher = Teacher(TINY, made_start(), pool.feature_channels)
    assert teacher.feature_in is not None
    terms = teacher_losses(teacher, batch, None)
    terms.values["feature"].backward()
    for layer in (teacher.feature_in, teacher.fields.feature_out):
        assert layer.weight.grad.abs().max() > 0
    assert teacher.poses.turn.grad.abs().max() > 0


def test_a_root_gradient_is_that_of_differences() -> None:
    teacher = Teacher(TINY, made_start()).double()
    pool = made_pool()
    batch = pool.batch(1, 2, 40)
    frame = int(batch.frames[0])

    def error(move: float) -> torch.Tensor:
        place = teacher.poses.place.detach().clone()
        place[frame, 1] += move
        with torch.no_grad():
            teacher.poses.place.copy_(place)
        posed = teacher.poses.at(batch.frames)
        seen = teacher.render(posed, batch.pixels.double(), None)
        with torch.no_grad():
            place[frame, 1] -= move
            teacher.poses.place.copy_(place)
        return (seen.opacity - batch.mask.double()).square().mean()

    [slope] = torch.autograd.grad(error(0.0), teacher.poses.place)
    step = 2e-3
    between = (error(step) - error(-step)).item() / (2 * step)
    # Samples move with the surface, and the gradient does not know: the two agree only roughly.
    assert np.sign(slope[frame, 1].item()) == np.sign(between)


def test_knowledge_says_again_what_the_teacher_says() -> None:
    teacher = Teacher(TINY, made_start())
    rest = rest_surface(teacher, 40)
    knowledge = teacher_knowledge(teacher, rest, ArticulationFitConfig(steps=20, hidden=8))
    rig = knowledge.rig
    assert np.ptp(rig.vertices, axis=0).max() == pytest.approx(1.0, abs=1e-5)
    assert rig.vertices[:, 1].min() == pytest.approx(0.0, abs=1e-5)
    assert len(knowledge.appearance.components) <= 64
    frames = np.arange(6)
    truth = pseudo_truth(teacher, rest, knowledge, frames)
    posed = frame_vertices(teacher, rest, frames)
    scale = np.ptp(rest.vertices, axis=0).max()
    joints = forward_kinematics(rig.skeleton, truth.joint_rotations.astype(float))[:, :, :3, 3]
    in_camera = (
        joints @ truth.root_to_cam[:, :3, :3].swapaxes(1, 2) + truth.root_to_cam[:, None, :3, 3]
    )
    with torch.no_grad():
        same = teacher.poses.at(torch.from_numpy(frames))
        expected = same.to_camera(same.joint_to_rig[..., :3, 3]).numpy() / scale
    assert np.allclose(in_camera, expected, atol=1e-4)
    assert posed.shape == (6, len(rest.vertices), 3)


def test_only_the_largest_part_is_kept() -> None:
    vertices = np.arange(24.0).reshape(8, 3)
    faces = np.array([[0, 1, 2], [3, 4, 5], [4, 5, 6], [5, 6, 7]])
    kept, renumbered = largest_part(vertices, faces)
    assert np.array_equal(kept, vertices[3:])
    assert np.array_equal(renumbered, faces[1:] - 3)


def test_a_start_is_read_as_it_was_written(tmp_path: Path) -> None:
    start = made_start(0.1)
    write_start(tmp_path, start, [tmp_path], "dog")
    read, facts = read_start(tmp_path)
    assert facts["frames"] == [6]
    for name, value in vars(start.poses).items():
        assert np.array_equal(getattr(read.poses, name), value)
    assert read.rig.skeleton.names == start.rig.skeleton.names
    with pytest.raises(ModelError, match="no teacher"):
        read_start(tmp_path / "elsewhere")


def test_a_flip_is_told() -> None:
    rotation = np.tile(np.eye(3), (6, 1, 1))
    clip_of = np.zeros(6, int)
    assert flip_warnings(rotation, clip_of, [made_prepared()]) == []
    rotation[3] = matrix_from_axis_angle(np.array([0, 3.0, 0]))
    [sentence] = flip_warnings(rotation, clip_of, [made_prepared()])
    assert "3, 4" in sentence


def test_configurations_are_kept_and_refused(tmp_path: Path) -> None:
    config = replace(TeacherConfig.named("full"), minutes=7.0)
    config.write(tmp_path / "config.json")
    assert TeacherConfig.read(tmp_path / "config.json") == config
    (tmp_path / "config.json").write_text('{"unknown": 1}')
    with pytest.raises(ExplainedError):
        TeacherConfig.read(tmp_path / "config.json")
    with pytest.raises(ValueError, match="lite and full"):
        TeacherConfig.named("huge")


def test_rates_warm_up_and_settle() -> None:
    assert rate_factor(0.0, "color") < rate_factor(0.05, "color")
    assert rate_factor(0.05, "field") == rate_factor(0.05, "length") == 0
    assert rate_factor(0.9, "root") < 0.3 * rate_factor(0.9, "field")


def test_real_frames_become_crops_with_pseudo_truth(tmp_path: Path) -> None:
    teacher = Teacher(TINY, made_start())
    rest = rest_surface(teacher, 40)
    knowledge = teacher_knowledge(teacher, rest, ArticulationFitConfig(steps=2, hidden=8))
    truth = pseudo_truth(teacher, rest, knowledge, np.arange(6))
    assert write_real_crops([made_prepared()], truth, knowledge, tmp_path, variants=2) == 12
    store = CropStore.open(tmp_path)
    assert store.pictures_at(np.arange(12)).shape == (12, 128, 128, 4)
    # The rig's centre, placed by the truth of a crop, lies where the picture shows the body.
    poses = root_to_crop(
        store.truth["rotation"], store.truth["weak"], 1.0, body_centre(knowledge.rig)
    )
    assert np.allclose(np.linalg.det(poses[:, :3, :3]), 1, atol=1e-4)
    for picture, weak in zip(store.pictures_at(np.arange(12)), store.truth["weak"], strict=True):
        column, row = 64 * (1 + weak[1:])
        seen = np.argwhere(picture[..., 3] > 127)
        assert np.abs(seen.mean(0) - [row, column]).max() < 20
    assert (store.truth["frame"][:, :2] < 0).all()
    assert (store.truth["frame"][:, 2:] > 0).all()


def test_a_row_of_the_log_tells_the_step_and_every_term() -> None:
    fit = TeacherFit(TINY, made_start(), made_pool())
    terms = fit.learn()
    row = log_row(fit, terms)
    assert row["step"] == 1
    assert row["rays_per_cpu_s"] > 0
    assert set(terms.values) < set(row)
