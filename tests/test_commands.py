"""The commands on a made clip and a made model: the whole way from video to file."""

import json
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

import main
from app.commands import reconstruct as reconstruct_command
from core.model_files import write_model
from core.refine import Refiner
from core.session_store import read_session
from tests.made_clip import FPS, write_clip
from tests.made_model import made_model

FRAMES = 6
BOX = "18,20,52,44"


@pytest.fixture(autouse=True)
def _no_log(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(main, "start_log", lambda: None)  # pytest has its own


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a clip, a model and a session made of them."""
    folder = tmp_path_factory.mktemp("commands")
    write_clip(folder / "clip.mp4", FRAMES)
    write_model(made_model(), folder / "tube")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(main, "start_log", lambda: None)
        more = ("--box", BOX, "--no-refine")
        assert reconstruct(folder, folder / "clip.mp4", folder / "walk.session", *more) == 0
    return folder


def reconstruct(place: Path, source: Path | str, out: Path, *more: str) -> int:
    model = ["--model", str(place / "tube")]
    return main.main(["reconstruct", str(source), "-o", str(out), *model, *more])


def test_every_frame_gets_a_row_with_the_time_of_the_video(place: Path) -> None:
    with read_session(place / "walk.session") as record:
        assert record.is_finished
        assert record.frame_indices.tolist() == list(range(FRAMES))
        np.testing.assert_allclose(record.times_s, np.arange(FRAMES) / FPS, atol=1e-4)
        assert record.source is not None
        assert record.source.samefile(place / "clip.mp4")
        assert record.thumbnail is not None


def test_session_keeps_a_body_of_its_own_proportions(place: Path) -> None:
    with read_session(place / "walk.session") as record:
        body = record.body
        results = list(record.results())
    assert body is not None
    shapes = [result.codes.shape for result in results]
    weights = [result.confidence + 1e-3 for result in results]
    mean = np.average(shapes, axis=0, weights=weights).astype(np.float32)
    np.testing.assert_allclose(body.vertices, made_model().rig_of(mean).vertices, atol=1e-4)


def test_range_and_json_events(place: Path, tmp_path: Path, capsys) -> None:
    out = tmp_path / "part.session"
    code = reconstruct(
        place,
        place / "clip.mp4",
        out,
        "--start",
        "2",
        "--end",
        "5",
        "--box",
        BOX,
        "--json",
        "--no-refine",
    )
    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert code == 0
    assert events[-1]["event"] == "result"
    assert (events[-1]["frames"], events[-1]["session"]) == (3, str(out))
    assert {event["stage"] for event in events if event["event"] == "progress"} == {
        "reconstructing"
    }
    with read_session(out) as record:
        assert record.frame_indices.tolist() == [2, 3, 4]


def test_refined_rows_take_the_place_of_the_first_ones(place: Path, tmp_path: Path, capsys) -> None:
    """What is recorded is refined unasked."""
    more = ("--box", BOX, "--json")
    assert reconstruct(place, place / "clip.mp4", tmp_path / "a.session", *more) == 0
    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert "refining" in {event.get("stage") for event in events}
    with (
        read_session(tmp_path / "a.session") as record,
        read_session(place / "walk.session") as raw,
    ):
        assert record.header.settings["refine"] is True
        assert record.frame_indices.tolist() == raw.frame_indices.tolist()
        pairs = list(zip(record.results(), raw.results(), strict=True))
        body = record.body
    covered = [(new, old) for new, old in pairs if new.is_covered]
    assert covered
    assert any(not np.array_equal(new.root_to_cam, old.root_to_cam) for new, old in covered)
    assert body is not None
    shape = np.mean([new.codes.shape for new, _ in covered], axis=0).astype(np.float32)
    np.testing.assert_allclose(body.vertices, made_model().rig_of(shape).vertices, atol=1e-4)


def test_many_frames_are_refined_only_when_asked(
    place: Path, tmp_path: Path, capsys, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reconstruct_command, "MOST_REFINED", FRAMES - 1)
    monkeypatch.setattr(Refiner, "finish", lambda self, progress: [])
    refined = {}
    for out, more in (("a", ()), ("b", ("--refine",)), ("c", ("--end", "3"))):
        session = tmp_path / f"{out}.session"
        assert reconstruct(place, place / "clip.mp4", session, "--box", BOX, *more) == 0
        warned = f"{FRAMES} frames are many" in capsys.readouterr().err
        with read_session(session) as record:
            refined[out] = (record.header.settings["refine"], warned)
    assert refined == {"a": (False, True), "b": (True, False), "c": (True, False)}


def test_given_masks_decide_where_the_subject_is(place: Path, tmp_path: Path) -> None:
    masks = tmp_path / "masks"
    masks.mkdir()
    alpha = np.zeros((64, 96), np.uint8)
    alpha[22:42, 20:50] = 255
    cv2.imwrite(str(masks / "clip_0.png"), alpha)
    cv2.imwrite(str(masks / "other_0.png"), alpha * 0)  # another clip's: not read
    more = ("--masks", str(masks), "--segmenter", "none", "--keep-masks")
    assert reconstruct(place, place / "clip.mp4", tmp_path / "a.session", *more) == 0
    with read_session(tmp_path / "a.session") as record:
        first = record.result(0, with_mask=True)
        assert first.mask is not None
        np.testing.assert_array_equal(first.mask.alpha, alpha)
        assert first.is_covered
        assert not record.result(FRAMES - 1).is_covered


def test_cut_off_video_says_what_is_missing(place: Path, tmp_path: Path, capsys) -> None:
    folder = tmp_path / "frames"
    folder.mkdir()
    for index in range(3):
        cv2.imwrite(str(folder / f"{index:05}.png"), np.full((64, 96, 3), 90 * index, np.uint8))
    (folder / "00001.png").write_bytes(b"not a picture")
    code = reconstruct(place, folder, tmp_path / "a.session")
    assert len(capsys.readouterr().err.splitlines()) >= 1
    assert (tmp_path / "a.session").exists() is (code == 0)


@pytest.mark.parametrize(
    ("source", "more"),
    [
        ("missing.mp4", ()),
        ("text.mp4", ()),
        ("empty", ()),
        ("camera:93", ()),
        ("clip.mp4", ("--start", "6")),
        ("clip.mp4", ("--start", "3", "--end", "3")),
        ("clip.mp4", ("--box", "200,0,240,10")),
        ("clip.mp4", ("--masks", "empty")),
        ("clip.mp4", ("--segmenter", "none")),
        ("clip.mp4", ("--model", "unheard-of")),
    ],
)
def test_bad_input_is_one_sentence_and_leaves_nothing(
    place: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    source: str,
    more: tuple[str, ...],
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("text.mp4").write_text("This is no video.")
    Path("empty").mkdir()
    Path("clip.mp4").write_bytes((place / "clip.mp4").read_bytes())
    before = sorted(tmp_path.rglob("*"))
    assert reconstruct(place, source, Path("out.session"), *more) == 1
    assert sorted(tmp_path.rglob("*")) == before
    captured = capfd.readouterr()
    assert len(captured.err.splitlines()) == 1
    assert captured.out == ""


def test_existing_session_is_kept_unless_told(place: Path, capsys) -> None:
    again = (place, place / "clip.mp4", place / "walk.session", "--end", "2", "--box", BOX)
    before = (place / "walk.session" / "session.sqlite").read_bytes()
    assert reconstruct(*again) == 1
    assert "exists already" in capsys.readouterr().err
    assert (place / "walk.session" / "session.sqlite").read_bytes() == before


def test_failure_halfway_leaves_no_session(
    place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys
) -> None:
    from core.errors import SourceError
    from core.sources.video_file import VideoFile

    read = VideoFile.read

    def failing_read(video: VideoFile):
        frame = read(video)
        if frame is not None and frame.index == 3:
            raise SourceError("The disk has gone.")
        return frame

    monkeypatch.setattr(VideoFile, "read", failing_read)
    assert reconstruct(place, place / "clip.mp4", tmp_path / "a.session", "--box", BOX) == 1
    assert capsys.readouterr().err == "The disk has gone.\n"
    assert list(tmp_path.iterdir()) == []


def test_cancelling_keeps_what_is_done(
    place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from core.sources.video_file import VideoFile

    read = VideoFile.read

    def cancelled_read(video: VideoFile):
        frame = read(video)
        if frame is not None and frame.index == 3:
            raise KeyboardInterrupt
        return frame

    monkeypatch.setattr(VideoFile, "read", cancelled_read)
    out = tmp_path / "a.session"
    assert reconstruct(place, place / "clip.mp4", out, "--box", BOX) == 130
    with read_session(out) as record:
        assert record.frame_count == 3
        assert not record.is_finished


@pytest.mark.parametrize("name", ["walk.glb", "walk.npz"])
def test_export(place: Path, tmp_path: Path, capsys, name: str) -> None:
    out = tmp_path / name
    argv = ["export", str(place / "walk.session"), "-o", str(out), "--model", str(place / "tube")]
    assert main.main(argv) == 0
    assert str(out) in capsys.readouterr().out
    assert out.stat().st_size > 1000


def test_export_without_the_model_uses_the_body_in_the_session(
    place: Path, tmp_path, capsys
) -> None:
    argv = ["export", str(place / "walk.session"), "-o", str(tmp_path / "walk.npz")]
    assert main.main(argv) == 0
    assert "body kept in the session" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("out", "more"),
    [
        ("a.glb", ("--with-camera",)),
        ("a.txt", ()),
        ("a.glb", ("--appearance-frame", "99")),
        ("a.glb", ("--model", "unheard-of")),
    ],
)
def test_export_refuses_with_one_sentence(
    place: Path, tmp_path: Path, capsys, out: str, more: tuple[str, ...]
) -> None:
    argv = ["export", str(place / "walk.session"), "-o", str(tmp_path / out)]
    model = [] if "--model" in more else ["--model", str(place / "tube")]
    assert main.main([*argv, *model, *more]) == 1
    assert len(capsys.readouterr().err.splitlines()) == 1
    assert list(tmp_path.iterdir()) == []


def test_models_tells_the_card(place: Path, capsys) -> None:
    assert main.main(["models", str(place / "tube"), "--json"]) == 0
    (facts,) = json.loads(capsys.readouterr().out.splitlines()[-1])["models"]
    assert (facts["name"], facts["vertices"], facts["joints"]) == ("tube", 160, 4)
    assert facts["licence"] == "CC0-1.0"


def test_models_names_broken_ones(place: Path, tmp_path: Path, capsys) -> None:
    (tmp_path / "model.json").write_text("{}")
    assert main.main(["models", str(tmp_path), str(place / "tube")]) == 1
    captured = capsys.readouterr()
    assert str(tmp_path) in captured.err
    assert "tube" in captured.out


def frames_of(path: Path) -> list[av.VideoFrame]:
    with av.open(str(path)) as container:
        return list(container.decode(video=0))


def render(place: Path, out: Path, *more: str) -> int:
    argv = ["render", str(place / "walk.session"), "-o", str(out), "--model", str(place / "tube")]
    return main.main([*argv, *more])


def test_rendered_video_keeps_the_times(place: Path, tmp_path: Path) -> None:
    assert render(place, tmp_path / "walk.mp4") == 0
    frames = frames_of(tmp_path / "walk.mp4")
    assert (frames[0].width, frames[0].height) == (96, 64)
    np.testing.assert_allclose([f.time for f in frames], np.arange(FRAMES) / FPS, atol=1e-3)
    assert [path.name for path in tmp_path.iterdir()] == ["walk.mp4"]


def test_side_by_side_begins_with_the_input(place: Path, tmp_path: Path) -> None:
    assert render(place, tmp_path / "a.png", "--view", "side-by-side", "--frames", "1") == 0
    picture = cv2.imread(str(tmp_path / "a.png"))[..., ::-1]
    assert picture.shape == (64, 3 * 96, 3)
    source = frames_of(place / "clip.mp4")[FRAMES // 2].to_ndarray(format="rgb24")
    assert np.abs(picture[:, :96].astype(int) - source).mean() < 3
    assert np.abs(picture[:, 96:192].astype(int) - source).max() > 40  # the mesh is over it


def test_turntable_sheet_needs_no_video(place: Path, tmp_path: Path) -> None:
    assert render(place, tmp_path / "a.png", "--view", "turntable", "--height", "32") == 0
    sheet = cv2.imread(str(tmp_path / "a.png"))
    assert sheet.shape == (2 * 32, 4 * 48, 3)
    views = sheet.reshape(2, 32, 4, 48, 3).swapaxes(1, 2).reshape(8, -1).astype(int)
    assert np.abs(views[0] - views[2]).mean() > 0.5  # a quarter turn looks different


def test_gif_loops_over_the_same_duration(place: Path, tmp_path: Path) -> None:
    assert render(place, tmp_path / "a.gif", "--view", "turntable") == 0
    assert 3 <= len(frames_of(tmp_path / "a.gif")) <= 5  # 0.24 s at 15 a second


def test_render_asks_for_a_video_that_has_moved(place: Path, tmp_path: Path, capsys) -> None:
    other = write_clip(tmp_path / "other.mp4", 2)
    assert render(place, tmp_path / "a.mp4", "--source", str(other)) == 1
    assert "is it another one" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["other.mp4"]


def test_bench_ends_with_its_figures(place: Path, capsys) -> None:
    argv = ["bench", "--model", str(place / "tube"), "--input", str(place / "clip.mp4")]
    assert main.main([*argv, "--frames", "2", "--json"]) == 0
    figures = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert {"fps", "latency_ms_p95", "student_ms", "stages"} <= set(figures)
    assert {"decode", "segment", "skin", "draw"} <= set(figures["stages"])
    assert figures["frames"] == 2
