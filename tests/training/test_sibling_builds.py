"""What proportions cannot say of a sibling is a build, and the template with it is the sibling."""

from dataclasses import replace

import numpy as np
import pytest

from core.kinematics import forward_kinematics, skin_transforms
from core.rig import Rig
from core.skin import skin_linear
from tests.training.made_person import made_person
from training.metrics.surface import surface_distances
from training.metrics.triangle_mesh import TriangleMesh
from training.shape_modes import proportion_modes
from training.sibling_builds import BLEND_STD, sibling_builds, with_builds
from training.synth.bodies import FitPrior, SynthBody

TURNED = FitPrior(ridge=1e-5, is_turned=True)


def bulky(rig: Rig, much: float, name: str) -> Rig:
    """A belly and a low head: neither is a length or a girth of a chain."""
    skin = rig.vertices.astype(float)
    height = skin[:, 1]
    middle = 0.5 * (height.max() + height.min())
    belly = np.exp(-(((height - middle) / 0.15) ** 2))
    moved = skin.copy()
    moved[:, 2] += much * 0.25 * belly * (skin[:, 2] > 0)
    return replace(rig, name=name, vertices=moved.astype(np.float32))


def body_of(template: Rig, rig: Rig, clips: tuple) -> SynthBody:
    return SynthBody.of(template, proportion_modes(template), rig, clips, None, TURNED)


def test_the_template_with_a_siblings_build_is_the_sibling_in_any_pose() -> None:
    person = made_person()
    rig, space = person.rig, proportion_modes(person.rig)
    sibling = bulky(rig, 1.0, "made_bulky")
    bodies = (body_of(rig, rig, person.clips), body_of(rig, sibling, person.clips))
    builds = sibling_builds(rig, space, [(sibling, bodies[1].fit)])
    whole = with_builds(space, builds)
    told = builds.told(bodies, whole)[1]
    assert whole.names[-1] == "bulky build"

    def posed(code: np.ndarray) -> np.ndarray:
        own = whole.apply(rig, code)
        pose = person.clips[0].joint_rotations[5]
        moves = skin_transforms(own.skeleton, forward_kinematics(own.skeleton, pose))
        return skin_linear(own.vertices, own.weights, moves) * told.fit.scale + told.fit.offset

    pose = person.clips[0].joint_rotations[5]
    moves = skin_transforms(sibling.skeleton, forward_kinematics(sibling.skeleton, pose))
    truth = skin_linear(sibling.vertices, sibling.weights, moves)
    without = np.concatenate([told.fit.shape[:-1], [0.0]])
    goal = TriangleMesh(truth.astype(float), rig.faces)

    def off(code: np.ndarray) -> float:
        found = surface_distances(TriangleMesh(posed(code).astype(float), rig.faces), goal)
        return found.to_truth.mean() + found.to_prediction.mean()

    assert off(told.fit.shape) < 0.4 * off(without)


def test_siblings_carry_their_code_and_the_template_none() -> None:
    person = made_person()
    rig, space = person.rig, proportion_modes(person.rig)
    others = [bulky(rig, much, f"b{n}") for n, much in enumerate((1.0, -0.5))]
    bodies = tuple(body_of(rig, each, person.clips) for each in (rig, *others))
    builds = sibling_builds(rig, space, [(b.rig, b.fit) for b in bodies[1:]])
    whole = with_builds(space, builds)
    told = builds.told(bodies, whole)
    assert whole.names[-2:] == ("b0 build", "b1 build")
    assert told[0].fit.shape[-2:].tolist() == [0, 0]
    assert told[2].fit.shape[-2:].tolist() == [0, 1]
    rng = np.random.default_rng(0)
    blends = told[0].random_shapes(rng, 500, 1.0)
    assert blends.shape == (500, len(whole.names))
    assert blends[:, -1].std() == pytest.approx(BLEND_STD, rel=0.15)
    assert told[0].template_shape(blends, len(whole.names)) == pytest.approx(blends)


def test_of_many_siblings_the_principal_components_stay() -> None:
    person = made_person()
    rig, space = person.rig, proportion_modes(person.rig)
    others = [bulky(rig, much, f"b{n}") for n, much in enumerate((1.0, -0.5, 0.5))]
    bodies = [body_of(rig, each, person.clips) for each in others]
    whole = sibling_builds(rig, space, [(b.rig, b.fit) for b in bodies], limit=3)
    fewer = sibling_builds(rig, space, [(b.rig, b.fit) for b in bodies], limit=2)
    assert fewer.space.names == ("build 1", "build 2")
    assert fewer.codes.shape == (3, 2)
    exact = np.tensordot(whole.codes, whole.space.vertices, 1)
    told = np.tensordot(fewer.codes, fewer.space.vertices, 1)
    assert np.linalg.norm(told - exact) < 0.5 * np.linalg.norm(exact)


def test_a_rig_without_siblings_has_no_builds() -> None:
    rig = made_person().rig
    space = proportion_modes(rig)
    assert with_builds(space, sibling_builds(rig, space, [])).names == space.names
