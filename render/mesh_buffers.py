"""The GPU twin of a body: topology stays, rest vertices, colours and pose are streamed.

buffers = MeshBuffers(ctx, body.rig)
buffers.update(body)
buffers.vertex_array(program).render()
buffers.release()
"""

import moderngl
import numpy as np
from jaxtyping import Float, UInt8

from core.rig import Rig
from render.joint_block import BLOCK_BYTES, MAX_JOINTS, joint_block
from render.normals import shared_places, vertex_normals
from render.programs import bind_block, vertex_array
from render.scene import Body
from render.skin_attributes import SkinAttributes

JOINTS_BINDING = 0


class MeshBuffers:
    """Buffers of one topology. Made, used and released with its context current, by one owner."""

    def __init__(self, ctx: moderngl.Context, rig: Rig) -> None:
        """Upload what never changes.

        Raises:
            ValueError: The rig has more joints than the uniform block holds.
        """
        joints = len(rig.skeleton.names)
        if joints > MAX_JOINTS:
            raise ValueError(f"rig has {joints} joints, the renderer draws {MAX_JOINTS}")
        self._ctx = ctx
        self.faces, self.weights = rig.faces, rig.weights
        verts = len(rig.vertices)
        self._indices = ctx.buffer(np.ascontiguousarray(rig.faces, "i4"))
        self.skin = SkinAttributes.upload(ctx, rig.weights)
        self._rest = ctx.buffer(reserve=12 * verts)
        self._normals = ctx.buffer(reserve=12 * verts)
        self._colors = ctx.buffer(reserve=4 * verts)
        self._joints = ctx.buffer(reserve=BLOCK_BYTES)
        self._arrays: dict[int, moderngl.VertexArray] = {}
        self._places = shared_places(rig.vertices)
        self._vertices = np.zeros((0, 3), np.float32)
        self._packed_colors = np.zeros((0, 4), np.uint8)

    def fits(self, rig: Rig) -> bool:
        """Whether a rig has this topology: the very same arrays, so that nothing is compared."""
        return rig.faces is self.faces and rig.weights is self.weights

    def update(self, body: Body) -> None:
        """Upload the pose, and proportions and colours if they changed since last time."""
        vertices = np.ascontiguousarray(body.rig.vertices, "f4")
        if not np.array_equal(vertices, self._vertices):
            self._vertices = vertices.copy()
            self._rest.write(vertices)
            normals = vertex_normals(vertices, self.faces, self._places)
            self._normals.write(normals.astype("f4"))
        colors = _packed(body.rig.colors if body.colors is None else body.colors)
        if not np.array_equal(colors, self._packed_colors):
            self._packed_colors = colors
            self._colors.write(colors)
        self._joints.write(joint_block(body.skin_transforms, body.look.skinning))

    def vertex_array(self, program: moderngl.Program) -> moderngl.VertexArray:
        """Inputs of a program that includes `skin.glsl`; binds the joints for it."""
        if program.glo not in self._arrays:
            content = [
                (self._rest, "3f", "in_rest"),
                (self._normals, "3f", "in_normal"),
                (self._colors, "3f1 x1", "in_color"),
                *self.skin.content,
            ]
            used = [entry for entry in content if entry[2] in program]
            bind_block(program, "Joints", JOINTS_BINDING)
            array = vertex_array(self._ctx, program, used, self._indices)
            self._arrays[program.glo] = array
        self._joints.bind_to_uniform_block(JOINTS_BINDING)
        return self._arrays[program.glo]

    def release(self) -> None:
        for array in self._arrays.values():
            array.release()
        self._arrays.clear()
        self.skin.release()
        for buffer in (self._indices, self._rest, self._normals, self._colors, self._joints):
            buffer.release()


def _packed(colors: Float[np.ndarray, "verts 3"]) -> UInt8[np.ndarray, "verts 4"]:
    """Bytes, padded: drivers like attributes that start at multiples of four."""
    packed = np.zeros((len(colors), 4), np.uint8)
    packed[:, :3] = np.clip(colors, 0, 1) * 255 + 0.5
    return packed
