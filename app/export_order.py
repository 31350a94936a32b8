"""From a take in memory to a job: the take is written as a session, the child process reads it.

runner.start(export_order(job))
"""

import shutil
import tempfile
from pathlib import Path

from app.export_thread import SESSION_SUFFIX, ExportJob, write_session
from app.job_runner import JobOrder
from core.errors import ExportError
from core.export.options import ExportOptions


def export_order(job: ExportJob) -> JobOrder:
    """A job that writes the file.

    Raises:
        ExportError: The suffix is unknown or there is nothing to write.
    """
    from core.export.export import find_writer

    find_writer(job.path)
    return _order(job, f"Export {job.path.name}", ("export", *_flags(job.options)))


def turntable_order(job: ExportJob) -> JobOrder:
    """A job that draws the take on a turntable, as .mp4 or .gif.

    Raises:
        ExportError: The file is of another kind, or there is nothing to draw.
    """
    return video_order(job, "turntable")


def video_order(job: ExportJob, view: str, height_px: int | None = None) -> JobOrder:
    """A job that draws the take as a video, as `main.py render --view` does.

    Raises:
        ExportError: The file is of another kind, or there is nothing to draw.
    """
    if job.path.suffix.lower() not in (".mp4", ".gif"):
        raise ExportError(f"{job.path.name} must end in .mp4 or .gif.")
    height = () if height_px is None else ("--height", str(height_px))
    title = "Turntable" if view == "turntable" else "Video"
    return _order(job, f"{title} {job.path.name}", ("render", "--view", view, *height))


def _order(job: ExportJob, title: str, arguments: tuple[str, ...]) -> JobOrder:
    if not job.results:
        raise ExportError("Nothing is reconstructed in this range yet: wait a moment.")
    scratch = Path(tempfile.mkdtemp(prefix="dasr-"))
    folder = scratch / f"{Path(job.facts.name).stem}{SESSION_SUFFIX}"
    model = () if job.model.folder is None else ("--model", str(job.model.folder))

    def prepare() -> None:
        shutil.rmtree(folder, ignore_errors=True)
        write_session(job, folder)

    command, *rest = arguments
    return JobOrder(
        title,
        (command, str(folder), "-o", str(job.path), *rest, *model),
        result_path=job.path,
        prepare=prepare,
        tidy=lambda: shutil.rmtree(scratch, ignore_errors=True),
    )


def _flags(options: ExportOptions) -> tuple[str, ...]:
    flags = ["--skinning", options.skinning, "--root-motion", options.root_motion]
    if options.colors != "mean":
        flags += ["--colors", options.colors]
    if options.fps is not None:
        flags += ["--fps", f"{options.fps:g}"]
    if options.body_length_m is not None:
        flags += ["--body-length", f"{options.body_length_m:g}"]
    return tuple(flags)
