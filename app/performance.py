"""The honest numbers: rates, latency, drops, milliseconds by stage. As text, for the heads-up
display and the clipboard."""

import os
import re
from dataclasses import dataclass, field
from pathlib import Path

from app.session import Session


@dataclass(frozen=True)
class Performance:
    """One reading."""

    capture_fps: float
    inference_fps: float
    window_fps: float
    latency_ms: float
    look_ahead_ms: float
    queue_depth: int
    dropped_count: int
    stage_ms: dict[str, float] = field(default_factory=dict)
    is_cached: bool = False
    renderer_name: str = ""
    memory_mb: float | None = None
    """Of this process, where the system tells."""

    def lines(self) -> list[tuple[str, str]]:
        """Name and value of every row."""
        inference = "from memory" if self.is_cached else f"{self.inference_fps:.0f} /s"
        rows = [
            ("capture", f"{self.capture_fps:.0f} /s"),
            ("inference", inference),
            ("window", f"{self.window_fps:.0f} /s"),
            ("latency", f"{self.latency_ms:.0f} ms"),
            ("+ look-ahead", f"{self.look_ahead_ms:.0f} ms"),
            ("queue", f"{self.queue_depth}"),
            ("dropped", f"{self.dropped_count}"),
        ]
        rows += [(stage, f"{ms:.1f} ms") for stage, ms in self.stage_ms.items()]
        if self.memory_mb is not None:
            rows.append(("memory", f"{self.memory_mb:.0f} MB"))
        if self.renderer_name:
            rows.append(("drawn by", short_name(self.renderer_name)))
        return rows

    def text(self) -> str:
        """For the clipboard."""
        return "\n".join(f"{name:14}{value:>12}" for name, value in self.lines())


def performance_of(session: Session) -> Performance:
    """Read the session's meters."""
    shown = session.shown
    stages: dict[str, float] = {}
    if shown is not None:
        # A live source is read when it has something: most of that time is waiting.
        stages["wait, decode" if session.shown_is_live else "decode video"] = shown.decode_ms
        if shown.result is not None:
            stages |= shown.result.stage_ms
    stages["draw"] = session.draw_ms
    capture_fps = 0.0 if session.capture is None else session.capture.meter.per_second()
    return Performance(
        capture_fps, session.inference.meter.per_second(), session.render_meter.per_second(),
        session.latency_ms, 0.0, len(session.inbox), session.inbox.dropped_count, stages,
        shown is not None and shown.was_cached, session.renderer_name, memory_mb(),
    )  # fmt: skip


def memory_mb(status: Path = Path("/proc/self/statm")) -> float | None:
    """What this process holds in memory; None where the system does not say."""
    try:
        pages = int(status.read_text().split()[1])
    except (OSError, ValueError, IndexError):
        return None
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def short_name(renderer: str) -> str:
    """A graphics card's name without makers' boasts, at most 16 letters."""
    name = re.sub(r"\(.*?\)|/.*|NVIDIA|GeForce|Mesa|Graphics|Corporation", "", renderer)
    return " ".join(name.split())[:16].strip()
