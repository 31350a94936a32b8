from dataclasses import replace

import moderngl
import numpy as np
import pytest

from core.influences import Influences
from core.rig import Rig
from core.skin import skin_dual_quaternion_reference, skin_linear_reference
from render.joint_block import MAX_JOINTS
from render.mesh_buffers import MeshBuffers
from render.picture import offscreen_target
from render.programs import load_program
from render.scene import Body, BodyLook
from tests.render.twins import bent, make_rig

REFERENCES = {
    "linear": skin_linear_reference,
    "dual-quaternion": skin_dual_quaternion_reference,
}


def skinned_on_gpu(ctx: moderngl.Context, body: Body) -> np.ndarray:
    """Positions that the vertex shader computes, caught before anything is drawn."""
    buffers = MeshBuffers(ctx, body.rig)
    buffers.update(body)
    is_dual = body.look.skinning == "dual-quaternion"
    defines = {"INFLUENCES": buffers.skin.influences} | ({"DUAL_QUATERNION": 1} if is_dual else {})
    program = load_program(ctx, "mesh.vert", defines=defines, varyings=["v_rig"])
    caught = ctx.buffer(reserve=body.rig.faces.size * 12)
    with offscreen_target(ctx, 1, 1) as target:  # nothing runs without a framebuffer
        target.use()
        buffers.vertex_array(program).transform(caught, moderngl.TRIANGLES)
    corners = np.frombuffer(caught.read(), "f4").reshape(-1, 3)
    posed = np.zeros_like(body.rig.vertices)
    posed[body.rig.faces.reshape(-1)] = corners
    buffers.release()
    caught.release()
    program.release()
    return posed


@pytest.mark.parametrize("skinning", ["linear", "dual-quaternion"])
@pytest.mark.parametrize("joints", [2, 4, 7, 12])
def test_the_shader_skins_as_the_reference_does(ctx: moderngl.Context, skinning, joints: int):
    rig = make_rig(joints, around=7, rings=9)
    kept = Influences.from_dense(rig.weights, min(8, joints)).to_dense(joints)
    # More than half a turn, so that quaternions of one chain lie in both hemispheres.
    body = Body(rig, bent(joints, angle_rad=4.5), look=BodyLook(skinning=skinning))
    expected = REFERENCES[skinning](rig.vertices, kept, body.skin_transforms)
    # float32 in the shader: a few units in the last place of coordinates up to 1
    np.testing.assert_allclose(skinned_on_gpu(ctx, body), expected, atol=3e-6)
    assert abs(expected - rig.vertices).max() > 0.2


@pytest.mark.parametrize("skinning", ["linear", "dual-quaternion"])
def test_rest_transforms_give_the_rest_mesh(ctx: moderngl.Context, rig: Rig, skinning):
    body = Body.at_rest(rig, BodyLook(skinning=skinning))
    np.testing.assert_allclose(skinned_on_gpu(ctx, body), rig.vertices, atol=1e-6)


def test_proportions_and_colours_are_streamed_into_the_same_buffers(
    ctx: moderngl.Context, rig: Rig
):
    buffers = MeshBuffers(ctx, rig)
    longer = replace(rig, vertices=rig.vertices * np.float32(2))
    assert buffers.fits(longer)
    assert not buffers.fits(make_rig())
    buffers.update(Body.at_rest(rig))
    buffers.update(Body.at_rest(longer))
    np.testing.assert_array_equal(
        np.frombuffer(buffers._rest.read(), "f4").reshape(-1, 3), longer.vertices
    )
    gray = np.full_like(rig.colors, 0.5)
    buffers.update(replace(Body.at_rest(rig), colors=gray))
    sent = np.frombuffer(buffers._colors.read(), "u1").reshape(-1, 4)
    assert (sent[:, :3] == 128).all()
    buffers.release()


def test_too_many_joints_are_refused(ctx: moderngl.Context):
    rig = make_rig(MAX_JOINTS + 1, around=3, rings=3)
    with pytest.raises(ValueError, match="257 joints, the renderer draws 256"):
        MeshBuffers(ctx, rig)
