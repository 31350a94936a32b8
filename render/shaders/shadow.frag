#version 330 core
// How much a body darkens the ground below it: x for touching it, y for being above it.
uniform vec2 reach; // heights above which each ends

in float v_height;
out vec2 out_shade;

void main() {
    vec2 near = clamp(1.0 - v_height / reach, 0.0, 1.0);
    out_shade = near * near;
}
