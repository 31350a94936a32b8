import errno
import os
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import ClassVar

import numpy as np
import pytest

from core.camera import Camera
from core.errors import ExportError
from core.export.export import WRITERS, export_session, export_take
from core.export.options import ExportOptions
from core.export.take import take_of
from core.session_store import SessionHeader, SessionWriter, read_session
from tests.core.made_take import arm_rig, make_result, make_take
from tests.core.session_damage import tear_frames

PLAIN = ExportOptions(skinning="truncate")


class ArmModel:
    """The arm as a category model: shape makes it longer, appearance reddens it."""

    name = "arm"
    card: ClassVar = {"category": "arm", "licence": "CC0-1.0", "notes": "not exported"}
    rig = arm_rig()
    folder = None

    def rig_of(self, shape_code: np.ndarray):
        stretched = self.rig.vertices * (1 + shape_code[0])
        return replace(self.rig, vertices=stretched.astype(np.float32))

    def colors(self, appearance_code: np.ndarray) -> np.ndarray:
        return np.full((len(self.rig.vertices), 3), 0.5 + 0.1 * appearance_code[0], np.float32)


def write_session(folder: Path, results: list, *, body=None, model_sha256: str = "") -> Path:
    header = SessionHeader(
        name="walk",
        model_name="arm",
        model_sha256=model_sha256,
        joint_names=arm_rig().skeleton.names,
        camera=Camera.from_fov(64, 48),
        settings={"lookahead": 3},
    )
    with SessionWriter(folder, header, body=body) as writer:
        for result in results:
            writer.append(result)
    return folder


@pytest.fixture
def record(tmp_path: Path):
    with read_session(write_session(tmp_path / "a.session", results_of(6))) as record:
        yield record


def results_of(count: int, uncovered: tuple[int, ...] = ()) -> list:
    return [make_result(index, is_covered=index not in uncovered) for index in range(count)]


@pytest.mark.parametrize("suffix", list(WRITERS))
def test_every_format_is_written_and_replaced(record, suffix: str, tmp_path: Path) -> None:
    for _ in range(2):
        report = export_session(record, ArmModel(), tmp_path / f"out{suffix}", PLAIN)
        assert report.path.exists()
        assert report.frame_count == 6
        assert report.duration_s == pytest.approx(5 / 30)
        assert report.size_bytes > 1000
        assert report.sentence.endswith(".")
    beside = {path.name for path in tmp_path.iterdir()} - {"a.session", report.path.name}
    assert beside == ({"out.bin"} if suffix == ".gltf" else set())


def test_unknown_suffix_is_refused_before_any_work(record, tmp_path: Path) -> None:
    with pytest.raises(ExportError, match=r"use \.glb"):
        export_session(record, None, tmp_path / "a.fbx")


def test_body_is_the_average_of_the_covered_frames(tmp_path: Path) -> None:
    results = results_of(4, uncovered=(3,))
    with read_session(write_session(tmp_path / "a.session", results)) as record:
        take = take_of(record, ArmModel())
    # shape code 0 is 0.1 time; appearance code 0 is cos(0) = 1
    stretch = 0.1 * np.mean([0, 1 / 30, 2 / 30])
    np.testing.assert_allclose(take.body.vertices, arm_rig().vertices * (1 + stretch), atol=1e-6)
    np.testing.assert_allclose(take.body.colors, 0.6, atol=1e-6)
    assert take.facts["licence"] == "CC0-1.0"
    assert take.facts["lookahead_frames"] == 3
    assert "notes" not in take.facts


def test_lost_frames_are_told_of(tmp_path: Path) -> None:
    folder = write_session(tmp_path / "a.session", results_of(40))
    tear_frames(folder, [20])
    with read_session(folder) as record:
        take = take_of(record, ArmModel())
        assert record.damage
        assert record.damage in take.notes
    assert 0 < take.frame_count < 40
    assert 20 not in take.frame_index


def test_uncovered_frames_hold_the_last_pose_without_confidence(tmp_path: Path) -> None:
    results = results_of(6, uncovered=(0, 3, 4))
    with read_session(write_session(tmp_path / "a.session", results)) as record:
        take = take_of(record, ArmModel())
    np.testing.assert_array_equal(take.joint_rotations[0], take.joint_rotations[1])
    np.testing.assert_array_equal(take.root_to_cam[3], take.root_to_cam[2])
    np.testing.assert_array_equal(take.root_to_cam[4], take.root_to_cam[2])
    assert take.confidence.tolist() == [0, 0.9, 0.9, 0, 0, 0.9]
    assert take.notes == ("3 of 6 frames show no subject and hold the last pose.",)


