"""A take: one session as arrays over its frames, on one body. What every exporter starts from.

take = take_of(record, model)
vertices = take.posed(slice(0, 10))        # camera space, rig units
"""

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Bool, Float, Int

from core.errors import ExportError
from core.export.options import ExportOptions
from core.export.stages import READING, Tell, silent, told
from core.kinematics import forward_kinematics, skin_transforms
from core.results import FrameResult
from core.rig import Rig
from core.session_store import SessionRecord, model_sha256
from core.skin import skin_dual_quaternion


@runtime_checkable
class BodyModel(Protocol):
    """The part of a category model that exports need."""

    @property
    def name(self) -> str: ...
    @property
    def card(self) -> dict[str, Any]: ...
    @property
    def rig(self) -> Rig: ...
    @property
    def folder(self) -> Path | None: ...
    def rig_of(self, shape_code: np.ndarray) -> Rig: ...
    def colors(self, appearance_code: np.ndarray) -> np.ndarray: ...


@dataclass(frozen=True, eq=False)
class Take:
    """Motion of one body over time. Frames without a subject hold the last known pose."""

    name: str
    body: Rig
    """Rest mesh, skeleton and colours; the same over the take, so that lengths are constant."""
    frame_index: Int[np.ndarray, " frames"]
    times_s: Float[np.ndarray, " frames"]
    """Time stamps of the source, strictly increasing."""
    is_covered: Bool[np.ndarray, " frames"]
    confidence: Float[np.ndarray, " frames"]
    """0 where the subject was not seen."""
    joint_rotations: Float[np.ndarray, "frames joints 3 3"]
    root_to_cam: Float[np.ndarray, "frames 4 4"]
    articulation: Float[np.ndarray, "frames articulation"]
    K: Float[np.ndarray, "3 3"]
    image_size: tuple[int, int]
    frame_colors: Float[np.ndarray, "frames verts 3"] | None = None
    """sRGB of every frame where colours change with time; `body.colors` otherwise."""
    facts: dict[str, Any] = field(default_factory=dict)
    """For `extras`: model, licence; JSON values."""
    notes: tuple[str, ...] = ()
    """Sentences the user should see after the export."""

    def __post_init__(self) -> None:
        if len(self.times_s) == 0:
            raise ExportError(f"{self.name} holds no frames: there is nothing to export.")
        if self.joint_rotations.shape[1] != len(self.body.skeleton.names):
            raise ValueError(
                f"take moves {self.joint_rotations.shape[1]} joints, "
                f"body has {len(self.body.skeleton.names)}"
            )

    @property
    def frame_count(self) -> int:
        return len(self.times_s)

    @property
    def body_length(self) -> float:
        """Longest side of the rest mesh's box, rig units."""
        return float(np.ptp(self.body.vertices, 0).max())

    def posed(self, frames: slice) -> Float[np.ndarray, "frames verts 3"]:
        """Vertices in camera space as the viewport shows them (dual-quaternion skinning)."""
        posed = posed_in_rig(self.body, self.joint_rotations[frames])
        return move(self.root_to_cam[frames], posed)


def posed_in_rig(
    body: Rig, joint_rotations: Float[np.ndarray, "frames joints 3 3"]
) -> Float[np.ndarray, "frames verts 3"]:
    """Vertices in rig space, before the root pose, by dual-quaternion skinning."""
    joint_to_rig = forward_kinematics(body.skeleton, joint_rotations)
    transforms = skin_transforms(body.skeleton, joint_to_rig)
    return skin_dual_quaternion(body.vertices, body.weights, transforms)


def move(
    transforms: Float[np.ndarray, "frames 4 4"], points: Float[np.ndarray, "frames points 3"]
) -> Float[np.ndarray, "frames points 3"]:
    """Points of each frame moved by that frame's transform."""
    return points @ transforms[:, :3, :3].swapaxes(1, 2) + transforms[:, None, :3, 3]


