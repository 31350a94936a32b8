"""Progress of exports; and whenever they end, by Ctrl-C or by a full disk, the old file stays."""

import errno
import os
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import pytest

from core.errors import ExportError
from core.export.atomic import write_files, write_folder, write_stream
from core.export.export import WRITERS, export_take
from core.export.options import ExportOptions
from core.export.stages import MEASURING, WRITING, told
from tests.core.made_take import dense_chain_take, make_take


class Listener:
    """Remembers what it is told; at call number `stop_at`, Ctrl-C comes."""

    def __init__(self, stop_at: int | None = None) -> None:
        self.heard: list[tuple[str, int, int]] = []
        self._stop_at = stop_at

    def __call__(self, stage: str, done: int, total: int) -> None:
        self.heard.append((stage, done, total))
        if self._stop_at is not None and len(self.heard) > self._stop_at:
            raise KeyboardInterrupt


def tree(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_told_counts_from_nothing_to_all() -> None:
    listener = Listener()
    assert list(told("ab", 2, listener, "reading")) == ["a", "b"]
    assert listener.heard == [("reading", 0, 2), ("reading", 1, 2), ("reading", 2, 2)]


@pytest.mark.parametrize("suffix", [".glb", ".html", ".npz", ".ply", ".obj", ".usda"])
def test_every_stage_begins_at_zero_and_ends_at_all(suffix: str, tmp_path: Path) -> None:
    listener = Listener()
    export_take(make_take(6), tmp_path / f"a{suffix}", ExportOptions(), listener)
    stages = dict.fromkeys(stage for stage, _, _ in listener.heard)
    assert stages
    for stage in stages:
        counts = [(done, total) for name, done, total in listener.heard if name == stage]
        assert counts[0][0] == 0
        assert counts[-1][0] == counts[-1][1]
    assert (MEASURING if suffix in (".glb", ".html", ".usda") else WRITING) in stages


@pytest.mark.parametrize("suffix", WRITERS)
def test_ctrl_c_leaves_the_old_file_and_nothing_else(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"a{suffix}"
    listener = Listener()
    export_take(make_take(3, name="old"), path, ExportOptions(), listener)
    before = tree(tmp_path)
    for stop_at in np.unique(np.linspace(0, len(listener.heard) - 1, 4).astype(int)):
        if not listener.heard:
            break  # bvh and csv take a moment only
        with pytest.raises(KeyboardInterrupt):
            export_take(make_take(3, name="new"), path, ExportOptions(), Listener(int(stop_at)))
        assert tree(tmp_path) == before


def test_rotations_are_told_of_too(tmp_path: Path) -> None:
    listener = Listener()
    export_take(dense_chain_take(16), tmp_path / "a.glb", ExportOptions(), listener)
    assert "fitting rotations" in {stage for stage, _, _ in listener.heard}


class FullDisk:
    """`os.fsync` that finds the disk full from a given call on."""

    def __init__(self, works: int) -> None:
        self._left = works

    def __call__(self, descriptor: int) -> None:
        self._left -= 1
        if self._left < 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.mark.parametrize(
    ("suffix", "works"),
    [(".gltf", 0), (".gltf", 1), (".glb", 0), (".html", 0), (".npz", 0), (".usda", 0), (".bvh", 0)],
)
def test_a_disk_that_fills_up_leaves_the_old_files(
    suffix: str, works: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / f"a{suffix}"
    export_take(make_take(3), path)
    before = tree(tmp_path)
    monkeypatch.setattr(os, "fsync", FullDisk(works))
    with pytest.raises(ExportError, match=r"^The disk is full: .* was not written\. [^.]*\.$"):
        export_take(make_take(4), path)
    assert tree(tmp_path) == before


def test_two_files_change_together_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = tmp_path / "a.bin", tmp_path / "a.gltf"
    write_files({one: b"old 1", two: b"old 2"})
    replace = os.replace

    def interrupted(source: Any, place: Any) -> None:
        if Path(place) == two and Path(source).suffix == ".new":
            raise KeyboardInterrupt
        replace(source, place)

    monkeypatch.setattr(os, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_files({one: b"new 1", two: b"new 2"})
    assert tree(tmp_path) == {"a.bin": b"old 1", "a.gltf": b"old 2"}
    one.unlink()
    two.unlink()
    with pytest.raises(KeyboardInterrupt):
        write_files({one: b"new 1", two: b"new 2"})
    assert tree(tmp_path) == {}


def test_a_folder_is_put_back_when_its_swap_is_interrupted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "a_obj"
    write_folder(folder, iter([("1.obj", b"old")]))
    before = tree(tmp_path)
    replace = os.replace

    def interrupted(source: Any, place: Any) -> None:
        if Path(place) == folder and not str(source).endswith(".old"):
            raise KeyboardInterrupt
        replace(source, place)

    monkeypatch.setattr(os, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_folder(folder, iter([("1.obj", b"new")]))
    assert tree(tmp_path) == before


def test_a_stream_that_fails_halfway_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    path.write_bytes(b"old")

    def write(stream: BinaryIO) -> None:
        stream.write(b"half")
        raise OSError(errno.EDQUOT, "quota")

    with pytest.raises(ExportError, match="disk is full"):
        write_stream(path, write)
    assert tree(tmp_path) == {"a.npz": b"old"}
