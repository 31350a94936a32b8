"""Sequences for the temporal encoder: what the student says of clips in a row, and the truth.

    gather_sequences(job, report)              # draws clips, runs the student, keeps both
    sequences = read_sequences(job.folder)

The student is run once per frame and forgotten; only its words are kept. Seeds from 400000 on
belong to these clips; those of the test set lie elsewhere (training/evaluation/synthetic_set.py).
"""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, fields, replace
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float

from core.frame import Frame
from core.model import CategoryModel
from core.model_files import model_hash
from core.pipeline import Pipeline
from core.results import FrameResult
from core.rig import Skeleton
from core.temporal import SmoothingConfig
from core.temporal_window import SeenFrames, places_of
from training.clip import Clip
from training.evaluation.predict import KnownMasks, fov_rad_of
from training.synth.bodies import SynthBody
from training.synth.clips import GENERATOR_VERSION, ClipConfig, ClipFactory
from training.synth.mask_faults import faulty_masks
from training.synth.scene import sample_scene
from training.template_torch import TemplateTorch

FIRST_SEED = 400_000
FAULTY_SHARE = 0.5
"""Clips whose masks are as a segmenter might give them."""
_CODE_STEPS = 150

Report = Callable[[int, int], None]


@dataclass(frozen=True, eq=False)
class PoseSequence:
    """One clip: the student's words and the truth, in the template's."""

    seen: SeenFrames
    rotation: Float[np.ndarray, "frames 3 3"]
    place: Float[np.ndarray, "frames 3"]
    articulation: Float[np.ndarray, "frames articulation"]

    def __len__(self) -> int:
        return len(self.place)


@dataclass(frozen=True, eq=False)
class SequenceJob:
    """What to gather."""

    model: CategoryModel
    bodies: Sequence[SynthBody]
    folder: Path
    clip_count: int = 160
    clips: ClipConfig = field(default_factory=lambda: ClipConfig(with_depth=False))


def gather_sequences(job: SequenceJob, report: Report = lambda done, total: None) -> None:
    """Draw clips and run the student on them; sequences that are there for this student stay."""
    folder = student_folder(job)
    folder.mkdir(parents=True, exist_ok=True)
    missing = [k for k in range(job.clip_count) if not _path(folder, k).exists()]
    if not missing:
        return
    pipeline = Pipeline.of(job.model, KnownMasks({}), smoothing=SmoothingConfig(strength=0.0))
    template = TemplateTorch(
        job.model.rig, job.model.shape, job.model.articulation, job.model.appearance, 2
    )
    factory = ClipFactory(job.clips)
    try:
        for number in missing:
            body = job.bodies[number % len(job.bodies)]
            sequence = _sequence(factory, body, FIRST_SEED + number, pipeline, template)
            if sequence is not None:
                _write(_path(folder, number), sequence)
            report(number + 1, job.clip_count)
    finally:
        factory.release()


def student_folder(job: SequenceJob) -> Path:
    """Where this student's sequences are: another student says other things."""
    name = model_hash(job.model.folder)[:12] if job.model.folder is not None else "unsaved"
    return job.folder / name


def read_sequences(folder: Path) -> list[PoseSequence]:
    """All sequences of a folder."""
    return [_read(path) for path in sorted(folder.glob("*.npz"))]


def _path(folder: Path, number: int) -> Path:
    return folder / f"{number:05d}.npz"


def _sequence(
    factory: ClipFactory, body: SynthBody, seed: int, pipeline: Pipeline, template: TemplateTorch
) -> PoseSequence | None:
    clip, pictures = factory.make(body, seed)
    rng = np.random.default_rng((seed, 7))
    masks = clip.masks
    if rng.random() < FAULTY_SHARE:
        masks = faulty_masks(rng, masks, clip.fps)
    seen = SeenFrames.of(_results(pipeline, clip, pictures, masks), pipeline.model.centre)
    if seen is None or not seen.is_seen.any():
        return None
    pose, rotations = true_poses(factory, body, seed)
    code = codes_of(template, body.template_rotations(rotations))
    told = body.template_pose(pose)
    return PoseSequence(seen, told[:, :3, :3], places_of(told, pipeline.model.centre), code)


def _results(
    pipeline: Pipeline, clip: Clip, pictures: np.ndarray, masks: np.ndarray
) -> list[FrameResult]:
    known = KnownMasks(dict(enumerate(masks)))
    pipeline = replace(pipeline, segmenter=known, fov_rad=fov_rad_of(clip.camera))
    memory, results = pipeline.start(), []
    for index, picture in enumerate(pictures):
        result, memory = pipeline.step(Frame(index, index / clip.fps, picture), memory)
        results.append(replace(result, mask=None))
    return results


def true_poses(
    factory: ClipFactory, body: SynthBody, seed: int
) -> tuple[Float[np.ndarray, "frames 4 4"], Float[np.ndarray, "frames joints 3 3"]]:
    """Root poses and joint rotations of a clip, which itself keeps vertices only."""
    rng = np.random.default_rng((seed, GENERATOR_VERSION))
    scene = sample_scene(body, rng, factory.config)
    skeleton = scene.performance.rig.skeleton
    return scene.root_to_cam, joint_rotations_of(skeleton, scene.performance.skin_transforms)


def joint_rotations_of(
    skeleton: Skeleton, skin_transforms: Float[np.ndarray, "frames joints 4 4"]
) -> Float[np.ndarray, "frames joints 3 3"]:
    """The inverse of forward kinematics with `core.kinematics.skin_transforms`."""
    to_rig = skin_transforms[..., :3, :3] @ skeleton.rest_joint_to_rig[:, :3, :3]
    before = skeleton.rest_joint_to_parent[:, :3, :3] + np.zeros_like(to_rig)
    above = list(skeleton.parents[1:])
    before[:, 1:] = to_rig[:, above] @ before[:, 1:]
    return np.swapaxes(before, -1, -2) @ to_rig


def codes_of(
    template: TemplateTorch, rotations: Float[np.ndarray, "frames joints 3 3"]
) -> Float[np.ndarray, "frames articulation"]:
    """The codes whose decoded poses come nearest; joints count by how much skin they move."""
    wanted = torch.from_numpy(rotations).float()
    code = torch.zeros(len(wanted), template.decoder_linear.shape[1], requires_grad=True)
    optimizer = torch.optim.Adam([code], lr=0.1)
    for step in range(_CODE_STEPS):
        optimizer.param_groups[0]["lr"] = 0.1 * (1 - step / _CODE_STEPS) + 0.003
        off = (template.decode(code) - wanted).square().sum((-1, -2))
        loss = (off * template.joint_share).sum() + 1e-4 * code.square().sum()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return code.detach().numpy().astype(float)


def _write(path: Path, sequence: PoseSequence) -> None:
    arrays = {f"seen.{f.name}": getattr(sequence.seen, f.name) for f in fields(SeenFrames)}
    arrays |= {name: getattr(sequence, name) for name in ("rotation", "place", "articulation")}
    part = path.with_suffix(".part")
    with part.open("wb") as file:
        np.savez_compressed(file, **arrays)
    os.replace(part, path)


def _read(path: Path) -> PoseSequence:
    with np.load(path, allow_pickle=False) as arrays:
        seen = SeenFrames(**{f.name: arrays[f"seen.{f.name}"] for f in fields(SeenFrames)})
        return PoseSequence(seen, arrays["rotation"], arrays["place"], arrays["articulation"])
