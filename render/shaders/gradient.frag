#version 330 core
uniform vec3 top;    // sRGB
uniform vec3 bottom;

in vec2 v_uv;
out vec4 out_color;

void main() {
    // Half a grey level of noise hides the bands of a slow gradient.
    float noise = fract(52.9829189 * fract(dot(gl_FragCoord.xy, vec2(0.06711056, 0.00583715))));
    out_color = vec4(mix(top, bottom, smoothstep(0.0, 1.0, v_uv.y)) + (noise - 0.5) / 255.0, 1.0);
}
