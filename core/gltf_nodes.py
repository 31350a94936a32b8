"""The node tree of a glTF file, and where nodes stand in the world.

nodes = read_nodes(gltf)
node_to_world = nodes.world(nodes.rest)
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from core.gltf_json import GltfObject
from core.gltf_read import Gltf
from core.rotations import matrix_from_quaternion, quaternion_from_matrix


@dataclass(frozen=True, eq=False)
class NodeTransforms:
    """Translation, rotation and scale of nodes, at rest or over time."""

    translation: Float[np.ndarray, "*frames nodes 3"]
    rotation: Float[np.ndarray, "*frames nodes 4"]
    """Quaternions wxyz."""
    scale: Float[np.ndarray, "*frames nodes 3"]

    def of(self, nodes: list[int]) -> "NodeTransforms":
        """Those of some nodes, in the order asked for."""
        return NodeTransforms(
            self.translation[..., nodes, :], self.rotation[..., nodes, :], self.scale[..., nodes, :]
        )

    def matrices(self) -> Float[np.ndarray, "*frames nodes 4 4"]:
        """Transform of each node into its parent."""
        matrix = np.zeros((*self.translation.shape[:-1], 4, 4))
        matrix[..., :3, :3] = matrix_from_quaternion(self.rotation) * self.scale[..., None, :]
        matrix[..., :3, 3] = self.translation
        matrix[..., 3, 3] = 1
        return matrix


@dataclass(frozen=True, eq=False)
class Nodes:
    """All nodes of a file."""

    names: tuple[str, ...]
    parents: tuple[int, ...]
    """-1 for nodes without a parent."""
    order: tuple[int, ...]
    """Node numbers, parents before children."""
    rest: NodeTransforms

    def lineage(self, nodes: list[int]) -> list[int]:
        """These nodes and all their ancestors, parents before children."""
        wanted: set[int] = set()
        for node in nodes:
            while node != -1 and node not in wanted:
                wanted.add(node)
                node = self.parents[node]
        return [node for node in self.order if node in wanted]

    def world(
        self, transforms: NodeTransforms, lineage: list[int]
    ) -> Float[np.ndarray, "*frames nodes 4 4"]:
        """node_to_world of a lineage, given the transforms of its nodes in its order."""
        world = transforms.matrices()
        position = {node: index for index, node in enumerate(lineage)}
        for index, node in enumerate(lineage):
            if self.parents[node] != -1:
                above = position[self.parents[node]]
                world[..., index, :, :] = world[..., above, :, :] @ world[..., index, :, :]
        return world


def read_nodes(gltf: Gltf) -> Nodes:
    """Read and check the node tree.

    Raises:
        RigError: A node has two parents or is its own ancestor, or a transform is broken.
    """
    items = gltf.items("nodes")
    parents = [-1] * len(items)
    children = [item.indices("children", len(items)) for item in items]
    for node, own_children in enumerate(children):
        for child in own_children:
            if parents[child] != -1:
                raise items[child].broken("has more than one parent")
            parents[child] = node
    order = [node for node, parent in enumerate(parents) if parent == -1]
    for node in order:  # grows while it is walked
        order.extend(children[node])
    if len(order) < len(items):
        stuck = min(set(range(len(items))) - set(order))
        raise items[stuck].broken("is its own ancestor")
    names = tuple(item.text("name", "") or f"node_{index}" for index, item in enumerate(items))
    return Nodes(names, tuple(parents), tuple(order), _rest_transforms(items))


def _rest_transforms(items: list[GltfObject]) -> NodeTransforms:
    parts = [_decomposed(item) if item.has("matrix") else _given(item) for item in items]
    translation, rotation, scale = zip(*parts, strict=True) if parts else ((), (), ())
    return NodeTransforms(
        np.array(translation, float).reshape(-1, 3),
        np.array(rotation, float).reshape(-1, 4),
        np.array(scale, float).reshape(-1, 3),
    )


def _given(item: GltfObject) -> tuple[list[float], list[float], list[float]]:
    x, y, z, w = item.numbers("rotation", 4, [0.0, 0.0, 0.0, 1.0])
    if x * x + y * y + z * z + w * w < 1e-8:
        raise item.wrong("rotation", "is a quaternion of length zero")
    return (
        item.numbers("translation", 3, [0.0, 0.0, 0.0]),
        [w, x, y, z],
        item.numbers("scale", 3, [1.0, 1.0, 1.0]),
    )


def _decomposed(item: GltfObject) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    matrix = np.array(item.numbers("matrix", 16)).reshape(4, 4).T
    scale = np.linalg.norm(matrix[:3, :3], axis=0)
    scale[0] *= np.sign(np.linalg.det(matrix[:3, :3]))
    if np.abs(scale).min() < 1e-12:
        raise item.wrong("matrix", "is flat: its scale is zero")
    return matrix[:3, 3], quaternion_from_matrix(matrix[:3, :3] / scale), scale
