"""A view of the subject with all that classifiers need to know of it."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float32, UInt8

from core.frame import Frame
from core.results import Box
from core.segment.appearance import Appearance, Features, colour_and_place
from core.segment.subject_view import SubjectView


@dataclass(frozen=True, eq=False)
class Look:
    """One look at one place of one frame."""

    view: SubjectView
    seen: UInt8[np.ndarray, "h w 3"]
    inputs: Features

    @classmethod
    def at(cls, frame: Frame, box: Box) -> "Look":
        """Look at a box and around it."""
        view = SubjectView(box, (frame.width_px, frame.height_px))
        seen = view.see(frame.rgb)
        return cls(view, seen, colour_and_place(seen, view))

    @property
    def is_inside(self) -> Bool[np.ndarray, "h w"]:
        """True where the view shows the frame."""
        return self.view.is_inside

    def score(self, appearance: Appearance) -> Float32[np.ndarray, "h w"]:
        """What the appearance model says of each pixel."""
        return appearance.score(self.inputs).reshape(self.seen.shape[:2])
