#version 330 core
// Half of a separable Gaussian.
uniform sampler2D shade;
uniform vec2 stride; // of one tap, in texture coordinates

in vec2 v_uv;
out float out_shade;

void main() {
    // The texture's own row order: v_uv has its origin at the top.
    vec2 uv = vec2(v_uv.x, 1.0 - v_uv.y);
    float sum = 0.0, total = 0.0;
    for (int tap = -6; tap <= 6; ++tap) {
        float weight = exp(-float(tap * tap) / 14.0);
        sum += weight * texture(shade, uv + float(tap) * stride).r;
        total += weight;
    }
    out_shade = sum / total;
}
