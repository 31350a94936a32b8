"""Codes of an older model, whose space was shorter, still make bodies."""

from dataclasses import replace

import numpy as np
import pytest

from core.shape_space import ShapeSpace
from tests.made_model import made_model


def test_numbers_that_came_later_are_zero_for_older_codes() -> None:
    model = made_model()
    code = np.array([0.7])
    older, whole = model.rig_of(code), model.rig_of(np.array([0.7, 0.0]))
    np.testing.assert_array_equal(older.vertices, whole.vertices)
    np.testing.assert_array_equal(
        older.skeleton.rest_joint_to_rig, whole.skeleton.rest_joint_to_rig
    )
    assert np.abs(older.vertices - model.rig.vertices).max() > 0


def test_the_empty_code_is_the_template() -> None:
    model = made_model()
    np.testing.assert_array_equal(model.rig_of(np.zeros(0)).vertices, model.rig.vertices)
    alone = replace(model, shape=ShapeSpace.empty(model.rig))
    assert alone.rig_of(np.zeros(0)) is alone.rig


def test_a_code_of_a_newer_model_is_refused() -> None:
    with pytest.raises(ValueError, match="3 numbers, the space 2"):
        made_model().rig_of(np.zeros(3))
