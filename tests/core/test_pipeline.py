from dataclasses import replace

import numpy as np
import pytest

from core.camera import Camera
from core.crop import CropCamera
from core.decode import posed_mesh
from core.frame import Frame
from core.pipeline import Pipeline, in_camera, root_pose
from core.results import Box, Mask
from core.root_pose import weak_perspective
from core.rotations import geodesic_angle, matrix_from_axis_angle
from core.segment.segmenter import SegmentMemory
from core.student_runner import Prediction
from tests.made_model import made_model


class DiscSegmenter:
    """Finds a disc at a known place; nothing on the frames it is told to miss."""

    name = "disc"

    def __init__(self, missing: tuple[int, ...] = ()) -> None:
        self.missing = missing

    def prompt(self, frame: Frame, box: Box | None = None, points=None, mask=None) -> SegmentMemory:
        return SegmentMemory()

    def segment(self, frame: Frame, memory: SegmentMemory | None) -> tuple[Mask, SegmentMemory]:
        y, x = np.mgrid[: frame.height_px, : frame.width_px]
        inside = (x - 60 - frame.index) ** 2 + (y - 50) ** 2 < 400
        found = frame.index not in self.missing
        alpha = np.where(inside & found, 255, 0).astype(np.uint8)
        return Mask(alpha, float(found)), SegmentMemory()

    def close(self) -> None:
        """Nothing is held."""


def frames(count: int) -> list[Frame]:
    rng = np.random.default_rng(0)
    return [
        Frame(k, k / 10, rng.integers(0, 256, (120, 160, 3)).astype(np.uint8)) for k in range(count)
    ]


def run(pipeline: Pipeline, count: int = 8):
    memory, results = pipeline.start(), []
    for frame in frames(count):
        result, memory = pipeline.step(frame, memory)
        results.append(result)
    return results


@pytest.fixture
def pipeline() -> Pipeline:
    return Pipeline.of(made_model(), DiscSegmenter())


def test_every_frame_gets_a_result_with_its_place_in_time(pipeline: Pipeline) -> None:
    results = run(pipeline)
    assert [r.frame_index for r in results] == list(range(8))
    assert [r.time_s for r in results] == [k / 10 for k in range(8)]
    assert all(r.is_covered and 0 < r.confidence <= 1 for r in results)
    stages = {"segment", "crop", "student", "temporal", "decode", "align"}
    assert set(results[0].stage_ms) == stages


def test_the_body_stands_where_the_mask_is(pipeline: Pipeline) -> None:
    """Even an untrained student looks near the middle of its crop."""
    result = run(pipeline, 1)[0]
    mesh = posed_mesh(pipeline.model, result)
    camera = Camera(result.K, *result.image_size)
    centre = camera.project(mesh.vertices.mean(0)[None].astype(float))[0]
    assert np.linalg.norm(centre - [60, 50]) < 40


def test_a_lost_subject_keeps_its_last_pose_and_says_so() -> None:
    pipeline = Pipeline.of(made_model(), DiscSegmenter(missing=(4, 5, 6, 7)))
    results = run(pipeline)
    assert results[3].is_covered
    last = results[-1]
    assert not last.is_covered
    assert last.confidence == 0
    np.testing.assert_array_equal(last.root_to_cam, results[3].root_to_cam)


def test_no_subject_at_all_gives_a_waiting_body() -> None:
    pipeline = Pipeline.of(made_model(), DiscSegmenter(missing=tuple(range(8))))
    results = run(pipeline)
    assert not any(r.is_covered for r in results)
    assert posed_mesh(pipeline.model, results[0]).vertices[:, 2].min() > 0


def test_a_step_is_a_function_of_its_arguments(pipeline: Pipeline) -> None:
    first, second = frames(2)
    _, memory = pipeline.step(first, pipeline.start())
    one, _ = pipeline.step(second, memory)
    two, _ = pipeline.step(second, memory)
    np.testing.assert_array_equal(one.root_to_cam, two.root_to_cam)


def test_going_back_in_time_is_allowed(pipeline: Pipeline) -> None:
    first, second = frames(2)
    _, memory = pipeline.step(second, pipeline.start())
    result, _ = pipeline.step(first, memory)
    assert result.is_covered


def test_what_is_true_in_the_crop_is_true_in_the_camera() -> None:
    """A known root pose, told in a crop's words, comes back in the full camera."""
    model = made_model()
    camera = Camera.from_fov(640, 480)
    truth = np.eye(4)
    truth[:3, :3] = matrix_from_axis_angle(np.array([0.3, 2.0, -0.4]))
    truth[:3, 3] = [0.8, -0.3, 4.0]
    crop = CropCamera.around(camera, (380.0, 150.0, 520.0, 260.0))
    in_crop = truth.copy()
    in_crop[:3] = crop.crop_to_cam.T @ truth[:3]
    weak = weak_perspective(in_crop, crop.crop_tan, model.centre)
    told = Prediction(
        in_crop[None, :3, :3], np.ones(1), weak[None], np.zeros(16), np.zeros(2), np.zeros(64)
    )
    seen = in_camera(told, crop, model)
    again = root_pose(seen.rotations[0], seen.places[0], model.centre)
    np.testing.assert_allclose(again, truth, atol=1e-9)
    assert geodesic_angle(again[:3, :3], truth[:3, :3]) < 1e-6


def test_alignment_has_a_switch(pipeline: Pipeline) -> None:
    aligned, plain = run(pipeline, 2)[1], run(replace(pipeline, aligns=False), 2)[1]
    assert "align" not in plain.stage_ms
    rotations = [result.root_to_cam[:3, :3] for result in (aligned, plain)]
    np.testing.assert_array_equal(rotations[0], rotations[1])
    assert not np.array_equal(aligned.root_to_cam[:3, 3], plain.root_to_cam[:3, 3])


def test_points_ride_on_the_result_if_the_model_says_which_they_are(pipeline: Pipeline) -> None:
    places = np.random.default_rng(1).normal(size=(1, 5, 3)).astype(np.float32)
    plain = pipeline.student.network

    def pointed(image: np.ndarray, tan: np.ndarray) -> list[np.ndarray]:
        return [*plain(image, tan), places]

    eye = replace(pipeline, student=replace(pipeline.student, network=pointed))
    assert run(eye, 1)[0].points is None
    knows = replace(eye.model, card=eye.model.card | {"point_vertices": [0, 4, 8, 15, 16]})
    (result,) = run(replace(eye, model=knows), 1)
    assert result.points is not None
    np.testing.assert_array_equal(result.points.places, places[0])
    straight = result.points.crop_to_cam @ np.array([0.0, 0.0, 1.0])
    seen = result.K @ straight
    assert result.box is not None
    middle = np.array(result.box).reshape(2, 2).mean(0)
    assert np.linalg.norm(seen[:2] / seen[2] - middle) < 3.0  # the crop looks at the subject
    assert run(pipeline, 1)[0].points is None
