"""A synthetic clip on disk: a clip's folder with imperfect masks beside the true ones.

write_synthetic_clip(folder, clip, pictures)
"""

from pathlib import Path

import numpy as np
from jaxtyping import UInt8

from core.segment.mask_set import save_masks
from training.clip import Clip, write_clip
from training.synth.mask_faults import faulty_masks

IMPERFECT_MASKS = "masks_imperfect.npz"


def write_synthetic_clip(
    folder: Path, clip: Clip, pictures: UInt8[np.ndarray, "frames height width 3"]
) -> None:
    """Write the clip, then the masks that a segmenter might have made of it.

    Raises:
        SourceError: Something else is at that place.
    """
    write_clip(folder, clip, pictures)
    rng = np.random.default_rng((clip.seed or 0, 1))
    masks = faulty_masks(rng, clip.masks, clip.fps)
    save_masks(folder / IMPERFECT_MASKS, np.arange(clip.frame_count), masks)
