#version 330 core
// A posed body. Defines: see skin.glsl.
uniform mat4 root_to_world;
uniform mat4 world_to_cam;
uniform mat4 cam_to_clip;
uniform int joint;       // whose weights v_heat shows; -1 for none
uniform bool has_tint;
uniform vec3 tint;       // sRGB, instead of the vertex colours

#include "skin.glsl"
#include "color.glsl"

in vec3 in_color;

out vec3 v_rig;          // posed, rig space; captured by the twin test
out vec3 v_world;
out vec3 v_cam;
out vec3 v_normal;
out vec3 v_color;        // linear
out float v_heat;

void main() {
    vec3 normal;
    skin(v_rig, normal);
    vec4 world = root_to_world * vec4(v_rig, 1.0);
    vec4 cam = world_to_cam * world;
    v_world = world.xyz;
    v_cam = cam.xyz;
    v_normal = mat3(root_to_world) * normal;
    v_color = to_linear(has_tint ? tint : in_color);
    v_heat = share_of(joint);
    gl_Position = cam_to_clip * cam;
}
