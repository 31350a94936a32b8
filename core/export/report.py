"""What an export says at its end."""

from dataclasses import dataclass
from pathlib import Path

from core.export.fidelity import Fidelity
from core.export.take import Take


@dataclass(frozen=True)
class ExportReport:
    """What was written, and how true it is."""

    path: Path
    """The file, or the folder of a sequence."""
    size_bytes: int
    frame_count: int
    duration_s: float
    fidelity: Fidelity | None = None
    """Only where the format cannot hold exactly what the viewport shows."""
    notes: tuple[str, ...] = ()

    @property
    def sentence(self) -> str:
        """The report in one line, notes apart."""
        text = f"Wrote {self.path} ({self.size_bytes / 1e6:.1f} MB, {self.frame_count} frames"
        if self.fidelity is None:
            return text + ")."
        return text + (
            f"); its vertices are {self.fidelity.mean_cm:.2f} cm from the viewport on average "
            f"({self.fidelity.mean_percent:.2f} % of the body length) "
            f"and {self.fidelity.max_cm:.2f} cm at most."
        )


def report_of(take: Take, path: Path, fidelity: Fidelity | None = None) -> ExportReport:
    """The report on a file, or a folder of files, that was just written."""
    files = [path] if path.is_file() else list(path.iterdir())
    return ExportReport(
        path=path,
        size_bytes=sum(file.stat().st_size for file in files),
        frame_count=take.frame_count,
        duration_s=float(take.times_s[-1] - take.times_s[0]),
        fidelity=fidelity,
        notes=take.notes,
    )
