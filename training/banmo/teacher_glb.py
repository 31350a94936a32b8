"""A fitted teacher as an animated rig: for Blender, and for `main.py train --rig teacher.glb`.

write_teacher_glb(path, knowledge, truth, clip, rows)
"""

from pathlib import Path

import numpy as np
from jaxtyping import Int

from core.export.atomic import write_files
from core.export.gltf import gltf_of
from core.export.motion import file_motion
from core.export.options import ExportOptions
from core.export.take import Take
from training.banmo.knowledge import PseudoTruth
from training.prepare.prepared_clip import PreparedClip
from training.rig_teacher import Knowledge


def write_teacher_glb(
    path: Path,
    knowledge: Knowledge,
    truth: PseudoTruth,
    clip: PreparedClip,
    rows: Int[np.ndarray, " frames"],
) -> None:
    """One clip's motion on the teacher's body with that clip's proportions."""
    rig = knowledge.space.apply(knowledge.rig, truth.shape[rows[0]])
    take = Take(
        name=clip.name,
        body=rig,
        frame_index=clip.frame_index,
        times_s=clip.times_s - clip.times_s[0],
        is_covered=clip.is_usable,
        confidence=clip.is_usable.astype(float),
        joint_rotations=truth.joint_rotations[rows].astype(float),
        root_to_cam=truth.root_to_cam[rows],
        articulation=truth.articulation[rows],
        K=truth.K[rows[0]],
        image_size=clip.image_size,
    )
    options = ExportOptions(skinning="truncate")
    document = gltf_of(take, file_motion(take, options), options).document
    write_files({path: document.to_glb()})
