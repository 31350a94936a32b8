"""A pose held for a few seconds, as results: what a turntable of frozen sliders shows."""

from dataclasses import replace

from app.session import Session
from core.results import FrameResult

SECONDS, FPS = 4.0, 30.0


def still_loop(session: Session) -> list[FrameResult]:
    """The pose shown, in every frame of a loop; empty without a model."""
    result = session.result()
    if result is None:
        return []
    held = replace(result, is_covered=True, confidence=max(result.confidence, 0.5), mask=None)
    count = round(SECONDS * FPS)
    return [replace(held, frame_index=k, time_s=k / FPS) for k in range(count)]
