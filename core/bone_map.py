"""Which joint of one skeleton does the work of which joint of another.

    found = bone_map(source.skeleton, target.skeleton)       # {"LeftArm": "upperarm_l", ...}
    write_bone_map(path, found)                              # for a person to correct
    found = read_bone_map(path, source.skeleton, target.skeleton)

First the tips of limbs, tail and head are paired by where they are; then the joints on the way to
each pair of tips are aligned in order, by place, by how far along the limb they are, and by name
where names say anything. Joints that nothing fits are mapped to None: they keep still against
their parents.
"""

import difflib
import json
import re
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from jaxtyping import Float
from scipy.optimize import linear_sum_assignment

from core.errors import RigError
from core.mirror import other_side
from core.rig import Skeleton

BoneMap = Mapping[str, str | None]
"""Source joint by target joint."""

_PARTS = (  # the first that is found in a name wins; front and hind limbs share their levels
    ("finger", r"thumb|index|middle|ring|pinky|little"), ("ear", r"(?<![a-z])ears?(?![a-z])"),
    ("tail", r"tail"), ("face", r"jaw|mouth|chin|eye"), ("neck", r"neck"), ("head", r"head|skull"),
    ("toe", r"toe|ball"), ("shoulder", r"clavicle|collar|shoulder"),
    ("lower", r"fore ?arm|lower|calf|shin|elbow|knee"), ("upper", r"upper|up leg|thigh|femur"),
    ("end", r"hand|wrist|foot|feet|ankle|paw|hoof"), ("unknown", r"arm|leg"),
    ("hips", r"hips?|pelvis"), ("spine", r"spine|back|chest|torso|waist|belly|rib"),
)  # fmt: skip
_BREAKS = re.compile(r"(?<=[a-z])(?=[A-Z])|[^A-Za-z]+")
_SIDES = re.compile(r"(?<![a-z])(left|right|l|r)(?![a-z])")
SKIPPED = 0.55
"""Cost of leaving a target joint without a source; a pair that costs more is none."""
FARTHEST_TIP = 0.75
"""Distance of two tips, in bodies scaled to unit size, above which they are no pair."""


def bone_map(source: Skeleton, target: Skeleton) -> dict[str, str | None]:
    """The best guess; skeletons with the same names are mapped name to name."""
    if set(source.names) == set(target.names):
        return {name: name for name in target.names}
    best: dict[int, tuple[float, int]] = {0: (-1.0, 0)}
    for target_tip, source_tip in _paired_tips(source, target):
        ways = _way(target, target_tip), _way(source, source_tip)
        for joint, other, cost in _aligned(target, source, *ways):
            if joint not in best or cost < best[joint][0]:
                best[joint] = (cost, other)
    found = {
        name: source.names[best[joint][1]] if joint in best else None
        for joint, name in enumerate(target.names)
    }
    namesakes = {name: name for name in target.names if name in source.names}
    return {name: other or namesakes.get(name) for name, other in found.items()}


