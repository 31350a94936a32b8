"""Category models on disk (DESIGN 5): `model.json` + `weights.safetensors` + `student.onnx`.

Loading never unpickles and never runs code from the file; whatever is missing, misshapen or not
finite is refused with one sentence.
"""

import hashlib
import json
import os
import shutil
import tempfile
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from core.appearance import AppearanceBasis
from core.articulation import ArticulationDecoder, LatentStatistics
from core.errors import ModelError
from core.model import CategoryModel, StudentFiles
from core.rig import Rig, Skeleton
from core.shape_space import ShapeSpace

SCHEMA_VERSION = 1
WEIGHTS = "weights.safetensors"
LARGEST_ZIP_BYTES = 512 << 20

ARRAY_AXES = {
    "rig.vertices": ("verts", 3),
    "rig.faces": ("faces", 3),
    "rig.weights": ("verts", "joints"),
    "rig.colors": ("verts", 3),
    "rig.rest_joint_to_rig": ("joints", 4, 4),
    "shape.vertices": ("shape", "verts", 3),
    "shape.joints": ("shape", "joints", 3),
    "articulation.mean": ("six",),
    "articulation.linear": ("six", "articulation"),
    "articulation.hidden_weight": ("hidden", "articulation"),
    "articulation.hidden_bias": ("hidden",),
    "articulation.output_weight": ("six", "hidden"),
    "appearance.mean": ("verts", 3),
    "appearance.components": ("appearance", "verts", 3),
    "latent.mean": ("articulation",),
    "latent.components": ("articulation", "articulation"),
    "latent.std": ("articulation",),
    "latent.variance_share": ("articulation",),
}
"""Every array a model must hold, with its axes; an axis of one name has one length."""


def find_model(name_or_path: str | Path, models_folder: Path) -> Path:
    """The model's folder or .zip; a bare name is looked up in `models_folder`."""
    for path in (Path(name_or_path), models_folder / str(name_or_path)):
        if path.is_dir() and (path / "model.json").exists():
            return path
        if path.suffix == ".zip" and path.is_file():
            return path
    known = sorted(path.parent.name for path in models_folder.glob("*/model.json"))
    raise ModelError(
        f"No category model at {str(name_or_path)!r}: give a folder or .zip that holds a model.json"
        + (f", or one of {', '.join(known)}." if known else ".")
    )


def read_model(path: Path) -> CategoryModel:
    """Read and check a model folder or .zip."""
    folder = _unpacked(path) if path.suffix == ".zip" else path
    try:
        card = json.loads((folder / "model.json").read_text(encoding="utf-8"))
        arrays = load_file(folder / WEIGHTS)
    except FileNotFoundError as error:
        raise ModelError(
            f"Model {path} lacks {Path(error.filename or WEIGHTS).name}: get it again."
        ) from error
    except (OSError, ValueError, SafetensorError) as error:
        raise ModelError(f"Model {path} is damaged ({error}): get it again.") from error
    _check_card(path, card)
    _check_arrays(path, card, arrays)
    try:
        return _assemble(path, folder, card, arrays)
    except (ValueError, KeyError, TypeError) as error:
        raise ModelError(f"Model {path} contradicts itself ({error}): get it again.") from error


