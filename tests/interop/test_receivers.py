"""Files as other programs see them; skipped where those are not installed (see receivers.py)."""

from pathlib import Path

import numpy as np
import pytest

from core.export.export import export_take
from core.export.gltf_evaluate import linear_reference
from core.export.options import ExportOptions
from tests.core.made_take import make_take
from tests.interop.receivers import (
    blender_python,
    blender_shows,
    blender_silhouettes,
    file_vertices,
    joint_distance,
    overlap,
    silhouette,
    validate,
    validator_modules,
)

needs_blender = pytest.mark.skipif(not blender_python(), reason="BLENDER_PYTHON is not set")
needs_validator = pytest.mark.skipif(
    not validator_modules(), reason="GLTF_VALIDATOR_MODULES is not set"
)
TIMES_S = np.array([0.0, 4, 11, 23, 30, 39]) / 30

EVERY_WAY = [
    ExportOptions(skinning=skinning, root_motion=root_motion)
    for skinning in ("refit", "truncate", "8", "morph")
    for root_motion in ("ground", "camera", "in_place")
]


def named(options: ExportOptions) -> str:
    return f"{options.skinning}-{options.root_motion}"


@needs_validator
def test_khronos_validator_finds_nothing(tmp_path: Path) -> None:
    take = make_take(20)
    ways = [
        *EVERY_WAY,
        ExportOptions(fps=24, is_unlit=True),
        ExportOptions(root_motion="camera", has_camera=True, has_end_joints=False),
    ]
    paths = [tmp_path / f"{index}.glb" for index in range(len(ways))]
    for path, options in zip(paths, ways, strict=True):
        export_take(take, path, options)
    export_take(make_take(1), tmp_path / "one.gltf")
    for verdict in validate(*paths, tmp_path / "one.gltf"):
        assert verdict["messages"] == []


@needs_blender
@pytest.mark.parametrize("options", EVERY_WAY, ids=named)
def test_blender_shows_what_the_linear_reference_says(
    options: ExportOptions, tmp_path: Path
) -> None:
    take = make_take(40)
    path = tmp_path / "a.glb"
    export_take(take, path, options)
    expected = linear_reference(path.read_bytes(), TIMES_S).vertices
    shown = blender_shows(path, TIMES_S, 30, tmp_path)["vertices"]
    # metres: the arm is half a metre long; Blender computes in float32
    np.testing.assert_allclose(shown, expected, atol=1e-4 * 0.5)


@needs_blender
def test_blender_reads_the_bvh_with_joints_in_place(tmp_path: Path) -> None:
    take, options = make_take(40), ExportOptions(fps=30)
    path = tmp_path / "a.bvh"
    export_take(take, path, options)
    assert_joints_in_place(take, options, blender_shows(path, TIMES_S, 30, tmp_path))


@needs_blender
def test_blender_reads_the_usd_with_joints_and_vertices_in_place(tmp_path: Path) -> None:
    # truncate: refit may turn the joints a little
    take, options = make_take(40), ExportOptions(skinning="truncate")
    export_take(take, tmp_path / "a.usda", options)
    export_take(take, tmp_path / "a.glb", options)
    shown = blender_shows(tmp_path / "a.usda", TIMES_S, 30, tmp_path)
    assert_joints_in_place(take, options, shown)
    expected = linear_reference((tmp_path / "a.glb").read_bytes(), TIMES_S).vertices
    np.testing.assert_allclose(shown["vertices"], expected, atol=1e-4 * 0.5)


def assert_joints_in_place(take, options: ExportOptions, shown: dict[str, np.ndarray]) -> None:
    assert joint_distance(take, options, shown, TIMES_S) < 1e-4


def test_usd_library_bakes_the_same_vertices(tmp_path: Path) -> None:
    gf, usd, skel = (pytest.importorskip(f"pxr.{part}") for part in ("Gf", "Usd", "UsdSkel"))
    take = make_take(20)
    export_take(take, tmp_path / "a.usda")
    export_take(take, tmp_path / "a.glb")
    stage = usd.Stage.Open(str(tmp_path / "a.usda"))
    skel_root = skel.Root(stage.GetDefaultPrim())
    assert skel.BakeSkinning(skel_root, gf.Interval(0, 19))
    points = stage.GetPrimAtPath("/body/mesh").GetAttribute("points")
    shown = np.array([points.Get(frame) for frame in range(20)])
    expected = linear_reference((tmp_path / "a.glb").read_bytes()).vertices
    np.testing.assert_allclose(shown, expected, atol=1e-5)


@needs_blender
def test_blender_draws_the_silhouette_of_the_file_and_of_the_viewport(tmp_path: Path) -> None:
    K = np.array([[600.0, 0, 320], [0, 600, 240], [0, 0, 1]])
    take = make_take(40, K=K, image_size=(640, 480))
    options = ExportOptions(root_motion="camera", has_camera=True)
    export_take(take, tmp_path / "a.glb", options)
    frames = (0, 20, 39)
    times_s = [frame / 30 for frame in frames]
    pictures = blender_silhouettes(tmp_path / "a.glb", times_s, 30, (640, 480), tmp_path)
    linear = file_vertices(tmp_path / "a.glb", take, times_s)
    for frame, body, shown in zip(frames, linear, pictures, strict=True):
        assert overlap(silhouette(body, take), shown) > 0.99
        viewport = take.posed(slice(frame, frame + 1))[0]
        assert overlap(silhouette(viewport, take), shown) > 0.98
