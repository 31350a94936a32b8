"""Pasted pictures, the network that learns from them, and the file it is shipped in."""

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import onnx
import pytest
import torch

from core.errors import ExplainedError, SourceError
from core.segment.finder import CAREFUL, FILE, _load
from core.segment.finder_torch import Backbone, FinderConfig, FinderNetwork
from core.sources.video_file import VideoFile
from training.crop_store import CropStore
from training.finder.backbone import begin_with_photographs, freeze_fine_stages
from training.finder.fit_finder import FinderFitConfig, finder_loss, fit_finder, score
from training.finder.picture_store import SIZES, PicturePlan, PictureStore, draw_pictures
from training.finder.pictures import PictureConfig, PictureMaker
from training.finder.ship_finder import ship_finder
from training.finder.sprites import Sprites, Stock
from training.narrow_graph import plain_weights

SAMPLE = Path(__file__).parents[3] / "assets" / "samples" / "shiba.mp4"
TINY = FinderConfig(stem=8, widths=(8, 8, 12, 16, 16), depths=(1, 1, 1, 1, 1), expand=2, pyramid=8)


def made_sprites() -> Sprites:
    """Crops of red ellipses."""
    pictures = np.zeros((6, 64, 64, 4), np.uint8)
    for index, picture in enumerate(pictures):
        alpha = np.zeros((64, 64), np.uint8)
        cv2.ellipse(alpha, (32, 32), (20 + index, 12), 20 * index, 0, 360, 255, -1)
        picture[..., :3] = np.array([200, 40, 40], np.uint8) * (alpha[..., None] > 0)
        picture[..., 3] = alpha
    return Sprites(CropStore((pictures,), {}, np.array([0, 6])), np.arange(6))


def made_maker(config: PictureConfig | None = None) -> PictureMaker:
    backdrop = np.full((60, 90, 3), 90, np.uint8)
    stock = Stock(made_sprites(), made_sprites(), (), (), (backdrop,), 1)
    return PictureMaker(stock, config or PictureConfig(mean_things=0.5))


PLAIN = PictureConfig(
    empty_share=0.0, mean_things=0.0, textured_share=0.0, harmonised_share=0.0,
    compressed_share=0.0, close_share=0.0, dressed_share=0.0, lit_share=0.0,
    size=(0.4, 0.7), least_seen=1.0,
)  # fmt: skip


def test_the_mask_is_where_the_body_is_pasted() -> None:
    maker, rng = made_maker(PLAIN), np.random.default_rng(0)
    for _ in range(8):
        picture, mask = maker(rng, (96, 128))
        assert picture.shape == (96, 128, 3)
        assert mask.shape == (24, 32)
        red = picture.astype(float) - np.median(picture, (0, 1))
        differs = cv2.resize(np.abs(red).max(2), (32, 24), interpolation=cv2.INTER_AREA)
        inside, outside = differs[mask > 0.9].mean(), differs[mask < 0.01].mean()
        assert inside > 2 * outside  # noise and shadow apart, only the body is seen
        assert 0.02 < (mask > 0.5).mean() < 0.5


def test_clothes_hide_the_coat_and_not_the_body() -> None:
    """The same body, plain and in wide bands: colours differ, its mask does not."""
    naked = made_maker(PLAIN)
    dressed = made_maker(replace(PLAIN, dressed_share=1.0, wide_share=1.0))
    shares = []
    for seed in range(8):
        layers = [
            maker._body(np.random.default_rng(seed), np.zeros((96, 128, 3), np.float32))
            for maker in (naked, dressed)
        ]
        assert layers[0] is not None
        assert layers[1] is not None
        assert np.array_equal(layers[0].alpha, layers[1].alpha)
        inside = layers[0].alpha > 0.5
        changed = np.abs(layers[0].rgb - layers[1].rgb).max(-1) > 0.1
        shares.append(float(changed[inside].mean()))
    assert 0.3 < np.mean(shares) < 1


def test_some_pictures_are_empty_and_the_same_seed_gives_the_same() -> None:
    maker = made_maker(PictureConfig(empty_share=0.5))
    masks = [maker(np.random.default_rng(seed), (64, 64))[1] for seed in range(30)]
    assert 5 < sum(not mask.any() for mask in masks) < 25
    one, other = (maker(np.random.default_rng(7), (64, 64)) for _ in range(2))
    assert np.array_equal(one[0], other[0])
    assert np.array_equal(one[1], other[1])


