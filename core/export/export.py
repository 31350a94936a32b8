"""The one way to export: a session, a model and a path whose suffix says the format.

report = export_session(record, model, Path("walk.glb"))
print(report.sentence)
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import BinaryIO

import numpy as np

from core.errors import ExportError
from core.export.angles_csv import csv_text
from core.export.atomic import write_files, write_folder, write_stream
from core.export.bvh import bvh_text
from core.export.fidelity import Fidelity, measure_fidelity
from core.export.gltf import gltf_of, skin_of
from core.export.gltf_skinned import skinned_document
from core.export.mesh_sequence import obj_files, ply_files
from core.export.motion import file_motion
from core.export.npz import write_npz
from core.export.options import ExportOptions
from core.export.take import BodyModel, Take, take_of
from core.export.usda import usda_lines
from core.export.web_page import web_page
from core.session_store import SessionRecord


@dataclass(frozen=True)
class ExportReport:
    """What was written, and how true it is."""

    path: Path
    """The file, or the folder of a sequence."""
    size_bytes: int
    frame_count: int
    duration_s: float
    fidelity: Fidelity | None = None
    """Only where the format cannot hold exactly what the viewport shows."""
    notes: tuple[str, ...] = ()

    @property
    def sentence(self) -> str:
        """The report in one line, notes apart."""
        text = f"Wrote {self.path} ({self.size_bytes / 1e6:.1f} MB, {self.frame_count} frames"
        if self.fidelity is None:
            return text + ")."
        return text + (
            f"); its vertices are {self.fidelity.mean_cm:.2f} cm from the viewport on average "
            f"({self.fidelity.mean_percent:.2f} % of the body length) "
            f"and {self.fidelity.max_cm:.2f} cm at most."
        )


def export_session(
    record: SessionRecord,
    model: BodyModel | None,
    out_path: Path,
    options: ExportOptions | None = None,
) -> ExportReport:
    """Write a session in the format of `out_path`'s suffix.

    Args:
        record: An opened session.
        model: The model it was made with; None uses the body kept in the session.
        out_path: `.glb`, `.gltf` (with a .bin beside it), `.npz`, `.obj` or `.ply` (a folder
            `NAME_obj`, one file a frame), `.bvh`, `.usda`, `.csv`.
        options: Choices; the defaults suit Blender.

    Raises:
        ExportError: The suffix is unknown, there is nothing to export, or the disk is full.
    """
    options = options or ExportOptions()
    find_writer(out_path)  # before any work
    return export_take(take_of(record, model, options), out_path, options)


def export_take(take: Take, out_path: Path, options: ExportOptions | None = None) -> ExportReport:
    """Like `export_session`, from a take."""
    return find_writer(out_path)(take, out_path, options or ExportOptions())


Writer = Callable[[Take, Path, ExportOptions], ExportReport]


def find_writer(out_path: Path) -> Writer:
    """The writer for a path's suffix."""
    suffix = out_path.suffix.lower()
    if suffix not in WRITERS:
        known = " ".join(WRITERS)
        raise ExportError(f"Cannot export to {suffix or 'a name without suffix'!r}: use {known}.")
    return WRITERS[suffix]


def _export_glb(take: Take, path: Path, options: ExportOptions) -> ExportReport:
    file = gltf_of(take, file_motion(take, options), options)
    write_files({path: file.document.to_glb()})
    return _report(take, path, file.fidelity)


def _export_gltf(take: Take, path: Path, options: ExportOptions) -> ExportReport:
    file = gltf_of(take, file_motion(take, options), options)
    binary = path.with_suffix(".bin")
    text, body = file.document.to_gltf(binary.name)
    write_files({binary: body, path: text})
    return _report(take, path, file.fidelity)


def _export_html(take: Take, path: Path, options: ExportOptions) -> ExportReport:
    motion = file_motion(take, options)
    file = gltf_of(take, motion, options)
    write_files({path: web_page(file.document.to_glb(), take, motion, options)})
    return _report(take, path, file.fidelity)


def _export_npz(take: Take, path: Path, options: ExportOptions) -> ExportReport:
    write_stream(path, partial(write_npz, take))
    return _report(take, path)


def _export_obj(take: Take, path: Path, options: ExportOptions) -> ExportReport:
    folder = _folder_of(path)
    write_folder(folder, obj_files(take, file_motion(take, options), path.stem))
    return _report(take, folder)


def _export_ply(take: Take, path: Path, options: ExportOptions) -> ExportReport:
    folder = _folder_of(path)
    write_folder(folder, ply_files(take, file_motion(take, options), path.stem))
    return _report(take, folder)


def _folder_of(path: Path) -> Path:
    """walk.obj becomes walk_obj/walk_00000.obj and so on."""
    return path.with_name(f"{path.stem}_{path.suffix[1:].lower()}")


def _report(take: Take, path: Path, fidelity: Fidelity | None = None) -> ExportReport:
    files = [path] if path.is_file() else list(path.iterdir())
    return ExportReport(
        path=path,
        size_bytes=sum(file.stat().st_size for file in files),
        frame_count=take.frame_count,
        duration_s=float(take.times_s[-1] - take.times_s[0]),
        fidelity=fidelity,
        notes=take.notes,
    )


def _export_bvh(take: Take, path: Path, options: ExportOptions) -> ExportReport:
    motion = file_motion(take, _evenly(take, options))
    write_files({path: bvh_text(take, motion, options).encode("ascii")})
    return _report(take, path)


def _export_csv(take: Take, path: Path, options: ExportOptions) -> ExportReport:
    motion = file_motion(take, options)
    write_files({path: csv_text(take, motion, options).encode("ascii")})
    return _report(take, path)


def _export_usda(take: Take, path: Path, options: ExportOptions) -> ExportReport:
    if options.skinning == "morph":
        raise ExportError("USD export has no morph option: use .glb, or skinning refit.")
    motion = file_motion(take, options)
    skin = skin_of(take, motion, options)
    turned = replace(motion, joint_rotations=skin.joint_rotations)

    def write(stream: BinaryIO) -> None:
        for text in usda_lines(take, turned, skin.influences, options):
            stream.write(text.encode("ascii"))

    write_stream(path, write)
    # The glTF of the same weights and keys poses its mesh by the same formula.
    twin = skinned_document(take, turned, skin.influences, options).to_glb()
    return _report(take, path, measure_fidelity(twin, take, motion))


def _evenly(take: Take, options: ExportOptions) -> ExportOptions:
    """BVH has one frame time: keys at the take's own rate unless another is asked for."""
    if options.fps is not None or take.frame_count < 2:
        return options
    return replace(options, fps=float(1 / np.median(np.diff(take.times_s))))


WRITERS: dict[str, Writer] = {
    ".glb": _export_glb,
    ".gltf": _export_gltf,
    ".html": _export_html,
    ".npz": _export_npz,
    ".obj": _export_obj,
    ".ply": _export_ply,
    ".bvh": _export_bvh,
    ".usda": _export_usda,
    ".csv": _export_csv,
}
