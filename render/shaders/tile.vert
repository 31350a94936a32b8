#version 330 core
// One body in one tile: linear skinning straight into camera space.
// Defines: INFLUENCES (4 or 8), FLAT.
// Tile (uniform block): everything that differs from tile to tile.

layout(std140) uniform Tile {
    vec4 to_clip[4];       // rows; camera space (OpenCV) to clip space
    vec4 to_light;         // xyz unit, camera space; w: specular strength
    vec4 ambient;          // rgb linear; w: fur noise amplitude
    vec4 diffuse;          // rgb linear; w: fur noise frequency
    vec4 noise;            // x: seed
    vec4 rest_to_cam[240]; // three rows per joint
};

in vec3 in_rest;
in vec3 in_color; // 0..255
in vec4 in_joints;
in vec4 in_shares;
#if INFLUENCES > 4
in vec4 in_joints_b;
in vec4 in_shares_b;
#endif
#ifndef FLAT
in vec3 in_normal;
out vec3 v_normal;
#endif

out vec3 v_cam;
out vec3 v_color;
out vec3 v_rest;

vec4 rows[3];

void add(float joint, float share) {
    int first = 3 * int(joint);
    rows[0] += share * rest_to_cam[first];
    rows[1] += share * rest_to_cam[first + 1];
    rows[2] += share * rest_to_cam[first + 2];
}

void main() {
    rows[0] = rows[1] = rows[2] = vec4(0.0);
    for (int i = 0; i < 4; ++i) add(in_joints[i], in_shares[i]);
#if INFLUENCES > 4
    for (int i = 0; i < 4; ++i) add(in_joints_b[i], in_shares_b[i]);
#endif
    vec4 rest = vec4(in_rest, 1.0);
    vec4 cam = vec4(dot(rows[0], rest), dot(rows[1], rest), dot(rows[2], rest), 1.0);
    v_cam = cam.xyz;
    v_rest = in_rest;
    vec3 color = in_color / 255.0; // moderngl 5.13 cannot bind normalised integers at an offset
    v_color = color * color;       // gamma 2, near linear; the fragment shader takes the root
#ifndef FLAT
    v_normal = vec3(
        dot(rows[0].xyz, in_normal), dot(rows[1].xyz, in_normal), dot(rows[2].xyz, in_normal));
#endif
    gl_Position = vec4(
        dot(to_clip[0], cam), dot(to_clip[1], cam), dot(to_clip[2], cam), dot(to_clip[3], cam));
}