def test_photographs_become_backdrops_and_things(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "wall.jpg"), np.full((50, 70, 3), 200, np.uint8))
    thing = np.full((20, 30, 4), 90, np.uint8)
    cv2.imwrite(str(tmp_path / "cup.png"), thing)
    stock = Stock.gather((made_sprites(), made_sprites()), [], [tmp_path], drawn=2)
    assert (stock.photo_count, len(stock.backdrops), len(stock.things)) == (1, 3, 1)
    assert stock.backdrops[1].shape == (288, 384, 3)


def test_a_folder_without_pictures_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="No pictures"):
        Stock.gather((made_sprites(), made_sprites()), [], [tmp_path], drawn=1)


@pytest.fixture(scope="module")
def store(tmp_path_factory) -> PictureStore:
    folder = tmp_path_factory.mktemp("pictures")
    told: list[tuple[int, int]] = []
    plan = PicturePlan(shards=2, shard_size=32)
    draw_pictures(made_maker(), folder, plan, lambda done, total: told.append((done, total)))
    assert told[-1] == (64, 64)
    before = (folder / "shard_000.npy").stat().st_mtime_ns
    draw_pictures(made_maker(), folder, plan)
    assert (folder / "shard_000.npy").stat().st_mtime_ns == before  # what is there is kept
    return PictureStore.open(folder)


def test_pictures_are_kept_by_size_and_held_out(store: PictureStore) -> None:
    rng = np.random.default_rng(0)
    for _ in range(4):
        pictures, masks = store.take(rng, 3)
        assert pictures.shape[1:3] in SIZES
        assert masks.shape[1:] == tuple(side // 4 for side in pictures.shape[1:3])
    held = {int(p.sum()) for p in store.take(rng, 20, is_held_out=True)[0]}
    learned = {int(p.sum()) for _ in range(8) for p in store.take(rng, 20)[0]}
    assert not held & learned


def test_an_empty_store_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="draw some first"):
        PictureStore.open(tmp_path)


def test_loss_is_least_for_the_truth() -> None:
    from core.segment.finder_torch import Found

    mask = torch.zeros(2, 8, 8)
    mask[0, 2:6, 2:6] = 1
    sure = torch.where(mask > 0, 8.0, -8.0)
    there = torch.tensor([8.0, -8.0])
    right = finder_loss(Found(sure, there), mask, 0.1)
    assert right < 0.01
    assert finder_loss(Found(-sure, there), mask, 0.1) > 1
    assert finder_loss(Found(sure, -there), mask, 0.1) > right + 0.5


def test_learns_resumes_and_ships(store: PictureStore, tmp_path: Path) -> None:
    rows = []
    config = FinderFitConfig(
        minutes=0.2, batch_size=8, network=TINY, log_steps=5, is_pretrained=False
    )
    network = fit_finder(config, store, tmp_path, lambda *row: rows.append(row))
    assert rows[-1][2]["loss"] < 0.95 * rows[0][2]["loss"]
    again = fit_finder(config, store, tmp_path)  # its time is over: nothing more is learned
    for one, other in zip(network.parameters(), again.parameters(), strict=True):
        assert torch.equal(one, other)
    begun = replace(config, minutes=1e-6, start_from=str(tmp_path))
    other = fit_finder(begun, store, tmp_path / "other")
    for one, same in zip(network.parameters(), other.parameters(), strict=True):
        torch.testing.assert_close(one, same, atol=0.05, rtol=0.5)  # a step further at most
    with pytest.raises(ExplainedError, match="another kind"):
        fit_finder(FinderFitConfig(minutes=1e-6), store, tmp_path)
    with pytest.raises(ExplainedError, match="no finder to start from"):
        fit_finder(replace(begun, start_from=str(tmp_path / "no")), store, tmp_path / "third")
    assert set(score(network, store, batches=1)) == {"iou", "found", "presence"}
    path = ship_finder(network, tmp_path, {"pictures": 64, CAREFUL: 0.75})
    finder = _load(path)
    assert finder is not None
    assert finder.careful == 0.75
    picture = torch.rand(1, 3, 96, 160)  # another size than it was exported with
    mask, presence = finder.network(picture.numpy())
    # What is kept are bytes: the network of the same bytes says the very same.
    kept = FinderNetwork(TINY).fuse()
    kept.load_state_dict(
        {k: torch.from_numpy(v) for k, v in plain_weights(onnx.load(path)).items()}
    )
    with torch.no_grad():
        theirs = kept(picture)
    np.testing.assert_allclose(mask, theirs.mask.numpy(), atol=1e-3)
    np.testing.assert_allclose(presence, theirs.presence.numpy(), atol=1e-3)


