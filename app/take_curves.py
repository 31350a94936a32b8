"""The take over time, as curves: slider values, the turn of the body, and where it went wrong."""

import numpy as np
from jaxtyping import Float

from app.session import Session
from app.shown_pose import OPENGL_FROM_OPENCV


def take_sigmas(session: Session) -> Float[np.ndarray, "frames components"]:
    """Slider values by frame, keys included; NaN where nothing is known."""
    store, model = session.store, session.model
    if store is None or model is None:
        return np.zeros((0, 0))
    codes = store.articulation()
    for key in session.editor.keys:
        if codes.shape[1] == len(key.code) and key.frame < len(codes):
            codes[key.frame] = key.code
    if not codes.shape[1]:
        return np.zeros((0, 0))
    return np.stack([model.latent.sigmas_of(code) for code in codes])


def root_yaw_rad(session: Session) -> Float[np.ndarray, " frames"]:
    """Where the body faces, by frame, without jumps at half turns; NaN where unknown."""
    if session.store is None:
        return np.zeros(0)
    ahead = session.store.headings() @ OPENGL_FROM_OPENCV.T
    yaw = np.arctan2(ahead[:, 0], ahead[:, 2])
    known = np.isfinite(yaw)
    yaw[known] = np.unwrap(yaw[known])
    return yaw


def worst_frames(
    confidence: Float[np.ndarray, " frames"], count: int = 12, apart: int = 10
) -> list[int]:
    """Frames with the least confidence, each the worst of its neighbourhood, in frame order.

    Args:
        confidence: By frame; NaN where there is no result.
        count: At most so many.
        apart: No two are nearer than this many frames.
    """
    left = np.where(np.isfinite(confidence), confidence, np.inf).astype(np.float64)
    found: list[int] = []
    while len(found) < count and np.isfinite(left).any():
        worst = int(np.argmin(left))
        found.append(worst)
        left[max(worst - apart + 1, 0) : worst + apart] = np.inf
    return sorted(found)


def next_worst(frames: list[int], now: int, direction: int) -> int | None:
    """The next of the frames on that side, round the end; None if there is none."""
    if not frames:
        return None
    if direction > 0:
        return next((frame for frame in frames if frame > now), frames[0])
    return next((frame for frame in reversed(frames) if frame < now), frames[-1])


def go_to_worst(session: Session, direction: int) -> None:
    """To the next frame (1) or the one before (-1) where the reconstruction is least sure."""
    if session.store is None:
        return
    frame = next_worst(worst_frames(session.store.confidence()), session.frame_index, direction)
    if frame is not None:
        session.transport.pause()
        session.transport.seek(frame)
