"""The web page in a real browser, from a local file; skipped where CHROMIUM names none."""

import os
import subprocess
from pathlib import Path

import cv2
import numpy as np
import pytest

from core.export.export import export_take
from tests.core.made_take import make_take

CHROMIUM = os.environ.get("CHROMIUM")
FLAGS = (
    "--headless=new", "--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader",
    "--hide-scrollbars", "--window-size=640,480", "--virtual-time-budget=4000",
)  # fmt: skip


@pytest.mark.skipif(not CHROMIUM, reason="CHROMIUM is not set")
def test_the_page_shows_a_mesh_that_moves(tmp_path: Path) -> None:
    take = make_take(40)
    export_take(take, tmp_path / "take.html")
    pictures = [screenshot(tmp_path, time_s) for time_s in (0.0, 1.2)]
    # 4 pixels in: the ground's colour; the arm is red to blue, all else in the view is grey
    colourful = [np.ptp(picture.astype(int), axis=-1)[60:400] > 40 for picture in pictures]
    assert min(mask.mean() for mask in colourful) > 0.01
    assert (colourful[0] ^ colourful[1]).sum() > 0.2 * colourful[0].sum()


def screenshot(folder: Path, time_s: float) -> np.ndarray:
    picture = folder / f"{time_s}.png"
    address = f"{(folder / 'take.html').as_uri()}#t={time_s}"
    profile = f"--user-data-dir={folder / 'profile'}"
    command = [str(CHROMIUM), *FLAGS, profile, f"--screenshot={picture}", address]
    subprocess.run(command, capture_output=True, check=True, timeout=120)
    shown = cv2.imread(str(picture))
    assert shown is not None
    return shown