def write_model(model: CategoryModel, folder: Path) -> None:
    """Write a model folder; an existing one is replaced only when the new one is complete."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    fresh = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        save_file(_arrays_of(model), fresh / WEIGHTS)
        (fresh / "model.json").write_text(json.dumps(_card_of(model), indent=1), encoding="utf-8")
        source = model.student.onnx_path
        if source is not None and source.exists():
            shutil.copyfile(source, fresh / "student.onnx")
        fresh.chmod(0o755)
        _swap(fresh, folder)
    except OSError as error:
        raise ModelError(f"Cannot write the model to {folder}: {error.strerror}.") from error
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def _swap(fresh: Path, folder: Path) -> None:
    """Put `fresh` in the place of `folder`, keeping other files (CARD.md) that were there."""
    folder.mkdir(exist_ok=True)
    for name in (WEIGHTS, "student.onnx", "model.json"):
        if (fresh / name).exists():
            os.replace(fresh / name, folder / name)


def model_hash(folder: Path) -> str:
    """sha256 of the weights: tells which model made a session."""
    return hashlib.sha256((folder / WEIGHTS).read_bytes()).hexdigest()


def _unpacked(path: Path) -> Path:
    """Files of a model .zip in a cache folder named by content; only the names we know are read."""
    try:
        key = hashlib.sha256(path.read_bytes()).hexdigest()[:24]
        folder = Path(tempfile.gettempdir()) / f"dasr-model-{key}"
        if (folder / "model.json").exists():
            return folder
        with zipfile.ZipFile(path) as archive:
            _extract(archive, folder)
    except (OSError, zipfile.BadZipFile, RuntimeError) as error:
        raise ModelError(f"Model {path} is not a readable .zip ({error}): get it again.") from error
    return folder


def _extract(archive: zipfile.ZipFile, folder: Path) -> None:
    members = {Path(entry.filename).name: entry for entry in archive.infolist()}
    if sum(entry.file_size for entry in members.values()) > LARGEST_ZIP_BYTES:
        raise ModelError(f"Model {archive.filename} unpacks to over 512 MiB: it is not a model.")
    fresh = Path(tempfile.mkdtemp(prefix=f"{folder.name}-"))
    for name in (WEIGHTS, "student.onnx", "temporal.onnx", "finder.onnx", "CARD.md", "model.json"):
        if name in members:
            (fresh / name).write_bytes(archive.read(members[name]))
    try:
        fresh.rename(folder)
    except OSError:  # another process was first; its copy has the same content
        shutil.rmtree(fresh, ignore_errors=True)


def _check_card(path: Path, card: Any) -> None:
    if not isinstance(card, dict):
        raise ModelError(f"Model {path} has a model.json that is no object: get it again.")
    version = card.get("schema_version")
    if version != SCHEMA_VERSION:
        raise ModelError(
            f"Model {path} has schema version {version!r}, this program reads {SCHEMA_VERSION}: "
            "use a model made for this version."
        )


def _check_arrays(path: Path, card: dict[str, Any], arrays: dict[str, np.ndarray]) -> None:
    lengths: dict[str, int] = {"joints": len(card.get("joint_names", ()))}
    for name, axes in ARRAY_AXES.items():
        if name not in arrays:
            raise ModelError(f"Model {path} lacks the array {name}: get it again.")
        shape = arrays[name].shape
        wanted = tuple(lengths.setdefault(axis, size) if isinstance(axis, str) else axis
                       for axis, size in zip(axes, shape, strict=False))  # fmt: skip
        if shape != wanted or len(shape) != len(axes):
            raise ModelError(f"Model {path}: {name} has shape {shape}, not {wanted}.")
    for name, array in arrays.items():
        if array.dtype.kind == "f" and not np.isfinite(array).all():
            raise ModelError(f"Model {path}: {name} holds NaN or infinite numbers: get it again.")
    faces = arrays["rig.faces"]
    if faces.size and (faces.min() < 0 or faces.max() >= len(arrays["rig.vertices"])):
        raise ModelError(f"Model {path}: rig.faces names vertices that do not exist: get it again.")


def _assemble(
    path: Path, folder: Path, card: dict[str, Any], arrays: dict[str, np.ndarray]
) -> CategoryModel:
    def group(prefix: str) -> dict[str, np.ndarray]:
        return {key[len(prefix) + 1 :]: array.astype(np.float32) for key, array in arrays.items()
                if key.startswith(prefix + ".")}  # fmt: skip

    skeleton = Skeleton(
        tuple(card["joint_names"]),
        tuple(card["parents"]),
        arrays["rig.rest_joint_to_rig"].astype(np.float64),
        tuple(card["mirror"]),
    )
    rig = Rig(
        card["name"],
        skeleton,
        arrays["rig.vertices"].astype(np.float32),
        arrays["rig.faces"].astype(np.int32),
        arrays["rig.weights"].astype(np.float32),
        arrays["rig.colors"].astype(np.float32),
        float(card["metres_per_unit"]),
    )
    points = np.array(card.get("point_vertices", ()), int)
    if points.size and not 0 <= points.min() <= points.max() < len(rig.vertices):
        raise ValueError("point_vertices names vertices that do not exist")
    graph = folder / "student.onnx"
    weights = {key[8:]: array for key, array in arrays.items() if key.startswith("student.")}
    return CategoryModel(
        card["name"],
        card,
        rig,
        ShapeSpace(tuple(card["shape_names"]), **group("shape")),
        ArticulationDecoder(**group("articulation")),
        AppearanceBasis(**group("appearance")),
        LatentStatistics(**group("latent")),
        StudentFiles(card["student"], weights, graph if graph.exists() else None),
        folder,
    )


def _card_of(model: CategoryModel) -> dict[str, Any]:
    skeleton = model.rig.skeleton
    return model.card | {
        "schema_version": SCHEMA_VERSION,
        "name": model.name,
        "joint_names": list(skeleton.names),
        "parents": list(skeleton.parents),
        "mirror": list(skeleton.mirror),
        "metres_per_unit": model.rig.metres_per_unit,
        "shape_names": list(model.shape.names),
        "student": model.student.config,
    }


def _arrays_of(model: CategoryModel) -> dict[str, np.ndarray]:
    """All arrays by name. Halves where the last bits do not matter: a model is at most 12 MB."""
    rig, art, latent = model.rig, model.articulation, model.latent
    arrays = {
        "rig.vertices": rig.vertices,
        "rig.faces": rig.faces,
        "rig.weights": rig.weights,
        "rig.colors": rig.colors,
        "rig.rest_joint_to_rig": rig.skeleton.rest_joint_to_rig,
        "shape.vertices": model.shape.vertices.astype(np.float16),
        "shape.joints": model.shape.joints.astype(np.float32),
        "appearance.mean": model.appearance.mean.astype(np.float32),
        "appearance.components": model.appearance.components.astype(np.float16),
    }
    for prefix, part in (("articulation", art), ("latent", latent)):
        arrays |= {f"{prefix}.{key}": value.astype(np.float32) for key, value in vars(part).items()}
    arrays |= {f"student.{key}": value for key, value in model.student.weights.items()}
    return {key: np.ascontiguousarray(value) for key, value in arrays.items()}