def test_bytes_say_nearly_what_the_whole_weights_say(tmp_path: Path) -> None:
    """The shipped network's sizes and backbone, on a photograph."""
    torch.manual_seed(0)
    network = FinderNetwork(FinderConfig())
    begin_with_photographs(network.backbone)
    with VideoFile(SAMPLE) as video:
        frame = video.read()
    assert frame is not None
    small = cv2.resize(frame.rgb, (320, 192), interpolation=cv2.INTER_AREA)
    picture = torch.from_numpy(small.transpose(2, 0, 1)[None] / np.float32(255))
    network.train()(picture.repeat(2, 1, 1, 1))  # statistics of what begins from nothing
    with torch.no_grad():
        whole = network.eval()(picture).mask.numpy()
    finder = _load(ship_finder(network, tmp_path, {}))
    assert finder is not None
    bytewise = finder.network(picture.numpy())[0]
    assert np.abs(bytewise - whole).mean() < 0.15 * whole.std()
    assert np.corrcoef(bytewise.ravel(), whole.ravel())[0, 1] > 0.98


def test_the_backbone_begins_with_what_photographs_taught(tmp_path: Path) -> None:
    torch.manual_seed(0)
    backbone = Backbone(FinderConfig())
    begin_with_photographs(backbone)
    picture = torch.rand(1, 3, 64, 96)
    with torch.no_grad():
        grids = backbone(picture)
    sizes = [(grid.shape[1], *grid.shape[2:]) for grid in grids]
    assert sizes == [(16, 32, 48), (24, 16, 24), (40, 8, 12), (112, 4, 6)]
    # As the published network has them: mean and spread of stage 5 on this very picture.
    assert 0.5 < float(grids[-1].std()) < 20
    freeze_fine_stages(backbone, 3)
    free = {name.split(".")[1] for name, w in backbone.named_parameters() if w.requires_grad}
    assert free == {"3", "4"}
    with pytest.raises(ExplainedError, match="install"):
        begin_with_photographs(Backbone(TINY))
    with pytest.raises(ExplainedError, match="install"):
        begin_with_photographs(backbone, tmp_path / "none.safetensors")


def test_what_is_frozen_stays_and_the_rest_learns(store: PictureStore, tmp_path: Path) -> None:
    config = FinderFitConfig(minutes=0.02, batch_size=2)
    network = fit_finder(config, store, tmp_path)
    fresh = Backbone(FinderConfig())
    begin_with_photographs(fresh)
    moved = {
        name
        for (name, ours), theirs in zip(
            network.backbone.named_parameters(), fresh.parameters(), strict=True
        )
        if not torch.equal(ours, theirs)
    }
    assert moved
    assert all(name.startswith(("stages.3", "stages.4")) for name in moved)


def test_folding_the_normalisations_changes_nothing() -> None:
    torch.manual_seed(1)
    network = FinderNetwork(TINY)
    network(torch.rand(4, 3, 64, 64))  # running statistics other than at the start
    network.eval()
    picture = torch.rand(1, 3, 64, 96)
    with torch.no_grad():
        before = network(picture)
        after = network.fuse()(picture)
    torch.testing.assert_close(after.mask, before.mask, atol=1e-5, rtol=1e-4)


def test_a_damaged_file_is_left_out(tmp_path: Path, caplog) -> None:
    (tmp_path / FILE).write_bytes(b"no graph")
    assert _load(tmp_path / FILE) is None
    assert "left out" in caplog.text
