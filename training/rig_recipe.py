"""A recipe for rigs that the project has never seen: what a file itself tells decides.

plan = plan_for_rigs([Path("fox.glb")], name="fox")
plan.recipe, plan.notes
"""

from dataclasses import dataclass
from pathlib import Path

from core.errors import RigError
from core.model import MODELS_FOLDER
from core.rig import Rig
from core.rig_import import ImportedRig, read_rig
from training.evaluation.keypoint_map import keypoint_map
from training.face_front import faced_front
from training.fit_student import FitConfig
from training.prepare_rig import RigPreparation
from training.recipe import Recipe
from training.rig_teacher import RigTeacherConfig
from training.synth.bodies import FitPrior
from training.synth.crops import CropConfig
from training.synth.people_parts import people_parts
from training.synth.views import ViewConfig

MINUTES = 46.0
"""To fit the student. Decoders, crops, shipping and score take 3 to 4 minutes of two cores more
(docs/training.md); the rest of the hour is for slower machines."""
SHARDS = 24
_BEGUN_WITH = {"human": "human", "quadruped": "dog"}
"""Shipped models whose networks already look at such bodies."""
_FINGERS = ("finger", "thumb", "index", "middle", "ring", "pinky")
_FEWEST_JOINTS = 3
_LIKELY_M = {"human": (0.5, 2.6), "quadruped": (0.1, 3.5), "custom": (0.02, 30.0)}
_USUAL_M = {"human": 1.75, "quadruped": 1.2, "custom": 1.0}
"""Longest side at rest where a file's own length is no likely one: game rigs are giants."""


@dataclass(frozen=True, eq=False)
class RigPlan:
    """A recipe, and what was found out, as sentences for a person."""

    recipe: Recipe
    notes: tuple[str, ...]


def plan_for_rigs(paths: list[Path], name: str, length_m: float | None = None) -> RigPlan:
    """Read the rigs and decide how to train on them; the first is the template.

    Raises:
        RigError: One of them cannot be used.
    """
    for path in paths:
        if not path.is_file():
            raise RigError(f"There is no rig at {path}.")
    imported = [read_rig(path) for path in paths]
    for path, each in zip(paths, imported, strict=True):
        joints = len(each.rig.skeleton.names)
        if joints < _FEWEST_JOINTS:
            raise RigError(
                f"{path.name} has {joints} joints that move its skin; a model needs at least "
                f"{_FEWEST_JOINTS}."
            )
    template, degrees = faced_front(imported[0])
    for path, sibling in zip(paths[1:], imported[1:], strict=True):
        _check_sibling(path, sibling.rig, template.rig)
    category = category_of(template.rig)
    length = length_m or likely_length_m(template.rig, category)
    config = RigTeacherConfig(
        preparation=RigPreparation(merged_joints=_FINGERS),
        fit_prior=FitPrior(ridge=0.005, is_turned=True),
        original_share=0.3,
    )
    begun = _begun_with(category)
    views = ViewConfig(elevation_rad=(-0.35, 0.7)) if category == "human" else ViewConfig()
    recipe = Recipe(
        name, category, tuple(paths),
        body_length_m=length,
        shard_count=SHARDS,
        licence="that of the rig",
        sources=tuple(path.name for path in paths),
        teacher=config,
        crops=CropConfig(view=views),
        fit=FitConfig(start_from=None if begun is None else str(begun)),
    )  # fmt: skip
    notes = _notes(imported, template.rig, category, degrees, length)
    if begun is not None:
        notes += (f"The student begins with the network of {begun.name}.",)
    return RigPlan(recipe, notes)


def _begun_with(category: str) -> Path | None:
    """The folder of a model to begin with, if it ships."""
    name = _BEGUN_WITH.get(category)
    if name is None or not (MODELS_FOLDER / name / "model.json").is_file():
        return None
    return MODELS_FOLDER / name


def _check_sibling(path: Path, sibling: Rig, template: Rig) -> None:
    ours, theirs = template.skeleton.names, sibling.skeleton.names
    shared = len(set(ours) & set(theirs))
    if shared < 0.6 * len(ours):
        raise RigError(
            f"{path.name} shares {shared} joint names with {template.name}'s {len(ours)}; "
            "siblings must have the same skeleton: train them apart."
        )


def category_of(rig: Rig) -> str:
    """Person, four-legged animal, or anything else, by joints that were found."""
    if people_parts(rig) is not None:
        return "human"
    paws = [name for name in keypoint_map(rig, "quadruped").anchors if name.endswith("paw")]
    return "quadruped" if len(paws) == 4 else "custom"


def likely_length_m(rig: Rig, category: str) -> float:
    """The file's own longest side if such a body may have it; a usual one if not."""
    low, high = _LIKELY_M[category]
    own = rig.metres_per_unit
    return own if low <= own <= high else _USUAL_M[category]


def _notes(
    imported: list[ImportedRig], rig: Rig, category: str, degrees: int, length_m: float
) -> tuple[str, ...]:
    clips = sum(len(each.clips) for each in imported)
    notes = [
        f"{rig.name}: {category}, {len(rig.vertices)} vertices, "
        f"{len(rig.skeleton.names)} joints, {clips} motions, {length_m:.2f} m long."
    ]
    if abs(length_m - rig.metres_per_unit) > 1e-3:
        notes.append(
            f"The file says {rig.metres_per_unit:.2f} m; give its true length with --length."
        )
    if degrees:
        notes.append(f"It looked another way: turned by {degrees} degrees to face forwards.")
    if any(not each.clips for each in imported):
        notes.append("It has no animation: its joints are moved at random, within limits.")
    return tuple(notes)
