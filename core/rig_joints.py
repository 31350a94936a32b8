"""From a skin's joints to one anatomical tree: what deforms nothing is dropped, feet hang on legs.

    tree = anatomical_tree(parents, weights, places)
    rest = joint_to_rig[list(tree.joints)]

Animators hang feet on controls beside the body, and put roots and targets around it.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from core.influences import Influences

NEGLIGIBLE_SHARE = 0.005
"""Of all skinning weight: a root that moves less may give it to the body below."""


@dataclass(frozen=True, eq=False)
class JointTree:
    """The kept joints of a skin, parents before children."""

    joints: tuple[int, ...]
    """Numbers within the skin."""
    parents: tuple[int, ...]
    """Positions within `joints`; -1 for the root."""
    moved: tuple[int, ...]
    """Positions of the joints that hang on another joint than in the file."""
    weights: Float[np.ndarray, "verts joints"]
    """Skinning weights of the kept joints; rows sum to what they summed to."""


def anatomical_tree(
    parents: list[int],
    weights: Float[np.ndarray, "verts joints"],
    places: Float[np.ndarray, "joints 3"],
) -> JointTree:
    """Choose and connect the joints that move the surface.

    A joint stays if it or a descendant moves vertices. The heaviest tree is the body; joints above
    it that move nothing go. So does a root that moves next to nothing and carries one body: its
    turns and the body's would be two ways to say one thing. A tree beside the body is hung on the
    joint with which its top shares the most weight (sum over vertices of the smaller one), or else
    on the nearest joint.

    Args:
        parents: Parent of each joint within the skin; -1 for none.
        weights: Skinning weights.
        places: Rest positions.

    Raises:
        ValueError: No joint moves anything.
    """
    return _Pruning(list(parents), weights, places).tree()


def shared_weights(
    weights: Float[np.ndarray, "verts joints"],
) -> Float[np.ndarray, "joints joints"]:
    """How much skin two joints share: the sum over vertices of the smaller of their weights."""
    joints = weights.shape[1]
    most = max(int(np.count_nonzero(weights, axis=1).max(initial=0)), 1)
    influences = Influences.from_dense(weights, most)
    shared = np.zeros(joints * joints)
    for first in range(most):
        for second in range(most):
            pair = influences.indices[:, first].astype(int) * joints + influences.indices[:, second]
            smaller = np.minimum(influences.weights[:, first], influences.weights[:, second])
            shared += np.bincount(pair, smaller, joints * joints)
    return shared.reshape(joints, joints)


class _Pruning:
    """The working state of `anatomical_tree`."""

    def __init__(self, parents: list[int], weights: np.ndarray, places: np.ndarray) -> None:
        self.parents = parents
        self.given = list(parents)
        self.weights = weights
        self.places = places
        self.mass = weights.sum(0, dtype=float)
        self.shared = shared_weights(weights)
        self.dropped: list[int] = []
        self.children: list[list[int]] = [[] for _ in parents]
        for joint, parent in enumerate(parents):
            if parent != -1:
                self.children[parent].append(joint)
        self.subtree_mass = self._subtree_masses()
        for own in self.children:
            own[:] = [child for child in own if self.subtree_mass[child] > 0]

    def tree(self) -> JointTree:
        tops = [
            joint
            for joint, parent in enumerate(self.parents)
            if parent == -1 and self.subtree_mass[joint] > 0
        ]
        if not tops:
            raise ValueError("no joint moves a vertex")
        root = max(tops, key=lambda joint: self.subtree_mass[joint])
        tops.remove(root)
        root = self._body_below(root, tops)
        self.parents[root] = -1
        self._hang(tops, root)
        return self._numbered(root)

    def _subtree_masses(self) -> list[float]:
        masses = self.mass.tolist()
        for joint in reversed(
            self._depth_first([j for j, p in enumerate(self.parents) if p == -1])
        ):
            if self.parents[joint] != -1:
                masses[self.parents[joint]] += masses[joint]
        return masses

    def _depth_first(self, tops: list[int]) -> list[int]:
        stack = list(reversed(tops))
        order: list[int] = []
        while stack:
            joint = stack.pop()
            order.append(joint)
            stack.extend(reversed(self.children[joint]))
        return order

    def _body_below(self, root: int, tops: list[int]) -> int:
        """The body's own root: go down while the root moves nothing and has a single body."""
        while self.children[root] and self.mass[root] <= NEGLIGIBLE_SHARE * self.mass.sum():
            if self.mass[root] > 0 and len(self.children[root]) > 1:
                break
            body = max(self.children[root], key=lambda joint: self.subtree_mass[joint])
            members = self._depth_first([body])
            apart = [
                child
                for child in self.children[root]
                if child != body and self._is_apart(child, root, members)
            ]
            if len(self.children[root]) - len(apart) > 1:
                break
            tops.extend(apart)
            self.dropped.append(root)
            root = body
        return root

    def _hang(self, tops: list[int], root: int) -> None:
        """Hang all trees on the body, the most entangled first."""
        members = self._depth_first([root])
        loose = [joint for top in tops for joint in self._weighted_tops(top)]
        best = {top: self._best_share(top, members) for top in loose}
        while best:
            top = max(best, key=lambda joint: best[joint][1])
            partner, share = best.pop(top)
            if share == 0:
                partner = self._nearest(top, members)
            self.parents[top] = partner
            self.children[partner].append(top)
            joined = self._depth_first([top])
            members += joined
            for other, found in best.items():
                best[other] = max(found, self._best_share(other, joined), key=lambda s: s[1])

    def _weighted_tops(self, top: int) -> list[int]:
        """The tree itself, or the trees below its weightless joints."""
        stack = [top]
        found: list[int] = []
        while stack:
            joint = stack.pop()
            if self.mass[joint] > 0:
                found.append(joint)
            else:
                stack.extend(reversed(self.children[joint]))
        return found

    def _is_apart(self, child: int, root: int, members: list[int]) -> bool:
        """Whether a tree beside the body belongs deep inside of it.

        A leg beside a spine is entangled with the spine's first joint: a true sibling. A foot
        beside a body is entangled with a shin.
        """
        heads = self._weighted_tops(child)
        partner, share = max(
            (self._best_share(head, members) for head in heads), key=lambda s: s[1]
        )
        if share == 0:
            partner = self._nearest(heads[0], [root, *members])
        return partner not in (root, members[0])

    def _nearest(self, joint: int, members: list[int]) -> int:
        away = np.linalg.norm(self.places[members] - self.places[joint], axis=1)
        return members[int(away.argmin())]

    def _best_share(self, joint: int, members: list[int]) -> tuple[int, float]:
        shares = self.shared[joint, members]
        return members[int(shares.argmax())], float(shares.max())

    def _numbered(self, root: int) -> JointTree:
        joints = self._depth_first([root])
        position = {joint: index for index, joint in enumerate(joints)}
        parents = [-1] + [position[self.parents[joint]] for joint in joints[1:]]
        moved = [
            index
            for index, joint in enumerate(joints)
            if index and self.parents[joint] != self.given[joint]
        ]
        weights = self.weights[:, joints]
        weights[:, 0] += self.weights[:, self.dropped].sum(1)
        return JointTree(tuple(joints), tuple(parents), tuple(moved), weights)
