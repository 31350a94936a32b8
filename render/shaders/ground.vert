#version 330 core
// A square of the ground.
uniform mat4 world_to_clip;
uniform vec4 disc; // centre x, height, centre z, radius

out vec2 v_place; // x, z in the world

void main() {
    vec2 corner = vec2(gl_VertexID & 1, gl_VertexID >> 1) * 2.0 - 1.0;
    v_place = disc.xz + corner * disc.w;
    gl_Position = world_to_clip * vec4(v_place.x, disc.y, v_place.y, 1.0);
}
