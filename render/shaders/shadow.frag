#version 330 core
uniform float reach; // height above which a body no longer darkens the ground

in float v_height;
out float out_shade;

void main() {
    float near = clamp(1.0 - v_height / reach, 0.0, 1.0);
    out_shade = near * near;
}
