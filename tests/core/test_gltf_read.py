"""Buffers and accessors of glTF files, whole and broken."""

import base64
import json
import os
import struct
from pathlib import Path

import numpy as np
import pytest

from core.errors import RigError
from core.gltf_read import Gltf, read_gltf
from tests.core.made_gltf import MadeGltf, made_arm, pack_glb


def opened(made: MadeGltf, folder: Path) -> Gltf:
    return read_gltf(made.save(folder / "a.glb"))


def test_arrays_come_back_from_both_kinds_of_file(tmp_path: Path) -> None:
    values = np.random.default_rng(0).normal(size=(5, 3)).astype(np.float32)
    for name in ("a.glb", "a.gltf"):
        made = MadeGltf()
        index = made.accessor(values, "f4")
        gltf = read_gltf(made.save(tmp_path / name))
        np.testing.assert_array_equal(gltf.accessor(index, "VEC3"), values)


@pytest.mark.parametrize("kind", ["i1", "u1", "i2", "u2", "u4"])
def test_integers_come_back_as_they_are(tmp_path: Path, kind: str) -> None:
    limits = np.iinfo(kind)
    values = np.array([[limits.min, 0], [limits.max, 7]])
    made = MadeGltf()
    made.accessor(values, kind)
    np.testing.assert_array_equal(opened(made, tmp_path).accessor(0), values)


def test_normalised_integers_are_fractions(tmp_path: Path) -> None:
    made = MadeGltf()
    made.accessor(np.array([[0, 51, 102, 255]]), "u1", normalized=True)
    made.accessor(np.array([[-32768, -32767, 0, 32767]]), "i2", normalized=True)
    gltf = opened(made, tmp_path)
    np.testing.assert_allclose(gltf.accessor(0), [[0, 0.2, 0.4, 1]], rtol=1e-6)
    np.testing.assert_allclose(gltf.accessor(1), [[-1, -1, 0, 1]])


def test_interleaved_elements_are_taken_apart(tmp_path: Path) -> None:
    made = MadeGltf()
    rows = np.arange(20, dtype="<f4").reshape(4, 5)
    view = made.view(rows.tobytes(), byteStride=20)
    head = {"componentType": 5126, "count": 4, "bufferView": view}
    made.add("accessors", head | {"type": "VEC3"})
    made.add("accessors", head | {"type": "VEC2", "byteOffset": 12})
    gltf = opened(made, tmp_path)
    np.testing.assert_array_equal(gltf.accessor(0), rows[:, :3])
    np.testing.assert_array_equal(gltf.accessor(1), rows[:, 3:])


@pytest.mark.parametrize("has_base", [True, False])
def test_sparse_values_replace_those_of_the_base(tmp_path: Path, has_base: bool) -> None:
    made = MadeGltf()
    base = np.full((4, 3), 9.0)
    index = made.accessor(base, "f4")
    sparse = {
        "count": 2,
        "indices": {"bufferView": made.view(bytes([1, 3])), "componentType": 5121},
        "values": {"bufferView": made.view(np.arange(6, dtype="<f4").tobytes())},
    }
    made.document["accessors"][index]["sparse"] = sparse
    if not has_base:
        del made.document["accessors"][index]["bufferView"]
    expected = base if has_base else np.zeros((4, 3))
    expected[[1, 3]] = [[0, 1, 2], [3, 4, 5]]
    np.testing.assert_array_equal(opened(made, tmp_path).accessor(0), expected)


def test_a_buffer_may_lie_beside_the_file(tmp_path: Path) -> None:
    made = made_arm()
    (tmp_path / "the arm.bin").write_bytes(made.binary)
    gltf = read_gltf(made.save_text(tmp_path / "arm.gltf", "the%20arm.bin"))
    assert gltf.accessor(1, "VEC3").shape == (16, 3)


@pytest.mark.parametrize(
    ("uri", "complaint"),
    [
        ("../secret.bin", "leads out of the file's own folder"),
        ("%2e%2e/secret.bin", "leads out of the file's own folder"),
        ("{folder}/secret.bin", "leads out of the file's own folder"),
        ("link.bin", "leads out of the file's own folder"),
        ("file:///etc/passwd", "leads out of the file's own folder"),
        ("..\\secret.bin", "leads out of the file's own folder"),
        ("gone.bin", "gone.bin, which arm.gltf refers to, is missing or is not a file"),
        ("pipe.bin", "pipe.bin, which arm.gltf refers to, is missing or is not a file"),
        ("a\0b", "is not a file name"),
        ("data:application/octet-stream;base64,@@@@", "holds broken base64"),
        ("data:text/plain,hello", "is a data: address that is not base64"),
        ("data:;base64," + base64.b64encode(b"few").decode(), "is 3 bytes long"),
    ],
)
def test_other_addresses_are_refused(tmp_path: Path, uri: str, complaint: str) -> None:
    made, folder = made_arm(), tmp_path / "inner"
    folder.mkdir()
    (tmp_path / "secret.bin").write_bytes(made.binary)
    (folder / "link.bin").symlink_to(tmp_path / "secret.bin")
    os.mkfifo(folder / "pipe.bin")
    path = made.save_text(folder / "arm.gltf", uri.replace("{folder}", str(tmp_path)))
    with pytest.raises(RigError, match=complaint):
        read_gltf(path).accessor(1)


