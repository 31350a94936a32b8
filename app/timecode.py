"""Frame numbers and timecodes as people write them.

timecode(83.25)                    # "01:23.250"
frame_of("1:23.25", times_s)       # the frame nearest to that time
frame_of("120", times_s)           # frame 120
"""

import numpy as np
from jaxtyping import Float


def timecode(time_s: float) -> str:
    """Minutes, seconds and milliseconds; hours only where there are any."""
    whole_ms = round(max(time_s, 0.0) * 1000)
    minutes, rest_ms = divmod(whole_ms, 60_000)
    hours, minutes = divmod(minutes, 60)
    head = f"{hours}:{minutes:02d}" if hours else f"{minutes:02d}"
    return f"{head}:{rest_ms // 1000:02d}.{rest_ms % 1000:03d}"


def frame_of(text: str, times_s: Float[np.ndarray, " frames"]) -> int:
    """The frame meant by a number (a frame) or by a text with a colon or an s (a time).

    Raises:
        ValueError: The text is neither; the message says what is expected.
    """
    text = text.strip().lower()
    try:
        if ":" in text or text.endswith("s"):
            seconds = 0.0
            for part in text.removesuffix("s").split(":"):
                seconds = 60 * seconds + float(part)
            return int(np.abs(times_s - seconds).argmin())
        return min(max(int(text), 0), len(times_s) - 1)
    except ValueError:
        raise ValueError(
            f"“{text}” is neither a frame (120) nor a time (1:23.5 or 4.2s)."
        ) from None
