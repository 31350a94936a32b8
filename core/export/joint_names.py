"""Joint names that every receiver accepts: ASCII, no dots, unique, none called `root`."""

import re
import unicodedata

ROOT_BONE = "root"
"""The bone that carries root motion; Unreal wants exactly one at the top."""


def file_names(names: tuple[str, ...], renamed: dict[str, str]) -> tuple[str, ...]:
    """The joints' names in the file, in order.

    three.js and USD find bones by name; dots and blanks are path separators or dropped there.
    """
    taken = {ROOT_BONE}
    result: list[str] = []
    for name in names:
        plain = unicodedata.normalize("NFKD", renamed.get(name, name)).encode("ascii", "ignore")
        base = re.sub(r"[^A-Za-z0-9_-]+", "_", plain.decode()).strip("_-") or "joint"
        if base == ROOT_BONE:
            base = "body"
        if base[0].isdigit():
            base = f"j_{base}"
        unique, number = base, 2
        while unique in taken:
            unique, number = f"{base}_{number}", number + 1
        taken.add(unique)
        result.append(unique)
    return tuple(result)
