"""A template fitted to siblings: known proportions, scale and rest poses come back."""

from dataclasses import replace

import numpy as np
import pytest

from core.kinematics import forward_kinematics, skin_transforms
from core.rig import Rig
from core.skin import skin_linear
from tests.training.made_person import made_person
from training.shape_modes import proportion_modes
from training.synth.bodies import FitPrior, SynthBody, fit_template

TURNED = FitPrior(ridge=1e-5, is_turned=True)


def sibling_of(rig: Rig, code: dict[str, float], scale: float = 1.0) -> Rig:
    space = proportion_modes(rig)
    numbers = np.array([code.get(name, 0.0) for name in space.names])
    made = space.apply(rig, numbers)
    rest = made.skeleton.rest_joint_to_rig.copy()
    rest[:, :3, 3] *= scale
    skeleton = replace(made.skeleton, rest_joint_to_rig=rest)
    return replace(made, skeleton=skeleton, vertices=made.vertices * np.float32(scale))


@pytest.mark.parametrize("scale", [1.0, 0.8])
def test_proportions_and_scale_of_a_sibling_are_found(scale: float) -> None:
    rig = made_person().rig
    space = proportion_modes(rig)
    code = {"thigh_l length": 1.0, "upperarm_l length": -1.5, "thigh_l girth": 0.5}
    sibling = sibling_of(rig, code, scale)
    fit = fit_template(rig, space, sibling, TURNED)
    told = space.apply(rig, fit.shape).vertices * fit.scale + fit.offset
    assert np.linalg.norm(told - sibling.vertices, axis=1).max() < 0.02
    found = dict(zip(space.names, fit.shape, strict=True))
    assert found["upperarm_l length"] - found["thigh_l length"] == pytest.approx(-2.5, abs=0.6)


def test_a_sibling_that_rests_with_arms_down_is_told_by_turned_arms() -> None:
    rig = made_person().rig
    person = made_person()
    down = person.clips[0].joint_rotations[11]  # the left arm hangs
    moves = skin_transforms(rig.skeleton, forward_kinematics(rig.skeleton, down))
    rest = moves @ rig.skeleton.rest_joint_to_rig
    vertices = skin_linear(rig.vertices, rig.weights, moves).astype(np.float32)
    sibling = replace(
        rig, vertices=vertices, skeleton=replace(rig.skeleton, rest_joint_to_rig=rest)
    )
    fit = fit_template(rig, proportion_modes(rig), sibling, TURNED)
    assert fit.scale == pytest.approx(1.0, abs=0.02)
    hand = rig.weights[:, rig.skeleton.names.index("hand_l")] > 0.5
    near = sibling.vertices[fit.nearest[hand]]
    assert np.linalg.norm(near - sibling.vertices[hand], axis=1).max() < 0.08
    usual = fit_template(rig, proportion_modes(rig), sibling)
    far = sibling.vertices[usual.nearest[hand]]
    assert np.linalg.norm(far - sibling.vertices[hand], axis=1).max() > 0.1


def test_a_sibling_of_another_skeleton_is_refused() -> None:
    rig = made_person().rig
    other = replace(rig.skeleton, names=tuple(f"bone{n}" for n in range(len(rig.skeleton.names))))
    with pytest.raises(ValueError, match="shares 0 joints"):
        fit_template(rig, proportion_modes(rig), replace(rig, skeleton=other))


def test_a_body_is_its_own_template() -> None:
    person = made_person()
    body = SynthBody.alone(person.rig, person.clips)
    rotations = person.clips[0].joint_rotations
    assert body.template_rotations(rotations) is rotations
    assert body.fit.scale == 1.0
