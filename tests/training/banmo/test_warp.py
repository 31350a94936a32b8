"""Warps against core/skin.py; forward and back; Gaussian bones against their twin."""

import numpy as np
import torch

from core.kinematics import forward_kinematics, skin_transforms
from core.rotations import matrix_from_axis_angle
from core.skin import skin_dual_quaternion_reference
from tests.training.made_dog import made_dog
from training.banmo.bones import DeltaSkin, GaussianBones
from training.banmo.warp import aligned_duals, blended, move, move_back


def posed_transforms(seed: int, spread: float = 0.5) -> np.ndarray:
    rig = made_dog()
    rng = np.random.default_rng(seed)
    turns = matrix_from_axis_angle(spread * rng.normal(size=(len(rig.skeleton.names), 3)))
    turns[0] = np.eye(3)
    return skin_transforms(rig.skeleton, forward_kinematics(rig.skeleton, turns))


def test_points_move_as_core_skins_them() -> None:
    rig, rng = made_dog(), np.random.default_rng(3)
    transforms = posed_transforms(1, 0.25)
    weights = rng.dirichlet(np.full(len(rig.skeleton.names), 0.2), len(rig.vertices))
    truth = skin_dual_quaternion_reference(rig.vertices, weights, transforms)
    duals = aligned_duals(torch.from_numpy(transforms)[None], rig.skeleton.parents)
    moved = move(torch.from_numpy(rig.vertices).double()[None],
                 blended(torch.from_numpy(weights)[None], duals))  # fmt: skip
    assert np.allclose(moved[0].numpy(), truth, atol=1e-6)


def test_back_is_the_inverse_of_forward() -> None:
    rng = np.random.default_rng(4)
    transforms = torch.from_numpy(posed_transforms(2))[None]
    duals = aligned_duals(transforms, made_dog().skeleton.parents)
    weights = torch.from_numpy(rng.dirichlet(np.full(13, 0.3), 50))[None]
    points = torch.from_numpy(rng.normal(size=(1, 50, 3)))
    dual = blended(weights, duals)
    assert torch.allclose(move_back(move(points, dual), dual), points, atol=1e-9)


def test_signs_do_not_depend_on_the_quaternions_own() -> None:
    transforms = torch.from_numpy(np.stack([posed_transforms(5, 1.2), posed_transforms(6, 1.2)]))
    parents = made_dog().skeleton.parents
    duals = aligned_duals(transforms, parents)
    above = [max(parent, 0) for parent in parents]
    assert ((duals[..., :4] * duals[:, above, :4]).sum(-1) >= 0).all()


def test_gaussian_weights_agree_with_their_twin_and_follow_the_pose() -> None:
    bones = GaussianBones.of_rig(made_dog(), fit_steps=5)
    rng = np.random.default_rng(7)
    points = torch.from_numpy(rng.normal(0, 0.3, (6, 3)).astype(np.float32))
    transforms = torch.from_numpy(posed_transforms(8)).float()
    posed = bones.weights(points[None], bones.to_bone(transforms[None]))[0]
    still = bones.weights(points[None], bones.to_bone(None))[0]
    for point, weight, rest in zip(points, posed, still, strict=True):
        assert torch.allclose(weight, bones.weights_reference(point, transforms), atol=1e-5)
        assert torch.allclose(rest, bones.weights_reference(point), atol=1e-5)
    # A point that moves rigidly with a bone keeps its distance to that bone, and to it alone.
    identity = torch.eye(4).expand(1, len(made_dog().skeleton.names), 4, 4)
    assert torch.allclose(bones.weights(points[None], bones.to_bone(identity))[0], still, atol=1e-6)


def test_bones_are_fitted_to_the_rigs_weights() -> None:
    rig = made_dog()
    bones = GaussianBones.of_rig(rig, fit_steps=60)
    given = bones.weights(torch.from_numpy(rig.vertices)[None], bones.to_bone(None))[0]
    strongest = bones.joints[given.argmax(1)].numpy()
    assert (strongest == rig.weights.argmax(1)).mean() > 0.8
    inside = bones.ellipsoid_sdf(bones.centres.detach())
    outside = bones.ellipsoid_sdf(torch.tensor([[0.0, 3.0, 0.0]]))
    assert (inside < 0).all()
    assert outside.item() > 1.5


def test_delta_skin_adds_nothing_at_first() -> None:
    delta = DeltaSkin(5, 16, 8)
    assert (delta(torch.randn(2, 7, 3), torch.randn(2, 16)) == 0).all()
