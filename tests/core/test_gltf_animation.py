"""Animations between their keys: linear, held, and splined; spans; refusals."""

from pathlib import Path

import numpy as np
import pytest

from core.errors import RigError
from core.gltf_animation import sample, time_span
from core.gltf_nodes import NodeTransforms, read_nodes
from core.gltf_read import read_gltf
from core.rotations import matrix_from_quaternion
from tests.core.made_gltf import MadeGltf, turn_z


def animated(
    path: str, values: np.ndarray, times_s: list[float], interpolation: str = "LINEAR"
) -> MadeGltf:
    made = MadeGltf()
    made.document["nodes"] = [{"translation": [7, 8, 9]}, {}]
    sampler = {
        "input": made.accessor(np.array(times_s), "f4"),
        "output": made.accessor(values, "f4"),
        "interpolation": interpolation,
    }
    channel = {"sampler": 0, "target": {"node": 1, "path": path}}
    made.add("animations", {"samplers": [sampler], "channels": [channel]})
    return made


def sampled(made: MadeGltf, folder: Path, times_s: list[float]) -> NodeTransforms:
    gltf = read_gltf(made.save(folder / "a.glb"))
    rest = read_nodes(gltf).rest
    return sample(gltf, gltf.items("animations")[0], rest, [0, 1], np.array(times_s))


def test_positions_go_straight_and_stay_at_the_ends(tmp_path: Path) -> None:
    made = animated("translation", np.array([[0, 0, 0], [2, 4, 6]]), [1, 3])
    found = sampled(made, tmp_path, [0.0, 1.0, 1.5, 3.0, 9.0])
    expected = [[0, 0, 0], [0, 0, 0], [0.5, 1, 1.5], [2, 4, 6], [2, 4, 6]]
    np.testing.assert_allclose(found.translation[:, 1], expected)
    np.testing.assert_allclose(found.translation[:, 0], np.tile([7, 8, 9], (5, 1)))


def test_rotations_go_the_shorter_way_at_even_speed(tmp_path: Path) -> None:
    keys = np.stack([turn_z(0), -turn_z(np.pi / 2)])
    found = sampled(animated("rotation", keys, [0, 1]), tmp_path, [1 / 3])
    matrix = matrix_from_quaternion(found.rotation[0, 1])
    np.testing.assert_allclose(np.arctan2(matrix[1, 0], matrix[0, 0]), np.pi / 6, atol=1e-6)


def test_steps_hold_until_the_next_key(tmp_path: Path) -> None:
    made = animated("scale", np.array([[1, 1, 1], [2, 2, 2]]), [0, 1], "STEP")
    found = sampled(made, tmp_path, [0.0, 0.99, 1.0, 2.0])
    np.testing.assert_allclose(found.scale[:, 1, 0], [1, 1, 2, 2])


def test_splines_pass_their_keys_with_their_tangents(tmp_path: Path) -> None:
    # x(t) = t^3 on [0, 2]: values 0 and 8, slopes 0 and 12.
    row = [[0, 0, 0], [0, 0, 0], [0, 0, 0], [12, 0, 0], [8, 0, 0], [0, 0, 0]]
    made = animated("translation", np.array(row), [0, 2], "CUBICSPLINE")
    times_s = [0.0, 0.5, 1.0, 1.5, 2.0]
    found = sampled(made, tmp_path, times_s)
    np.testing.assert_allclose(found.translation[:, 1, 0], np.power(times_s, 3), atol=1e-12)


def test_a_single_key_holds_for_ever(tmp_path: Path) -> None:
    made = animated("translation", np.array([[1, 2, 3]]), [0.5])
    found = sampled(made, tmp_path, [0.0, 5.0])
    np.testing.assert_allclose(found.translation[:, 1], [[1, 2, 3], [1, 2, 3]])


def test_normalised_rotations_are_read(tmp_path: Path) -> None:
    made = animated("rotation", np.stack([turn_z(0), turn_z(np.pi)]), [0, 1])
    packed = np.round(np.stack([turn_z(0), turn_z(np.pi)]) * 32767)
    output = made.accessor(packed, "i2", normalized=True)
    made.document["animations"][0]["samplers"][0]["output"] = output
    found = sampled(made, tmp_path, [0.5])
    np.testing.assert_allclose(found.rotation[0, 1], [0.5**0.5, 0, 0, 0.5**0.5], atol=1e-4)


