// Skinning of a vertex; include in a vertex shader.
// Defines: INFLUENCES (4 or 8), DUAL_QUATERNION (else linear).
// Joints (uniform block): see render/joint_block.py.

layout(std140) uniform Joints { vec4 joint_rows[768]; };

in vec3 in_rest;
in vec3 in_normal;
in vec4 in_joints;
in vec4 in_shares;
#if INFLUENCES > 4
in vec4 in_joints_b;
in vec4 in_shares_b;
#endif

#ifdef DUAL_QUATERNION
// Kavan et al., Geometric Skinning with Approximate Dual Quaternion Blending, 2008.
vec4 blended_real = vec4(0.0);
vec4 blended_dual = vec4(0.0);
vec4 pivot;

void blend(float joint, float share) {
    int first = 2 * int(joint);
    vec4 real = joint_rows[first];
    float signed_share = dot(real, pivot) < 0.0 ? -share : share;
    blended_real += signed_share * real;
    blended_dual += signed_share * joint_rows[first + 1];
}

vec3 turned(vec4 q, vec3 v) {
    return v + 2.0 * cross(q.xyz, cross(q.xyz, v) + q.w * v);
}

void finish(out vec3 position, out vec3 normal) {
    float size = length(blended_real);
    vec4 r = blended_real / size;
    vec4 d = blended_dual / size;
    vec3 moved = 2.0 * (r.w * d.xyz - d.w * r.xyz + cross(r.xyz, d.xyz));
    position = turned(r, in_rest) + moved;
    normal = turned(r, in_normal);
}
#else
vec4 blended_rows[3] = vec4[3](vec4(0.0), vec4(0.0), vec4(0.0));

void blend(float joint, float share) {
    int first = 3 * int(joint);
    for (int row = 0; row < 3; ++row) blended_rows[row] += share * joint_rows[first + row];
}

void finish(out vec3 position, out vec3 normal) {
    for (int row = 0; row < 3; ++row) {
        position[row] = dot(blended_rows[row], vec4(in_rest, 1.0));
        normal[row] = dot(blended_rows[row].xyz, in_normal);
    }
}
#endif

void skin(out vec3 position, out vec3 normal) {
#ifdef DUAL_QUATERNION
    pivot = joint_rows[2 * int(in_joints[0])];
#endif
    for (int i = 0; i < 4; ++i) blend(in_joints[i], in_shares[i]);
#if INFLUENCES > 4
    for (int i = 0; i < 4; ++i) blend(in_joints_b[i], in_shares_b[i]);
#endif
    finish(position, normal);
}

// How much the vertex listens to one joint.
float share_of(int joint) {
    float share = 0.0;
    for (int i = 0; i < 4; ++i) if (int(in_joints[i]) == joint) share += in_shares[i];
#if INFLUENCES > 4
    for (int i = 0; i < 4; ++i) if (int(in_joints_b[i]) == joint) share += in_shares_b[i];
#endif
    return share;
}
