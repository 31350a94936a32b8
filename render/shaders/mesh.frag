#version 330 core
// Soft studio light: a sky and a ground, a large key and a weak fill that travel with the viewer,
// a faint rim.
// Defines: MODE: 0 lit, 1 normals, 2 depth, 3 weights, 4 plain. Not a uniform: llvmpipe would
// compute all of them for every pixel.
uniform mat4 world_to_cam;
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

const vec3 SKY = vec3(0.70, 0.73, 0.78);
const vec3 GROUND = vec3(0.34, 0.32, 0.30);
const vec3 KEY = vec3(0.92, 0.88, 0.82);
const vec3 FILL = vec3(0.15, 0.155, 0.165);
const vec3 KEY_TOWARDS = normalize(vec3(-0.55, -0.80, -0.75)); // camera: left, up, behind the viewer

vec3 lit(vec3 albedo, vec3 normal, vec3 to_eye, vec3 to_key) {
    float openness = has_ground ? mix(0.72, 1.0, smoothstep(0.0, 0.22, v_world.y)) : 1.0;
    vec3 sky = mix(GROUND, SKY, 0.5 + 0.5 * normal.y) * openness;
    // wrapped: no hard edge between light and dark
    float key = max((dot(normal, to_key) + 0.35) / 1.35, 0.0);
    float facing = clamp(dot(normal, to_eye), 0.0, 1.0);
    float rim = 1.0 - facing;
    rim *= rim;
    rim *= rim * (0.6 + 0.4 * normal.y);
    vec3 light = sky + key * key * KEY + facing * FILL;
    return albedo * light + 0.08 * rim * mix(albedo, vec3(1.0), 0.4);
}

// Calm blue to warm yellow, light grows with the weight; readable without seeing colours.
vec3 heat(float x) {
    vec3 c = mix(vec3(0.13, 0.15, 0.30), vec3(0.17, 0.42, 0.62), smoothstep(0.0, 0.35, x));
    c = mix(c, vec3(0.35, 0.72, 0.58), smoothstep(0.3, 0.7, x));
    return mix(c, vec3(0.99, 0.90, 0.45), smoothstep(0.6, 1.0, x));
}

void main() {
    vec3 normal = normalize(gl_FrontFacing ? v_normal : -v_normal);
    mat3 cam_to_world = transpose(mat3(world_to_cam));
#if MODE == 1
    vec3 color = 0.5 + 0.5 * (mat3(world_to_cam) * normal) * vec3(1.0, -1.0, -1.0);
#elif MODE == 2
    float x = clamp((v_cam.z - depth_range.x) / (depth_range.y - depth_range.x), 0.0, 1.0);
    vec3 color = mix(vec3(0.96), vec3(0.10, 0.11, 0.14), x);
#elif MODE == 4
    vec3 color = to_srgb(v_color);
#else
#if MODE == 3
    vec3 albedo = to_linear(heat(v_heat));
#else
    vec3 albedo = v_color;
#endif
    vec3 to_eye = cam_to_world * (is_parallel ? vec3(0.0, 0.0, -1.0) : -normalize(v_cam));
    vec3 color = to_srgb(lit(albedo, normal, to_eye, cam_to_world * KEY_TOWARDS));
#endif
    out_color = vec4(color, opacity);
}
