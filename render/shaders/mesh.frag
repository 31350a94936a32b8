#version 330 core
// Soft studio light: a sky and a ground, a large key that travels with the viewer, a weak rim.
uniform mat4 world_to_cam;
uniform int mode;          // 0 lit, 1 normals, 2 depth, 3 weights, 4 plain
uniform float opacity;
uniform vec2 depth_range;  // camera z shown as light and as dark
uniform bool is_parallel;
uniform bool has_ground;

#include "color.glsl"

in vec3 v_world;
in vec3 v_cam;
in vec3 v_normal;
in vec3 v_color;
in float v_heat;

out vec4 out_color;

const vec3 SKY = vec3(0.56, 0.60, 0.66);
const vec3 GROUND = vec3(0.27, 0.25, 0.235);
const vec3 KEY = vec3(0.66, 0.63, 0.59);
const vec3 KEY_TOWARDS = normalize(vec3(-0.55, -0.80, -0.75)); // camera: left, up, behind the viewer

vec3 lit(vec3 albedo, vec3 normal, vec3 to_eye) {
    float openness = has_ground ? mix(0.72, 1.0, smoothstep(0.0, 0.22, v_world.y)) : 1.0;
    vec3 sky = mix(GROUND, SKY, 0.5 + 0.5 * normal.y) * openness;
    float facing = dot(normal, transpose(mat3(world_to_cam)) * KEY_TOWARDS);
    float key = max((facing + 0.35) / 1.35, 0.0); // wrapped: no hard edge between light and dark
    float rim = pow(1.0 - clamp(dot(normal, to_eye), 0.0, 1.0), 4.0) * (0.6 + 0.4 * normal.y);
    return albedo * (sky + key * key * KEY) + 0.09 * rim * mix(albedo, vec3(1.0), 0.4);
}

// Calm blue to warm yellow, light grows with the weight; readable without seeing colours.
vec3 heat(float x) {
    vec3 c = mix(vec3(0.13, 0.15, 0.30), vec3(0.17, 0.42, 0.62), smoothstep(0.0, 0.35, x));
    c = mix(c, vec3(0.35, 0.72, 0.58), smoothstep(0.3, 0.7, x));
    return mix(c, vec3(0.99, 0.90, 0.45), smoothstep(0.6, 1.0, x));
}

void main() {
    vec3 normal = normalize(gl_FrontFacing ? v_normal : -v_normal);
    vec3 to_eye = is_parallel ? vec3(0.0, 0.0, -1.0) : -normalize(v_cam);
    to_eye = transpose(mat3(world_to_cam)) * to_eye;
    vec3 color;
    if (mode == 1) {
        vec3 seen = mat3(world_to_cam) * normal * vec3(1.0, -1.0, -1.0);
        color = 0.5 + 0.5 * seen;
    } else if (mode == 2) {
        float x = clamp((v_cam.z - depth_range.x) / (depth_range.y - depth_range.x), 0.0, 1.0);
        color = mix(vec3(0.96), vec3(0.10, 0.11, 0.14), x);
    } else if (mode == 3) {
        color = to_srgb(lit(to_linear(heat(v_heat)), normal, to_eye));
    } else if (mode == 4) {
        color = to_srgb(v_color);
    } else {
        color = to_srgb(lit(v_color, normal, to_eye));
    }
    out_color = vec4(color, opacity);
}
