"""Guessed and hand-written maps between skeletons."""

from pathlib import Path

import numpy as np
import pytest

from core.bone_map import bone_map, read_bone_map, write_bone_map
from core.errors import RigError
from core.rig import Skeleton


def dog(names: tuple[str, ...], shift: float = 0.0) -> Skeleton:
    """Pelvis, spine, head, tail, a front and a hind leg of two joints on each side."""
    places = np.array([
        [0, 0.5, -0.3], [0, 0.5, 0.1], [0, 0.7, 0.4], [0, 0.6, -0.5],
        [0.1, 0.4, 0.15], [0.1, 0.1, 0.15], [-0.1, 0.4, 0.15], [-0.1, 0.1, 0.15],
        [0.1, 0.4, -0.3], [0.1, 0.1, -0.35], [-0.1, 0.4, -0.3], [-0.1, 0.1, -0.35],
    ])  # fmt: skip
    rest = np.tile(np.eye(4), (12, 1, 1))
    rest[:, :3, 3] = places + shift * np.sin(np.arange(36)).reshape(12, 3) * [0, 1, 1]
    parents = (-1, 0, 1, 0, 1, 4, 1, 6, 0, 8, 0, 10)
    return Skeleton(names, parents, rest, (0, 1, 2, 3, 6, 7, 4, 5, 10, 11, 8, 9))


ONE = dog((
    "pelvis", "spine", "head", "tail", "front_upper_l", "front_lower_l", "front_upper_r",
    "front_lower_r", "hind_upper_l", "hind_lower_l", "hind_upper_r", "hind_lower_r",
))  # fmt: skip
NUMBERED = dog(tuple(f"Bone.{index:03}" for index in range(12)), shift=0.03)


def test_nameless_bones_are_matched_by_place() -> None:
    assert bone_map(ONE, NUMBERED) == dict(zip(NUMBERED.names, ONE.names, strict=True))


def test_the_same_names_need_no_guess() -> None:
    shuffled = tuple(reversed(ONE.names))
    assert bone_map(ONE, dog(shuffled)) == {name: name for name in shuffled}


def test_what_the_other_body_lacks_keeps_still() -> None:
    parents = tuple(ONE.parents[:4])
    bare = Skeleton(("a", "b", "c", "d"), parents, NUMBERED.rest_joint_to_rig[:4], (0, 1, 2, 3))
    found = bone_map(bare, NUMBERED)
    assert [found[name] for name in NUMBERED.names[:4]] == list("abcd")
    assert {found[name] for name in NUMBERED.names[4:]} == {None}


def test_a_written_map_reads_back(tmp_path: Path) -> None:
    found = bone_map(ONE, NUMBERED) | {NUMBERED.names[3]: None}
    write_bone_map(tmp_path / "map.json", found)
    assert read_bone_map(tmp_path / "map.json", ONE, NUMBERED) == found


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{", "no JSON file"),
        ("[" * 100_000, "no JSON file"),
        ("[1]", "must hold pairs"),
        ('{"nose": "head"}', "the target rig has no such joint"),
        ('{"Bone.001": "nose"}', "the take's body has not"),
        ('{"Bone.001": 3}', "the take's body has not"),
    ],
)
def test_a_broken_map_is_one_sentence(text: str, reason: str, tmp_path: Path) -> None:
    path = tmp_path / "map.json"
    path.write_text(text)
    with pytest.raises(RigError, match=reason) as caught:
        read_bone_map(path, ONE, NUMBERED)
    assert "\n" not in str(caught.value)


def test_a_missing_map_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(RigError, match="Cannot read"):
        read_bone_map(tmp_path / "none.json", ONE, NUMBERED)
