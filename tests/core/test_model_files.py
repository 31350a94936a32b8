import json
import zipfile
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from core.errors import ModelError
from core.model import load_model
from core.model_files import write_model
from tests.made_model import made_model


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_model(made_model(), tmp_path / "tube")
    return tmp_path / "tube"


def test_a_model_comes_back_as_it_was_written(folder: Path) -> None:
    model, again = made_model(), load_model(folder)
    assert again.rig.skeleton.names == model.rig.skeleton.names
    np.testing.assert_array_equal(again.rig.vertices, model.rig.vertices)
    code = np.linspace(-1, 1, 16)
    np.testing.assert_allclose(again.joint_rotations(code), model.joint_rotations(code), atol=1e-5)
    np.testing.assert_allclose(again.colors(np.ones(64)), model.colors(np.ones(64)), atol=1e-2)
    assert again.shape_count == 2


def test_a_zip_is_a_model_too(folder: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "tube.zip", "w") as archive:
        for path in folder.iterdir():
            archive.write(path, f"tube/{path.name}")
    assert load_model(tmp_path / "tube.zip").name == "tube"


def change_card(folder: Path, **changes: object) -> None:
    path = folder / "model.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def change_array(folder: Path, name: str, value: np.ndarray | None) -> None:
    arrays = load_file(folder / "weights.safetensors")
    if value is None:
        del arrays[name]
    else:
        arrays[name] = value
    save_file(arrays, folder / "weights.safetensors")


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("rig.vertices", None, "lacks the array rig.vertices"),
        ("rig.vertices", np.full((160, 3), np.nan, np.float32), "NaN"),
        ("rig.weights", np.ones((160, 3), np.float32), "shape"),
        ("latent.components", np.ones((16, 15), np.float32), "shape"),
        ("rig.faces", np.full((304, 3), 9999, np.int32), "do not exist"),
        ("student.trunk.weight", np.full((32, 32), np.inf, np.float16), "infinite"),
    ],
)
def test_wrong_arrays_are_refused(
    folder: Path, name: str, value: np.ndarray | None, words: str
) -> None:
    change_array(folder, name, value)
    with pytest.raises(ModelError, match=words):
        load_model(folder)


def test_an_unknown_version_is_refused(folder: Path) -> None:
    change_card(folder, schema_version=99)
    with pytest.raises(ModelError, match="schema version 99"):
        load_model(folder)


@pytest.mark.parametrize(
    "wrong",
    [{"parents": [-1, 2, 0, 0]}, {"point_vertices": [0, 160]}, {"point_vertices": ["head"]}],
)
def test_a_contradicting_card_is_refused(folder: Path, wrong: dict) -> None:
    change_card(folder, **wrong)
    with pytest.raises(ModelError, match="contradicts"):
        load_model(folder)


@pytest.mark.parametrize("name", ["model.json", "weights.safetensors"])
def test_damaged_files_are_refused(folder: Path, name: str) -> None:
    path = folder / name
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(ModelError, match="damaged"):
        load_model(folder)


def test_an_unknown_name_lists_what_there_is() -> None:
    with pytest.raises(ModelError, match="No category model at 'unicorn'"):
        load_model("unicorn")
