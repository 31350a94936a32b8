"""Where the annotations' keypoints sit on a rig, found from joint names and geometry.

    places = keypoint_map(rig, "quadruped")
    points = places.positions(vertices, joints)      # name -> place in camera space

Left and right are the subject's own: in rig space (facing +z, y up) its left is +x. A joint stands
for a point inside the body (elbow, knee, hip); vertices stand for points on it (nose, paws). A
keypoint that cannot be found on a rig is left out, and not scored.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial

import numpy as np
from jaxtyping import Bool, Float

from core.rig import Rig

QUADRUPED_KEYPOINTS = (
    "nose", "left_ear_base", "right_ear_base", "neck_base", "tail_base", "tail_tip",
    "left_front_paw", "right_front_paw", "left_hind_paw", "right_hind_paw",
    "left_front_elbow", "right_front_elbow", "left_hind_knee", "right_hind_knee",
)  # fmt: skip
HUMAN_KEYPOINTS = (
    "nose", "left_shoulder", "right_shoulder", "left_elbow", "right_elbow", "left_wrist",
    "right_wrist", "left_hip", "right_hip", "left_knee", "right_knee", "left_ankle", "right_ankle",
)  # fmt: skip

# Patterns over joint names without punctuation, in lower case; L and SIDE stand for l or r, left
# or right. They cover the rigs in shared/data (Quaternius, KayKit, Khronos, Cesium) and Mixamo's.
_JOINTS = {
    "left_front_elbow": r"^frontlowerlegL$|SIDEforearm",
    "left_hind_knee": r"^backupperlegL$|SIDEleg0?2",
    "left_shoulder": r"upperarmL$|SIDE(upper)?arm$|^skeletonarmjoint(?=L)(l4|r)$",
    "left_elbow": r"(lowerarm|forearm)L$|SIDEforearm$|^skeletonarmjoint(?=L)(l3|r2)$",
    "left_wrist": r"^(hand|fist|wrist)L$|SIDEhand$|^skeletonarmjoint(?=L)(l2|r3)$",
    "left_hip": r"(upperleg|thigh)L$|SIDEupleg$|^legjointL1$",
    "left_knee": r"(lowerleg|calf|shin)L$|SIDEleg$|^legjointL2$",
    "left_ankle": r"^footL$|SIDEfoot$|^legjointL3$",
}
_FRONT_LEG = r"^(front\w*|ff|ikfrontleg)L$|SIDE(upperarm|forearm|hand)"
_HIND_LEG = r"^(back\w+|ffb|ikbackleg)L$|SIDE(leg|foot)"
_SHOULDER = r"^frontshoulderL$|SIDEupperarm"
_EAR = r"^ear\d*L$|SIDEear"
_TAIL = r"tail"
_HEAD = r"head(\d*|end)$|^skeletonneckjoint2$"

_NEAR = 0.03
"""Reach of the small patches that stand for a point, in rig units (body lengths)."""
_OWNED = 0.5
"""A vertex belongs to joints that have at least this share of its weight."""
_TOUCHED = 0.25
"""A tail begins where its joints have at least this share."""
_EAR_RISE = 0.35
"""Ears leave the head this far up from their first joint, inside it, to their tips."""


@dataclass(frozen=True, eq=False)
class Anchor:
    """A point of the body: a weighted mean of vertices and joints."""

    vertices: dict[int, float] = field(default_factory=dict)
    """Index -> weight; all weights together sum to 1."""
    joints: dict[int, float] = field(default_factory=dict)

    def position(
        self, vertices: Float[np.ndarray, "verts 3"], joints: Float[np.ndarray, "joints 3"]
    ) -> Float[np.ndarray, " 3"]:
        """Place of the point on a posed body."""
        place = np.zeros(3)
        for points, weights in ((vertices, self.vertices), (joints, self.joints)):
            for index, weight in weights.items():
                place += weight * points[index].astype(np.float64)
        return place


@dataclass(frozen=True, eq=False)
class KeypointMap:
    """Names of keypoints and their points on a rig."""

    anchors: dict[str, Anchor]

    def positions(
        self, vertices: Float[np.ndarray, "verts 3"], joints: Float[np.ndarray, "joints 3"]
    ) -> dict[str, Float[np.ndarray, " 3"]]:
        """All keypoints of a posed body, in the space of its vertices and joints."""
        return {name: anchor.position(vertices, joints) for name, anchor in self.anchors.items()}


def keypoint_map(rig: Rig, category: str) -> KeypointMap:
    """Find a category's keypoints on a rig.

    Args:
        rig: In rest pose, as all rigs are.
        category: "quadruped" or "human", as the annotations say.

    Raises:
        ValueError: Another category.
    """
    if category == "quadruped":
        names = QUADRUPED_KEYPOINTS
    elif category == "human":
        names = HUMAN_KEYPOINTS
    else:
        raise ValueError(f"category {category!r}; annotations know quadruped and human")
    found = {name: _find(rig, name, category) for name in names}
    return KeypointMap({name: anchor for name, anchor in found.items() if anchor is not None})


def annotation_category(model_category: str) -> str:
    """The annotations' word for a model's category: people are human, all others quadrupeds."""
    return "human" if model_category in ("human", "person", "people") else "quadruped"


def _find(rig: Rig, name: str, category: str) -> Anchor | None:
    side = "r" if name.startswith("right_") else "l"
    common = name.replace("right_", "left_")
    if common in _JOINTS:
        joints = _joints(rig, _JOINTS[common], side)
        if joints:
            return Anchor(joints={joints[0]: 1.0})
    on_surface: dict[str, Callable[[], Anchor | None]] = {
        "nose": partial(_nose, rig, category),
        "neck_base": partial(_withers, rig),
        "tail_base": partial(_tail_base, rig),
        "tail_tip": partial(_tail_tip, rig),
        "left_front_paw": partial(_paw, rig, _FRONT_LEG, side),
        "left_hind_paw": partial(_paw, rig, _HIND_LEG, side),
        "left_ear_base": partial(_ear_base, rig, side),
    }
    return on_surface[common]() if common in on_surface else None


def _joints(rig: Rig, pattern: str, side: str = "l") -> list[int]:
    """Joints whose names fit, parents first; names of the wrong side of the body are refused."""
    word = "left" if side == "l" else "right"
    wanted = re.compile(pattern.replace("SIDE", word).replace("L", side))
    names = [re.sub(r"[^a-z0-9]", "", name.lower()) for name in rig.skeleton.names]
    return [index for index, name in enumerate(names) if wanted.search(name)]


def _owned_by(rig: Rig, joints: Iterable[int]) -> Bool[np.ndarray, " verts"]:
    return rig.weights[:, list(joints)].sum(1) >= _OWNED


def _patch(rig: Rig, is_chosen: Bool[np.ndarray, " verts"]) -> Anchor | None:
    """The mean of some vertices."""
    chosen = np.flatnonzero(is_chosen)
    if len(chosen) == 0:
        return None
    return Anchor(dict.fromkeys(chosen.tolist(), 1 / len(chosen)))


def _nose(rig: Rig, category: str) -> Anchor | None:
    """Foremost vertices of the head near the middle; of a person's head below the brow."""
    is_head = _owned_by(rig, _joints(rig, _HEAD))
    is_middle = is_head & (np.abs(rig.vertices[:, 0]) < _NEAR)
    is_head = is_middle if is_middle.any() else is_head
    if category == "human" and is_head.any():
        height = rig.vertices[:, 1]
        low, high = height[is_head].min(), height[is_head].max()
        share = (height - low) / max(high - low, 1e-9)
        is_face = is_head & (share > 0.2) & (share < 0.6)
        is_head = is_face if is_face.any() else is_head
    if not is_head.any():
        return None
    reach = _NEAR / 2 if category == "quadruped" else _NEAR / 4
    front = rig.vertices[is_head, 2].max()
    return _patch(rig, is_head & (rig.vertices[:, 2] > front - reach))