def take_of(
    record: SessionRecord,
    model: BodyModel | None,
    options: ExportOptions | None = None,
    tell: Tell = silent,
) -> Take:
    """Collect a session into a take.

    Args:
        record: An opened session.
        model: The model it was made with; None to use the body kept in the session.
        options: `name` and `appearance_frame` are used here.
        tell: Hears of every frame that is read.

    Raises:
        ExportError: There is no frame, no covered frame, or the model is another one.
    """
    options = options or ExportOptions()
    results = list(told(record.results(), record.frame_count, tell, READING))
    if not any(result.is_covered for result in results):
        raise ExportError(f"{record.folder} shows no subject in any frame: nothing to export.")
    body, notes = _body(record, model, results, options)
    notes += (record.damage,) if record.damage else ()
    results = _held(_increasing(results))
    take = Take(
        name=options.name or record.header.name,
        body=body,
        frame_index=np.array([result.frame_index for result in results]),
        times_s=np.array([result.time_s for result in results], np.float64),
        is_covered=np.array([result.is_covered for result in results]),
        confidence=np.array([result.confidence for result in results], np.float64),
        joint_rotations=np.stack([result.joint_rotations for result in results]),
        root_to_cam=np.stack([result.root_to_cam for result in results]),
        articulation=np.stack([result.codes.articulation for result in results]),
        K=results[0].K,
        image_size=results[0].image_size,
        facts=_facts(record, model),
        notes=notes,
    )
    held = take.frame_count - int(take.is_covered.sum())
    if held:
        sentence = f"{held} of {take.frame_count} frames show no subject and hold the last pose."
        return replace(take, notes=(*notes, sentence))
    return take


def _body(
    record: SessionRecord,
    model: BodyModel | None,
    results: list[FrameResult],
    options: ExportOptions,
) -> tuple[Rig, tuple[str, ...]]:
    """The take's body, and what to tell about it."""
    kept = record.body
    if model is None:
        if kept is None:
            raise ExportError(
                f"The model {record.header.model_name!r} is missing and {record.folder} keeps no "
                "body of its own: install the model."
            )
        return kept, ()
    if model.rig.skeleton.names != record.header.joint_names:
        raise ExportError(
            f"{record.folder} was made with the model {record.header.model_name!r}, whose skeleton "
            f"is not that of {model.name!r}: name the right model."
        )
    if _has_changed(record, model) and kept is not None:
        return kept, ("The model has changed since; the body kept in the session was used.",)
    notes = ("The model has changed since this session.",) if _has_changed(record, model) else ()
    body = model.rig_of(_mean([result.codes.shape for result in results], results))
    return replace(body, colors=model.colors(_appearance(results, options))), notes


def _has_changed(record: SessionRecord, model: BodyModel) -> bool:
    made_with = record.header.model_sha256
    return bool(made_with) and model_sha256(model) != made_with


def _mean(codes: list[np.ndarray], results: list[FrameResult]) -> np.ndarray:
    """Mean code over covered frames, by confidence."""
    weights = np.array([result.is_covered * (result.confidence + 1e-3) for result in results])
    return np.average(np.stack(codes), axis=0, weights=weights)


def _appearance(results: list[FrameResult], options: ExportOptions) -> np.ndarray:
    if options.appearance_frame is None:
        return _mean([result.codes.appearance for result in results], results)
    for result in results:
        if result.frame_index == options.appearance_frame:
            return result.codes.appearance
    raise ExportError(f"The session has no frame {options.appearance_frame} to take colours from.")


def _increasing(results: list[FrameResult]) -> list[FrameResult]:
    """Without frames whose time stamp does not move on (glTF and others forbid them)."""
    kept = [results[0]]
    for result in results[1:]:
        if result.time_s > kept[-1].time_s:
            kept.append(result)
    return kept


def _held(results: list[FrameResult]) -> list[FrameResult]:
    """Uncovered frames take the pose of the last covered one; the first ones, of the next."""
    last = next((result for result in results if result.is_covered), results[0])
    held: list[FrameResult] = []
    for result in results:
        if result.is_covered:
            last = result
            held.append(result)
            continue
        held.append(
            replace(
                result,
                confidence=0.0,
                root_to_cam=last.root_to_cam,
                joint_rotations=last.joint_rotations,
                codes=last.codes,
            )
        )
    return held


def _facts(record: SessionRecord, model: BodyModel | None) -> dict[str, Any]:
    header = record.header
    card = model.card if model is not None else {}
    facts = {"model": header.model_name, "model_sha256": header.model_sha256}
    facts |= {key: card[key] for key in ("category", "licence") if key in card}
    facts["lookahead_frames"] = header.settings.get("lookahead", 0)
    return facts
