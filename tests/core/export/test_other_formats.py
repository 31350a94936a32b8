"""BVH, CSV, USD, OBJ, PLY and npz, each read back by other code than ours or by a slow twin."""

import csv
import io
import re
from pathlib import Path

import numpy as np
import pytest
import trimesh
from hypothesis import given
from hypothesis import strategies as st

from core.export.bvh import channel_order, zxy_angles_deg
from core.export.export import export_take
from core.export.motion import file_motion
from core.export.options import ExportOptions
from core.export.take import move
from core.kinematics import forward_kinematics
from core.rotations import matrix_from_axis_angle
from tests.core.made_take import dense_chain_take, make_take

PLAIN = ExportOptions(skinning="truncate")


def turn(axis: int, degrees: float) -> np.ndarray:
    return matrix_from_axis_angle(np.deg2rad(degrees) * np.eye(3)[axis])


def play_bvh(text: str) -> dict[str, np.ndarray]:
    """Positions of all joints by name, worked out from the text alone."""
    head, motion = text.split("MOTION\n")
    rows = [[float(v) for v in line.split()] for line in motion.splitlines()[2:]]
    shown: dict[str, list] = {}
    for row in rows:
        values, stack, name = iter(row), [], ""
        for line in head.splitlines():
            words = line.split()
            if words[0] in ("ROOT", "JOINT", "End"):
                name = words[1]
            elif words[0] == "OFFSET":
                above = stack[-1] if stack else np.eye(4)
                local = np.eye(4)
                local[:3, 3] = [float(word) for word in words[1:]]
                stack.append(above @ local)
            elif words[0] == "CHANNELS":
                local = np.eye(4)
                for channel in words[2:]:
                    axis, value = "XYZ".index(channel[0]), next(values)
                    step = np.eye(4)
                    if channel.endswith("position"):
                        step[axis, 3] = value
                    else:
                        step[:3, :3] = turn(axis, value)
                    local = local @ step
                stack[-1] = stack[-1] @ local
                shown.setdefault(name, []).append(stack[-1][:3, 3])
            elif words[0] == "}":
                stack.pop()
    return {name: np.array(places) for name, places in shown.items()}


@pytest.mark.parametrize("take", [make_take(12), dense_chain_take(5)], ids=["arm", "chain"])
def test_bvh_puts_the_joints_in_place(take, tmp_path: Path) -> None:
    options = ExportOptions(fps=30)
    export_take(take, tmp_path / "a.bvh", options)
    shown = play_bvh((tmp_path / "a.bvh").read_text())
    motion = file_motion(take, options)
    posed = forward_kinematics(take.body.skeleton, motion.joint_rotations)
    expected = move(motion.rig_to_file, motion.scale * posed[..., :3, 3])
    places = list(shown.values())[1:]  # after the root bone, in the order of the file
    for place, joint in zip(places, channel_order(take), strict=True):
        np.testing.assert_allclose(place, expected[:, joint], atol=1e-5)
    assert "Frame Time: 0.03333333" in (tmp_path / "a.bvh").read_text()


def test_bvh_of_uneven_time_stamps_is_even(tmp_path: Path) -> None:
    take = make_take(4, times_s=np.array([0, 0.04, 0.08, 0.2]))
    export_take(take, tmp_path / "a.bvh")
    assert "Frames: 6\nFrame Time: 0.04000000" in (tmp_path / "a.bvh").read_text()


@given(st.tuples(*[st.floats(-179, 179)] * 3), st.booleans())
def test_zxy_angles_give_the_rotation_back(angles: tuple, is_locked: bool) -> None:
    z, x, y = angles
    rotation = turn(2, z) @ turn(0, 90.0 if is_locked else x) @ turn(1, y)
    z, x, y = zxy_angles_deg(rotation[None])[0]
    np.testing.assert_allclose(turn(2, z) @ turn(0, x) @ turn(1, y), rotation, atol=1e-6)


def test_angles_do_not_jump_by_a_turn() -> None:
    rotations = np.stack([turn(2, degrees) for degrees in range(0, 720, 20)])
    np.testing.assert_allclose(zxy_angles_deg(rotations)[:, 0], np.arange(0, 720, 20))


