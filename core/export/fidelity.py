"""How far an exported file is from the viewport: measured, not promised.

fidelity = measure_fidelity(glb, take, motion)
"""

from dataclasses import dataclass

import numpy as np

from core.export.gltf_evaluate import linear_reference
from core.export.motion import FileMotion
from core.export.stages import MEASURING, Tell, silent, told
from core.export.take import Take

MOST_FRAMES = 300
"""Longer takes are measured at this many evenly spread frames."""


@dataclass(frozen=True)
class Fidelity:
    """Distance of the file's vertices from the viewport's, over vertices and frames."""

    mean_cm: float
    max_cm: float
    mean_percent: float
    """Of the body length."""
    max_percent: float
    frames_measured: int

    def to_json(self) -> dict[str, float | int]:
        """Rounded numbers for `extras`."""
        return {
            "mean_error_cm": round(self.mean_cm, 4),
            "max_error_cm": round(self.max_cm, 4),
            "mean_error_percent_of_body_length": round(self.mean_percent, 4),
            "max_error_percent_of_body_length": round(self.max_percent, 4),
            "frames_measured": self.frames_measured,
        }


def measure_fidelity(glb: bytes, take: Take, motion: FileMotion, tell: Tell = silent) -> Fidelity:
    """Compare the file, re-read from its bytes, with dual-quaternion skinning of the take."""
    step = -(-len(motion.times_s) // MOST_FRAMES)
    frames = np.arange(0, len(motion.times_s), step)
    total, worst, count = 0.0, 0.0, 0
    chunks = np.array_split(frames, -(-len(frames) // 16))
    for chunk in told(chunks, len(chunks), tell, MEASURING):
        times_s = motion.times_s[chunk].astype(np.float32)
        shown = linear_reference(glb, times_s).vertices
        truth = np.concatenate([motion.posed(take.body, slice(f, f + 1)) for f in chunk])
        distance = np.linalg.norm(shown - truth, axis=-1)
        total, worst = total + float(distance.sum()), max(worst, float(distance.max()))
        count += distance.size
    length_m = take.body_length * motion.scale
    mean = total / count
    return Fidelity(
        100 * mean, 100 * worst, 100 * mean / length_m, 100 * worst / length_m, len(frames)
    )