def bent(**changes: object) -> MadeGltf:
    """One accessor of four VEC3 floats, with some of its keys changed."""
    made = MadeGltf()
    made.accessor(np.zeros((4, 3)), "f4")
    made.document["accessors"][0] |= changes
    return made


@pytest.mark.parametrize(
    ("made", "complaint"),
    [
        (bent(count=5), "needs 60 bytes of a buffer view of 48"),
        (bent(count=-1), "count must be at least 1, is -1"),
        (bent(count=10**12), "more than fits in memory"),
        (bent(count=10**30), "count is far too large"),
        (bent(count="4"), "count must be a whole number, is '4'"),
        (bent(count=True), "count must be a whole number, is True"),
        (bent(byteOffset=4), "needs 52 bytes"),
        (bent(bufferView=1), "bufferView must be from 0 to 0, is 1"),
        (bent(componentType=5127), "componentType is 5127, which glTF does not know"),
        (bent(type="VEC4"), "type must be VEC3, is 'VEC4'"),
        (bent(type=3), "type must be text, is 3"),
        (bent(sparse=[]), "sparse must be an object, is list"),
        (bent(sparse={"count": 1}), "lacks indices or values"),
        (bent(sparse={"count": 9}), "sparse.count must be from 1 to 4, is 9"),
        (bent(normalized="yes", componentType=5121), "normalized must be true or false"),
    ],
)
def test_a_broken_accessor_is_refused(tmp_path: Path, made: MadeGltf, complaint: str) -> None:
    with pytest.raises(RigError, match=complaint) as caught:
        opened(made, tmp_path).accessor(0, "VEC3")
    assert str(caught.value).startswith("a.glb is a broken glTF file: accessors[0]")


def test_sparse_places_outside_are_refused(tmp_path: Path) -> None:
    made = bent()
    made.document["accessors"][0]["sparse"] = {
        "count": 1,
        "indices": {"bufferView": made.view(bytes([4])), "componentType": 5121},
        "values": {"bufferView": made.view(bytes(12))},
    }
    with pytest.raises(RigError, match="points outside of its accessor"):
        opened(made, tmp_path).accessor(0)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_numbers_that_are_not_finite_are_refused(tmp_path: Path, value: float) -> None:
    made = MadeGltf()
    made.accessor(np.array([[0, value]]), "f4")
    with pytest.raises(RigError, match=r"accessors\[0\] holds numbers that are not finite"):
        opened(made, tmp_path).accessor(0)


def test_a_view_beyond_its_buffer_is_refused(tmp_path: Path) -> None:
    made = bent()
    made.document["bufferViews"][0]["byteLength"] = 4000
    with pytest.raises(RigError, match="reaches 4000 bytes into a buffer of 48"):
        opened(made, tmp_path).accessor(0)


GOOD = made_arm().glb()
LENGTHS = struct.pack("<I", len(GOOD))


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"", "its JSON cannot be read"),
        (b"glTF", "is cut off: it ends within its header"),
        (GOOD[:1000], rf"is cut off: it has 1000 of {len(GOOD)} bytes"),
        (b"glTF\1\0\0\0" + GOOD[8:], "is glTF version 1; only version 2 can be read"),
        (GOOD[:12] + b"\xff\xff\xff\x7f" + GOOD[16:], "a chunk reaches beyond its end"),
        (GOOD[:16] + b"XXXX" + GOOD[20:], "does not begin with JSON"),
        (b"RIFF" + GOOD[4:], "its JSON cannot be read"),
        (pack_glb(b"{nope", b""), "its JSON cannot be read"),
        (b"[" * 100_000, "its JSON cannot be read"),
        (b'{"asset": 1' + b"0" * 10_000 + b"}", "its JSON cannot be read"),
        (b"\xff\xfe\xfd", "its JSON cannot be read"),
        (b"[1]", "its JSON is not an object"),
        (b"{}", "does not say that it is glTF 2.0"),
        (b'{"asset": {"version": "1.0"}}', "does not say that it is glTF 2.0"),
        (b'{"asset": []}', "asset must be an object, is list"),
    ],
)
def test_a_file_that_is_no_gltf_is_refused(tmp_path: Path, content: bytes, complaint: str) -> None:
    path = tmp_path / "odd.glb"
    path.write_bytes(content)
    with pytest.raises(RigError, match=complaint) as caught:
        read_gltf(path)
    assert str(caught.value).startswith("odd.glb ")


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    with pytest.raises(RigError, match=r"gone\.glb is missing or is not a file"):
        read_gltf(tmp_path / "gone.glb")
    with pytest.raises(RigError, match="is missing or is not a file"):
        read_gltf(tmp_path)


@pytest.mark.parametrize(
    ("extension", "is_read"),
    [("KHR_materials_unlit", True), ("KHR_draco_mesh_compression", False)],
)
def test_only_known_extensions_may_be_required(
    tmp_path: Path, extension: str, is_read: bool
) -> None:
    path = tmp_path / "a.gltf"
    head = {"asset": {"version": "2.0"}, "extensionsRequired": [extension]}
    path.write_text(json.dumps(head))
    if is_read:
        assert read_gltf(path).items("nodes") == []
    else:
        with pytest.raises(RigError, match="needs the extension KHR_draco_mesh_compression"):
            read_gltf(path)
