"""The table of docs/exports.md: every skinning option on rigs with their own clips as takes.

    python -m tests.interop.measure_rigs RIG.glb... [--soft SHARE]

With BLENDER_PYTHON and GLTF_VALIDATOR_MODULES set (receivers.py), each file is also imported by
Blender at six key times and validated. --soft replaces a rig's weights by a softmax over the
distances to all joints, as neural teachers have them; SHARE of the body length is its width.
"""

import argparse
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import get_args

import numpy as np

from core.export.export import export_take
from core.export.gltf_evaluate import linear_reference
from core.export.motion import file_motion
from core.export.options import ExportOptions, Skinning
from core.export.take import Take
from core.rig import Rig
from core.rig_import import ImportedRig, read_rig
from tests.interop.receivers import blender_python, blender_shows, validate, validator_modules

MOST_FRAMES = 150
HEAD = (
    "| rig | verts, joints | skinning | mean / max error, % of body length | MB "
    "| Blender, worst of body length | validator |\n|---|---|---|---|---|---|---|\n"
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("rigs", nargs="+", type=Path)
    parser.add_argument("--soft", type=float, default=0.0)
    arguments = parser.parse_args()
    sys.stdout.write(HEAD)
    for path in arguments.rigs:
        take = take_of_clips(read_rig(path), arguments.soft)
        for skinning in get_args(Skinning):
            sys.stdout.write(row(take, path.stem, skinning) + "\n")
            sys.stdout.flush()


def take_of_clips(imported: ImportedRig, soft: float) -> Take:
    """All clips one after the other, evenly thinned, before a camera two units away."""
    rotations = np.concatenate([clip.joint_rotations for clip in imported.clips])
    roots = np.concatenate([clip.root_motion for clip in imported.clips])
    step = -(-len(rotations) // MOST_FRAMES)
    rotations, roots = rotations[::step], roots[::step]
    rig_to_cam = np.diag([1.0, -1.0, -1.0, 1.0])
    rig_to_cam[:3, 3] = [0, 0.5, 2]
    count = len(rotations)
    return Take(
        name="clips",
        body=softened(imported.rig, soft) if soft else imported.rig,
        frame_index=np.arange(count),
        times_s=np.arange(count) / 30,
        is_covered=np.ones(count, bool),
        confidence=np.ones(count),
        joint_rotations=rotations.astype(np.float64),
        root_to_cam=rig_to_cam @ roots,
        articulation=np.zeros((count, 16)),
        K=np.array([[500.0, 0, 320], [0, 500, 240], [0, 0, 1]]),
        image_size=(640, 480),
    )


def softened(rig: Rig, share: float) -> Rig:
    places = rig.skeleton.rest_joint_to_rig[:, :3, 3]
    squares = ((rig.vertices[:, None] - places) ** 2).sum(-1) / share**2
    weights = np.exp(squares.min(1, keepdims=True) - squares)
    weights /= weights.sum(1, keepdims=True)
    return replace(rig, weights=weights.astype(np.float32))


def row(take: Take, name: str, skinning: Skinning) -> str:
    options = ExportOptions(skinning=skinning)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.glb"
        report = export_take(take, path, options)
        blender = in_blender(take, path, options) if blender_python() else "-"
        verdict = "-"
        if validator_modules():
            found = validate(path)[0]
            verdict = f"{found['errors']} / {found['warnings']}"
    fidelity = report.fidelity
    assert fidelity is not None
    sizes = f"{len(take.body.vertices)}, {len(take.body.skeleton.names)}"
    error = f"{fidelity.mean_percent:.3f} / {fidelity.max_percent:.2f}"
    size = f"{report.size_bytes / 1e6:.2f}"
    return f"| {name} | {sizes} | {skinning} | {error} | {size} | {blender} | {verdict} |"


def in_blender(take: Take, path: Path, options: ExportOptions) -> str:
    motion = file_motion(take, options)
    times_s = motion.times_s[np.linspace(0, len(motion.times_s) - 1, 6).astype(int)]
    shown = blender_shows(path, times_s, 30, path.parent)["vertices"]
    expected = linear_reference(path.read_bytes(), times_s).vertices
    worst = np.linalg.norm(shown - expected, axis=-1).max() / (take.body_length * motion.scale)
    return f"{worst:.1e}"


main()
