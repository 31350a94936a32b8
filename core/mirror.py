"""Which joint is on the other side of the body: by name, checked by place, or by place alone.

mirror = mirror_joints(names, parents, places)
"""

import re

import numpy as np
from jaxtyping import Float

TOLERANCE = 0.05
"""How far from its mirror image a partner may lie, in rig units (a share of the body's length)."""

_WORDS = re.compile(r"left|right", re.IGNORECASE)
_LETTERS = re.compile(r"(?<![A-Za-z0-9])([lr])(?![A-Za-z0-9])", re.IGNORECASE)


def mirror_joints(
    names: tuple[str, ...], parents: tuple[int, ...], places: Float[np.ndarray, "joints 3"]
) -> tuple[int, ...]:
    """Partner of each joint across the plane x = 0; a joint in the middle is its own.

    Parents must come before children: partners' parents are partners too, where that is possible.
    """
    mirror = [-1] * len(names)
    for joint in range(len(names)):
        if mirror[joint] != -1:
            continue
        partner = _partner(joint, names, parents, places, mirror)
        mirror[joint], mirror[partner] = partner, joint
    return tuple(mirror)


def other_side(name: str) -> str | None:
    """The name with left and right exchanged: `Ear.L` to `Ear.R`; None if it has no side."""
    for pattern in (_WORDS, _LETTERS):
        if pattern.search(name):
            return pattern.sub(_exchanged, name)
    return None


def _exchanged(match: re.Match[str]) -> str:
    found = match.group()
    other = {"left": "right", "right": "left", "l": "r", "r": "l"}[found.lower()]
    if found.isupper():
        return other.upper()
    return other.capitalize() if found[0].isupper() else other


def _partner(
    joint: int,
    names: tuple[str, ...],
    parents: tuple[int, ...],
    places: Float[np.ndarray, "joints 3"],
    mirror: list[int],
) -> int:
    away = np.linalg.norm(places - places[joint] * [-1, 1, 1], axis=1)
    free = [k for k in range(len(names)) if mirror[k] == -1]
    other = other_side(names[joint])
    if other is not None:
        free = [k for k in free if k != joint]
    named = [k for k in free if names[k] == other]
    if named and away[named[0]] < TOLERANCE:
        return named[0]
    expected_parent = mirror[parents[joint]] if parents[joint] != -1 else -1
    near = [k for k in free if away[k] < TOLERANCE]
    if near:
        return min(near, key=lambda k: (parents[k] != expected_parent, away[k]))
    # The rest pose may be uneven; far from anything better, a name is believed.
    return named[0] if named and away[named[0]] < 4 * TOLERANCE else joint
