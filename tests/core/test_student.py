import torch
from torch import nn

from core.student import PointHead, StudentConfig, StudentNetwork

SMALL = StudentConfig(
    input_px=64, widths=(8, 8, 8, 8, 16), feature_count=16, hypotheses=2, points=5, pyramid=8
)


def head_that_votes(logits: torch.Tensor, offset: float) -> PointHead:
    """One point whose votes are these logits by cell, all with the same offset."""
    head = PointHead((4,), 4, 1).eval()
    head.merge = nn.Identity()  # type: ignore[assignment]
    with torch.no_grad():
        head.lateral[0].weight.zero_()
        head.lateral[0].weight[0, 0] = 1.0
        head.lateral[0].bias.zero_()
        head.votes.weight.zero_()
        head.votes.weight[0, 0] = 1.0
        head.votes.bias.copy_(torch.tensor([0.0, offset, 0.0, 0.3]))
    return head


def test_one_sure_cell_gives_its_middle_and_its_offset() -> None:
    grid = torch.zeros(1, 4, 4, 4)
    grid[0, 0, 1, 3] = 60.0
    found = head_that_votes(grid, offset=0.1)([grid])
    torch.testing.assert_close(found.places[0, 0], torch.tensor([0.75 + 0.1, -0.25, 0.3]))
    torch.testing.assert_close(found.certainty, torch.ones(1, 1))


def test_cells_that_agree_on_nothing_give_the_middle() -> None:
    grid = torch.zeros(1, 4, 4, 4)
    found = head_that_votes(grid, offset=0.0)([grid])
    torch.testing.assert_close(found.places[0, 0], torch.tensor([0.0, 0.0, 0.3]))
    torch.testing.assert_close(found.certainty, torch.full((1, 1), 1 / 16))


def test_points_are_part_of_the_way_and_can_be_left_out() -> None:
    image, tan = torch.rand(3, 5, 64, 64), torch.full((3,), 0.2)
    with_points = StudentNetwork(SMALL).eval()
    seen = with_points.see(image, tan)
    assert seen.points is not None
    assert seen.points.places.shape == (3, 5, 3)
    seen.features.sum().backward()
    assert with_points.point_head is not None
    assert with_points.point_head.votes.weight.grad.abs().sum() > 0
    plain = StudentNetwork(StudentConfig(input_px=64, widths=(8, 8, 8, 8, 16)))
    assert plain.see(image, tan).points is None


def test_maps_are_taken_at_the_end_of_each_stage() -> None:
    grids = StudentNetwork(SMALL)._grids(torch.rand(1, 5, 64, 64))
    assert [tuple(grid.shape[1:]) for grid in grids] == [(8, 8, 8), (8, 4, 4), (16, 2, 2)]


def test_fused_network_says_the_same() -> None:
    network = StudentNetwork(SMALL)
    image, tan = torch.rand(8, 5, 64, 64), torch.full((8,), 0.2)
    network(image, tan)  # running statistics other than at birth
    network.eval()
    with torch.no_grad():
        before = network(image, tan)
        after = network.fuse()(image, tan)
    for a, b in zip(before, after, strict=True):
        torch.testing.assert_close(a, b, atol=1e-4, rtol=1e-4)


def test_smaller_pictures_than_configured_are_understood_while_training() -> None:
    network = StudentNetwork(SMALL)
    prediction = network(torch.rand(2, 5, 96, 96), torch.full((2,), 0.2))
    assert prediction.roots.shape == (2, 2, 10)
