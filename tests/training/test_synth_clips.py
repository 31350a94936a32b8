from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from core.rig import MotionClip
from core.rotations import matrix_from_axis_angle
from core.segment.mask_set import open_masks
from tests.made_model import made_rig
from training.clip import Clip, read_clip
from training.metrics.silhouette import silhouette_iou
from training.rasterize import rasterize
from training.synth.bodies import SynthBody
from training.synth.camera_path import ShotConfig
from training.synth.clip_folder import IMPERFECT_MASKS, write_synthetic_clip
from training.synth.clips import ClipConfig, ClipFactory
from training.synth.mask_faults import MaskFaults, faulty_masks
from training.synth.performance import PerformanceConfig, perform

PLAIN = ClipConfig(width_px=96, height_px=64, frames=6, occluded_share=0.0, is_compressed=False)
Pictures = np.ndarray


def made_clip(name: str, frames: int = 16) -> MotionClip:
    """Legs that swing against each other, and a nodding neck."""
    phase = np.linspace(0, 2 * np.pi, frames)
    vector = np.zeros((frames, 4, 3))
    vector[:, 1, 0] = 0.2 * np.cos(phase)
    vector[:, 2, 0] = 0.4 * np.sin(phase)
    vector[:, 3, 0] = -0.4 * np.sin(phase)
    still = np.tile(np.eye(4), (frames, 1, 1))
    return MotionClip(name, np.arange(frames) / 30, matrix_from_axis_angle(vector), still)


@pytest.fixture(scope="module")
def body() -> SynthBody:
    return SynthBody.alone(made_rig(), (made_clip("walk"), made_clip("trot", 10)))


@pytest.fixture(scope="module")
def made(body: SynthBody) -> tuple[Clip, Pictures]:
    factory = ClipFactory(PLAIN)
    clip = factory.make(body, 4)
    factory.release()
    return clip


def make(body: SynthBody, seed: int, config: ClipConfig) -> tuple[Clip, Pictures]:
    factory = ClipFactory(config)
    try:
        return factory.make(body, seed)
    finally:
        factory.release()


def test_the_same_seed_gives_the_same_clip(body: SynthBody) -> None:
    config = replace(PLAIN, occluded_share=1.0, is_compressed=True)
    (first, a), (second, b) = make(body, 3, config), make(body, 3, config)
    assert np.array_equal(a, b)
    assert np.array_equal(first.masks, second.masks)
    assert first.truth is not None
    assert second.truth is not None
    assert np.array_equal(first.truth.vertices, second.truth.vertices)


def test_a_factory_forgets_what_it_made_before(
    body: SynthBody, made: tuple[Clip, Pictures]
) -> None:
    factory = ClipFactory(PLAIN)
    factory.make(body, 9)
    again = factory.make(body, 4)[1]
    factory.release()
    assert np.array_equal(again, made[1])


def test_other_seeds_give_other_clips(body: SynthBody, made: tuple[Clip, Pictures]) -> None:
    clip, pictures = make(body, 5, PLAIN)
    assert clip.name != made[0].name
    assert np.abs(pictures.astype(int) - made[1]).mean() > 5
    assert not np.allclose(clip.K, made[0].K)


def test_masks_and_depth_are_those_of_the_true_mesh(made: tuple[Clip, Pictures]) -> None:
    clip = made[0]
    truth = clip.truth
    assert truth is not None
    assert truth.depth is not None
    for frame in range(clip.frame_count):
        drawn = rasterize(truth.vertices[frame], truth.faces, clip.camera)
        mask = clip.masks[frame] > 0
        assert silhouette_iou(drawn.silhouette, mask) > 0.9  # edges by coverage, not by centre
        both = drawn.silhouette & mask
        error = np.abs(drawn.depth - truth.depth[frame])[both]
        assert np.median(error) < 0.005
        assert np.quantile(error, 0.9) < 0.05
        assert np.array_equal(truth.depth[frame] > 0, mask)


def test_true_points_in_the_frame_lie_in_the_true_mask(made: tuple[Clip, Pictures]) -> None:
    clip = made[0]
    assert clip.truth is not None
    for vertices, mask in zip(clip.truth.vertices, clip.masks, strict=True):
        pixels = np.floor(clip.camera.project(vertices.astype(float))).astype(int)
        inside = ((pixels >= 0) & (pixels < clip.image_size)).all(1)
        grown = np.pad(mask, 1)  # a vertex on the outline may fall into the next pixel
        near = sum(
            grown[1 + dy : 1 + dy + len(mask), 1 + dx : 1 + dx + mask.shape[1]].astype(int)
            for dx in (-1, 0, 1)
            for dy in (-1, 0, 1)
        )
        x, y = pixels[inside].T
        assert inside.sum() > 20
        assert (near[y, x] > 0).all()


def test_the_body_is_told_from_its_surroundings(made: tuple[Clip, Pictures]) -> None:
    """The picture inside the mask differs from what a clip without a body would show."""
    clip, pictures = made
    inside = pictures[clip.masks > 0].astype(float).mean(0)
    outside = pictures[clip.masks == 0].astype(float).mean(0)
    assert np.abs(inside - outside).max() > 8


