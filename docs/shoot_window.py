"""Takes pictures of every state of the window with the shipped model, to look at and to show.

export PYTHONPATH=.
    xvfb-run -a -s "-screen 0 1280x800x24" python docs/shoot_window.py out/tour
    xvfb-run -a -s "-screen 0 1280x800x24" python docs/shoot_window.py out/tour --dark --only scrub
    xvfb-run -a -s "-screen 0 1280x800x24" python docs/shoot_window.py --keep

`--keep` retakes the pictures of the README and docs/studio.md, as small files.
"""

import argparse
import os
import sys
import tempfile
from pathlib import Path

LONGEST_MS = 900_000


def options() -> argparse.Namespace:
    """What was asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?", help="where the pictures go")
    parser.add_argument("--only", default="", help="pictures with this in their name")
    parser.add_argument("--dark", action="store_true")
    parser.add_argument("--size", default="1280x800")
    parser.add_argument("--text", type=float, default=1.0, help="text so many times larger")
    parser.add_argument("--parts", default="start,live,scrub,looks,explore,dialogs,jobs")
    parser.add_argument("--keep", action="store_true", help="retake the pictures of the docs")
    chosen = parser.parse_args()
    if chosen.folder is None and not chosen.keep:
        parser.error("give a folder, or --keep")
    return chosen


def main() -> int:
    """Start the window as a person would have it the first time, and walk through it."""
    chosen = options()
    own = tempfile.mkdtemp(prefix="tour-")
    for name in ("XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME"):
        os.environ[name] = own  # nobody's presets and recents are shown or touched
    from docs.keep_pictures import Shooting, keep_pictures, shoot

    if chosen.keep:
        return keep_pictures()
    return shoot(
        Shooting(chosen.folder, chosen.size, chosen.only, chosen.parts, chosen.dark, chosen.text)
    )


if __name__ == "__main__":
    sys.exit(main())
