#version 330 core
uniform sampler2D picture;

in vec2 v_uv;
out vec4 out_color;

void main() {
    out_color = vec4(texture(picture, v_uv).rgb, 1.0);
}