def test_something_in_front_takes_from_the_mask_but_not_from_the_truth(body: SynthBody) -> None:
    config = replace(PLAIN, occluded_share=1.0)
    hidden = 0
    for seed in (1, 6):
        clip, _ = make(body, seed, config)
        assert clip.truth is not None
        drawn = [
            rasterize(v, clip.truth.faces, clip.camera).silhouette for v in clip.truth.vertices
        ]
        assert not ((clip.masks > 0) & ~_grown(np.array(drawn))).any()
        hidden += bool(((clip.masks == 0) & np.array(drawn)).mean() > 0.002)
    assert hidden >= 1


def test_shots_keep_the_body_in_view(body: SynthBody) -> None:
    shot = ShotConfig(truncated_share=1.0)
    for seed in range(4):
        clip, _ = make(body, seed, replace(PLAIN, shot=shot))
        assert (clip.masks > 0).any((1, 2)).all()


def test_a_body_stands_on_the_ground_and_does_not_jump(body: SynthBody) -> None:
    times = np.arange(45) / 30
    for seed in range(3):
        rng = np.random.default_rng(seed)
        performance = perform(body, rng, times, PerformanceConfig())
        lowest = performance.vertices[:, :, 1].min(1)
        assert lowest.min() > -1e-6
        assert lowest.max() < 0.05
        step = np.linalg.norm(np.diff(performance.vertices, axis=0), axis=2).max()
        assert step < 0.2


def test_a_body_without_motions_cannot_perform() -> None:
    still = replace(SynthBody.alone(made_rig(), (made_clip("walk"),)), clips=())
    with pytest.raises(ValueError, match="tube has 0 clips"):
        perform(still, np.random.default_rng(0), np.arange(3) / 30, PerformanceConfig())


def test_sizes_that_no_video_can_hold_are_refused() -> None:
    with pytest.raises(ValueError, match="63 x 64"):
        ClipConfig(width_px=63, height_px=64)
    with pytest.raises(ValueError, match="not 1"):
        ClipConfig(frames=1)


def test_imperfect_masks_differ_but_stay_near(made: tuple[Clip, Pictures]) -> None:
    clip = made[0]
    scores = []
    for seed in range(8):
        rng = np.random.default_rng(seed)
        faulty = faulty_masks(rng, clip.masks, clip.fps, MaskFaults())
        assert set(np.unique(faulty)) <= {0, 255}
        assert not np.array_equal(faulty, clip.masks)
        pairs = zip(faulty > 0, clip.masks > 0, strict=True)
        scores.append(np.mean([silhouette_iou(*pair) for pair in pairs]))
    assert 0.6 < np.mean(scores) < 0.99
    assert min(scores) > 0.3


def test_faults_drift_instead_of_jumping() -> None:
    mask = np.zeros((1, 120, 120), np.uint8)
    mask[0, 30:90, 20:100] = 255
    still = np.repeat(mask, 20, axis=0)
    faulty = faulty_masks(np.random.default_rng(1), still, 30.0, MaskFaults(hole_share=0.0)) > 0
    between = [silhouette_iou(*pair) for pair in pairwise(faulty)]
    assert min(between) > 0.9
    assert silhouette_iou(faulty[0], faulty[-1]) < 0.999


def test_an_empty_mask_stays_empty() -> None:
    empty = np.zeros((2, 32, 32), np.uint8)
    assert not faulty_masks(np.random.default_rng(0), empty, 30.0).any()


def test_a_clip_comes_back_from_its_folder(tmp_path: Path, made: tuple[Clip, Pictures]) -> None:
    clip, pictures = made
    write_synthetic_clip(tmp_path / "tube", clip, pictures)
    back = read_clip(tmp_path / "tube")
    assert np.array_equal(back.masks, clip.masks)
    assert (back.name, back.seed, back.rig_name) == ("tube_4", 4, "tube")
    assert back.truth is not None
    assert clip.truth is not None
    assert clip.truth.depth is not None
    np.testing.assert_allclose(back.truth.vertices, clip.truth.vertices)
    np.testing.assert_allclose(back.truth.root_to_cam, clip.truth.root_to_cam)
    assert back.truth.depth is not None
    np.testing.assert_allclose(back.truth.depth, clip.truth.depth, atol=0.02)  # kept as float16
    shown = np.stack([frame.rgb for frame in back.frames()])
    assert shown.shape == pictures.shape
    assert np.abs(shown.astype(int) - pictures).mean() < 8
    assert open_masks(tmp_path / "tube" / IMPERFECT_MASKS).read(0) is not None


def _grown(masks: np.ndarray) -> np.ndarray:
    padded = np.pad(masks, ((0, 0), (1, 1), (1, 1)))
    high, wide = masks.shape[1:]
    shifted = [padded[:, dy : dy + high, dx : dx + wide] for dx in range(3) for dy in range(3)]
    return np.any(shifted, 0)
