"""The formats by suffix: each writer turns a take into a file, whole or not at all."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import BinaryIO

import numpy as np

from core.errors import ExportError
from core.export.angles_csv import csv_text
from core.export.atomic import write_files, write_folder, write_stream
from core.export.bvh import bvh_text
from core.export.fidelity import measure_fidelity
from core.export.gltf import gltf_of, skin_of
from core.export.gltf_skinned import skinned_document
from core.export.mesh_sequence import obj_files, ply_files
from core.export.motion import file_motion
from core.export.npz import write_npz
from core.export.options import ExportOptions
from core.export.report import ExportReport, report_of
from core.export.stages import WRITING, Tell, told
from core.export.take import Take
from core.export.usda import usda_lines
from core.export.web_page import web_page

Writer = Callable[[Take, Path, ExportOptions, Tell], ExportReport]
MORPHS = (".glb", ".gltf", ".html", ".npz", ".ply")
"""Formats that can hold colours that change."""


def find_writer(out_path: Path, options: ExportOptions | None = None) -> Writer:
    """The writer for a path's suffix.

    Raises:
        ExportError: The suffix is unknown, or its format cannot do what is asked for.
    """
    options = options or ExportOptions()
    suffix = out_path.suffix.lower()
    if suffix not in WRITERS:
        known = " ".join(WRITERS)
        raise ExportError(f"Cannot export to {suffix or 'a name without suffix'!r}: use {known}.")
    if suffix == ".usda" and options.skinning == "morph":
        raise ExportError("USD export has no morph option: use .glb, or skinning refit.")
    if options.explorer_components is not None and suffix not in (".glb", ".gltf"):
        raise ExportError(f"The explorer's sliders need .glb or .gltf, not {suffix}.")
    if options.colors == "morph":
        if suffix not in MORPHS:
            raise ExportError(f"{suffix} cannot hold morphing colours: use {' '.join(MORPHS)}.")
        if suffix in (".glb", ".gltf", ".html") and options.skinning != "morph":
            raise ExportError("Morphing colours in glTF need --skinning morph as well.")
    return WRITERS[suffix]


def _glb(take: Take, path: Path, options: ExportOptions, tell: Tell) -> ExportReport:
    file = gltf_of(take, file_motion(take, options), options, tell)
    write_files({path: file.document.to_glb()})
    return report_of(take, path, file.fidelity)


def _gltf(take: Take, path: Path, options: ExportOptions, tell: Tell) -> ExportReport:
    file = gltf_of(take, file_motion(take, options), options, tell)
    binary = path.with_suffix(".bin")
    text, body = file.document.to_gltf(binary.name)
    write_files({binary: body, path: text})
    return report_of(take, path, file.fidelity)


def _html(take: Take, path: Path, options: ExportOptions, tell: Tell) -> ExportReport:
    motion = file_motion(take, options)
    file = gltf_of(take, motion, options, tell)
    write_files({path: web_page(file.document.to_glb(), take, motion, options)})
    return report_of(take, path, file.fidelity)


def _npz(take: Take, path: Path, options: ExportOptions, tell: Tell) -> ExportReport:
    write_stream(path, partial(write_npz, take, tell=tell))
    return report_of(take, path)


def _obj(take: Take, path: Path, options: ExportOptions, tell: Tell) -> ExportReport:
    folder, motion = _folder_of(path), file_motion(take, options)
    files = obj_files(take, motion, path.stem)
    write_folder(folder, told(files, len(motion.times_s), tell, WRITING))
    return report_of(take, folder)


def _ply(take: Take, path: Path, options: ExportOptions, tell: Tell) -> ExportReport:
    folder, motion = _folder_of(path), file_motion(take, options)
    files = ply_files(take, motion, path.stem)
    write_folder(folder, told(files, len(motion.times_s), tell, WRITING))
    return report_of(take, folder)


def _folder_of(path: Path) -> Path:
    """walk.obj becomes walk_obj/walk_00000.obj and so on."""
    return path.with_name(f"{path.stem}_{path.suffix[1:].lower()}")


def _bvh(take: Take, path: Path, options: ExportOptions, tell: Tell) -> ExportReport:
    motion = file_motion(take, _evenly(take, options))
    write_files({path: bvh_text(take, motion, options).encode("ascii")})
    return report_of(take, path)


def _csv(take: Take, path: Path, options: ExportOptions, tell: Tell) -> ExportReport:
    motion = file_motion(take, options)
    write_files({path: csv_text(take, motion, options).encode("ascii")})
    return report_of(take, path)


def _usda(take: Take, path: Path, options: ExportOptions, tell: Tell) -> ExportReport:
    motion = file_motion(take, options)
    skin = skin_of(take, motion, options, tell)
    turned, worn = replace(motion, joint_rotations=skin.joint_rotations), skin.dressed(take)
    # The glTF of the same weights and keys poses its mesh by the same formula.
    twin = skinned_document(worn, turned, skin.influences, options).to_glb()
    fidelity = measure_fidelity(twin, take, motion, tell)

    def write(stream: BinaryIO) -> None:
        for text in usda_lines(worn, turned, skin.influences, options):
            stream.write(text.encode("ascii"))

    write_stream(path, write)
    return report_of(take, path, fidelity)


def _evenly(take: Take, options: ExportOptions) -> ExportOptions:
    """BVH has one frame time: keys at the take's own rate unless another is asked for."""
    if options.fps is not None or take.frame_count < 2:
        return options
    return replace(options, fps=float(1 / np.median(np.diff(take.times_s))))


WRITERS: dict[str, Writer] = {
    ".glb": _glb,
    ".gltf": _gltf,
    ".html": _html,
    ".npz": _npz,
    ".obj": _obj,
    ".ply": _ply,
    ".bvh": _bvh,
    ".usda": _usda,
    ".csv": _csv,
}
