"""The subject from a prompt or a guess, carried on by optical flow and refined by GrabCut."""

from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import UInt8

from core.frame import Frame
from core.results import Box, Mask
from core.segment.segmenter import Points, SegmentMemory

_LONG_SIDE_PX = 224


@dataclass(frozen=True, eq=False)
class FlowMemory(SegmentMemory):
    """The last frame, small, and the subject on it."""

    rgb: UInt8[np.ndarray, "h w 3"]
    labels: UInt8[np.ndarray, "h w"]
    """GrabCut's labels (GC_BGD, ...) to refine; 0 or 1 on frames already seen."""
    models: tuple[np.ndarray, np.ndarray]
    frame_index: int


class GrabCutFlow:
    """First version: GrabCut on the whole small frame."""

    name = "grabcut"

    def prompt(
        self,
        frame: Frame,
        box: Box | None = None,
        points: Points | None = None,
        mask: UInt8[np.ndarray, "height width"] | None = None,
    ) -> SegmentMemory:
        small = _small(frame.rgb)
        height, width = small.shape[:2]
        labels = np.zeros((height, width), np.uint8)
        if mask is not None:
            solid = cv2.resize(mask, (width, height), interpolation=cv2.INTER_AREA) > 127
            labels = _band(solid.astype(np.uint8), 3)
        else:
            x0, y0, x1, y1 = box or (
                0.2 * frame.width_px,
                0.15 * frame.height_px,
                0.8 * frame.width_px,
                0.85 * frame.height_px,
            )
            scale = width / frame.width_px
            labels[
                max(0, int(y0 * scale)) : int(y1 * scale) + 1,
                max(0, int(x0 * scale)) : int(x1 * scale) + 1,
            ] = cv2.GC_PR_FGD
        models = np.zeros((1, 65)), np.zeros((1, 65))
        cv2.grabCut(small, labels, None, *models, 3, cv2.GC_INIT_WITH_MASK)
        return FlowMemory(small, labels % 2, models, frame.index)

    def segment(self, frame: Frame, memory: SegmentMemory | None) -> tuple[Mask, SegmentMemory]:
        small = _small(frame.rgb)
        if not isinstance(memory, FlowMemory) or memory.rgb.shape != small.shape:
            memory = self.prompt(frame)
        assert isinstance(memory, FlowMemory)
        solid = memory.labels
        if frame.index != memory.frame_index:
            flow = cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM).calc(
                cv2.cvtColor(small, cv2.COLOR_RGB2GRAY),
                cv2.cvtColor(memory.rgb, cv2.COLOR_RGB2GRAY),
                None,
            )
            y, x = np.mgrid[: small.shape[0], : small.shape[1]].astype(np.float32)
            warped = cv2.remap(solid, x + flow[..., 0], y + flow[..., 1], cv2.INTER_LINEAR)
            labels = _band(warped, 4)
            models = memory.models[0].copy(), memory.models[1].copy()
            if (labels % 2).any() and not (labels % 2).all():
                cv2.grabCut(small, labels, None, *models, 1, cv2.GC_EVAL_FREEZE_MODEL)
            solid = labels % 2
        size = (frame.width_px, frame.height_px)
        alpha = cv2.resize(solid * np.uint8(255), size, interpolation=cv2.INTER_LINEAR)
        confidence = 0.8 if solid.any() else 0.0
        return Mask(alpha, confidence), FlowMemory(small, solid, memory.models, frame.index)

    def close(self) -> None:
        """Holds nothing."""


def _small(rgb: np.ndarray) -> np.ndarray:
    scale = min(1.0, _LONG_SIDE_PX / max(rgb.shape[:2]))
    size = (max(1, round(rgb.shape[1] * scale)), max(1, round(rgb.shape[0] * scale)))
    return cv2.resize(rgb, size, interpolation=cv2.INTER_AREA)


def _band(solid: np.ndarray, reach: int) -> np.ndarray:
    kernel = np.ones((2 * reach + 1, 2 * reach + 1), np.uint8)
    labels = np.where(solid > 0, cv2.GC_PR_FGD, cv2.GC_PR_BGD).astype(np.uint8)
    labels[cv2.erode(solid, kernel) > 0] = cv2.GC_FGD
    labels[cv2.dilate(solid, kernel) == 0] = cv2.GC_BGD
    return labels
