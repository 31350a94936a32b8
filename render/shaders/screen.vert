#version 330 core
// One triangle that covers the viewport, without any attributes.
out vec2 v_uv; // 0..1, origin at the top left

void main() {
    vec2 corner = vec2(gl_VertexID == 1 ? 3.0 : -1.0, gl_VertexID == 2 ? 3.0 : -1.0);
    v_uv = vec2(0.5 + 0.5 * corner.x, 0.5 - 0.5 * corner.y);
    gl_Position = vec4(corner, 1.0, 1.0);
}
