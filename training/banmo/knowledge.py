"""From a teacher to what a student is distilled from; stands beside training/rig_teacher.py.

knowledge = teacher_knowledge(teacher, rest)           # the same `Knowledge` a rig gives
truth = pseudo_truth(teacher, knowledge, frames)       # regenerated from codes, never stored

A third kind of teacher needs these two functions and nothing else.
"""

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Int

from core.articulation import ArticulationDecoder
from core.rig import Rig, Skeleton
from core.shape_space import ShapeSpace
from training.appearance import appearance_codes, fit_appearance
from training.articulation import ArticulationFit, ArticulationFitConfig, fit_articulation
from training.banmo.extract import (
    RestSurface,
    frame_vertices,
    learned_camera,
    rest_surface,
    surface_colors,
)
from training.banmo.teacher import Teacher
from training.knowledge_files import save_knowledge
from training.prepare.prepared_clip import UNKNOWN, PreparedClip
from training.rasterize import rasterize_silhouette
from training.rig_teacher import Knowledge

COATS = 160
"""Colours of the whole body that the appearance basis is made of."""
ENCODER_STEPS = 1500
DRAWS = 6000
"""Poses that the encoder learns from: the frames' codes and mixtures of them."""


@dataclass(frozen=True, eq=False)
class PseudoTruth:
    """What a student should say of some frames."""

    root_to_cam: Float[np.ndarray, "frames 4 4"]
    joint_rotations: Float[np.ndarray, "frames joints 3 3"]
    articulation: Float[np.ndarray, "frames articulation"]
    shape: Float[np.ndarray, "frames shape"]
    appearance: Float[np.ndarray, "frames components"]
    K: Float[np.ndarray, "frames 3 3"]


def teacher_rig(teacher: Teacher, rest: RestSurface, metres_per_unit: float) -> Rig:
    """The canonical body as a rig: longest side 1, standing at the origin.

    What was divided by is `rig_scale`, what was taken off is `rig_offset`.
    """
    scale, offset = rig_scale(rest), rig_offset(rest)
    skeleton = teacher.rig.skeleton
    to_rig = skeleton.rest_joint_to_rig.copy()
    to_rig[:, :3, 3] = (to_rig[:, :3, 3] - offset) / scale
    colors = surface_colors(teacher, rest, np.arange(0, teacher.poses.frame_count, 8)).mean(0)
    return Rig(
        "teacher",
        Skeleton(skeleton.names, skeleton.parents, to_rig, skeleton.mirror),
        ((rest.vertices - offset) / scale).astype(np.float32),
        rest.faces,
        rest.weights,
        colors.astype(np.float32),
        metres_per_unit,
    )


def rig_scale(rest: RestSurface) -> float:
    """Longest side of the canonical surface."""
    return float(np.ptp(rest.vertices, axis=0).max())


def rig_offset(rest: RestSurface) -> Float[np.ndarray, " 3"]:
    """The canonical point that becomes the rig's origin."""
    low, high = rest.vertices.min(0), rest.vertices.max(0)
    middle = 0.5 * (low + high)
    return np.array([middle[0], low[1], middle[2]], float)


def teacher_knowledge(
    teacher: Teacher, rest: RestSurface, config: ArticulationFitConfig | None = None
) -> Knowledge:
    """Frozen MLP_art with an encoder for it, bone lengths as a shape space, colours as a basis."""
    rig = teacher_rig(teacher, rest, teacher.rig.metres_per_unit)
    return Knowledge(
        rig,
        length_space(teacher, rig),
        _articulation(teacher, rig, config or ArticulationFitConfig(steps=ENCODER_STEPS)),
        fit_appearance(_coats(teacher, rest)),
    )


def _coats(teacher: Teacher, rest: RestSurface) -> Float[np.ndarray, "coats verts 3"]:
    """The body's colours in the light of its frames, and in light a little different."""
    rng = np.random.default_rng(0)
    frames = rng.choice(teacher.poses.frame_count, COATS)
    colors = surface_colors(teacher, rest, frames)
    tint = 1 + rng.normal(0, 0.08, (COATS, 1, 1)) + rng.normal(0, 0.03, (COATS, 1, 3))
    return np.clip(colors * tint + rng.normal(0, 0.01, colors.shape), 0, 1).astype(np.float32)


def length_space(teacher: Teacher, rig: Rig) -> ShapeSpace:
    """One number for each clip but their mean: how bone lengths move joints and skin at rest."""
    with torch.no_grad():
        clips = torch.arange(len(teacher.poses.log_focal))
        local = teacher.poses.local(clips).double().numpy()
    places = np.stack([_joint_places(teacher.rig.skeleton.parents, each) for each in local])
    scale = float(np.ptp(rig.vertices, axis=0).max())
    ours = np.ptp(teacher.rig.skeleton.rest_joint_to_rig[:, :3, 3], axis=0).max()
    theirs = np.ptp(rig.skeleton.rest_joint_to_rig[:, :3, 3], axis=0).max()
    moved = (places - teacher.rig.skeleton.rest_joint_to_rig[None, :, :3, 3]) * (theirs / ours)
    moved = moved / scale
    names = tuple(f"Clip {number} lengths" for number in range(len(moved)))
    vertices = np.einsum("vj,cja->cva", rig.weights, moved)
    return ShapeSpace(names, vertices, moved)


def _joint_places(
    parents: tuple[int, ...], local: Float[np.ndarray, "joints 4 4"]
) -> Float[np.ndarray, "joints 3"]:
    to_rig = [local[0]]
    for joint in range(1, len(parents)):
        to_rig.append(to_rig[parents[joint]] @ local[joint])
    return np.stack(to_rig)[:, :3, 3]


