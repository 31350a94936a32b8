"""One look at a prepared clip: pictures with their masks' outlines, and the flow.

picture = contact_picture(clip)
"""

import cv2
import numpy as np
from jaxtyping import Float, UInt8

from training.prepare.prepared_clip import UNKNOWN, PreparedClip

TILES = 16
TILE_PX = 160
COLUMNS = 8
_GOOD, _BAD, _UNKNOWN = (80, 230, 110), (255, 80, 60), (60, 90, 255)


def contact_picture(clip: PreparedClip) -> UInt8[np.ndarray, "height width 3"]:
    """Frames spread over the clip; green outlines: usable masks, red: not; blue:
    unknown. Below each its flow."""
    chosen = np.unique(np.linspace(0, len(clip.rgb) - 1, TILES).astype(int))
    tiles = [_tile(clip, int(frame)) for frame in chosen]
    columns = min(COLUMNS, len(tiles))
    tiles += [np.full_like(tiles[0], 255)] * (-len(tiles) % columns)
    rows = [np.concatenate(tiles[i : i + columns], 1) for i in range(0, len(tiles), columns)]
    return np.concatenate(rows)


def _tile(clip: PreparedClip, frame: int) -> UInt8[np.ndarray, "height width 3"]:
    picture = clip.rgb[frame].copy()
    is_unknown = clip.alphas[frame] == UNKNOWN
    picture[is_unknown] = picture[is_unknown] // 2 + np.array(_UNKNOWN, np.uint8) // 2
    outlines, _ = cv2.findContours(
        (clip.alphas[frame] > 127).astype(np.uint8), cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE
    )
    cv2.drawContours(picture, outlines, -1, _GOOD if clip.is_usable[frame] else _BAD, 1)
    pair = min(frame, len(clip.flow.forward) - 1)
    flow = np.zeros((*picture.shape[:2], 2), np.float32)
    believed = np.zeros(picture.shape[:2], np.float32)
    if pair >= 0:
        flow = clip.flow.forward[pair].astype(np.float32)
        believed = clip.flow.forward_confidence[pair] / np.float32(255)
    tile = np.concatenate([_small(picture), _small(flow_colors(flow, believed))])
    label = f"{clip.frame_index[frame]} {clip.problems[frame]}"
    for color, width in (((0, 0, 0), 3), ((255, 255, 255), 1)):
        cv2.putText(tile, label, (4, 14), cv2.FONT_HERSHEY_SIMPLEX, 0.4, color, width, cv2.LINE_AA)
    return tile


def flow_colors(
    flow: Float[np.ndarray, "height width 2"], believed: Float[np.ndarray, "height width"]
) -> UInt8[np.ndarray, "height width 3"]:
    """Direction as hue, length as saturation, confidence as brightness."""
    length = np.linalg.norm(flow, axis=-1)
    longest = max(float(np.quantile(length, 0.98)), 1.0)
    hue = (np.arctan2(flow[..., 1], flow[..., 0]) + np.pi) * (179 / (2 * np.pi))
    parts = [hue, 255 * np.minimum(length / longest, 1), 255 * believed]
    return cv2.cvtColor(np.stack(parts, -1).astype(np.uint8), cv2.COLOR_HSV2RGB)


def _small(picture: UInt8[np.ndarray, "height width 3"]) -> UInt8[np.ndarray, "h w 3"]:
    height = max(1, round(picture.shape[0] * TILE_PX / picture.shape[1]))
    return cv2.resize(picture, (TILE_PX, height), interpolation=cv2.INTER_AREA)
