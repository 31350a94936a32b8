from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import main
from core.camera import Camera
from core.coverage import draw
from core.crop import CropCamera
from core.errors import ExplainedError
from core.fit_item import FitItem
from core.fit_score import seen_vertices
from core.model import CategoryModel, load_model
from core.model_files import write_model
from core.pipeline import root_pose
from core.results import Codes, FrameResult, Mask
from tests.made_clip import write_clip
from tests.made_model import made_model
from training.online.adapt import (
    AdaptConfig,
    LinearEncoder,
    adapt,
    held_out_frames,
    held_out_iou,
    ship_adapted,
)
from training.online.video_crops import VideoCrops, _packed, _Seen, frame_borders

SIDE = 96
CAMERA = Camera.from_fov(SIDE, SIDE, 0.9)


def truth_at(model: CategoryModel, index: int) -> FrameResult:
    """The tube from its side, a little different on every frame, with its own silhouette."""
    code = np.zeros(16, np.float32)
    rotation = np.array([[0, 0, -1.0], [0, -1, 0], [-1, 0, 0]])
    place = np.array([np.log(2.2), 0.02 * np.sin(index), 0.02 * np.cos(index)])
    result = FrameResult(
        index, index / 30, True, 1.0, (10.0, 30.0, 86.0, 66.0), None, CAMERA.K, (SIDE, SIDE),
        root_pose(rotation, place, model.centre), model.joint_rotations(code),
        Codes(code, np.zeros(2, np.float32), np.zeros(64, np.float32)), None, {},
    )  # fmt: skip
    seen = seen_vertices(model, result)
    assert seen is not None
    drawn = draw(seen[None], model.rig.faces, SIDE).is_covered[0]
    return replace(result, mask=Mask(drawn.astype(np.uint8) * 255, 1.0))


def made_crops(model: CategoryModel, count: int) -> VideoCrops:
    seen, refined = [], []
    for index in range(count):
        result = truth_at(model, index)
        assert result.mask is not None
        crop = CropCamera.around(CAMERA, (8.0, 28.0, 88.0, 68.0), size_px=model.input_px)
        alpha = (crop.warp_mask(result.mask.alpha) * 255).astype(np.uint8)
        picture = np.dstack([np.full((*alpha.shape, 3), 128, np.uint8), alpha])
        seen.append(_Seen(crop, picture, FitItem.of(model, result, SIDE)))
        refined.append(result)
    return _packed(model, seen, refined)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> CategoryModel:
    folder = tmp_path_factory.mktemp("models") / "tube"
    write_model(made_model(), folder)
    return load_model(folder)


def test_tuning_helps_on_frames_held_out_and_leaves_the_base_alone(
    model: CategoryModel, tmp_path: Path
) -> None:
    crops = made_crops(model, 32)
    config = AdaptConfig(
        minutes=60.0,
        most_steps=40,
        learning_rate=3e-3,
        batch_size=8,
        check_steps=10,
        least_frames=8,
        threads=1,
    )
    before = {name: value.copy() for name, value in model.student.weights.items()}
    adapted = adapt(model, crops, config)
    assert adapted.after_iou > adapted.before_iou + 0.05
    assert adapted.curve[0] == (0, adapted.before_iou)
    held = held_out_frames(32, config)
    assert held_out_iou(model, adapted.network, crops, held) == pytest.approx(adapted.after_iou)
    assert all((model.student.weights[name] == value).all() for name, value in before.items())
    ship_adapted(model, adapted, tmp_path / "mine", "walk.mp4", config)
    shipped = load_model(tmp_path / "mine")
    assert shipped.card["adapted"]["video"] == "walk.mp4"
    assert shipped.card["adapted"]["held_out_iou"]["after"] > 0


def test_blocks_are_held_out_and_never_all() -> None:
    config = AdaptConfig()
    for count in (24, 100, 1000):
        held = held_out_frames(count, config)
        assert 0.1 < len(held) / count < 0.4
    runs = np.split(held, np.flatnonzero(np.diff(held) > 1) + 1)
    assert all(len(run) == config.block for run in runs[:-1])


def test_too_few_frames_are_refused_with_what_to_do(model: CategoryModel) -> None:
    with pytest.raises(ExplainedError, match="longer video"):
        adapt(model, made_crops(model, 5), AdaptConfig())


def test_codes_of_the_decoders_own_poses_come_back(model: CategoryModel) -> None:
    import torch

    code = np.random.default_rng(4).normal(0, 0.5, (20, 16)).astype(np.float32)
    poses = model.joint_rotations(code)
    six = np.swapaxes(poses[..., :, :2], -1, -2).reshape(20, -1)
    found = LinearEncoder(model)(torch.from_numpy(six).float()).numpy()
    again = model.joint_rotations(found.astype(np.float32))
    moved = np.abs(again - poses).mean()
    assert (
        moved < 0.3 * np.abs(model.joint_rotations(np.zeros((20, 16), np.float32)) - poses).mean()
    )


def test_borders_are_those_of_the_picture() -> None:
    x0, y0, x1, y1 = frame_borders(CAMERA)
    assert (x0, y0) == pytest.approx((-x1, -y1))
    assert x1 == pytest.approx(np.tan(0.45))


def test_the_command_refuses_in_a_sentence(
    model: CategoryModel, tmp_path: Path, capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(main, "start_log", lambda: None)
    write_clip(tmp_path / "clip.mp4", 6)
    words = ["adapt", str(tmp_path / "clip.mp4"), "--model", str(model.folder)]
    assert main.main([*words, "-o", str(model.folder)]) == 1
    assert "never overwritten" in capsys.readouterr().err
    assert main.main([*words, "-o", str(tmp_path / "new"), "--box", "1,2,3"]) == 1
    assert "X0,Y0,X1,Y1" in capsys.readouterr().err
    assert main.main([*words, "-o", str(tmp_path / "new"), "--box", "18,20,52,44"]) == 1
    assert "frames could be fitted" in capsys.readouterr().err
    assert not (tmp_path / "new").exists()