def _withers(rig: Rig) -> Anchor | None:
    """The back line straight above the shoulders: a point inside a triangle."""
    shoulders = _joints(rig, _SHOULDER, "l") + _joints(rig, _SHOULDER, "r")
    if not shoulders:
        return None
    along = float(rig.skeleton.rest_joint_to_rig[shoulders, 2, 3].mean())
    return _top_of_line(rig, 0.0, along)


def _top_of_line(rig: Rig, x: float, z: float) -> Anchor | None:
    """Highest surface point over a place of the ground."""
    corners = rig.vertices[rig.faces].astype(np.float64)
    a, b, c = (corners[:, corner][:, [0, 2]] for corner in range(3))
    point = np.array([x, z])
    twice = _cross(b - a, c - a)
    safe = np.where(np.abs(twice) > 1e-12, twice, np.inf)
    weight_b, weight_c = _cross(point - a, c - a) / safe, _cross(b - a, point - a) / safe
    weights = np.stack([1 - weight_b - weight_c, weight_b, weight_c], 1)
    is_hit = (weights >= -1e-9).all(1) & np.isfinite(safe)
    if not is_hit.any():
        return None
    height = np.where(is_hit, (weights * corners[:, :, 1]).sum(1), -np.inf)
    top = int(height.argmax())
    face = [int(vertex) for vertex in rig.faces[top]]
    return Anchor(dict(zip(face, weights[top].tolist(), strict=True)))