def test_nothing_seen_is_nothing_to_export(tmp_path: Path) -> None:
    results = results_of(2, uncovered=(0, 1))
    with (
        read_session(write_session(tmp_path / "a.session", results)) as record,
        pytest.raises(ExportError, match="no subject in any frame"),
    ):
        take_of(record, ArmModel())


def test_repeated_time_stamps_are_dropped(tmp_path: Path) -> None:
    results = [make_result(index, time_s=t) for index, t in enumerate([0.0, 0.1, 0.1, 0.2])]
    with read_session(write_session(tmp_path / "a.session", results)) as record:
        take = take_of(record, ArmModel())
    assert take.frame_index.tolist() == [0, 1, 3]


def test_session_without_model_uses_its_own_body(tmp_path: Path) -> None:
    kept = replace(arm_rig(), metres_per_unit=7.0)
    with read_session(write_session(tmp_path / "a.session", results_of(2), body=kept)) as record:
        assert take_of(record, None).body.metres_per_unit == 7.0
    with (
        read_session(write_session(tmp_path / "b.session", results_of(2))) as record,
        pytest.raises(ExportError, match="install the model"),
    ):
        take_of(record, None)


def test_changed_model_is_noticed(tmp_path: Path) -> None:
    folder = write_session(
        tmp_path / "a.session", results_of(2), body=arm_rig(), model_sha256="0" * 64
    )
    with read_session(folder) as record:
        take = take_of(record, ArmModel())
    np.testing.assert_array_equal(take.body.vertices, arm_rig().vertices)
    assert "has changed since" in take.notes[0]


def test_another_models_skeleton_is_refused(record) -> None:
    skeleton = replace(arm_rig().skeleton, names=("a", "b", "c"))
    other = SimpleNamespace(
        name="cat",
        card={},
        folder=None,
        rig=replace(arm_rig(), skeleton=skeleton),
        rig_of=lambda code: arm_rig(),
        colors=lambda code: arm_rig().colors,
    )
    with pytest.raises(ExportError, match="whose skeleton is not that of 'cat'"):
        take_of(record, other)


def test_colors_of_one_frame(record) -> None:
    class Colorful(ArmModel):
        def colors(self, appearance_code: np.ndarray) -> np.ndarray:
            shade = np.float32(0.5 + 0.4 * appearance_code[30])
            return np.full((len(self.rig.vertices), 3), shade, np.float32)

    take = take_of(record, Colorful(), ExportOptions(colors="frame", appearance_frame=4))
    np.testing.assert_allclose(take.body.colors, 0.5 + 0.4 * np.cos(30 * 4 / 30), atol=1e-5)
    with pytest.raises(ExportError, match="no frame 40"):
        take_of(record, Colorful(), ExportOptions(colors="frame", appearance_frame=40))


@pytest.mark.parametrize("suffix", [".glb", ".gltf", ".npz", ".usda"])
def test_full_disk_leaves_the_old_file(suffix: str, tmp_path: Path, monkeypatch) -> None:
    path = tmp_path / f"a{suffix}"
    path.write_bytes(b"the old export")

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(ExportError, match="disk is full"):
        export_take(make_take(3), path, PLAIN)
    assert path.read_bytes() == b"the old export"
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


def test_full_disk_leaves_the_old_sequence(tmp_path: Path, monkeypatch) -> None:
    export_take(make_take(2), tmp_path / "seq.obj")

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(ExportError, match="disk is full"):
        export_take(make_take(3), tmp_path / "seq.obj")
    assert sorted(path.suffix for path in (tmp_path / "seq_obj").glob("*.obj")) == [".obj", ".obj"]
    assert [path.name for path in tmp_path.iterdir()] == ["seq_obj"]


def test_sequence_never_replaces_a_foreign_folder(tmp_path: Path) -> None:
    (tmp_path / "seq_ply").mkdir()
    (tmp_path / "seq_ply" / "thesis.txt").write_text("years of work")
    with pytest.raises(ExportError, match="holds other files"):
        export_take(make_take(2), tmp_path / "seq.ply")
    assert (tmp_path / "seq_ply" / "thesis.txt").exists()


def test_unwritable_place_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(ExportError, match="Cannot write"):
        export_take(make_take(2), tmp_path / "file" / "a.glb", PLAIN)


def test_morph_is_not_a_usd_option(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="no morph option"):
        export_take(make_take(2), tmp_path / "a.usda", ExportOptions(skinning="morph"))
