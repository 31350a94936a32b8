"""The one way to export: a session, a model and a path whose suffix says the format.

report = export_session(record, model, Path("walk.glb"))
print(report.sentence)
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from core.errors import ExportError
from core.export.atomic import write_files
from core.export.explorer import PoseModel, explorer_document, explorer_facts
from core.export.formats import WRITERS, find_writer
from core.export.gltf import GENERATOR
from core.export.motion import file_scale
from core.export.options import ExportOptions
from core.export.report import ExportReport, report_of
from core.export.stages import Tell, silent
from core.export.take import BodyModel, Take, take_of
from core.export.take_colors import with_colors
from core.session_store import SessionRecord

__all__ = [
    "WRITERS",
    "ExportReport",
    "ExportWatch",
    "export_session",
    "export_take",
    "find_writer",
]


@dataclass(frozen=True)
class ExportWatch:
    """Who hears of an export, and who may change the take on its way."""

    tell: Tell = silent
    """Called between pieces of work; what it raises ends the export, the old file intact."""
    change: Callable[[Take], Take] | None = None
    """Such as `core.export.onto.take_onto`: the take on another body."""


def export_session(
    record: SessionRecord,
    model: BodyModel | None,
    out_path: Path,
    options: ExportOptions | None = None,
    watch: ExportWatch | None = None,
) -> ExportReport:
    """Write a session in the format of `out_path`'s suffix.

    Args:
        record: An opened session.
        model: The model it was made with; None uses the body kept in the session.
        out_path: `.glb`, `.gltf` (with a .bin beside it), `.html`, `.npz`, `.obj` or `.ply` (a
            folder `NAME_obj`, one file a frame), `.bvh`, `.usda`, `.csv`.
        options: Choices; the defaults suit Blender.
        watch: Progress, and a change of the take.

    Raises:
        ExportError: The suffix is unknown, there is nothing to export, or the disk is full.
    """
    options, watch = options or ExportOptions(), watch or ExportWatch()
    find_writer(out_path, options)  # before any work
    take = take_of(record, model, options, watch.tell)
    take = with_colors(take, record, model, options, watch.tell)
    if watch.change is not None:
        take = watch.change(take)
    if options.explorer_components is not None:
        return _export_explorer(take, model, out_path, options)
    return export_take(take, out_path, options, watch.tell)


def export_take(
    take: Take, out_path: Path, options: ExportOptions | None = None, tell: Tell = silent
) -> ExportReport:
    """Like `export_session`, from a take."""
    options = options or ExportOptions()
    return find_writer(out_path, options)(take, out_path, options, tell)


def _export_explorer(
    take: Take, model: BodyModel | None, path: Path, options: ExportOptions
) -> ExportReport:
    if not isinstance(model, PoseModel):
        raise ExportError("The explorer needs the model the session was made with: install it.")
    scale, scale_source = file_scale(take, options)
    document, fidelity = explorer_document(take, model, options, scale)
    facts = explorer_facts(model, options.explorer_components or 1)
    facts |= {"scale_source": scale_source, "metres_per_unit": scale, **take.facts}
    facts["fidelity_at_half"] = fidelity.to_json()
    document.json["asset"] |= {"generator": GENERATOR, "extras": facts}
    if path.suffix.lower() == ".glb":
        write_files({path: document.to_glb()})
    else:
        binary = path.with_suffix(".bin")
        text, body = document.to_gltf(binary.name)
        write_files({binary: body, path: text})
    note = (
        f"Sliders at half (1 sigma) are {fidelity.mean_percent:.2f} % of the body length from the "
        f"studio's shape on average, {fidelity.max_percent:.1f} % at most; at their ends, exact."
    )
    report = report_of(take, path)
    return replace(report, notes=(*report.notes, note))
