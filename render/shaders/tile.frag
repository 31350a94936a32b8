#version 330 core
// Two-sided Lambert + a little Blinn, procedural fur, camera depth as a second colour.
// Defines: FLAT (normals from the surface itself).

layout(std140) uniform Tile {
    vec4 to_clip[4];
    vec4 to_light;
    vec4 ambient;
    vec4 diffuse;
    vec4 noise;
    vec4 rest_to_cam[240];
};

#include "noise.glsl"

in vec3 v_cam;
in vec3 v_color;
in vec3 v_rest;
#ifndef FLAT
in vec3 v_normal;
#endif

layout(location = 0) out vec4 out_rgba;
layout(location = 1) out float out_depth;

void main() {
#ifdef FLAT
    vec3 normal = normalize(cross(dFdx(v_cam), dFdy(v_cam)));
#else
    vec3 normal = normalize(v_normal);
#endif
    vec3 to_eye = -normalize(v_cam);
    if (dot(normal, to_eye) < 0.0) normal = -normal;
    float lit = max(dot(normal, to_light.xyz), 0.0);
    vec3 color = v_color * (ambient.rgb + lit * diffuse.rgb);
    if (to_light.w > 0.0) {
        float shine = max(dot(normal, normalize(to_light.xyz + to_eye)), 0.0);
        shine *= shine; shine *= shine; shine *= shine; shine *= shine;
        color += to_light.w * shine * diffuse.rgb;
    }
    if (ambient.w > 0.0) {
        color *= 1.0 + ambient.w * value_noise(v_rest * diffuse.w, uint(noise.x));
    }
    out_rgba = vec4(sqrt(max(color, 0.0)), 1.0);
    out_depth = v_cam.z;
}