def test_csv_has_a_row_a_frame_and_named_columns(tmp_path: Path) -> None:
    export_take(make_take(5), tmp_path / "a.csv", ExportOptions(joint_names={"body": "hips"}))
    rows = list(csv.DictReader(io.StringIO((tmp_path / "a.csv").read_text())))
    assert len(rows) == 5
    assert float(rows[3]["time_s"]) == pytest.approx(0.1)
    assert float(rows[3]["confidence"]) == pytest.approx(0.9)
    assert {"root_x_m", "root_z_deg", "hips_x_deg", "lower_arm_2_y_deg"} <= set(rows[0])


def test_usd_declares_skeleton_and_samples(tmp_path: Path) -> None:
    """The structure; what USD and Blender make of it is in tests/interop."""
    take = make_take(6)
    report = export_take(take, tmp_path / "a.usda", PLAIN)
    text = (tmp_path / "a.usda").read_text()
    assert text.startswith("#usda 1.0\n")
    assert text.count("{") == text.count("}")
    assert text.count("(") == text.count(")")
    assert '"root", "root/body", "root/body/lower_arm", "root/body/lower_arm/lower_arm_2"' in text
    points = re.search(r"points = \[(.*)\]", text).group(1)
    assert points.count("(") == len(take.body.vertices)
    assert len(re.findall(r"^ +5\.000000: ", text, re.MULTILINE)) == 2
    assert report.fidelity.max_percent < 5


@pytest.mark.parametrize("suffix", [".obj", ".ply"])
def test_mesh_sequences_hold_the_viewports_vertices(suffix: str, tmp_path: Path) -> None:
    take = make_take(3)
    report = export_take(take, tmp_path / f"seq{suffix}")
    assert report.path == tmp_path / f"seq_{suffix[1:]}"
    names = sorted(path.name for path in report.path.iterdir() if path.suffix == suffix)
    assert names == [f"seq_0000{key}{suffix}" for key in range(3)]
    mesh = trimesh.load_mesh(report.path / names[2], process=False)
    expected = file_motion(take, ExportOptions()).posed(take.body)[2]
    np.testing.assert_allclose(mesh.vertices, expected, atol=2e-6)
    np.testing.assert_array_equal(mesh.faces, take.body.faces)
    colors = np.asarray(mesh.visual.vertex_colors)[:, :3]
    np.testing.assert_allclose(colors, 255 * take.body.colors, atol=1)


def test_npz_is_the_contract(tmp_path: Path) -> None:
    take = make_take(70)  # more than one chunk
    export_take(take, tmp_path / "a.npz")
    with np.load(tmp_path / "a.npz", allow_pickle=False) as arrays:
        verts, joints = len(take.body.vertices), 3
        shapes = {name: arrays[name].shape for name in arrays.files}
        assert shapes["vertices"] == (70, verts, 3)
        assert shapes["faces"] == take.body.faces.shape
        assert shapes["colors"] == (verts, 3)
        assert shapes["joint_positions"] == (70, joints, 3)
        assert shapes["joint_rotations"] == (70, joints, 3, 3)
        assert shapes["articulation_code"] == (70, 16)
        assert arrays["vertices"].dtype == np.float32
        assert arrays["colors"].dtype == np.uint8
        assert arrays["image_size"].tolist() == [64, 48]
        assert arrays["joint_names"].tolist() == list(take.body.skeleton.names)
        np.testing.assert_array_equal(arrays["frame_index"], take.frame_index)
        np.testing.assert_array_equal(arrays["time_s"], take.times_s)
        np.testing.assert_allclose(arrays["vertices"][66:], take.posed(slice(66, 70)), atol=1e-6)
        np.testing.assert_array_equal(arrays["root_to_cam"], take.root_to_cam)
        # the second joint sits a third of the way up the arm, on the body's axis
        turned = take.root_to_cam[5] @ [0, 1 / 3, 0, 1]
        np.testing.assert_allclose(arrays["joint_positions"][5, 1], turned[:3], atol=1e-6)
