"""`main.py render`: what lies over the video, what stands alone, and what a person edited."""

from pathlib import Path

import cv2
import numpy as np
import pytest

import main
from core.model_files import write_model
from core.session_edits import write_edits
from core.session_store import read_session
from tests.made_clip import write_clip
from tests.made_model import made_model

FRAMES = 4


@pytest.fixture(autouse=True)
def _no_log(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(main, "start_log", lambda: None)  # pytest has its own


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("render")
    write_clip(folder / "clip.mp4", FRAMES)
    write_model(made_model(), folder / "tube")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(main, "start_log", lambda: None)
        argv = ["reconstruct", str(folder / "clip.mp4"), "-o", str(folder / "walk.session")]
        assert main.main([*argv, "--model", str(folder / "tube"), "--box", "18,20,52,44"]) == 0
    return folder


def render(place: Path, out: Path, *more: str) -> int:
    argv = ["render", str(place / "walk.session"), "-o", str(out), "--model", str(place / "tube")]
    return main.main([*argv, *more])


def pictures(folder: Path) -> list[np.ndarray]:
    return [cv2.imread(str(path), cv2.IMREAD_UNCHANGED) for path in sorted(folder.glob("*.png"))]


def test_a_folder_gets_a_transparent_picture_a_frame(place: Path, tmp_path: Path) -> None:
    out = tmp_path / "frames"
    assert render(place, out, "--view", "mesh", "--transparent") == 0
    names = sorted(path.name for path in out.glob("*.png"))
    assert names == [f"{index:05}.png" for index in range(FRAMES)]
    for rgba in pictures(out):
        assert rgba.shape == (64, 96, 4)
        assert 0 < np.count_nonzero(rgba[..., 3]) < rgba[..., 3].size
        assert not rgba[rgba[..., 3] == 0].any()
    assert render(place, out, "--view", "turntable", "--transparent") == 0  # takes its place
    assert pictures(out)[0].shape[2] == 4


def test_a_sheet_may_be_transparent(place: Path, tmp_path: Path) -> None:
    out = tmp_path / "a.png"
    more = ("--view", "turntable", "--transparent", "--frames", "3")
    assert render(place, out, *more) == 0
    sheet = cv2.imread(str(out), cv2.IMREAD_UNCHANGED)
    assert sheet.shape == (64, 3 * 96, 4)
    assert sheet[..., 3].min() == 0
    assert sheet[..., 3].max() == 255


def test_a_split_shows_the_plain_video_on_the_left(place: Path, tmp_path: Path) -> None:
    assert render(place, tmp_path / "whole") == 0
    assert render(place, tmp_path / "split", "--split", "0.5") == 0
    whole, split = pictures(tmp_path / "whole")[0], pictures(tmp_path / "split")[0]
    np.testing.assert_array_equal(whole[:, 49:], split[:, 49:])
    assert (split[:, 48] == 255).all()
    assert (whole[:, :48] != split[:, :48]).any()


def test_an_outline_leaves_the_inside_as_it_is(place: Path, tmp_path: Path) -> None:
    assert render(place, tmp_path / "alone", "--view", "mesh", "--transparent") == 0
    assert render(place, tmp_path / "edge", "--outline") == 0
    assert render(place, tmp_path / "none", "--outline", "--split", "1") == 0
    inside = pictures(tmp_path / "alone")[0][..., 3] > 127
    deep = cv2.erode(inside.astype(np.uint8), np.ones((7, 7), np.uint8)) > 0
    edge, plain = pictures(tmp_path / "edge")[0], pictures(tmp_path / "none")[0]
    columns = slice(0, 95)  # the last one is the split's line
    changed = (edge != plain).any(axis=2)[:, columns]
    assert changed.any()
    assert not (changed & deep[:, columns]).any()


def test_edits_are_drawn(place: Path, tmp_path: Path) -> None:
    folder = place / "walk.session"
    assert render(place, tmp_path / "before", "--view", "mesh") == 0
    with read_session(folder) as record:
        assert record.result(1).is_covered
    write_edits(folder, {1: np.full(16, 3.0)})
    try:
        assert render(place, tmp_path / "after", "--view", "mesh") == 0
    finally:
        write_edits(folder, {})
    before, after = pictures(tmp_path / "before"), pictures(tmp_path / "after")
    changed = [bool((one != other).any()) for one, other in zip(before, after, strict=True)]
    assert changed == [False, True, False, False]


@pytest.mark.parametrize(
    ("out", "more"),
    [
        ("a.mp4", ("--transparent", "--view", "mesh")),
        ("a.png", ("--transparent",)),
        ("a.png", ("--outline", "--view", "turntable")),
        ("a.mp4", ("--split", "--view", "mesh")),
    ],
)
def test_what_does_not_go_together_is_one_sentence(
    place: Path, tmp_path: Path, capsys, out: str, more: tuple[str, ...]
) -> None:
    assert render(place, tmp_path / out, *more) == 1
    assert len(capsys.readouterr().err.splitlines()) == 1
    assert list(tmp_path.iterdir()) == []
