"""The paper's networks train and ship by the same way as ours; at a toy size."""

import json

import pytest

from core.student_paper_torch import PaperConfig
from training.commands.train import RECIPES
from training.recipe import Recipe
from training.recipe_file import built


def test_the_recipe_says_the_papers_sizes() -> None:
    recipe = built(Recipe, json.loads((RECIPES / "dog-paper.json").read_text()))
    assert recipe.fit.student == PaperConfig(input_px=224, stacks=8)
    assert recipe.crops.size_px == 224


def test_ours_is_still_what_a_recipe_without_stacks_means() -> None:
    recipe = built(
        Recipe,
        {"name": "x", "category": "y", "rigs": ["z.glb"], "fit": {"student": {"points": 12}}},
    )
    assert recipe.fit.student.points == 12
    with pytest.raises(ValueError, match="no 'hourglasses'"):
        built(
            Recipe,
            {
                "name": "x",
                "category": "y",
                "rigs": ["z.glb"],
                "fit": {"student": {"hourglasses": 1}},
            },
        )
