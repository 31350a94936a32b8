from dataclasses import replace

import moderngl
import numpy as np
import pytest

from render.tiles import FurNoise, Tile, TileLight, TileRenderer
from tests.render.twins import (
    Tube,
    bent,
    in_front,
    make_tube,
    rasterize,
    skin_linear_loop,
    to_cam,
)

PX = 48
K = np.array([[70.0, 0, 25.5], [0, 66.0, 23], [0, 0, 1]])
UNLIT = TileLight(ambient=np.ones(3), diffuse=np.zeros(3))


@pytest.fixture
def tiles(ctx: moderngl.Context):
    renderer = TileRenderer(ctx, PX, columns=3, rows=2)
    yield renderer
    renderer.release()


def tile_of(tube: Tube, body: int, **changes) -> Tile:
    joints = tube.weights.shape[1]
    return replace(Tile(body, bent(joints), in_front(), K, tube.colors), **changes)


@pytest.mark.parametrize("joints", [2, 7])
def test_silhouette_and_depth_agree_with_a_slow_rasteriser(tiles: TileRenderer, joints: int):
    tube = make_tube(joints=joints)
    tile = tile_of(tube, tiles.add_body(tube.vertices, tube.faces, tube.weights))
    images = tiles.draw([tile])
    posed = skin_linear_loop(tube.vertices, tube.weights, tile.skin_transforms)
    depth, margin = rasterize(to_cam(posed, tile.root_to_cam), tube.faces, K, PX)
    # llvmpipe snaps corners to 1/256 px; beyond that no pixel centre may change sides.
    sure = margin > 1 / 100
    assert sure.mean() > 0.9
    assert (depth > 0).mean() > 0.05
    np.testing.assert_array_equal((images.rgba[0, ..., 3] == 255)[sure], (depth > 0)[sure])
    # 1/256 px on a slope of up to 0.2 units per pixel
    np.testing.assert_allclose(images.depth[0][sure], depth[sure], atol=2e-3)


def test_each_tile_gets_its_own_picture_in_order(tiles: TileRenderer, tube: Tube):
    first = tiles.add_body(tube.vertices, tube.faces, tube.weights)
    other = make_tube(around=5, rings=4)
    second = tiles.add_body(other.vertices, other.faces, other.weights, is_flat=True)
    wanted = [
        tile_of(tube, first, root_to_cam=in_front(yaw, 2.5 + yaw)) for yaw in np.linspace(0, 2, 5)
    ]
    wanted.insert(2, tile_of(other, second))
    wanted.append(tile_of(tube, first, rest_vertices=tube.vertices * np.float32(0.5)))
    wanted.append(tile_of(tube, first))
    together = tiles.draw(wanted)
    for k, tile in enumerate(wanted):
        alone = tiles.draw([tile])
        # another place in the framebuffer, another last bit in the interpolation
        np.testing.assert_allclose(together.rgba[k].astype(int), alone.rgba[0].astype(int), atol=1)
        np.testing.assert_allclose(together.depth[k], alone.depth[0], atol=1e-5)
    assert together.rgba[6, ..., 3].mean() < 0.5 * together.rgba[7, ..., 3].mean()


def test_unlit_colour_is_the_vertex_colour(tiles: TileRenderer, tube: Tube):
    body = tiles.add_body(tube.vertices, tube.faces, tube.weights)
    color = np.array([0.8, 0.4, 0.1])
    images = tiles.draw(
        [tile_of(tube, body, vertex_colors=np.tile(color, (len(tube.vertices), 1)), light=UNLIT)]
    )
    seen = images.rgba[0][images.rgba[0, ..., 3] == 255][:, :3]
    # one step for the byte in, one for the byte out
    np.testing.assert_allclose(seen / 255.0, np.broadcast_to(color, seen.shape), atol=2 / 255)
    assert (images.rgba[0][images.rgba[0, ..., 3] == 0] == 0).all()


def test_light_from_the_left_lights_the_left(tiles: TileRenderer, tube: Tube):
    body = tiles.add_body(tube.vertices, tube.faces, tube.weights)
    light = TileLight(np.array([-1.0, 0, 0]), np.zeros(3), np.ones(3))
    rest = np.tile(np.eye(4), (2, 1, 1))
    image = tiles.draw([tile_of(tube, body, skin_transforms=rest, light=light)]).rgba[0]
    columns = np.nonzero((image[..., 3] == 255).any(0))[0]
    middle = (columns[0] + columns[-1]) // 2
    assert image[:, : middle - 1, :3].sum() > 10 * image[:, middle + 2 :, :3].sum()


def test_fur_changes_colours_by_its_seed_and_nothing_else(tiles: TileRenderer, tube: Tube):
    body = tiles.add_body(tube.vertices, tube.faces, tube.weights)
    furs = [FurNoise(), FurNoise(0.5, 30.0, 1), FurNoise(0.5, 30.0, 2), FurNoise(0.5, 30.0, 1)]
    images = tiles.draw([tile_of(tube, body, fur=fur) for fur in furs])
    plain, one, two, again = images.rgba.astype(int)
    assert abs(plain - one)[..., :3].max() > 15
    assert abs(one - two)[..., :3].max() > 15
    np.testing.assert_allclose(one, again, atol=1)  # last bits differ from place to place
    np.testing.assert_allclose(images.depth, images.depth[[0, 0, 0, 0]], atol=1e-5)
    # noise has mean 0: the body becomes neither lighter nor darker
    assert abs((one - plain)[plain[..., 3] == 255].mean()) < 6


def test_wrong_sizes_are_refused(tiles: TileRenderer, tube: Tube):
    body = tiles.add_body(tube.vertices, tube.faces, tube.weights)
    with pytest.raises(ValueError, match="3 joints, its body 2"):
        tiles.draw([tile_of(tube, body, skin_transforms=bent(3))])
    with pytest.raises(ValueError, match="5 vertices, its body 92"):
        tiles.draw([tile_of(tube, body, vertex_colors=np.zeros((5, 3)))])
    crowd = np.full((len(tube.vertices), 81), 1 / 81, np.float32)
    with pytest.raises(ValueError, match="81 joints, a tile holds 80"):
        tiles.add_body(tube.vertices, tube.faces, crowd)


def test_no_tiles_give_no_pictures(tiles: TileRenderer):
    images = tiles.draw([])
    assert images.rgba.shape == (0, PX, PX, 4)
    assert images.depth.shape == (0, PX, PX)
