"""A take as one web page that plays it: three.js, the .glb and the player in a single .html file.

    page = web_page(glb, take, motion, options)

Opens from a disk, by double click: nothing is fetched, and the page's own policy forbids it. The
pieces lie in assets/web; three_entry.js there says how three.js was bundled.
"""

import base64
import html
import json
from pathlib import Path
from typing import Any

import numpy as np

from core.errors import ExportError
from core.export.motion import FileMotion
from core.export.options import ExportOptions
from core.export.take import Take

WEB_FOLDER = Path(__file__).resolve().parents[2] / "assets" / "web"
BOX_FRAMES = 40
"""Poses looked at to frame the body."""


def web_page(glb: bytes, take: Take, motion: FileMotion, options: ExportOptions) -> bytes:
    """The whole file.

    Raises:
        ExportError: This installation lacks the page's own files.
    """
    facts = json.dumps(page_facts(take, motion, options)).replace("<", "\\u003c")
    parts = {
        "TITLE": html.escape(take.name),
        "STYLE": _asset("take.css"),
        "NOTICE": "three.js 0.187.0\n\n" + _asset("LICENSE-three.txt"),
        "THREE": _asset("three.min.js"),
        "PLAYER": _asset("take.js"),
        "FACTS": facts,
        "GLB": base64.b64encode(glb).decode("ascii"),
    }
    first, *rest = _asset("take.html").split("{{")  # once, so that no part is searched for marks
    pieces = [first]
    for piece in rest:
        name, _, text = piece.partition("}}")
        pieces += [parts[name], text]
    return "".join(pieces).encode()


def page_facts(take: Take, motion: FileMotion, options: ExportOptions) -> dict[str, Any]:
    """What the player needs besides the .glb: where the body is about its root, and words."""
    keys = np.unique(np.linspace(0, len(motion.times_s) - 1, BOX_FRAMES).astype(int))
    low, high = np.full(3, np.inf), np.full(3, -np.inf)
    for key in keys:
        about_root = motion.posed(take.body, slice(key, key + 1))[0]
        about_root = about_root - motion.rig_to_file[key, :3, 3]
        low, high = np.minimum(low, about_root.min(0)), np.maximum(high, about_root.max(0))
    length_m = take.body_length * motion.scale
    licence = take.facts.get("licence")
    about = f"{take.facts.get('model', take.body.name)}, {len(motion.times_s)} frames"
    return {
        "about": about + (f", {licence}" if licence else ""),
        "fps": motion.fps,
        "has_ground": options.root_motion != "camera",
        "cell_m": float(10.0 ** np.round(np.log10(length_m / 2))),
        "low": low.tolist(),
        "high": high.tolist(),
    }


def _asset(name: str) -> str:
    try:
        return (WEB_FOLDER / name).read_text(encoding="utf-8")
    except OSError as error:
        raise ExportError(f"{WEB_FOLDER / name} is missing: install the program again.") from error
