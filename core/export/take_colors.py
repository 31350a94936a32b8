"""Colours that a take does not have by itself: gathered from its video, or changing over time.

take = with_colors(take, record, model, options)
"""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from jaxtyping import Float, UInt8

from core.errors import ExportError
from core.export.motion import FileMotion
from core.export.options import ExportOptions
from core.export.stages import COLORING, Tell, silent, told
from core.export.take import BodyModel, Take
from core.session_store import SessionRecord

MOST_PICTURES = 60
"""Pictures of the video that are looked at, evenly spread over the surest frames."""


def with_colors(
    take: Take,
    record: SessionRecord,
    model: BodyModel | None,
    options: ExportOptions,
    tell: Tell = silent,
) -> Take:
    """The take in the colours that were asked for; `mean` and `frame` are in the take already.

    Raises:
        ExportError: The video, or the model, is not there.
        SourceError: The video cannot be read.
    """
    if options.colors == "video":
        return _gathered(take, record, tell)
    if options.colors == "morph":
        return replace(take, frame_colors=_of_every_frame(take, record, model))
    return take


def colors_at_keys(take: Take, motion: FileMotion) -> Float[np.ndarray, "keys verts 3"] | None:
    """The changing colours at a file's key times; None where they do not change."""
    if take.frame_colors is None:
        return None
    times_s = take.times_s - take.times_s[0]
    place = np.interp(motion.times_s, times_s, np.arange(len(times_s)))
    before = np.floor(place).astype(int)
    after = np.minimum(before + 1, len(times_s) - 1)
    share = (place - before)[:, None, None]
    return (1 - share) * take.frame_colors[before] + share * take.frame_colors[after]


def _gathered(take: Take, record: SessionRecord, tell: Tell) -> Take:
    from core.gather_colors import BodyView, ColorGatherer
    from core.sources.open_source import open_source

    path = record.source
    if path is None:
        raise ExportError(
            "Colours cannot be gathered: the session's video is not where it was. Put it back "
            "beside the session, or use --colors mean."
        )
    rows = chosen_rows(take)
    gatherer = ColorGatherer(take.body.faces)
    with open_source(path) as source:
        for row in told(rows, len(rows), tell, COLORING):
            index = int(take.frame_index[row])
            source.seek(index)
            frame = source.read()
            if frame is None or frame.rgb.shape[1::-1] != tuple(take.image_size):
                continue
            mask = _mask(record, index)
            one = slice(int(row), int(row) + 1)
            gatherer.add(
                BodyView(
                    frame.rgb, take.posed(one)[0], take.K, float(take.confidence[row]),
                    mask,
                )
            )  # fmt: skip
    colors = gatherer.colors(take.body.vertices, take.body.colors)
    share = float((gatherer.evidence > 0).mean()) if len(rows) else 0.0
    note = (
        f"Colours were gathered from {len(rows)} pictures; {share:.0%} of the body was seen, the "
        "rest has its other side's or the model's colours."
    )
    return replace(take, body=replace(take.body, colors=colors), notes=(*take.notes, note))


def _mask(record: SessionRecord, index: int) -> UInt8[np.ndarray, "height width"] | None:
    """Where the subject is: the mask if the session keeps masks, else its box."""
    result = record.result(index, with_mask=True)
    if result.mask is not None:
        return result.mask.alpha
    if result.box is None:
        return None
    width, height = result.image_size
    x0, y0, x1, y1 = (round(side) for side in result.box)
    alpha = np.zeros((height, width), np.uint8)
    alpha[max(y0, 0) : max(y1, 0), max(x0, 0) : max(x1, 0)] = 255
    return alpha


def chosen_rows(take: Take) -> list[int]:
    """Evenly spread among the covered frames of the surer half."""
    covered = np.flatnonzero(take.is_covered)
    sure = covered[take.confidence[covered] >= np.median(take.confidence[covered])]
    chosen = np.linspace(0, len(sure) - 1, min(MOST_PICTURES, len(sure))).round().astype(int)
    return sure[np.unique(chosen)].tolist()


def _of_every_frame(
    take: Take, record: SessionRecord, model: BodyModel | None
) -> Float[np.ndarray, "frames verts 3"]:
    if model is None or len(model.rig.vertices) != len(take.body.vertices):
        raise ExportError("Morphing colours need the model that the session was made with.")
    codes = dict(_codes(record))
    first = next(iter(codes.values()))
    colors, last = [], first
    for index, is_covered in zip(take.frame_index, take.is_covered, strict=True):
        last = codes[int(index)] if is_covered else last
        colors.append(model.colors(last).astype(np.float32))
    return np.stack(colors)


def _codes(record: SessionRecord) -> Iterator[tuple[int, np.ndarray]]:
    for result in record.results():
        if result.is_covered:
            yield result.frame_index, result.codes.appearance
