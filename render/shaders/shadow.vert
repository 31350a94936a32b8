#version 330 core
// A body seen from straight above, for its contact shadow. Defines: see skin.glsl.
uniform mat4 root_to_world;
uniform vec3 area; // centre x, centre z, half the side

#include "skin.glsl"

out float v_height;

void main() {
    vec3 posed, normal;
    skin(posed, normal);
    vec4 world = root_to_world * vec4(posed, 1.0);
    v_height = world.y;
    gl_Position = vec4((world.xz - area.xy) / area.z, 0.0, 1.0);
}
