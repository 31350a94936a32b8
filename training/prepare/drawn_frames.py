"""Frames of a video for which a person has drawn masks.

drawn = drawn_frames(source, open_masks(Path("drawn/walk")))
"""

import cv2

from core.errors import SegmentError
from core.segment.mask_set import MaskSet
from core.sources.source import Source
from training.prepare.prepared_clip import three_values
from training.prepare.subject_learner import DrawnFrame


def drawn_frames(source: Source, masks: MaskSet) -> list[DrawnFrame]:
    """The frames that have a mask, with it; masks of a smaller copy of the video are fine.

    Raises:
        SegmentError: A mask is of a frame that the video does not have.
    """
    drawn = []
    for index in masks.frame_index:
        count = source.frame_count
        if count is not None and index >= count:
            raise SegmentError(f"There is a mask of frame {index}, but {source.name} has {count}.")
        source.seek(index)
        frame, alpha = source.read(), masks.read(index)
        if frame is None or alpha is None:
            raise SegmentError(f"Frame {index} of {source.name}, which has a mask, cannot be read.")
        size = (frame.width_px, frame.height_px)
        alpha = cv2.resize(three_values(alpha), size, interpolation=cv2.INTER_NEAREST)
        drawn.append(DrawnFrame(frame.rgb, alpha))
    return drawn
