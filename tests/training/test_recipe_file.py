"""Recipes from JSON: the shipped ones, nested settings, and what is wrong in one sentence."""

import json
from pathlib import Path

import pytest

from core.errors import ExplainedError
from training.commands.train import RECIPES
from training.recipe import Recipe
from training.recipe_file import built, read_recipe


def write(folder: Path, **fields: object) -> Path:
    plain = {"name": "cat", "category": "quadruped", "rigs": ["a.glb"]}
    path = folder / "cat.json"
    path.write_text(json.dumps(plain | fields))
    return path


def test_rigs_are_found_beside_the_recipe_or_in_the_folder(tmp_path: Path) -> None:
    rigs = tmp_path / "rigs"
    rigs.mkdir()
    (tmp_path / "a.glb").touch()
    (rigs / "b.glb").touch()
    path = write(tmp_path, rigs=["a.glb", "b.glb"], teacher={"motion_rigs": ["b.glb"]})
    recipe = read_recipe(path, rigs)
    assert recipe.rigs == (tmp_path / "a.glb", rigs / "b.glb")
    assert recipe.teacher.motion_rigs == (rigs / "b.glb",)


def test_nested_settings_become_values_of_their_types() -> None:
    recipe = built(
        Recipe,
        {
            "name": "cat", "category": "quadruped", "rigs": ["a.glb"], "body_length_m": 1,
            "crops": {"view": {"elevation_rad": [-0.1, 0.5]}},
            "teacher": {"preparation": {"joint_names": [["Body", "pelvis"]]}},
        },
    )  # fmt: skip
    assert recipe.body_length_m == 1
    assert recipe.crops.view.elevation_rad == (-0.1, 0.5)
    assert (
        recipe.crops.view.truncated_share
        == Recipe("x", "y", (Path("z"),)).crops.view.truncated_share
    )
    assert recipe.teacher.preparation.joint_names == (("Body", "pelvis"),)


@pytest.mark.parametrize(
    ("fields", "word"),
    [
        ({"colour": 3}, "no 'colour'"),
        ({"shard_count": "many"}, "must be of type int"),
        ({"crops": 3}, "CropConfig must be an object"),
        ({"body_share": 1}, "must be a list"),
        ({"rigs": []}, "at least one rig"),
        ({}, "There is no rig a.glb"),
    ],
)
def test_what_is_wrong_is_said(tmp_path: Path, fields: dict[str, object], word: str) -> None:
    with pytest.raises(ExplainedError, match=word):
        read_recipe(write(tmp_path, **fields), tmp_path)


def test_shipped_recipes_are_recipes() -> None:
    for path in RECIPES.glob("*.json"):
        recipe = built(Recipe, json.loads(path.read_text()))
        assert recipe.name == path.stem
        assert len(recipe.body_share) == len(recipe.rigs)
