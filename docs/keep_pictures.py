"""Runs the tour once, or once for each picture that the docs show, and makes those small."""

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from PySide6.QtCore import QSettings, Qt
from PySide6.QtGui import QFont, QImage, qRgb
from PySide6.QtWidgets import QApplication
from scipy.spatial import cKDTree

from app.services import real_services
from app.theme import Theme
from app.viewport import ask_for_core_profile
from app.window import open_window
from docs.tour import CACHE, Walk, reconstruct_sample, tour
from docs.tour import PARTS as ALL_PARTS

KEPT = (
    ("window", "scrub", False),
    ("start", "start", True),
    ("explore", "explore-presets", True),
    ("overlay", "overlay-split", True),
    ("weights", "mode-weights", True),
    ("jobs", "jobs", True),
)
"""File in docs/images, stop of the tour, dark or light."""
PARTS = {False: "scrub", True: "start,scrub,looks,explore,jobs"}
"""Where these stops are."""
IMAGES = Path(__file__).resolve().parent / "images"
LARGEST_BYTES = 150_000


@dataclass(frozen=True)
class Shooting:
    """One walk and its pictures."""

    folder: Path
    size: str = "1280x800"
    only: str = ""
    parts: str = ",".join(ALL_PARTS)
    is_dark: bool = False
    text_scale: float = 1.0


def shoot(order: Shooting) -> int:
    """Walk through some states; pictures with `only` in their name are kept."""
    services = real_services()
    assert services.sample_path is not None
    assert services.sample_box is not None
    reconstruct_sample(services.sample_box, services.sample_path)
    order.folder.mkdir(parents=True, exist_ok=True)
    ask_for_core_profile()
    application = QApplication(sys.argv[:1])
    application.setApplicationDisplayName("DASR Studio")
    font = QFont(application.font())
    font.setPointSizeF(font.pointSizeF() * order.text_scale)
    application.setFont(font)
    theme = Theme(application)
    theme.prefer(Qt.ColorScheme.Dark if order.is_dark else Qt.ColorScheme.Light)
    QSettings("dasr-studio", "studio").clear()
    window = open_window(services)
    width, height = (int(one) for one in order.size.split("x"))
    window.resize(width, height)
    window.move(0, 0)
    walk = Walk(window, tour(window, order.parts.split(",")), order.folder, order.only)
    walk.ended.connect(window.close)
    walk.ended.connect(application.quit)
    return application.exec()


def keep_pictures() -> int:
    """Retake what the docs show: one walk in light, one in dark, in processes of their own."""
    for is_dark in (False, True):
        folder = CACHE / ("dark" if is_dark else "light")
        command = [sys.executable, "docs/shoot_window.py", str(folder), "--parts", PARTS[is_dark]]
        subprocess.run(command + ["--dark"] * is_dark, check=True)
        for name, stop, wants_dark in KEPT:
            if wants_dark == is_dark:
                write_small(folder / f"{stop}.png", IMAGES / f"{name}.png")
    return 0


def write_small(picture: Path, small: Path) -> None:
    """The same picture in 256 colours, or in fewer if it is still too large."""
    rgb = cv2.cvtColor(cv2.imread(str(picture)), cv2.COLOR_BGR2RGB)
    for colours in (256, 192, 128, 96, 64):
        image = in_colours(rgb, colours)
        image.save(str(small), "PNG", 0)  # type: ignore[call-overload]
        if small.stat().st_size <= LARGEST_BYTES:
            return


def in_colours(rgb: np.ndarray, count: int) -> QImage:
    """With a palette of the colours that matter most, found by k-means."""
    rng = np.random.default_rng(0)
    flat = rgb.reshape(-1, 3)
    some = flat[rng.integers(0, len(flat), 30_000)]
    # Half of the palette by area, half by what there is at all: small icons keep their colour.
    some = np.concatenate([some, np.unique(some // 6 * 6, axis=0).repeat(2, axis=0)])
    cv2.setRNGSeed(0)
    rule = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_MAX_ITER, 20, 0.5)
    _, _, table = cv2.kmeans(some.astype(np.float32), count, None, rule, 1, cv2.KMEANS_PP_CENTERS)  # type: ignore[call-overload]
    table = table.round().astype(np.uint8)
    unique, where = np.unique(flat, axis=0, return_inverse=True)
    nearest = cKDTree(table).query(unique)[1]
    indexed = np.ascontiguousarray(nearest[where].reshape(rgb.shape[:2]).astype(np.uint8))
    height, width = indexed.shape
    image = QImage(indexed.data, width, height, width, QImage.Format.Format_Indexed8).copy()
    image.setColorTable([qRgb(*(int(one) for one in colour)) for colour in table])
    return image
