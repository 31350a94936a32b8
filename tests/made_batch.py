"""A batch's work without networks: small sessions, made at once."""

from pathlib import Path

from app.commands.batch_row import failed_row, row_of
from core.camera import Camera
from core.session_store import SessionHeader, SessionWriter
from tests.core.made_take import make_result


def make_session(folder: Path, frames: int = 3) -> Path:
    """A session whose first frame shows no subject."""
    header = SessionHeader("walk", "arm", "abc", ("body", "a", "b"), Camera.from_fov(64, 48))
    with SessionWriter(folder, header, overwrite=True) as writer:
        for index in range(frames):
            writer.append(make_result(index, is_covered=index > 0))
    return folder


def pretend(jobs, tell):
    """Work that makes small sessions; videos named bad fail."""
    for job in jobs:
        tell(job, {"event": "progress", "done": 1, "total": 2})
        if "bad" in job.video:
            yield job, failed_row(job, "There is no video\nin it."), 0.5
        else:
            make_session(job.session)
            yield job, row_of(job), 0.5