def _articulation(teacher: Teacher, rig: Rig, config: ArticulationFitConfig) -> ArticulationFit:
    """Codes are made white as `fit_articulation` has them; the decoder is learned from MLP_art."""
    rng = np.random.default_rng(config.seed)
    with torch.no_grad():
        codes = teacher.poses.code.numpy()
        share = rng.uniform(-0.2, 1.2, (DRAWS, 1))
        first, second = rng.integers(0, len(codes), (2, DRAWS))
        mixed = share * codes[first] + (1 - share) * codes[second]
        noise = 0.15 * codes.std(0) * rng.normal(size=mixed.shape)
        drawn = torch.from_numpy(np.concatenate([codes, mixed + noise]).astype(np.float32))
        rotations = teacher.poses.decode(drawn).numpy()
    return fit_articulation(rig, rotations, config)


def teacher_decoder(teacher: Teacher) -> ArticulationDecoder:
    """MLP_art as it was fitted, for whoever speaks the teacher's own codes."""
    arrays = {k: v.detach().numpy().copy() for k, v in teacher.poses.decoder.items()}
    return ArticulationDecoder(**arrays)


def pseudo_truth(
    teacher: Teacher, rest: RestSurface, knowledge: Knowledge, frames: Int[np.ndarray, " frames"]
) -> PseudoTruth:
    """Targets of frames in the knowledge's own words: rig units, white codes."""
    scale, offset = rig_scale(rest), rig_offset(rest)
    with torch.no_grad():
        posed = teacher.poses.at(torch.from_numpy(frames))
        rotations = teacher.poses.decode(teacher.poses.code[torch.from_numpy(frames)]).numpy()
        turn, origin = posed.rotation.double().numpy(), posed.origin.double().numpy()
        focal, middle = posed.focal_px.numpy(), posed.middle_px.numpy()
    root = np.tile(np.eye(4), (len(frames), 1, 1))
    root[:, :3, :3] = turn
    # x_cam / scale = R x_rig + (R offset + origin) / scale
    root[:, :3, 3] = (turn @ offset + origin) / scale
    K = np.tile(np.eye(3), (len(frames), 1, 1))
    K[:, [0, 1], [0, 1]] = focal[:, None]
    K[:, :2, 2] = middle
    clip = teacher.poses.clip_of.numpy()[frames]
    return PseudoTruth(
        root_to_cam=root,
        joint_rotations=rotations,
        articulation=knowledge.articulation.encode(rotations),
        shape=np.eye(len(knowledge.space.names))[clip],
        appearance=appearance_codes(knowledge.appearance, surface_colors(teacher, rest, frames)),
        K=K,
    )


def write_results(
    teacher: Teacher,
    clips: Sequence[PreparedClip],
    folder: Path,
    mesh: tuple[int, int | None] = (64, None),
) -> dict[str, Any]:
    """rest.npz, knowledge.safetensors, pseudo.npz, teacher.glb, turntable.mp4, result.json."""
    from training.banmo.pictures import TURNTABLE_FPS, turntable
    from training.banmo.teacher_glb import write_teacher_glb
    from training.write_video import write_video

    rest = rest_surface(teacher, *mesh)
    knowledge = teacher_knowledge(teacher, rest)
    save_knowledge(knowledge, folder)
    frames = np.arange(teacher.poses.frame_count)
    truth = pseudo_truth(teacher, rest, knowledge, frames)
    _save(folder / "pseudo.npz", vars(truth) | {"clip_of": teacher.poses.clip_of.numpy()})
    rig = knowledge.rig
    arrays = {name: getattr(rig, name) for name in ("vertices", "faces", "weights", "colors")}
    _save(folder / "rest.npz", arrays | {"rest_joint_to_rig": rig.skeleton.rest_joint_to_rig})
    write_teacher_glb(
        folder / "teacher.glb", knowledge, truth, clips[0], np.arange(len(clips[0].rgb))
    )
    pictures = turntable(rig.vertices, rig.faces, rig.colors)
    write_video(folder / "turntable.mp4", pictures, TURNTABLE_FPS)
    scores = silhouette_ious(teacher, rest, clips)
    facts = {
        "iou": float(np.nanmean(scores)),
        "vertices": len(rig.vertices),
        "faces": len(rig.faces),
        "code_error": knowledge.articulation.rms_error,
    }
    (folder / "result.json").write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")
    return facts


def silhouette_ious(
    teacher: Teacher, rest: RestSurface, clips: Sequence[PreparedClip]
) -> Float[np.ndarray, " frames"]:
    """IoU of the surface with the mask where it is known, of usable frames; NaN elsewhere."""
    scores, first = [], 0
    for clip in clips:
        index = first + np.arange(len(clip.rgb))
        camera = learned_camera(teacher, first, clip.image_size)
        for frame, vertices in enumerate(frame_vertices(teacher, rest, index)):
            drawn = rasterize_silhouette(vertices, rest.faces, camera)
            mask, is_told = clip.alphas[frame] > 127, clip.alphas[frame] != UNKNOWN
            drawn = drawn & is_told
            union = np.count_nonzero(drawn | mask)
            score = np.count_nonzero(drawn & mask) / union if union else np.nan
            scores.append(score if clip.is_usable[frame] else np.nan)
        first += len(clip.rgb)
    return np.array(scores)


def _save(path: Path, arrays: dict[str, np.ndarray]) -> None:
    part = path.with_name(path.name + ".part")
    with part.open("wb") as file:
        np.savez_compressed(file, **arrays)
    os.replace(part, path)
