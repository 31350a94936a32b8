"""The tables of docs/exports.md: every skinning option and format, as other programs see them.

    python -m tests.interop.measure_rigs RIG.glb|MODEL... [--soft SHARE] [--skinnings refit 8]

A rig plays its own clips; a category model plays a walk through its principal components. With
BLENDER_PYTHON and GLTF_VALIDATOR_MODULES set (receivers.py), each file is also imported by Blender
at five key times and validated, three silhouettes are compared, and BVH and USD are imported.
--soft replaces a rig's weights by a softmax over the distances to all joints, as neural teachers
have them; SHARE of the body length is its width.
"""

import argparse
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import get_args

import numpy as np

from core.export.export import export_take
from core.export.gltf_evaluate import linear_reference
from core.export.motion import file_motion
from core.export.options import ExportOptions, Skinning
from core.export.take import Take
from core.model import load_model
from core.rig import Rig
from core.rig_import import read_rig
from tests.interop.receivers import (
    blender_python,
    blender_shows,
    blender_silhouettes,
    file_vertices,
    joint_distance,
    overlap,
    silhouette,
    validate,
    validator_modules,
)

MOST_FRAMES = 150
FPS = 30
HEAD = (
    "| rig | verts, joints | skinning | mean / max error, % of body length | MB "
    "| Blender, worst of body length | validator |\n|---|---|---|---|---|---|---|\n"
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("bodies", nargs="+")
    parser.add_argument("--soft", type=float, default=0.0)
    parser.add_argument("--skinnings", nargs="*", default=get_args(Skinning))
    parser.add_argument("--frames", type=int, default=MOST_FRAMES)
    arguments = parser.parse_args()
    sys.stdout.write(HEAD)
    for text in arguments.bodies:
        take = take_of(text, arguments.soft, arguments.frames)
        name = Path(text).stem + (f", soft {arguments.soft:g}" if arguments.soft else "")
        for skinning in arguments.skinnings:
            say(row(take, name, skinning))
        if blender_python():
            say(f"{name}: {in_other_ways(take)}")


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def take_of(text: str, soft: float, most: int) -> Take:
    """A body before a camera two units away, moving, thinned to at most `most` frames."""
    if Path(text).suffix.lower() in (".glb", ".gltf"):
        imported = read_rig(text)
        rig = imported.rig
        rotations = np.concatenate([clip.joint_rotations for clip in imported.clips])
        roots = np.concatenate([clip.root_motion for clip in imported.clips])
    else:
        model = load_model(text)
        rig = model.rig
        angles = np.arange(most)[:, None] * 2 * np.pi / most * np.arange(1, 17)
        codes = np.stack([model.latent.code_of(2 * np.sin(place)) for place in angles])
        rotations, roots = model.joint_rotations(codes), np.tile(np.eye(4), (most, 1, 1))
    step = -(-len(rotations) // most)
    rotations, roots = rotations[::step], roots[::step]
    rig_to_cam = np.diag([1.0, -1.0, -1.0, 1.0])
    rig_to_cam[:3, 3] = [0, 0.5, 2]
    count = len(rotations)
    return Take(
        name="clips",
        body=softened(rig, soft) if soft else rig,
        frame_index=np.arange(count),
        times_s=np.arange(count) / FPS,
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


def some_times(take: Take, count: int) -> np.ndarray:
    return take.times_s[np.linspace(0, take.frame_count - 1, count).astype(int)]


def in_blender(take: Take, path: Path, options: ExportOptions) -> str:
    times_s = some_times(take, 5)
    shown = blender_shows(path, times_s, FPS, path.parent)["vertices"]
    expected = linear_reference(path.read_bytes(), times_s).vertices
    scale = file_motion(take, options).scale
    worst = np.linalg.norm(shown - expected, axis=-1).max() / (take.body_length * scale)
    return f"{worst:.1e}"


def overlaps(take: Take, bodies: Iterable[np.ndarray], pictures: list[np.ndarray]) -> str:
    pairs = zip(bodies, pictures, strict=True)
    return " ".join(f"{overlap(silhouette(body, take), shown):.3f}" for body, shown in pairs)


def in_other_ways(take: Take) -> str:
    """Silhouettes of the re-imported file, and the joints of BVH and USD."""
    with tempfile.TemporaryDirectory() as text:
        folder = Path(text)
        seen = ExportOptions(root_motion="camera", has_camera=True)
        export_take(take, folder / "seen.glb", seen)
        frames = np.linspace(0, take.frame_count - 1, 3).astype(int).tolist()
        times_s = [float(take.times_s[frame]) for frame in frames]
        pictures = blender_silhouettes(folder / "seen.glb", times_s, FPS, take.image_size, folder)
        linear = file_vertices(folder / "seen.glb", take, times_s)
        viewport = [take.posed(slice(frame, frame + 1))[0] for frame in frames]
        words = [
            f"silhouette IoU with {name} " + overlaps(take, bodies, pictures)
            for name, bodies in (("the file's skinning", linear), ("the viewport", viewport))
        ]
        length_m = take.body_length * file_motion(take, ExportOptions()).scale
        for suffix in (".bvh", ".usda"):
            options = ExportOptions(fps=FPS, skinning="truncate")
            export_take(take, folder / f"a{suffix}", options)
            times = some_times(take, 5)
            shown = blender_shows(folder / f"a{suffix}", times, FPS, folder)
            distance = joint_distance(take, options, shown, times) / length_m
            words.append(f"{suffix} joints within {distance:.1e} of the body length")
    return "; ".join(words)


main()
