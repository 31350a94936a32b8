#version 330 core
// Half of a separable Gaussian; the second channel is blurred more widely.
uniform sampler2D shade;
uniform vec2 stride; // of one tap, in texture coordinates
uniform float widening;

in vec2 v_uv;
out vec2 out_shade;

void main() {
    // The texture's own row order: v_uv has its origin at the top.
    vec2 uv = vec2(v_uv.x, 1.0 - v_uv.y);
    vec2 sum = vec2(0.0);
    float total = 0.0;
    for (int tap = -5; tap <= 5; ++tap) {
        float weight = exp(-float(tap * tap) / 10.0);
        vec2 step = float(tap) * stride;
        sum += weight * vec2(texture(shade, uv + step).r, texture(shade, uv + widening * step).g);
        total += weight;
    }
    out_shade = sum / total;
}
