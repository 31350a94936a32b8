#version 330 core
// A disc of the ground as a fan; with four corners it is a square.
uniform mat4 world_to_clip;
uniform vec4 disc;   // centre x, height, centre z, radius
uniform int corners;

out vec2 v_place; // x, z in the world

void main() {
    float angle = 6.2831853 * float(gl_VertexID) / float(corners);
    vec2 corner = gl_VertexID == 0 ? vec2(0.0) : vec2(cos(angle), sin(angle));
    v_place = disc.xz + corner * disc.w;
    gl_Position = world_to_clip * vec4(v_place.x, disc.y, v_place.y, 1.0);
}
