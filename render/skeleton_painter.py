"""Draws skeletons as slim octahedra from joint to joint, in front of everything.

painter.draw(body, stage)
"""

import moderngl
import numpy as np
from jaxtyping import Float, Float32

from render.body_painter import Stage
from render.programs import load_program, set_uniforms, vertex_array
from render.scene import Body, Theme

GIRTH = 0.11
"""Half the width of a bone, as a share of its length, ..."""
MAX_GIRTH = 0.016
"""... and at most this, in rig units."""
BALL = 0.011
"""Radius of a joint in rig units."""
BELT = 0.18
"""Where along the bone it is widest."""

# Corners of an octahedron: -x, +x, -y, +y, tail, tip; and its faces.
_FACES = np.array(
    [[0, 2, 4], [2, 1, 4], [1, 3, 4], [3, 0, 4], [2, 0, 5], [1, 2, 5], [3, 1, 5], [0, 3, 5]]
)


class SkeletonPainter:
    """Owns one streamed buffer; bones are so few that the processor builds them."""

    def __init__(self, ctx: moderngl.Context) -> None:
        self._ctx = ctx
        self._program = load_program(ctx, "bone.vert", "bone.frag")
        self._buffer = ctx.buffer(reserve=4, dynamic=True)
        self._array = vertex_array(
            ctx, self._program, [(self._buffer, "3f 3f 3f", "in_position", "in_normal", "in_color")]
        )

    def draw(self, body: Body, stage: Stage) -> None:
        """Draw one skeleton into the framebuffer in use; expects depth test on."""
        corners = skeleton_triangles(body, stage.theme)
        self._buffer.orphan(corners.nbytes)
        self._buffer.write(corners)
        view = stage.view
        set_uniforms(self._program, world_to_cam=view.world_to_cam, cam_to_clip=view.cam_to_clip)
        self._ctx.disable(moderngl.BLEND)
        self._array.render(moderngl.TRIANGLES, vertices=len(corners))

    def release(self) -> None:
        for thing in (self._array, self._buffer, self._program):
            thing.release()


def skeleton_triangles(body: Body, theme: Theme) -> Float32[np.ndarray, "corners 9"]:
    """Position, flat normal and colour of every corner of every triangle, in the world."""
    joints = body.joint_to_world[:, :3, 3]
    parents = np.array(body.rig.skeleton.parents)
    children = np.nonzero(parents >= 0)[0]
    lengths = np.linalg.norm(joints[children] - joints[parents[children]], axis=1)
    children = children[lengths > 1e-6]
    bones = _octahedra(joints[parents[children]], joints[children])
    up = np.array([0, BALL, 0])
    balls = _octahedra(joints - up, joints + up, belt=0.5, girth=BALL)
    picked = body.look.joint
    bone_colors = np.where((parents[children] == picked)[:, None], theme.accent, theme.bone)
    ball_colors = np.where(
        (np.arange(len(joints)) == picked)[:, None], theme.accent, np.multiply(theme.bone, 0.8)
    )
    shapes = np.concatenate([bones, balls])
    colors = np.concatenate([bone_colors, ball_colors])
    triangles = shapes[:, _FACES]
    edges = triangles[:, :, 1:] - triangles[:, :, :1]
    normals = np.cross(edges[:, :, 0], edges[:, :, 1])
    normals /= np.maximum(np.linalg.norm(normals, axis=-1, keepdims=True), 1e-12)
    corners = np.concatenate(
        [
            triangles,
            np.broadcast_to(normals[:, :, None], triangles.shape),
            np.broadcast_to(colors[:, None, None], triangles.shape),
        ],
        axis=-1,
    )
    return corners.reshape(-1, 9).astype(np.float32)


def _octahedra(
    tails: Float[np.ndarray, "bones 3"],
    tips: Float[np.ndarray, "bones 3"],
    belt: float = BELT,
    girth: float | None = None,
) -> Float[np.ndarray, "bones 6 3"]:
    """Corners in the order of `_FACES`."""
    along = tips - tails
    length = np.linalg.norm(along, axis=1, keepdims=True)
    # Any direction across the bone will do, if it is not along it.
    away = np.where(np.abs(along[:, 1:2]) < 0.9 * length, [[0, 1.0, 0]], [[1.0, 0, 0]])
    side = np.cross(along, away)
    side /= np.linalg.norm(side, axis=1, keepdims=True)
    other = np.cross(along, side) / length
    width = np.minimum(GIRTH * length, MAX_GIRTH) if girth is None else girth
    middle = tails + belt * along
    corners = [middle - width * side, middle + width * side]
    corners += [middle - width * other, middle + width * other, tails, tips]
    return np.stack(corners, axis=1)