def write_bone_map(path: Path, found: BoneMap) -> None:
    """Write JSON with one line a joint."""
    path.write_text(json.dumps(dict(found), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def read_bone_map(path: Path, source: Skeleton, target: Skeleton) -> dict[str, str | None]:
    """Read a map and check every name in it; joints it leaves out keep still.

    Raises:
        RigError: It is no such file, or names a joint that is not there.
    """
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise RigError(f"Cannot read {path} ({error.strerror}).") from error
    except (ValueError, RecursionError) as error:
        raise RigError(f"{path} is no JSON file: write pairs of joint names.") from error
    if not isinstance(raw, dict):
        raise RigError(f'{path} must hold pairs such as "LeftArm": "upperarm_l".')
    for name, other in raw.items():
        if name not in target.names:
            raise RigError(f"{path} maps {name[:60]!r}, but the target rig has no such joint.")
        if other is not None and other not in source.names:
            raise RigError(f"{path} maps {name[:60]!r} to a joint that the take's body has not.")
    return raw


def _paired_tips(source: Skeleton, target: Skeleton) -> list[tuple[int, int]]:
    tips = [sorted(set(range(len(s.names))) - set(s.parents)) for s in (target, source)]
    places, others = _places(target)[tips[0]], _places(source)[tips[1]]
    cost = np.linalg.norm(places[:, None] - others, axis=-1)
    for row, tip in enumerate(tips[0]):
        for column, other in enumerate(tips[1]):
            if _side(target, tip) != _side(source, other):
                cost[row, column] += 2 * FARTHEST_TIP
            cost[row, column] += 0.3 * _name_cost(target.names[tip], source.names[other])
    rows, columns = linear_sum_assignment(np.minimum(cost, 2 * FARTHEST_TIP))
    return [
        (tips[0][row], tips[1][column])
        for row, column in zip(rows, columns, strict=True)
        if cost[row, column] < FARTHEST_TIP
    ]


def _way(skeleton: Skeleton, tip: int) -> list[int]:
    """Joints from below the root to a tip."""
    way = [tip]
    while skeleton.parents[way[-1]] != -1:
        way.append(skeleton.parents[way[-1]])
    return way[::-1][1:]


def _aligned(
    target: Skeleton, source: Skeleton, way: list[int], other_way: list[int]
) -> list[tuple[int, int, float]]:
    """Pairs in order along both ways with the least cost in all, as in aligning two words."""
    cost = _pair_costs(target, source, way, other_way)
    rows, columns = cost.shape
    total = np.zeros((rows + 1, columns + 1))
    total[1:, 0] = SKIPPED * np.arange(1, rows + 1)
    for row in range(rows):
        for column in range(columns):
            total[row + 1, column + 1] = min(
                total[row, column] + cost[row, column],
                total[row, column + 1] + SKIPPED,
                total[row + 1, column],
            )
    pairs: list[tuple[int, int, float]] = []
    row, column = rows, columns
    while row and column:
        if total[row, column] == total[row, column - 1]:
            column -= 1
        elif total[row, column] == total[row - 1, column] + SKIPPED:
            row -= 1
        else:
            row, column = row - 1, column - 1
            pairs.append((way[row], other_way[column], float(cost[row, column])))
    return pairs


def _pair_costs(
    target: Skeleton, source: Skeleton, way: list[int], other_way: list[int]
) -> Float[np.ndarray, "target source"]:
    cost = np.linalg.norm(_places(target)[way][:, None] - _places(source)[other_way], axis=-1)
    cost += 0.5 * np.abs(_progress(target, way)[:, None] - _progress(source, other_way))
    for row, joint in enumerate(way):
        for column, other in enumerate(other_way):
            cost[row, column] += 0.3 * _name_cost(target.names[joint], source.names[other])
            if _side(target, joint) != _side(source, other):
                cost[row, column] += 2 * SKIPPED
    return cost


def _progress(skeleton: Skeleton, way: list[int]) -> Float[np.ndarray, " joints"]:
    """How far along the way each joint is, 0 at the root and 1 at the tip."""
    places = skeleton.rest_joint_to_rig[[0, *way], :3, 3]
    along = np.cumsum(np.linalg.norm(np.diff(places, axis=0), axis=1))
    return along / max(float(along[-1]), 1e-9)


def _places(skeleton: Skeleton) -> Float[np.ndarray, "joints 3"]:
    """Joints in a box of unit size; a thin body stays thin."""
    places = skeleton.rest_joint_to_rig[:, :3, 3]
    middle = 0.5 * (places.min(0) + places.max(0))
    sides = np.ptp(places, 0)
    return (places - middle) / np.maximum(sides, max(0.5 * float(sides.max()), 1e-9))


def _side(skeleton: Skeleton, joint: int) -> str:
    words = _SIDES.findall(_words(skeleton.names[joint]))
    if words and other_side(skeleton.names[joint]) is not None:
        return words[0][0]
    x = float(skeleton.rest_joint_to_rig[joint, 0, 3])
    if skeleton.mirror[joint] == joint or abs(x) < 0.01:
        return "middle"
    return "l" if x > 0 else "r"


def _name_cost(name: str, other: str) -> float:
    """0 for the same word, 1 for words of different parts; half where they say nothing."""
    if name == other:
        return 0.0
    part, counterpart = _part(_words(name)), _part(_words(other))
    likeness = difflib.SequenceMatcher(None, name.lower(), other.lower()).ratio()
    if "unknown" in (part, counterpart):
        return 0.4 + 0.2 * (1 - likeness)
    return 0.2 * (1 - likeness) + (part != counterpart) * 0.8


def _words(name: str) -> str:
    return _BREAKS.sub(" ", name).lower().strip()


def _part(words: str) -> str:
    plain = _SIDES.sub(" ", words)
    return next((part for part, pattern in _PARTS if re.search(pattern, plain)), "unknown")
