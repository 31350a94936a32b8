"""Presets on the disk: a small JSON file in the person's settings folder.

presets = read_presets(path)
write_presets(path, presets)
"""

import json
import logging
import math
import os
from dataclasses import asdict
from pathlib import Path
from typing import Any

from app.edits import Preset
from core.errors import SessionError

LOG = logging.getLogger(__name__)
VERSION = 1


def presets_path() -> Path:
    """Where presets are kept on this system."""
    import platformdirs

    return Path(platformdirs.user_config_dir("dasr-studio", appauthor=False)) / "presets.json"


def read_presets(path: Path) -> tuple[Preset, ...]:
    """The presets in a file; none if it is missing or damaged (the log says so)."""
    try:
        fields = json.loads(path.read_text(encoding="utf-8"))
        return tuple(_preset_of(one) for one in fields["presets"])
    except FileNotFoundError:
        return ()
    except (OSError, KeyError, TypeError, ValueError) as error:
        LOG.warning("presets in %s cannot be read: %s", path, error)
        return ()


def write_presets(path: Path, presets: tuple[Preset, ...]) -> None:
    """Keep the presets; the file is replaced as a whole.

    Raises:
        SessionError: It cannot be written.
    """
    text = json.dumps({"version": VERSION, "presets": [asdict(one) for one in presets]}, indent=1)
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh.write_text(text, encoding="utf-8")
        os.replace(fresh, path)
    except OSError as error:
        raise SessionError(
            f"The presets were not kept in {path} ({error.strerror}): free some space."
        ) from error


def _preset_of(fields: dict[str, Any]) -> Preset:
    sigmas = tuple(float(sigma) for sigma in fields["sigmas"])
    if not all(math.isfinite(sigma) for sigma in sigmas):
        raise ValueError("a slider is not a number")
    return Preset(str(fields["name"]), str(fields["model_name"]), sigmas)