def _tail_base(rig: Rig) -> Anchor | None:
    """Upper side of the ring where the tail's skin meets the body's; joints lie in the rump."""
    is_tail = rig.weights[:, _joints(rig, _TAIL)].sum(1) >= _TOUCHED
    meets = is_tail[rig.faces].any(1) & ~is_tail[rig.faces].all(1)
    is_rim = np.zeros(len(rig.vertices), bool)
    is_rim[rig.faces[meets]] = True
    if not is_rim.any():
        return None
    height = rig.vertices[:, 1]
    return _patch(rig, is_rim & (height >= height[is_rim].mean()))


def _tail_tip(rig: Rig) -> Anchor | None:
    """Vertices of the last tail joint that lie furthest from it; a curled tail ends there too."""
    tail = [joint for joint in _joints(rig, _TAIL) if (rig.weights[:, joint] >= _OWNED).any()]
    if not tail:
        return None
    is_last = rig.weights[:, tail[-1]] >= _OWNED
    joint = rig.skeleton.rest_joint_to_rig[tail[-1], :3, 3]
    distance = np.linalg.norm(rig.vertices - joint, axis=1)
    return _patch(rig, is_last & (distance > distance[is_last].max() - _NEAR / 2))


def _paw(rig: Rig, pattern: str, side: str) -> Anchor | None:
    """The lowest part of a leg."""
    is_leg = _owned_by(rig, _joints(rig, pattern, side))
    if not is_leg.any():
        return None
    height = rig.vertices[:, 1]
    return _patch(rig, is_leg & (height < height[is_leg].min() + _NEAR))


def _ear_base(rig: Rig, side: str) -> Anchor | None:
    """Where an ear meets the head; without ear joints, the upper side part of the head."""
    ear = _joints(rig, _EAR, side)
    is_ear = _owned_by(rig, ear)
    height = rig.vertices[:, 1]
    if is_ear.any():
        tip = np.flatnonzero(is_ear & (height > height[is_ear].max() - _NEAR / 4)).tolist()
        return Anchor(dict.fromkeys(tip, _EAR_RISE / len(tip)), {ear[0]: 1 - _EAR_RISE})
    is_head = _owned_by(rig, _joints(rig, _HEAD))
    sign = 1 if side == "l" else -1
    is_side = is_head & (sign * rig.vertices[:, 0] > 0)
    if not is_side.any():
        return None
    middle = 0.5 * (height[is_head].min() + height[is_head].max())
    return _patch(rig, is_side & (height > middle))


def _cross(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    return left[..., 0] * right[..., 1] - left[..., 1] * right[..., 0]