def test_span_covers_all_channels_that_move_nodes(tmp_path: Path) -> None:
    made = animated("translation", np.zeros((2, 3)), [0.25, 1])
    animation = made.document["animations"][0]
    for times_s, target in (([0.5, 2], {"node": 0, "path": "scale"}), ([0, 9], {"path": "scale"})):
        more = {
            "input": made.accessor(np.array(times_s), "f4"),
            "output": animation["samplers"][0]["output"],
        }
        animation["samplers"].append(more)
        animation["channels"].append({"sampler": len(animation["samplers"]) - 1, "target": target})
    made.add("animations", {"samplers": [], "channels": []})
    gltf = read_gltf(made.save(tmp_path / "a.glb"))
    assert time_span(gltf, gltf.items("animations")[0]) == (0.25, 2.0)
    assert time_span(gltf, gltf.items("animations")[1]) is None


@pytest.mark.parametrize(
    ("made", "complaint"),
    [
        (animated("translation", np.zeros((2, 3)), [1, 0]), "has key times that do not rise"),
        (animated("translation", np.zeros((3, 3)), [0, 1]), "has 3 values for 2 keys"),
        (animated("translation", np.zeros((2, 3)), [0, 1], "WAVY"), "is unknown: 'WAVY'"),
        (animated("rotation", np.zeros((2, 4)), [0, 1]), "holds a quaternion of length zero"),
        (animated("rotation", np.ones((2, 3)), [0, 1]), "type must be VEC4, is 'VEC3'"),
        (animated("scale", np.ones((2, 3)), [0, 1], "CUBICSPLINE"), "has 2 values for 2 keys"),
    ],
)
def test_broken_samplers_are_refused(tmp_path: Path, made: MadeGltf, complaint: str) -> None:
    with pytest.raises(RigError, match=complaint):
        sampled(made, tmp_path, [0.0])


@pytest.mark.parametrize(
    ("nodes", "complaint"),
    [
        ([{"children": [1]}, {"children": [0]}], r"nodes\[0\] is its own ancestor"),
        ([{"children": [0]}], r"nodes\[0\] is its own ancestor"),
        ([{"children": [2]}, {"children": [2]}, {}], r"nodes\[2\] has more than one parent"),
        ([{"children": [7]}], r"nodes\[0\]\.children must hold numbers below 1, holds 7"),
        ([{"children": [True]}], "must hold numbers below 1, holds True"),
        ([{"rotation": [0, 0, 0, 0]}], "rotation is a quaternion of length zero"),
        ([{"translation": [1, 2]}], "translation must be a list of 3 numbers"),
        ([{"translation": [1, 2, 10**400]}], "translation holds a number that is not finite"),
        ([{"matrix": [0] * 16}], "matrix is flat: its scale is zero"),
        ([[]], r"nodes\[0\] must be an object, is list"),
    ],
)
def test_broken_node_trees_are_refused(tmp_path: Path, nodes: list, complaint: str) -> None:
    made = MadeGltf()
    made.document["nodes"] = nodes
    gltf = read_gltf(made.save(tmp_path / "a.glb"))
    with pytest.raises(RigError, match=complaint):
        read_nodes(gltf)


def test_a_nodes_matrix_is_taken_apart(tmp_path: Path) -> None:
    matrix = np.eye(4)
    matrix[:3, :3] = np.array([[0, -1, 0], [1, 0, 0], [0, 0, 1]]) * [-2, 3, 4]
    matrix[:3, 3] = [5, 6, 7]
    made = MadeGltf()
    made.document["nodes"] = [{"matrix": matrix.T.reshape(-1).tolist()}]
    nodes = read_nodes(read_gltf(made.save(tmp_path / "a.glb")))
    np.testing.assert_allclose(nodes.world(nodes.rest, [0])[0], matrix, atol=1e-12)
