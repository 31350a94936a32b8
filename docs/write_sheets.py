"""Joins contact sheets into one small picture for the docs, a row for each clip.

python main.py evaluate dog real-dev real-test --subject dog --sheets out/sheets
PYTHONPATH=. python docs/write_sheets.py docs/images/sheets_dog.jpg out/sheets/*.png
"""

import sys
from pathlib import Path

import cv2
import numpy as np
from jaxtyping import UInt8

from training.evaluation.sheets import COLUMNS, TILE_PX

SHOWN_PX = 170
QUALITY = 82
WHITE = 255


def tiles_of(sheet: UInt8[np.ndarray, "height width 3"]) -> list[UInt8[np.ndarray, "side side 3"]]:
    """A sheet's tiles, without those that fill its last row."""
    rows, columns = (side // TILE_PX for side in sheet.shape[:2])
    tiles = [
        sheet[y * TILE_PX : (y + 1) * TILE_PX, x * TILE_PX : (x + 1) * TILE_PX]
        for y in range(rows)
        for x in range(min(columns, COLUMNS))
    ]
    return [tile for tile in tiles if (tile != WHITE).any()]


def joined(
    clips: list[list[UInt8[np.ndarray, "side side 3"]]],
) -> UInt8[np.ndarray, "height width 3"]:
    """A row for each clip; shorter rows end white."""
    longest = max(len(tiles) for tiles in clips)
    blank = np.full((SHOWN_PX, SHOWN_PX, 3), WHITE, np.uint8)
    rows = []
    for tiles in clips:
        small = [cv2.resize(t, blank.shape[:2], interpolation=cv2.INTER_AREA) for t in tiles]
        rows.append(np.concatenate([*small, *[blank] * (longest - len(small))], 1))
    return np.concatenate(rows)


def main() -> None:
    """Write one picture of all sheets, in the order they are named."""
    target, sheets = Path(sys.argv[1]), [Path(name) for name in sys.argv[2:]]
    clips = [tiles_of(cv2.imread(str(path))) for path in sheets]
    done, coded = cv2.imencode(".jpg", joined(clips), [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
    if not done:
        raise ValueError(f"{len(clips)} sheets cannot be written as a JPEG")
    target.write_bytes(coded.tobytes())


if __name__ == "__main__":
    main()
