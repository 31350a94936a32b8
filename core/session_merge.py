"""Several takes of one model as one session.

merge_sessions([walk, run], out)                     # one after the other
merge_sessions([walk, run], out, at_s=(0.0, 12.5))   # each at its time

Parts of the same video keep its frame numbers, times and link. Takes of different videos are put
one after the other with new numbers and times; the header's settings say what came from where.
"""

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import numpy as np

from core.errors import SessionError
from core.rig import Rig
from core.session_copy import is_inside, linked_from
from core.session_edits import read_edit_rows
from core.session_record import SessionRecord, read_session
from core.session_writer import SessionWriter

USUAL_STEP_S = 1 / 30


@dataclass(frozen=True, eq=False)
class _Part:
    """A take, and how it moves."""

    record: SessionRecord
    frames: int
    """Added to its frame numbers."""
    seconds: float
    """Added to its times."""


def merge_sessions(
    folders: Sequence[Path],
    out: Path,
    *,
    at_s: Sequence[float] | None = None,
    overwrite: bool = False,
) -> int:
    """Write takes of one model as one session; how many frames it has.

    Args:
        folders: Sessions in their order.
        out: The new session.
        at_s: When each begins, seconds; by default one frame after the one before.
        overwrite: Replace `out`.

    Raises:
        SessionError: The models or picture sizes differ, takes overlap, or it cannot be written.
    """
    if at_s is not None and len(at_s) != len(folders):
        raise ValueError(f"{len(at_s)} times for {len(folders)} sessions")
    with ExitStack() as stack:
        records = [stack.enter_context(read_session(folder)) for folder in folders]
        _check_alike(records)
        is_one_video = at_s is None and _is_one_video(records)
        if is_one_video:
            parts = [_Part(record, 0, 0.0) for record in records]
        else:
            parts = _placed(records, at_s)
            _check_order(parts)
        return _write(parts, out, is_one_video, overwrite)


def _write(parts: list[_Part], out: Path, is_one_video: bool, overwrite: bool) -> int:
    first = parts[0].record
    source = linked_from(first, out) if is_one_video else None
    settings = first.header.settings | {"merged": [_origin(part) for part in parts]}
    header = replace(first.header, name=out.stem, source=source, settings=settings)
    with SessionWriter(out, header, body=_mean_body(parts), overwrite=overwrite) as writer:
        for part in parts:
            for row in part.record.rows():
                writer.append_row(row.moved(part.frames, part.seconds), part.record.sizes)
            writer.store_edits(
                (frame + part.frames, field, value)
                for frame, field, value in read_edit_rows(part.record.folder)
            )
        if first.thumbnail is not None:
            writer.store_file(first.thumbnail, first.thumbnail.name)
        video = first.source
        if is_one_video and video is not None and is_inside(video, first.folder):
            writer.store_file(video, video.name)
    return writer.frame_count


def _check_alike(records: Sequence[SessionRecord]) -> None:
    first = records[0]
    for record in records:
        if not record.frame_count:
            raise SessionError(f"{record.folder} holds no frames: leave it out.")
        mine, other = first.header, record.header
        if (mine.joint_names, mine.model_name) != (other.joint_names, other.model_name):
            raise SessionError(
                f"{record.folder} was made with the model {other.model_name!r}, "
                f"{first.folder} with {mine.model_name!r}: only takes of one model merge."
            )
        if mine.model_sha256 != other.model_sha256 or first.sizes != record.sizes:
            raise SessionError(
                f"{record.folder} and {first.folder} were made with different versions of the "
                f"model {mine.model_name!r}: reconstruct one of them again."
            )
        size = (other.camera.width_px, other.camera.height_px)
        if size != (mine.camera.width_px, mine.camera.height_px):
            raise SessionError(
                f"{record.folder} has pictures of {size[0]} x {size[1]} pixels, {first.folder} of "
                f"{mine.camera.width_px} x {mine.camera.height_px}: takes of one size merge."
            )


def _is_one_video(records: Sequence[SessionRecord]) -> bool:
    """Whether all are parts of one file that do not overlap."""
    links = [record.header.source for record in records]
    first = links[0]
    if first is None or not first.sha256_ends:
        return False
    prints = {(link.size_bytes, link.sha256_ends) if link else None for link in links}
    indices = np.concatenate([record.frame_indices for record in records])
    return len(prints) == 1 and len(np.unique(indices)) == len(indices)


def _placed(records: Sequence[SessionRecord], at_s: Sequence[float] | None) -> list[_Part]:
    """Each take after the one before, or at its time."""
    parts: list[_Part] = []
    following, free_s = 0, float(records[0].times_s[0])
    for number, record in enumerate(records):
        start_s = free_s if at_s is None else at_s[number]
        seconds = start_s - float(record.times_s[0])
        frames = following - int(record.frame_indices[0])
        parts.append(_Part(record, frames, seconds))
        following = int(record.frame_indices[-1]) + frames + 1
        free_s = float(record.times_s[-1]) + seconds + _step_s(record)
    return parts


def _step_s(record: SessionRecord) -> float:
    steps_s = np.diff(record.times_s)
    return float(np.median(steps_s)) if len(steps_s) else USUAL_STEP_S


def _check_order(parts: Sequence[_Part]) -> None:
    """Each take begins after the one before has ended."""
    for before, after in pairwise(parts):
        end_s = float(before.record.times_s[-1]) + before.seconds
        start_s = float(after.record.times_s[0]) + after.seconds
        if start_s <= end_s:
            raise SessionError(
                f"{after.record.folder} would begin at {start_s:.3f} s, before "
                f"{before.record.folder} ends at {end_s:.3f} s: let it begin later."
            )


def _origin(part: _Part) -> dict[str, object]:
    link = part.record.header.source
    return {
        "name": part.record.header.name,
        "source": link.absolute if link else None,
        "frame_offset": part.frames,
        "time_offset_s": part.seconds,
        "frames": part.record.frame_count,
    }


def _mean_body(parts: Sequence[_Part]) -> Rig | None:
    """The takes' bodies averaged by length; bodies are linear in their proportions."""
    bodies = [(part.record.body, part.record.frame_count) for part in parts]
    known = [(body, count) for body, count in bodies if body is not None]
    if not known:
        return None
    first = known[0][0]
    weights = [count for _, count in known]

    def mean(arrays: list[np.ndarray]) -> np.ndarray:
        return np.average(np.stack(arrays), axis=0, weights=weights).astype(arrays[0].dtype)

    rest = mean([body.skeleton.rest_joint_to_rig for body, _ in known])
    return replace(
        first,
        skeleton=replace(first.skeleton, rest_joint_to_rig=rest),
        vertices=mean([body.vertices for body, _ in known]),
        colors=mean([body.colors for body, _ in known]),
    )
