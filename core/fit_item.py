"""A frame as refinement keeps it: its result without the mask, and what it needs of the mask."""

from dataclasses import dataclass, replace

from core.fit_score import seen_vertices
from core.fit_target import FitTarget
from core.model import CategoryModel
from core.results import FrameResult


@dataclass(frozen=True, eq=False)
class FitItem:
    """Some 60 kB instead of a full mask, so that a long clip fits in memory."""

    start: FrameResult
    """Without its mask."""
    target: FitTarget | None
    """None: there is no subject, no mask, or no body in front of the camera."""

    @classmethod
    def of(cls, model: CategoryModel, result: FrameResult, size_px: int) -> "FitItem":
        """Cut what the fit needs out of a result."""
        seen = seen_vertices(model, result) if result.is_covered and result.mask else None
        target = FitTarget.of(result, seen, size_px) if seen is not None else None
        return cls(replace(result, mask=None), target)
