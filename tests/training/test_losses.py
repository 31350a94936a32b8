import numpy as np
import torch

from core.root_pose import root_to_crop
from core.rotations import matrix_from_axis_angle
from core.spread_points import spread_vertices
from core.student import BodyPoints, StudentPrediction
from tests.made_model import made_model
from training.losses import LossWeights, Truth, body_places, in_picture, student_loss
from training.template_torch import TemplateTorch

TAN = torch.full((4,), 0.2)


def template() -> TemplateTorch:
    model = made_model()
    return TemplateTorch(model.rig, model.shape, model.articulation, model.appearance, 40)


def truth_of(code: torch.Tensor) -> Truth:
    batch = len(code)
    rotations = template().decode(code)
    return Truth(
        torch.eye(3).repeat(batch, 1, 1), torch.zeros(batch, 3), rotations, code,
        torch.zeros(batch, 2), torch.zeros(batch, 64),
    )  # fmt: skip


def perfect(truth: Truth, hypotheses: int = 3) -> StudentPrediction:
    roots = torch.zeros(len(truth.code), hypotheses, 10)
    roots[..., 0] = roots[..., 4] = 1
    return StudentPrediction(roots, truth.code, truth.shape, truth.appearance)


def test_the_truth_costs_nothing_but_the_choice() -> None:
    truth = truth_of(torch.randn(4, 16) * 0.3)
    terms = student_loss(perfect(truth), None, truth, TAN[:4], template(), LossWeights(logit=0.0))
    assert float(terms.total) < 1e-4
    assert float(terms.root_deg) < 0.1


def test_decoding_agrees_with_the_numpy_twin() -> None:
    model, code = made_model(), np.random.default_rng(0).normal(size=(5, 16))
    ours = template().decode(torch.from_numpy(code).float()).numpy()
    np.testing.assert_allclose(ours, model.joint_rotations(code), atol=1e-4)


def test_a_wrong_root_costs_and_the_right_logit_saves() -> None:
    truth = truth_of(torch.zeros(1, 16))
    wrong = perfect(truth)
    wrong.roots[0, 0, :6] = torch.tensor([-1.0, 0, 0, 0, 1, 0])  # turned by 180 degrees about y
    weights = LossWeights(expected_share=1.0, logit=0.0)
    believing, doubting = wrong.roots.clone(), wrong.roots.clone()
    believing[0, 0, 6], doubting[0, 0, 6] = 5.0, -5.0
    costs = [
        float(
            student_loss(
                wrong._replace(roots=roots), None, truth, TAN[:1], template(), weights
            ).total
        )
        for roots in (believing, doubting)
    ]
    assert costs[0] > 10 * costs[1]


def test_points_appear_where_the_pipeline_puts_them() -> None:
    rng = np.random.default_rng(3)
    rotation = matrix_from_axis_angle(rng.normal(size=3))
    weak, centre = np.array([0.2, 0.1, -0.3]), np.array([0.0, 0.5, 0.0])
    points = rng.normal(0, 0.3, (7, 3)) + centre
    pose = root_to_crop(rotation, weak, 0.25, centre)
    in_crop = points @ pose[:3, :3].T + pose[:3, 3]
    wanted = in_crop[:, :2] / in_crop[:, 2:] / 0.25
    batch = [torch.from_numpy(x)[None].float() for x in (points - centre, rotation, weak)]
    seen = in_picture(*batch, torch.tensor([0.25]))
    np.testing.assert_allclose(seen[0].numpy(), wanted, atol=1e-4)


def test_gradients_reach_every_output() -> None:
    truth = truth_of(torch.randn(2, 16))
    prediction = StudentPrediction(*(torch.randn_like(x).requires_grad_() for x in perfect(truth)))
    student_loss(prediction, None, truth, TAN[:2], template(), LossWeights()).total.backward()
    assert all(x.grad is not None and x.grad.abs().sum() > 0 for x in prediction)


def test_points_found_where_they_are_cost_nothing_and_elsewhere_they_do() -> None:
    truth, body = truth_of(torch.randn(4, 16) * 0.3), template()
    theirs = body.pose(truth.joint_rotations, truth.shape)[:, :6] - body.centre
    right = body_places(theirs, truth.rotation, truth.weak, TAN)
    weights, totals = LossWeights(logit=0.0), []
    for places in (right, right + 0.1):
        found = BodyPoints(places, torch.ones(4, 6))
        terms = student_loss(perfect(truth), found, truth, TAN, body, weights)
        totals.append(float(terms.total))
    assert totals[0] < 1e-4
    assert totals[1] > 1.0
    np.testing.assert_allclose(float(terms.points), 0.1 * np.sqrt(3), rtol=1e-4)


def test_points_spread_over_the_body() -> None:
    rig = made_model().rig
    chosen = spread_vertices(rig, 20)
    assert len(set(chosen.tolist())) == 20
    assert np.ptp(rig.vertices[chosen, 2]) > 0.95
